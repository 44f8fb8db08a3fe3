package bench

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/bus"
	"github.com/vaxelhq/vaxel/gateway/feed"
	"github.com/vaxelhq/vaxel/gateway/timeline"
	"github.com/vaxelhq/vaxel/localpg"
	"github.com/vaxelhq/vaxel/migrations"
)

// writer measures the store's part alone.
func (b *Bench) writer(ctx context.Context) (rate, error) {
	server, err := localpg.Start(ctx, localpg.Options{Dir: filepath.Join(b.dir, "writer")})
	if err != nil {
		return rate{}, err
	}
	defer func() { _ = server.Stop() }()
	pool, err := pgxpool.New(ctx, server.URL())
	if err != nil {
		return rate{}, err
	}
	defer pool.Close()
	if err := migrations.Up(ctx, pool); err != nil {
		return rate{}, err
	}
	log := slog.New(slog.DiscardHandler)
	events := feed.New(pool, bus.New(), log)
	store := timeline.New(pool, events, log)
	ctx, stop := context.WithCancel(ctx)
	var rooms sync.WaitGroup
	rooms.Go(func() { _ = events.Run(ctx) })
	rooms.Go(func() { _ = store.Run(ctx) })
	defer rooms.Wait()
	defer stop()
	ids, err := openConversations(ctx, pool, store, 200)
	if err != nil {
		return rate{}, err
	}
	sayAll(ctx, store, ids, b.share(30), "warm")
	var got []rate
	for n := range runs {
		m := measure(os.Getpid())
		lines := sayAll(ctx, store, ids, b.share(15), strconv.Itoa(n))
		c := m.cost(lines)
		got = append(got, rate{float64(lines) / c.seconds, c.cpu, c.shares})
	}
	return middle(got), ctx.Err()
}

// sayAll has 500 callers write, each waiting for its commit, and gives how many lines.
func sayAll(ctx context.Context, store *timeline.Store, ids []gateway.ConversationID, d time.Duration, run string) int {
	const callers = 500
	end := time.Now().Add(d)
	var all sync.WaitGroup
	var count atomic.Int64
	for n := range callers {
		all.Go(func() {
			for i := 0; time.Now().Before(end); i++ {
				_, err := store.Say(ctx, gateway.Entry{
					Conversation: ids[n%len(ids)], Kind: gateway.EntryMessage, Channel: gateway.Chat, ClientID: fmt.Sprint(run, "-", n, "-", i),
					Author: gateway.Author{Kind: gateway.ByCustomer, ID: 8}, Text: "Hej, min faktura stämmer inte. Kan ni hjälpa mig?",
				})
				if err != nil {
					return
				}
				count.Add(1)
			}
		})
	}
	all.Wait()
	return int(count.Load())
}

func openConversations(ctx context.Context, pool *pgxpool.Pool, store *timeline.Store, n int) (ids []gateway.ConversationID, err error) {
	return ids, pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		for range n {
			id, err := store.Open(ctx, tx, 1, 1, gateway.Chat)
			if err != nil {
				return err
			}
			if err := store.ServeAll(ctx, tx, gateway.Interaction{Conversation: id, ID: 1}); err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return nil
	})
}

// fsyncs is how often a second the disk confirms.
func (b *Bench) fsyncs() (float64, error) {
	f, err := os.Create(filepath.Join(b.dir, "fsync"))
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	var got []float64
	page := make([]byte, 8192)
	for range runs + 1 { // the first warms up
		began, n := time.Now(), 0
		for ; time.Since(began) < b.share(30); n++ {
			if _, err := f.Write(page); err != nil {
				return 0, err
			}
			if err := syscall.Fdatasync(int(f.Fd())); err != nil {
				return 0, err
			}
		}
		got = append(got, float64(n)/time.Since(began).Seconds())
	}
	return median(got[1:]), nil
}
