package feed

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// A plan is kept from a node's first reading on, when the log may be empty: reading all of
// it and sorting costs nothing then, and seconds a day later.
func TestTheLogIsReadAlongItsIndexFromTheFirstTimeOn(t *testing.T) {
	var plan []string
	err := pgx.BeginFunc(t.Context(), pgtest.New(t), func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), inOrder); err != nil {
			return err
		}
		rows, _ := tx.Query(t.Context(), "explain "+readPage, "3", 0, nil, pageSize) // the error comes with the rows
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		plan = lines
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	whole := strings.Join(plan, "\n")
	if n := strings.Count(whole, "Index Scan"); n != slots || strings.Contains(whole, "Seq Scan") {
		t.Errorf("got the plan\n%s\nwant an index scan of each slot, merged", whole)
	}
}

// A transaction somewhere holds the log back for a while: whoever keeps up is not given up for what
// comes in one go when it ends.
func TestWhatWasHeldBackOverrunsNobody(t *testing.T) {
	pool := pgtest.New(t)
	f := New(pool, quiet{}, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	var ran sync.WaitGroup
	ran.Go(func() { _ = f.Run(ctx) })
	defer ran.Wait()
	defer cancel()
	w, err := f.Follow(ctx, "", []string{"board"})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	slow, err := pool.Begin(ctx)
	if err == nil {
		_, err = slow.Exec(ctx, `select pg_current_xact_id()`)
	}
	if err != nil {
		t.Fatal(err)
	}
	const many = 2 * maxFrames
	for n := range int64(many) {
		if err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
			return f.Append(ctx, tx, gateway.NewEvent("board", "agent.status", n+1, n))
		}); err != nil {
			t.Fatal(err)
		}
	}
	took := make(chan error, 1)
	go func() { took <- takeAll(ctx, w, many) }() // it keeps up: it waits when they come
	if err := slow.Rollback(ctx); err != nil {
		t.Fatal(err)
	}
	if err := <-took; err != nil {
		t.Error(err)
	}
}

// takeAll takes events that are numbered from one.
func takeAll(ctx context.Context, w *Follower, many int64) error {
	for n := range many {
		frame, err := w.Next(ctx)
		if err != nil || frame.Rev != n+1 {
			return fmt.Errorf("after %d events: %+v, %w", n, frame, err)
		}
	}
	return nil
}

// quiet is a bus on which nothing is heard.
type quiet struct{}

func (quiet) Publish(string, []byte)                    {}
func (quiet) Subscribe(string, func([]byte)) (f func()) { return func() {} }
