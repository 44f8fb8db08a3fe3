package kb

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Get reads an article, in whatever state it is.
func (s *Store) Get(ctx context.Context, id gateway.ArticleID) (Article, error) {
	a, err := get(ctx, s.pool, id)
	if err != nil {
		return a, fmt.Errorf("get article %d: %w", id, err)
	}
	return a, nil
}

// Filter chooses articles of List.
type Filter struct {
	Category   string // any, if empty
	Visibility Visibility
	Above      int64 // numbers above this one: where the last page ended
	Limit      int   // 1 to 1000; 100 if zero
}

// List gives articles by number, whatever their state.
func (s *Store) List(ctx context.Context, f Filter) ([]Article, error) {
	if f.Limit <= 0 || f.Limit > 1000 {
		f.Limit = 100
	}
	list, err := articles(ctx, s.pool, `
		where a.number > $1 and ($2 = '' or a.category = $2) and ($3 = '' or a.visibility = $3)
		group by a.id order by a.number limit $4`, f.Above, f.Category, f.Visibility, f.Limit)
	if err != nil {
		return nil, fmt.Errorf("list articles: %w", err)
	}
	return list, nil
}

// Revision is an article as it was after one change.
type Revision struct {
	Rev     int64     `json:"rev"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
	Article Article   `json:"article"`
}

// Revisions gives what an article has been, newest first.
func (s *Store) Revisions(ctx context.Context, id gateway.ArticleID) ([]Revision, error) {
	rows, _ := s.pool.Query(ctx, "select rev, by, at, body from revision where article = $1 order by rev desc limit 200", id)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r Revision, err error) {
		var body []byte
		if err := row.Scan(&r.Rev, &r.By, &r.At, &body); err != nil {
			return r, err
		}
		return r, json.Unmarshal(body, &r.Article)
	})
	if err != nil {
		return nil, fmt.Errorf("list revisions of article %d: %w", id, err)
	}
	return list, nil
}

func get(ctx context.Context, db querier, id gateway.ArticleID) (Article, error) {
	list, err := articles(ctx, db, "where a.id = $1 group by a.id", id)
	if err != nil {
		return Article{}, err
	}
	if len(list) == 0 {
		return Article{}, noArticle()
	}
	return list[0], nil
}

func noArticle() error {
	return gateway.NotFound("no_article", "There is no such article, or it is not published.")
}

// articles reads whole articles; which must group by a.id.
func articles(ctx context.Context, db querier, which string, args ...any) ([]Article, error) {
	const read = `
		select a.id, a.number, a.category, a.visibility, a.created_at, a.updated_at, a.rev, a.change,
		       jsonb_object_agg(w.language, to_jsonb(w) - 'article' - 'language')
		from article a join wording w on w.article = a.id `
	rows, err := db.Query(ctx, read+which, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (a Article, err error) {
		var wordings []byte
		err = row.Scan(&a.ID, &a.Number, &a.Category, &a.Visibility, &a.CreatedAt, &a.UpdatedAt, &a.Rev, &a.change, &wordings)
		if err != nil {
			return a, err
		}
		return a, json.Unmarshal(wordings, &a.Wordings)
	})
}

func categories(ctx context.Context, db querier) ([]Category, error) {
	rows, err := db.Query(ctx, "select key, icon, names from category order by position, key")
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Category])
}
