package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/kb"
)

// Articles answer from the knowledge base, to agents: internal ones too.
type Articles interface {
	// Find gives what fits a query or the beginning of a shortcut, best first.
	Find(ctx context.Context, q, language string, limit int) ([]ArticleHit, error)
	// Shortcut gives the article of a shortcut; not_found if there is none.
	Shortcut(ctx context.Context, word, language string) (ArticleHit, error)
	// Read gives a whole article.
	Read(ctx context.Context, id gateway.ArticleID, language string) (Article, error)
	// Suggest gives what may answer a customer's words, latest first, without those shown.
	Suggest(ctx context.Context, words []string, language string, without []gateway.ArticleID) ([]ArticleHit, error)
	// Card is the link that a customer gets. An internal article has none.
	Card(ctx context.Context, id gateway.ArticleID, language string, to gateway.ConversationID, by gateway.AgentID) (gateway.ArticleCard, error)
}

// ArticleHit is an article in a list.
type ArticleHit struct {
	ID       gateway.ArticleID `json:"id"`
	Number   int64             `json:"number"`
	Shortcut string            `json:"shortcut,omitempty"`
	Language string            `json:"language"`
	Title    string            `json:"title"`
	Snippet  string            `json:"snippet"`
	Category string            `json:"category,omitempty"`
	Internal bool              `json:"internal,omitempty" doc:"For agents only; it can not be inserted"`
	Score    float64           `json:"score,omitempty"`
}

// Article is a whole article.
type Article struct {
	ArticleHit
	Question string   `json:"question,omitempty"`
	Markdown string   `json:"markdown"`
	HTML     string   `json:"html" doc:"Made safe"`
	URL      string   `json:"url,omitempty" doc:"Its public page, if it has one"`
	Tags     []string `json:"tags" nullable:"false"`
}

type articlesIn struct {
	Q        string `query:"q" maxLength:"512"`
	Language string `query:"language" maxLength:"35"`
	Limit    int    `query:"limit" minimum:"1" maximum:"50" default:"10"`
}

type articleIn struct {
	ID       gateway.ArticleID `path:"id"`
	Language string            `query:"language" maxLength:"35"`
}

type shortcutIn struct {
	Word     string `path:"word" maxLength:"100"`
	Language string `query:"language" maxLength:"35"`
}

type suggestIn struct {
	Conversation gateway.ConversationID `query:"conversation"`
	Language     string                 `query:"language" maxLength:"35" doc:"The customer's unless set"`
}

// suggestions are what may answer a customer, and the language that articles for them are
// looked for in.
type suggestions struct {
	Items    []ArticleHit `json:"items" nullable:"false"`
	Language string       `json:"language" doc:"The customer's: that of their latest words, else the one they are known to speak; give it to a search for them"`
}

type insertIn struct {
	ID   gateway.InteractionID `path:"id"`
	Key  string                `header:"Idempotency-Key" doc:"Your id of this write: repeated, it gives the first answer"`
	Body struct {
		ClientID string            `json:"client_id,omitempty" maxLength:"100"`
		Article  gateway.ArticleID `json:"article,omitempty"`
		Shortcut string            `json:"shortcut,omitempty" maxLength:"100"`
		Language string            `json:"language,omitempty" maxLength:"35" doc:"The customer's unless set"`
	}
}

func (s *Server) registerArticles() {
	agent := gateway.RoleAgent
	add(s, operation{Method: http.MethodGet, Path: "/articles", ID: "find-articles", Summary: "Search, or complete a /shortcut", Role: agent}, s.findArticles)
	add(s, operation{Method: http.MethodGet, Path: "/articles/suggest", ID: "suggest-articles", Summary: "What may answer the customer's latest words", Role: agent}, s.suggestArticles)
	add(s, operation{Method: http.MethodGet, Path: "/articles/shortcut/{word}", ID: "article-by-shortcut", Summary: "The article of a shortcut", Role: agent}, s.articleByShortcut)
	add(s, operation{Method: http.MethodGet, Path: "/articles/{id}", ID: "get-article", Summary: "A whole article", Role: agent}, s.getArticle)
	addSilent(s, operation{Method: http.MethodPost, Path: "/articles/{id}/vote", ID: "vote-on-article", Summary: "Say whether an article helped", Role: agent}, s.vote)
	add(s, operation{Method: http.MethodGet, Path: "/conversations/{id}/opened", ID: "opened-articles", Summary: "The articles whose links the customer has opened", Role: agent}, s.openedArticles)
	add(s, operation{Method: http.MethodPost, Path: "/interactions/{id}/articles", ID: "insert-article", Summary: "Give the customer a FAQ link", Role: agent, Status: http.StatusCreated}, s.insertArticle)
}

