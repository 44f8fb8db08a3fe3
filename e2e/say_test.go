package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/bus"
	"github.com/vaxelhq/vaxel/gateway/feed"
	"github.com/vaxelhq/vaxel/gateway/timeline"
	"github.com/vaxelhq/vaxel/localpg"
	"github.com/vaxelhq/vaxel/migrations"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// BenchmarkSay is the store's part of a chat line: many callers, each waiting until its
// line and the event that tells of it are committed, while the feed's tail reads the log
// and hands on what somebody listens to. PostgreSQL is the embedded one, and waits for the
// disk. The cpu counts it too.
func BenchmarkSay(b *testing.B) {
	for _, callers := range []int{1, 50, 500, 2000} {
		b.Run(fmt.Sprint(callers, "_callers"), func(b *testing.B) { benchmarkSay(b, callers) })
	}
}

func benchmarkSay(b *testing.B, callers int) {
	b.Helper()
	pool := durable(b)
	log := slog.New(slog.DiscardHandler)
	events := feed.New(pool, bus.New(), log)
	store := timeline.New(pool, events, log)
	ctx, stop := context.WithCancel(b.Context())
	var rooms sync.WaitGroup
	for _, run := range []func(context.Context) error{events.Run, store.Run} {
		rooms.Go(func() {
			if err := run(ctx); err != nil {
				b.Error(err)
			}
		})
	}
	defer rooms.Wait()
	defer stop()
	ids := openConversations(b, pool, store, min(callers, 200))
	defer events.Watch([]string{gateway.TopicConversation(ids[0])}, func(gateway.Event) {})()

	var next atomic.Int64
	var all sync.WaitGroup
	before := cpuTime()
	b.ResetTimer()
	for n := range callers {
		all.Go(func() {
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				_, err := store.Say(ctx, gateway.Entry{
					Conversation: ids[n%len(ids)], Kind: gateway.EntryMessage, Channel: gateway.Chat, ClientID: fmt.Sprint(n, "-", i),
					Author: gateway.Author{Kind: gateway.ByCustomer, ID: 8}, Text: "Hej, min faktura stämmer inte. Kan ni hjälpa mig?",
				})
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lines/s")
	b.ReportMetric(float64((cpuTime()-before).Microseconds())/float64(b.N), "cpu-µs/op")
}

func openConversations(b *testing.B, db interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}, store *timeline.Store, n int,
) (ids []gateway.ConversationID) {
	b.Helper()
	err := pgx.BeginFunc(b.Context(), db, func(tx pgx.Tx) error {
		for range n {
			id, err := store.Open(b.Context(), tx, 1, 1, gateway.Chat)
			if err != nil {
				return err
			}
			if err := store.ServeAll(b.Context(), tx, gateway.Interaction{Conversation: id, ID: 1}); err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return ids
}

// durable is a pool on an embedded PostgreSQL of its own.
func durable(b *testing.B) *pgxpool.Pool {
	b.Helper()
	dir, err := os.MkdirTemp("", "vaxel-bench-") //nolint:usetesting // PostgreSQL's user must reach it
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = os.RemoveAll(dir) }) // nothing depends on it
	server, err := localpg.Start(b.Context(), localpg.Options{Dir: dir + "/pg"})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := server.Stop(); err != nil {
			b.Error(err)
		}
	})
	pool := pgtest.Open(b, server.URL())
	if err := migrations.Up(b.Context(), pool); err != nil {
		b.Fatal(err)
	}
	return pool
}

// cpuTime is what this process and its living children have used.
func cpuTime() (total time.Duration) {
	parent, used := map[int]int{}, map[int]time.Duration{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is good
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // has ended meanwhile
		}

		before, after, _ := strings.Cut(string(text), " (")
		field := strings.Fields(after[strings.LastIndex(after, ")")+1:]) // proc(5): from field 3, state
		pid := number(before)
		parent[pid], used[pid] = number(field[1]), time.Duration(number(field[11])+number(field[12]))*10*time.Millisecond
	}
	for pid := range used {
		for up := pid; up > 1; up = parent[up] {
			if up == os.Getpid() {
				total += used[pid]
			}
		}
	}
	return total
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		panic(err) // the kernel writes numbers
	}
	return n
}
