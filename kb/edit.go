package kb

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Editor writes articles as a part of somebody's transaction. From its first call to the
// commit nobody else writes, so that changes are numbered in the order of their commits.
type Editor struct{ tx pgx.Tx }

// In gives the writing side in the caller's transaction. The caller hints after the commit.
func (s *Store) In(tx pgx.Tx) (in *Editor, hint func()) { return &Editor{tx}, s.hint }

func (s *Store) hint() { s.bus.Publish(hint, nil) }

func (e *Editor) lock(ctx context.Context) error {
	_, err := e.tx.Exec(ctx, "select pg_advisory_xact_lock($1)", lockKey)
	return err
}

// Get reads an article that nobody changes until the commit.
func (e *Editor) Get(ctx context.Context, id gateway.ArticleID) (Article, error) {
	if err := e.lock(ctx); err != nil {
		return Article{}, err
	}
	return get(ctx, e.tx, id)
}

// Create adds an article. A number is given unless it brings one.
func (e *Editor) Create(ctx context.Context, by string, a Article) (Article, error) {
	a, err := a.tidied()
	if err != nil {
		return a, err
	}
	if err := e.lock(ctx); err != nil {
		return a, err
	}
	if err := create(ctx, e.tx, by, &a); err != nil {
		return a, fmt.Errorf("create article: %w", err)
	}
	return a, nil
}

// Update replaces an article whose Rev is still a.Rev; otherwise it is a conflict, with
// what is there now. Its number stays.
func (e *Editor) Update(ctx context.Context, by string, a Article) (Article, error) {
	a, err := a.tidied()
	if err != nil {
		return a, err
	}
	was, err := e.Get(ctx, a.ID)
	switch {
	case err != nil:
	case was.Rev != a.Rev:
		err = gateway.Conflict("article_changed", "Somebody has changed the article meanwhile; look at it and save again.", was)
	default:
		err = update(ctx, e.tx, by, was, &a)
	}
	if err != nil {
		return a, fmt.Errorf("update article %d: %w", a.ID, err)
	}
	return a, nil
}

// SetCategories replaces the headings of the help centre, in their order.
func (e *Editor) SetCategories(ctx context.Context, categories []Category) error {
	if err := e.lock(ctx); err != nil {
		return err
	}
	if _, err := e.tx.Exec(ctx, "delete from category"); err != nil {
		return err
	}
	for i, c := range categories {
		if !keyForm.MatchString(c.Key) {
			return gateway.Invalid("bad_category", fmt.Sprintf("%.40q is not a category's key.", c.Key))
		}
		if c.Names == nil {
			c.Names = map[string]string{}
		}
		const insert = "insert into category (key, position, icon, names) values ($1, $2, $3, $4)"
		if _, err := e.tx.Exec(ctx, insert, c.Key, i, c.Icon, c.Names); err != nil {
			return refusal(err)
		}
	}
	return nil
}
