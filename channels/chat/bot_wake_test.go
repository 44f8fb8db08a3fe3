package chat

import (
	"context"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// crowd counts how many statements run at once.
type crowd struct{ now, most, all atomic.Int64 }

func (c *crowd) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	c.all.Add(1)
	if n := c.now.Add(1); n > c.most.Load() {
		c.most.Store(n)
	}
	return ctx
}

func (c *crowd) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) { c.now.Add(-1) }

// TestOneAsksForAVisitor, however often the bot is woken and when: each turn reads the visitor,
// and no two do so at once.
func TestOneAsksForAVisitor(t *testing.T) {
	t.Parallel()
	config := pgtest.New(t).Config()
	var c crowd
	config.ConnConfig.Tracer, config.MinConns = &c, 0
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	s := New(Config{Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Pool: pool})
	var turns, wakers sync.WaitGroup
	s.setWork(func(f func(context.Context)) { turns.Go(func() { f(t.Context()) }) })
	var h tokenHash
	for range 4 {
		wakers.Go(func() {
			for range 500 {
				s.wakeBot(h)
				s.awaitQuiet(h)
			}
		})
	}
	wakers.Wait()
	turns.Wait()
	if len(s.asking) != 0 || c.all.Load() == 0 || c.most.Load() != 1 {
		t.Errorf("%d at once read the visitor, of %d; %d are still asked", c.most.Load(), c.all.Load(), len(s.asking))
	}
}

// awaitQuiet returns when nobody asks for the visitor.
func (s *Server) awaitQuiet(h tokenHash) {
	for asked := true; asked; {
		s.mu.Lock()
		_, asked = s.asking[h]
		s.mu.Unlock()
		runtime.Gosched()
	}
}
