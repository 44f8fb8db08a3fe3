package kb

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/kb/index"
)

// Synonym says what a word of those who ask means besides itself, in a language. A word
// of several words counts by each of them.
type Synonym struct {
	Language string   `json:"language" example:"sv"`
	Word     string   `json:"word" example:"kamin" doc:"As people ask; case and accents do not matter"`
	Means    []string `json:"means" nullable:"false" doc:"The words of the articles, 200 at most"`
}

// tidied is the synonym as it is kept. A word is kept in lower case, so that it is there once.
func (s Synonym) tidied() (Synonym, error) {
	s.Word, s.Means = strings.ToLower(line(s.Word)), listed(s.Means)
	hint := ""
	switch {
	case !languageForm.MatchString(s.Language):
		hint = "write its language like sv or en-GB"
	case index.Fold(s.Word) == "" || long(s.Word, maxLine):
		hint = fmt.Sprintf("give a word of letters or digits, %d characters at most", maxLine)
	case len(s.Means) == 0 || len(s.Means) > maxAlternates:
		hint = fmt.Sprintf("say what the word means, in 1 to %d others", maxAlternates)
	case tooLong(s.Means):
		hint = fmt.Sprintf("what a word means has %d characters at most", maxLine)
	}
	if hint != "" {
		return s, &gateway.Error{Kind: gateway.KindUnprocessed, Code: "bad_synonym", Detail: hint}
	}
	return s, nil
}

// SetSynonym says what a word means, instead of what was said before.
func (e *Editor) SetSynonym(ctx context.Context, s Synonym) (Synonym, error) {
	s, err := s.tidied()
	if err != nil {
		return s, err
	}
	const put = `
		insert into synonym (language, word, means) values ($1, $2, $3)
		on conflict (language, word) do update set means = excluded.means`
	if _, err := e.tx.Exec(ctx, put, s.Language, s.Word, s.Means); err != nil {
		return s, fmt.Errorf("set synonym: %w", err)
	}
	return s, nil
}

// DropSynonym lets a word mean itself again. It gives what it meant.
func (e *Editor) DropSynonym(ctx context.Context, language, word string) (Synonym, error) {
	s := Synonym{Language: language, Word: strings.ToLower(line(word))}
	const drop = "delete from synonym where language = $1 and word = $2 returning means"
	rows, _ := e.tx.Query(ctx, drop, s.Language, s.Word)
	was, err := pgx.CollectRows(rows, pgx.RowTo[[]string])
	switch {
	case err != nil:
		return s, fmt.Errorf("drop synonym: %w", err)
	case len(was) == 0:
		return s, gateway.NotFound("no_synonym", "There is no such synonym; somebody may have removed it.")
	}
	s.Means = was[0]
	return s, nil
}

// Synonyms gives what words mean besides themselves, by language and word.
func (s *Store) Synonyms(ctx context.Context) ([]Synonym, error) {
	rows, _ := s.pool.Query(ctx, "select language, word, means from synonym order by language, word")
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Synonym])
	if err != nil {
		return nil, fmt.Errorf("list synonyms: %w", err)
	}
	return all, nil
}

// learn gives the indexes their synonyms.
func (s *shelf) learn(all []Synonym) {
	means := map[string]map[string][]string{} // by language
	for _, one := range all {
		if means[one.Language] == nil {
			means[one.Language] = map[string][]string{}
		}
		means[one.Language][one.Word] = one.Means
	}
	s.mu.RLock()
	languages := maps.Clone(s.languages)
	s.mu.RUnlock()
	for l, at := range languages {
		at.index.SetSynonyms(means[l])
	}
}
