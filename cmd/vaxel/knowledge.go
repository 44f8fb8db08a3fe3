package main

import (
	"cmp"
	"context"
	"net/http"
	"path/filepath"

	"github.com/vaxelhq/vaxel/channels/chat"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/api"
	"github.com/vaxelhq/vaxel/kb"
)

// knowledge is the knowledge base as its readers want it: agents, visitors, the public.
type knowledge struct {
	*kb.Store
	library api.Articles
	answers chat.Articles
	pages   http.Handler
	run     func(context.Context) error
	shop    kb.Site // whose help centre it is, where that is known better than by helpSite
}

func openKnowledge(h *house) knowledge {
	store := kb.New(h.pool, h.bus, kb.Config{
		Dir: filepath.Join(h.config.DataDir, "index"), PublicURL: h.config.publicURL(),
	}, h.log)
	return knowledge{store, library{store}, answers{store.Customers()}, store.Customers().Handler(h.helpSite, h.log), store.Run, kb.Site{}}
}

// helpSite says whose help centre it is: the shop's, and by default that of the first
// widget and mailbox.
func (h *house) helpSite(ctx context.Context) kb.Site {
	var site kb.Site
	if widgets, err := h.chat.Widgets(ctx); err == nil && len(widgets) > 0 {
		site.Name, site.Widget = widgets[0].Name, widgets[0].Key
	}
	if mailboxes, err := h.email.Mailboxes(ctx); err == nil && len(mailboxes) > 0 {
		site.Mail = mailboxes[0].Address
	}
	site.Name, site.Icon = cmp.Or(h.kb.shop.Name, site.Name), h.kb.shop.Icon
	return site
}

// library is the knowledge base for agents.
type library struct{ store *kb.Store }

// Find implements api.Articles.
func (l library) Find(ctx context.Context, q, language string, limit int) ([]api.ArticleHit, error) {
	hits, err := l.store.Find(ctx, q, language, limit)
	return mapped(hits, articleHit), err
}

// Shortcut implements api.Articles.
func (l library) Shortcut(ctx context.Context, word, language string) (api.ArticleHit, error) {
	h, ok := l.store.Shortcut(ctx, word, language)
	if !ok {
		return api.ArticleHit{}, gateway.NotFound("no_shortcut", "No article has this shortcut.")
	}
	return articleHit(h), nil
}

// Read implements api.Articles.
func (l library) Read(ctx context.Context, id gateway.ArticleID, language string) (api.Article, error) {
	h, err := l.store.Read(ctx, id, language)
	if err != nil {
		return api.Article{}, err
	}
	return api.Article{
		ArticleHit: articleHit(h), Question: h.Wording.Question, Markdown: h.Wording.Answer,
		HTML: kb.HTML(h.Wording.Answer), URL: l.store.URL(id, h.Language), Tags: append([]string{}, h.Wording.Tags...),
	}, nil
}

// Suggest implements api.Articles.
func (l library) Suggest(ctx context.Context, words []string, language string, without []gateway.ArticleID) ([]api.ArticleHit, error) {
	hits, err := l.store.Suggest(ctx, words, language, without)
	return mapped(hits, articleHit), err
}

// Card implements api.Articles.
func (l library) Card(ctx context.Context, id gateway.ArticleID, language string, to gateway.ConversationID, by gateway.AgentID) (gateway.ArticleCard, error) {
	return l.store.Card(ctx, id, language, to, by)
}

func articleHit(h kb.Hit) api.ArticleHit {
	return api.ArticleHit{
		ID: h.ID, Number: h.Number, Shortcut: h.Wording.Shortcut, Language: h.Language, Title: h.Wording.Title,
		Snippet: h.Snippet, Category: h.Category, Internal: h.Internal, Score: h.Score,
	}
}

// answers is the knowledge base for visitors: it knows public articles only.
type answers struct{ open *kb.Public }

// Search implements chat.Articles.
func (a answers) Search(ctx context.Context, q, language string, limit int) ([]gateway.ArticleCard, error) {
	hits, err := a.open.Find(ctx, q, language, limit)
	var cards []gateway.ArticleCard
	for _, h := range hits {
		cards = append(cards, a.open.Link(h))
	}
	return cards, err
}

// Vote implements chat.Articles.
func (a answers) Vote(ctx context.Context, id gateway.ArticleID, language, voter string, helpful bool) error {
	return a.open.Vote(ctx, id, language, voter, helpful)
}
