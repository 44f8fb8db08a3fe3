package api

import (
	"context"
	"net/http"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/kb"
)

type synonymIn struct {
	Body kb.Synonym
}

type dropSynonymIn struct {
	Language string `query:"language" required:"true" maxLength:"35"`
	Word     string `query:"word" required:"true" maxLength:"300"`
}

func (s *Server) registerSynonyms() {
	line := func(method, id, summary string) operation {
		return operation{Method: method, Path: "/admin/synonyms", ID: id, Summary: summary, Role: gateway.RoleAdministrator, Once: method != http.MethodGet}
	}
	add(s, line(http.MethodGet, "admin-list-synonyms", "What the words of those who ask mean besides themselves, by language and word"), s.synonyms)
	add(s, line(http.MethodPut, "admin-set-synonym", "Say what a word means, instead of what was said before; searches know it at once"), s.setSynonym)
	addSilent(s, line(http.MethodDelete, "admin-drop-synonym", "Let a word mean itself again"), s.dropSynonym)
}

func (s *Server) synonyms(ctx context.Context, _ access.Caller, _ *none) (page[kb.Synonym], error) {
	list, err := s.KB.Synonyms(ctx)
	return page[kb.Synonym]{Items: orEmpty(list)}, err
}

func (s *Server) setSynonym(ctx context.Context, by access.Caller, in *synonymIn) (kb.Synonym, error) {
	return once(ctx, s, by, "admin-set-synonym", func(w *work) (kb.Synonym, error) {
		set, err := w.editor().SetSynonym(ctx, in.Body)
		if err != nil {
			return set, err
		}
		return set, w.audit(ctx, by, "synonym.set", "synonym:"+set.Language+":"+set.Word, set)
	})
}

func (s *Server) dropSynonym(ctx context.Context, by access.Caller, in *dropSynonymIn) (none, error) {
	return once(ctx, s, by, "admin-drop-synonym", func(w *work) (none, error) {
		was, err := w.editor().DropSynonym(ctx, in.Language, in.Word)
		if err != nil {
			return none{}, err
		}
		return none{}, w.audit(ctx, by, "synonym.dropped", "synonym:"+was.Language+":"+was.Word, was)
	})
}
