package api

import (
	"cmp"
	"context"
	"net/http"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/kb"
)

// Editors are supervisors. What they write reaches readers when its status is published,
// and customers when its article is public as well.

type editArticleIn struct {
	ID gateway.ArticleID `path:"id"`
}

type listArticlesIn struct {
	Category   string        `query:"category" maxLength:"40"`
	Visibility kb.Visibility `query:"visibility" enum:"public,internal"`
	After      int64         `query:"after" minimum:"0" doc:"The last number of the page before"`
	Limit      int           `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

type changeArticleIn struct {
	ID      gateway.ArticleID `path:"id"`
	IfMatch string            `header:"If-Match" doc:"The rev that you have read; a stale one is refused with what is there"`
	Body    draft[kb.Article]
}

type changeWordingIn struct {
	ID       gateway.ArticleID `path:"id"`
	Language string            `path:"language" maxLength:"35"`
	IfMatch  string            `header:"If-Match" doc:"The rev of the article that you have read; a stale one is refused with what is there"`
	Body     draft[kb.Wording]
}

type categoriesIn struct {
	Body struct {
		Items []kb.Category `json:"items" nullable:"false" maxItems:"200" doc:"All of them, in their order"`
	}
}

// votes say how many found an article helpful, and how many did not.
type votes struct {
	Yes int `json:"yes"`
	No  int `json:"no"`
}

func (s *Server) registerEditing() {
	role := gateway.RoleSupervisor
	line := func(method, path, id, summary string) operation {
		return operation{Method: method, Path: "/admin/articles" + path, ID: id, Summary: summary, Role: role}
	}
	add(s, line(http.MethodGet, "", "admin-list-articles", "All articles by number, drafts too"), s.listArticles)
	add(s, line(http.MethodGet, "/{id}", "admin-get-article", "One article in all its languages"),
		func(ctx context.Context, _ access.Caller, in *editArticleIn) (kb.Article, error) {
			return s.KB.Get(ctx, in.ID)
		})
	add(s, line(http.MethodGet, "/{id}/revisions", "list-revisions", "What an article has been, newest first"), s.revisions)
	add(s, line(http.MethodGet, "/{id}/votes", "article-votes", "How many found an article helpful"), s.articleVotes)
	create := line(http.MethodPost, "", "admin-create-article", "Add an article; a draft unless it says otherwise")
	create.Status, create.Once, create.MaxBody = http.StatusCreated, true, articleMax
	add(s, create, s.createArticle)
	change := line(http.MethodPatch, "/{id}", "admin-change-article", "Change an article; wordings are replaced whole")
	change.MaxBody = articleMax
	add(s, change, s.changeArticle)
	wording := line(http.MethodPatch, "/{id}/wordings/{language}", "change-wording", "Add or change an article in one language, publish or archive it")
	wording.MaxBody = articleMax
	add(s, wording, s.changeWording)
	add(s, operation{Method: http.MethodGet, Path: "/article-categories", ID: "list-categories", Summary: "The headings of the help centre", Role: gateway.RoleAgent}, s.categories)
	add(s, operation{Method: http.MethodPut, Path: "/admin/article-categories", ID: "set-categories", Summary: "Replace the headings of the help centre", Role: role}, s.setCategories)
	s.registerFolder()
	s.registerSynonyms()
}

// articleMax is enough for the longest answers in several languages.
const articleMax = 4 << 20

func (s *Server) listArticles(ctx context.Context, _ access.Caller, in *listArticlesIn) (page[kb.Article], error) {
	list, err := s.KB.List(ctx, kb.Filter{Category: in.Category, Visibility: in.Visibility, Above: in.After, Limit: in.Limit})
	return page[kb.Article]{Items: orEmpty(list), After: nextOf(list, in.Limit, func(a kb.Article) int64 { return a.Number })}, err
}

func (s *Server) revisions(ctx context.Context, _ access.Caller, in *editArticleIn) (page[kb.Revision], error) {
	if _, err := s.KB.Get(ctx, in.ID); err != nil {
		return page[kb.Revision]{}, err
	}
	list, err := s.KB.Revisions(ctx, in.ID)
	return page[kb.Revision]{Items: orEmpty(list)}, err
}

func (s *Server) articleVotes(ctx context.Context, _ access.Caller, in *editArticleIn) (v votes, err error) {
	if _, err := s.KB.Get(ctx, in.ID); err != nil {
		return v, err
	}
	v.Yes, v.No, err = s.KB.Votes(ctx, in.ID)
	return v, err
}

func (s *Server) createArticle(ctx context.Context, by access.Caller, in *draftIn[kb.Article]) (kb.Article, error) {
	draft, err := in.Body.over(kb.Article{}, nil)
	if err != nil {
		return draft, err
	}
	return once(ctx, s, by, "admin-create-article", func(w *work) (kb.Article, error) {
		a, err := w.editor().Create(ctx, by.Name, draft)
		if err != nil {
			return a, err
		}
		return a, w.edited(ctx, by, "article.created", a, in.Body.names())
	})
}

func (s *Server) changeArticle(ctx context.Context, by access.Caller, in *changeArticleIn) (kb.Article, error) {
	return s.edit(ctx, by, in.ID, in.IfMatch, in.Body.names(), func(a kb.Article, rev *int64) (kb.Article, error) {
		return in.Body.over(a, rev)
	})
}

func (s *Server) changeWording(ctx context.Context, by access.Caller, in *changeWordingIn) (kb.Article, error) {
	fields := append([]string{in.Language}, in.Body.names()...)
	return s.edit(ctx, by, in.ID, in.IfMatch, fields, func(a kb.Article, rev *int64) (kb.Article, error) {
		if rev != nil {
			a.Rev = *rev
		}
		changed, err := in.Body.over(a.Wordings[in.Language], nil)
		a.Wordings[in.Language] = changed
		return a, err
	})
}

// edit changes an article as it is now, or refuses because that is not what was read.
func (s *Server) edit(ctx context.Context, by access.Caller, id gateway.ArticleID, ifMatch string, fields []string, change func(kb.Article, *int64) (kb.Article, error)) (out kb.Article, err error) {
	rev, err := matched(ifMatch)
	if err != nil {
		return out, err
	}
	err = s.commit(ctx, func(w *work) error {
		editor := w.editor()
		was, err := editor.Get(ctx, id)
		if err != nil {
			return err
		}
		wanted, err := change(was, rev)
		if err != nil {
			return err
		}
		if out, err = editor.Update(ctx, by.Name, wanted); err != nil {
			return err
		}
		return w.edited(ctx, by, "article.changed", out, fields)
	})
	return out, err
}

func (w *work) editor() *kb.Editor {
	in, hint := w.s.KB.In(w.tx)
	w.tells = append(w.tells, hint)
	return in
}

// edited notes an edit, and tells consoles that what they show of the article is old.
func (w *work) edited(ctx context.Context, by access.Caller, what string, a kb.Article, fields []string) error {
	news := gateway.NewEvent(gateway.TopicAll, "article.changed", a.Rev, map[string]any{"id": a.ID, "number": a.Number})
	if err := w.s.Feed.Append(ctx, w.tx, news); err != nil {
		return err
	}
	w.tells = append(w.tells, func() { w.s.Feed.Announce(news) })
	return w.audit(ctx, by, what, "article:"+a.ID.String(), map[string]any{"fields": fields})
}

func (s *Server) categories(ctx context.Context, _ access.Caller, _ *none) (page[kb.Category], error) {
	list, err := s.KB.Categories(ctx)
	return page[kb.Category]{Items: orEmpty(list)}, err
}

func (s *Server) setCategories(ctx context.Context, by access.Caller, in *categoriesIn) (page[kb.Category], error) {
	err := s.commit(ctx, func(w *work) error {
		if err := w.editor().SetCategories(ctx, in.Body.Items); err != nil {
			return err
		}
		return w.audit(ctx, by, "categories.set", "categories", map[string]any{"n": len(in.Body.Items)})
	})
	if err != nil {
		return page[kb.Category]{}, err
	}
	return s.categories(ctx, by, nil)
}

type voteIn struct {
	ID   gateway.ArticleID `path:"id"`
	Body struct {
		Helpful  bool   `json:"helpful"`
		Language string `json:"language,omitempty" maxLength:"35"`
	}
}

// vote is an agent's word on an article; a later one replaces the first.
func (s *Server) vote(ctx context.Context, by access.Caller, in *voteIn) (none, error) {
	if err := needAgent(by); err != nil {
		return none{}, err
	}
	return none{}, s.KB.Vote(ctx, in.ID, cmp.Or(in.Body.Language, s.language(ctx, by)), "agent:"+by.Agent.String(), in.Body.Helpful)
}

type openedIn struct {
	ID gateway.ConversationID `path:"id"`
}

// opened are the articles whose links a conversation's customer has opened.
type opened struct {
	Articles []gateway.ArticleID `json:"articles" nullable:"false"`
}

func (s *Server) openedArticles(ctx context.Context, _ access.Caller, in *openedIn) (opened, error) {
	if err := s.readable(ctx, in.ID); err != nil {
		return opened{}, err
	}
	list, err := s.KB.Opened(ctx, in.ID)
	return opened{orEmpty(list)}, err
}