func (s *Server) findArticles(ctx context.Context, by access.Caller, in *articlesIn) (page[ArticleHit], error) {
	list, err := s.Articles.Find(ctx, in.Q, s.or(ctx, by, in.Language), in.Limit)
	return page[ArticleHit]{Items: orEmpty(list)}, err
}

// or is the language asked for, else the caller's own.
func (s *Server) or(ctx context.Context, by access.Caller, language string) string {
	if language != "" {
		return language
	}
	return s.language(ctx, by)
}

func (s *Server) articleByShortcut(ctx context.Context, by access.Caller, in *shortcutIn) (ArticleHit, error) {
	return s.Articles.Shortcut(ctx, in.Word, s.or(ctx, by, in.Language))
}

func (s *Server) getArticle(ctx context.Context, by access.Caller, in *articleIn) (Article, error) {
	return s.Articles.Read(ctx, in.ID, s.or(ctx, by, in.Language))
}

// suggestFrom is how many of the customer's latest lines suggestions are made of.
const suggestFrom = 3

// suggestArticles looks for what the customer wrote last, in the customer's language; what
// has been sent already is not suggested again.
func (s *Server) suggestArticles(ctx context.Context, by access.Caller, in *suggestIn) (suggestions, error) {
	entries, err := s.conversation(ctx, in.Conversation)
	if err != nil {
		return suggestions{}, err
	}
	out := suggestions{Language: in.Language}
	words := heard(entries)
	if out.Language == "" {
		if out.Language, err = s.spoken(ctx, by, in.Conversation, words); err != nil {
			return out, err
		}
	}
	var shown []gateway.ArticleID
	for _, e := range entries {
		if card, ok := cardOf(e); ok {
			shown = append(shown, card.Article)
		}
	}
	list, err := s.Articles.Suggest(ctx, words, out.Language, shown)
	out.Items = orEmpty(list)
	return out, err
}

// heard is what the customer wrote last, the latest first.
func heard(entries []gateway.Entry) (words []string) {
	for _, e := range slices.Backward(entries) {
		if e.Author.Kind == gateway.ByCustomer && e.Text != "" && len(words) < suggestFrom {
			words = append(words, e.Text)
		}
	}
	return words
}

// spoken is the language in which a conversation's customer is answered: that of their
// words, else the one they are known to speak, else the caller's own. It is guessed anew
// each time, because a customer may go over to another.
func (s *Server) spoken(ctx context.Context, by access.Caller, of gateway.ConversationID, words []string) (string, error) {
	if l := kb.Language(words...); l != "" {
		return l, nil
	}
	c, err := s.Timeline.Get(ctx, of)
	if err != nil || c.Customer == 0 {
		return s.language(ctx, by), err
	}
	customer, err := s.Cases.Customer(ctx, c.Customer)
	return cmp.Or(customer.Language, s.language(ctx, by)), err
}

// answerIn is the language asked for, else the conversation's customer's.
func (s *Server) answerIn(ctx context.Context, by access.Caller, language string, of gateway.ConversationID) (string, error) {
	if language != "" {
		return language, nil
	}
	entries, err := s.conversation(ctx, of)
	if err != nil {
		return "", err
	}
	return s.spoken(ctx, by, of, heard(entries))
}

// insertArticle puts a link into a conversation. That an internal article has no card
// is what keeps it from customers.
func (s *Server) insertArticle(ctx context.Context, by access.Caller, in *insertIn) (gateway.Entry, error) {
	key := cmp.Or(in.Body.ClientID, in.Key)
	i, before, err := s.mine(ctx, by, in.ID, key)
	if err != nil || before.Pos != 0 {
		return before, err
	}
	language, err := s.answerIn(ctx, by, in.Body.Language, i.Conversation)
	if err != nil {
		return gateway.Entry{}, err
	}
	id := in.Body.Article
	if id == 0 {
		hit, err := s.Articles.Shortcut(ctx, in.Body.Shortcut, language)
		if err != nil {
			return gateway.Entry{}, err
		}
		id = hit.ID
	}
	card, err := s.Articles.Card(ctx, id, language, i.Conversation, by.Agent)
	if err != nil {
		return gateway.Entry{}, err
	}
	return s.write(ctx, by, i, gateway.Entry{
		Kind: gateway.EntryArticle, Text: card.Title + "\n" + card.URL, Body: mustJSON(card), ClientID: key,
	})
}
