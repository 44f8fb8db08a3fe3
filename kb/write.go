package kb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/kb/index"
)

// lockKey is the advisory lock that puts changes in the order of their commits.
const lockKey = 0x6b62 // "kb"

// Create is Editor.Create in a transaction of its own.
func (s *Store) Create(ctx context.Context, by string, a Article) (Article, error) {
	err := s.change(ctx, func(e *Editor) (err error) {
		a, err = e.Create(ctx, by, a)
		return err
	})
	return a, err
}

// Update is Editor.Update in a transaction of its own.
func (s *Store) Update(ctx context.Context, by string, a Article) (Article, error) {
	err := s.change(ctx, func(e *Editor) (err error) {
		a, err = e.Update(ctx, by, a)
		return err
	})
	return a, err
}

// SetCategories is Editor.SetCategories in a transaction of its own.
func (s *Store) SetCategories(ctx context.Context, categories []Category) error {
	err := s.change(ctx, func(e *Editor) error { return e.SetCategories(ctx, categories) })
	if err != nil {
		return fmt.Errorf("set categories: %w", err)
	}
	return nil
}

// change runs work in a transaction whose changes are numbered in the order of commits.
func (s *Store) change(ctx context.Context, work func(e *Editor) error) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		e := &Editor{tx}
		if err := e.lock(ctx); err != nil {
			return err
		}
		return work(e)
	})
	if err == nil {
		s.hint()
	}
	return err
}

func create(ctx context.Context, tx pgx.Tx, by string, a *Article) error {
	brought := a.Number
	const insert = `
		insert into article (number, category, visibility)
		values (coalesce($1, nextval('article_number')), $2, $3)
		returning id, number, created_at, updated_at, rev`
	err := tx.QueryRow(ctx, insert, orNull(a.Number), a.Category, a.Visibility).
		Scan(&a.ID, &a.Number, &a.CreatedAt, &a.UpdatedAt, &a.Rev)
	if err != nil {
		return refusal(err)
	}
	if brought != 0 { // it is not given again
		const skip = `select setval('article_number', greatest($1, (select last_value from article_number)))`
		if _, err := tx.Exec(ctx, skip, a.Number); err != nil {
			return err
		}
	}
	return write(ctx, tx, by, Article{}, a)
}

func update(ctx context.Context, tx pgx.Tx, by string, was Article, a *Article) error {
	a.ID, a.Number, a.CreatedAt = was.ID, was.Number, was.CreatedAt
	const change = `
		update article
		set category = $2, visibility = $3, change = nextval('article_change'), updated_at = now(), rev = rev + 1
		where id = $1
		returning updated_at, rev`
	if err := tx.QueryRow(ctx, change, a.ID, a.Category, a.Visibility).Scan(&a.UpdatedAt, &a.Rev); err != nil {
		return err
	}
	return write(ctx, tx, by, was, a)
}

// write stores the wordings, the shortcuts and the revision of an article.
func write(ctx context.Context, tx pgx.Tx, by string, was Article, a *Article) error {
	batch := &pgx.Batch{}
	batch.Queue("delete from wording where article = $1 and language <> all($2)", a.ID, languagesOf(*a))
	batch.Queue("delete from shortcut where article = $1", a.ID)
	shortcuts := map[string]bool{}
	for language, w := range a.Wordings {
		old, had := was.Wordings[language]
		w.Version, w.UpdatedAt = old.Version, old.UpdatedAt
		if !had || !w.same(old) {
			w.Version, w.UpdatedAt = old.Version+1, a.UpdatedAt
		}
		a.Wordings[language] = w
		const put = `
			insert into wording (article, language, shortcut, slug, title, question, answer, alternates, tags, status, version, updated_at)
			values ($1, $2, $3, $4, $5, $6, $7, coalesce($8::text[], '{}'), coalesce($9::text[], '{}'), $10, $11, $12)
			on conflict (article, language) do update
			set shortcut = excluded.shortcut, slug = excluded.slug, title = excluded.title, question = excluded.question,
			    answer = excluded.answer, alternates = excluded.alternates, tags = excluded.tags, status = excluded.status,
			    version = excluded.version, updated_at = excluded.updated_at`
		batch.Queue(put, a.ID, language, w.Shortcut, w.Slug, w.Title, w.Question, w.Answer, w.Alternates, w.Tags, w.Status, w.Version, w.UpdatedAt)
		if folded := index.Fold(w.Shortcut); folded != "" && w.Status != Archived && !shortcuts[folded] {
			shortcuts[folded] = true
			batch.Queue("insert into shortcut (folded, article) values ($1, $2)", folded, a.ID)
		}
	}
	body, err := json.Marshal(a)
	if err != nil {
		return err
	}
	batch.Queue("insert into revision (article, rev, by, body) values ($1, $2, $3, $4)", a.ID, a.Rev, by, body)
	return refusal(tx.SendBatch(ctx, batch).Close())
}

func languagesOf(a Article) []string {
	var out []string
	for language := range a.Wordings {
		out = append(out, language)
	}
	return out
}

func orNull(n int64) *int64 {
	if n == 0 {
		return nil
	}
	return &n
}

// refusal turns a broken constraint into what a person can act on.
func refusal(err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || pg.Code != "23505" { // unique_violation
		return err
	}
	switch pg.ConstraintName {
	case "shortcut_pkey":
		return gateway.Conflict("shortcut_taken", "Another article has this shortcut; choose another word.", nil)
	case "article_number_key":
		return gateway.Conflict("number_taken", "Another article has this number.", nil)
	case "category_pkey":
		return gateway.Invalid("bad_category", "Two categories have the same key.")
	}
	return err
}
