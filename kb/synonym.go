package kb

import (
	"context"
	"fmt"
	"maps"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/kb/index"
)

// SetSynonym says what a word means besides itself, in a language; nothing takes the
// word away.
func (s *Store) SetSynonym(ctx context.Context, language, word string, means []string) error {
	word, means = line(word), listed(means)
	if !languageForm.MatchString(language) || index.Fold(word) == "" || long(word, maxLine) || len(means) > maxAlternates {
		return gateway.Invalid("bad_synonym", "A synonym is a language, a word and at most 200 others.")
	}
	err := s.change(ctx, func(e *Editor) error {
		if len(means) == 0 {
			_, err := e.tx.Exec(ctx, "delete from synonym where language = $1 and word = $2", language, word)
			return err
		}
		const put = `
			insert into synonym (language, word, means) values ($1, $2, $3)
			on conflict (language, word) do update set means = excluded.means`
		_, err := e.tx.Exec(ctx, put, language, word, means)
		return err
	})
	if err != nil {
		return fmt.Errorf("set synonym: %w", err)
	}
	return nil
}

// Synonyms gives what words mean besides themselves, by language.
func (s *Store) Synonyms(ctx context.Context) (map[string]map[string][]string, error) {
	rows, _ := s.pool.Query(ctx, "select language, word, means from synonym")
	all := map[string]map[string][]string{}
	var l, word string
	var means []string
	_, err := pgx.ForEachRow(rows, []any{&l, &word, &means}, func() error {
		if all[l] == nil {
			all[l] = map[string][]string{}
		}
		all[l][word] = means
		means = nil
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list synonyms: %w", err)
	}
	return all, nil
}

// learn gives the indexes their synonyms.
func (s *shelf) learn(all map[string]map[string][]string) {
	s.mu.RLock()
	languages := maps.Clone(s.languages)
	s.mu.RUnlock()
	for l, at := range languages {
		at.index.SetSynonyms(all[l])
	}
}
