package lazy_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway/lazy"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// trips counts round trips.
type trips struct{ atomic.Int64 }

func (c *trips) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	c.Add(1)
	return ctx
}

func (c *trips) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	c.Add(1)
	return ctx
}

func (*trips) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData)     {}
func (*trips) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}
func (*trips) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData)     {}

// newPool is a pool of one connection on a table of numbers, and how often it is asked.
func newPool(t *testing.T) (*pgxpool.Pool, *trips) {
	t.Helper()
	config, err := pgxpool.ParseConfig(pgtest.NewURL(t))
	if err != nil {
		t.Fatal(err)
	}
	count := &trips{}
	config.MaxConns, config.ConnConfig.Tracer = 1, count
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	if _, err := pool.Exec(t.Context(), "create table number (n int primary key)"); err != nil {
		t.Fatal(err)
	}
	count.Store(0)
	return pool, count
}

const insert = "insert into number values ($1)"

// add keeps numbers back, by statements and in a batch.
func add(t *testing.T, tx *lazy.Tx, numbers ...int) {
	t.Helper()
	var batch pgx.Batch
	for i, n := range numbers {
		if i%2 == 1 {
			batch.Queue(insert, n)
		} else if _, err := tx.Exec(t.Context(), insert, n); err != nil {
			t.Error(err)
		}
	}
	if err := tx.SendBatch(t.Context(), &batch).Close(); err != nil {
		t.Error(err)
	}
}

func all(t *testing.T, db interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
},
) []int {
	t.Helper()
	rows, _ := db.Query(t.Context(), "select n from number order by n") // the error comes with the rows
	list, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		t.Error(err)
	}
	return list
}

func equal(t *testing.T, got []int, want ...int) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got %v want %v", got, want)
	}
}

func TestEveryAnswerIsOneRoundTrip(t *testing.T) {
	pool, count := newPool(t)
	err := lazy.Do(t.Context(), pool, func(tx *lazy.Tx) error {
		add(t, tx, 1, 2)
		equal(t, all(t, tx), 1, 2) // with begin, and both numbers
		add(t, tx, 3, 4)
		var batch pgx.Batch
		batch.Queue(insert, 5)
		batch.Queue("delete from number where n > 3").Exec(func(tag pgconn.CommandTag) error {
			if tag.RowsAffected() != 2 {
				t.Errorf("got %v want 2 rows deleted", tag)
			}
			return nil
		})
		if err := tx.SendBatch(t.Context(), &batch).Close(); err != nil {
			return err
		}
		var none int
		if err := tx.QueryRow(t.Context(), "select n from number where n = 9").Scan(&none); !errors.Is(err, pgx.ErrNoRows) {
			t.Errorf("got %v want no rows", err)
		}
		add(t, tx, 6)
		return nil // sent with the commit
	})
	if err != nil || count.Load() != 4 {
		t.Errorf("got %v after %d round trips, want 4", err, count.Load())
	}
	equal(t, all(t, pool), 1, 2, 3, 6)
}

func TestNothingRemainsOfWhatFails(t *testing.T) {
	pool, _ := newPool(t)
	own := errors.New("changed our mind")
	for what, test := range map[string]struct {
		work func(tx *lazy.Tx) error
		code string // of PostgreSQL
		want error
	}{
		"work itself":            {func(tx *lazy.Tx) error { add(t, tx, 1); all(t, tx); return own }, "", own},
		"work that sent nothing": {func(tx *lazy.Tx) error { add(t, tx, 1); return own }, "", own},
		"kept back for a question": {func(tx *lazy.Tx) error {
			add(t, tx, 1, 1)
			return tx.QueryRow(t.Context(), "select 1").Scan(new(int))
		}, "23505", nil},
		"kept back for the commit": {func(tx *lazy.Tx) error { add(t, tx, 1); all(t, tx); add(t, tx, 1); return nil }, "23505", nil},
		"kept back for Prompt": {func(tx *lazy.Tx) error {
			add(t, tx, 1, 1)
			_, err := tx.Prompt(t.Context())
			return err
		}, "23505", nil},
		"what work didn't look at": {func(tx *lazy.Tx) error {
			add(t, tx, 1)
			_ = tx.QueryRow(t.Context(), "select 1/0").Scan(new(int))
			return nil
		}, "", pgx.ErrTxCommitRollback},
	} {
		var refused *pgconn.PgError
		err := lazy.Do(t.Context(), pool, test.work)
		if test.want != nil && !errors.Is(err, test.want) || test.code != "" && (!errors.As(err, &refused) || refused.Code != test.code) {
			t.Errorf("%s: got %v want %v%s", what, err, test.want, test.code)
		}
		equal(t, all(t, pool))
	}
}

// A question that forbids is heard before the commit, and its statements fail in its name.
func TestAsk(t *testing.T) {
	forbidden := errors.New("forbidden")
	forbid := func(pgx.Rows) error { return forbidden }
	for what, test := range map[string]struct {
		read  func(pgx.Rows) error
		more  func(tx *lazy.Tx) error
		want  error
		trips int64
	}{
		"nothing more":       {forbid, func(*lazy.Tx) error { return nil }, forbidden, 2},
		"a question more":    {forbid, func(tx *lazy.Tx) error { return tx.QueryRow(t.Context(), "select 1").Scan(new(int)) }, forbidden, 2},
		"a mistake more":     {forbid, func(tx *lazy.Tx) error { return tx.QueryRow(t.Context(), "select 1/0").Scan(new(int)) }, forbidden, 2},
		"what it lets go on": {func(rows pgx.Rows) error { rows.Next(); return nil }, func(*lazy.Tx) error { return nil }, nil, 2},
	} {
		pool, count := newPool(t)
		err := lazy.Do(t.Context(), pool, func(tx *lazy.Tx) error {
			tx.Ask(test.read, "select 1")
			add(t, tx, 1, 2)
			return test.more(tx)
		})
		if !errors.Is(err, test.want) || count.Load() != test.trips {
			t.Errorf("%s: got %v after %d round trips, want %v after %d", what, err, count.Load(), test.want, test.trips)
		}
		if test.want == nil {
			equal(t, all(t, pool), 1, 2)
		} else {
			equal(t, all(t, pool))
		}
	}
}

func TestPrompt(t *testing.T) {
	pool, _ := newPool(t)
	err := lazy.Do(t.Context(), pool, func(tx *lazy.Tx) error {
		add(t, tx, 1, 2)
		prompt, err := tx.Prompt(t.Context())
		if err != nil {
			return err
		}
		if tag, err := prompt.Exec(t.Context(), "delete from number where n = 1"); err != nil || tag.RowsAffected() != 1 {
			t.Errorf("got %v, %v want 1 row deleted", tag, err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	equal(t, all(t, pool), 2)
}

func TestResultsOfABatchThatWasKeptBack(t *testing.T) {
	pool, _ := newPool(t)
	err := lazy.Do(t.Context(), pool, func(tx *lazy.Tx) error {
		var batch pgx.Batch
		batch.Queue(insert, 1)
		if _, err := tx.SendBatch(t.Context(), &batch).Exec(); err == nil {
			t.Error("got a tag of what was not sent")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
