package feed_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"pgregory.net/rapid"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/feed"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

var allTopics = []string{"a", "b", "c", "d"}

// reader is a console: it is cut off and resumes, and keeps what it got from the log.
type reader struct {
	topics []string
	nodes  []*feed.Feed
	at     string
	w      *feed.Follower
	got    []int64
}

func (r *reader) open(ctx context.Context, n int) (err error) {
	r.w, err = r.nodes[n%len(r.nodes)].Follow(ctx, r.at, r.topics)
	return err
}

func (r *reader) cut() {
	r.w.Close()
	r.w = nil
}

// take reads one frame; true when it was the last event, "end".
func (r *reader) take(ctx context.Context) (bool, error) {
	frame, err := r.w.Next(ctx)
	if err != nil {
		return false, err
	}
	if frame.At == "" {
		return false, nil
	}
	r.at = frame.At
	if frame.Topic == "end" {
		return true, nil
	}
	r.got = append(r.got, frame.Rev)
	return false, nil
}

// takeSoon reads a frame if there is one.
func (r *reader) takeSoon(ctx context.Context) error {
	if r.w == nil {
		return nil // given up
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Millisecond)
	defer cancel()
	_, err := r.take(ctx)
	if errors.Is(err, feed.ErrSlow) {
		r.cut()
		return nil
	}
	if err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

// committed is what the log holds of the topics from a rev on, in its order.
func committed(ctx context.Context, pool *pgxpool.Pool, topics []string, from int64) ([]int64, error) {
	rows, _ := pool.Query(ctx, `select events from event order by xid, pos`) // the error comes with the rows
	var found []int64
	var body []byte
	_, err := pgx.ForEachRow(rows, []any{&body}, func() error {
		return feed.Decode(body, func(heard []byte, e gateway.Event) {
			ours := slices.ContainsFunc(strings.Fields(string(heard)), func(topic string) bool { return slices.Contains(topics, topic) })
			if ours && string(heard) != "end" && e.Rev >= from {
				found = append(found, e.Rev)
			}
		})
	})
	return found, err
}

// TestNothingMissedWhateverTheOrder runs a script of transactions that begin, write, end
// and fail in any order, while readers come, go, and read as much as they please. Each
// must get every committed event of its topics once, in the order of the log.
func TestNothingMissedWhateverTheOrder(t *testing.T) {
	pool := pgtest.New(t)
	bus := &wire{}
	nodes := []*feed.Feed{node(t, pool, bus), node(t, pool, bus)}
	rev := int64(0)
	rapid.Check(t, func(r *rapid.T) {
		ctx := t.Context()
		must := func(err error) {
			if err != nil {
				r.Fatal(err)
			}
		}
		first := rev + 1
		start, err := nodes[0].Cursor(ctx)
		must(err)
		var readers []*reader
		for i := range 3 {
			readers = append(readers, &reader{topics: append([]string{"end"}, allTopics[:i+2]...), nodes: nodes, at: start})
		}
		open := map[int]pgx.Tx{}
		defer func() {
			for _, tx := range open {
				_ = tx.Rollback(ctx) // of a script that failed
			}
		}()
		said := map[int][]gateway.Event{}
		for range rapid.IntRange(1, 60).Draw(r, "steps") {
			i := rapid.IntRange(0, 4).Draw(r, "transaction")
			switch rapid.SampledFrom([]string{"write", "write", "commit", "roll back", "cut", "read"}).Draw(r, "step") {
			case "write":
				if open[i] == nil {
					tx, err := pool.Begin(ctx)
					must(err)
					open[i] = tx
				}
				var told []gateway.Event
				for range rapid.SampledFrom([]int{1, 1, 2, 3, 70}).Draw(r, "events") {
					rev++
					for _, topic := range rapid.SliceOfNDistinct(rapid.SampledFrom(allTopics), 1, 3, rapid.ID).Draw(r, "topics") {
						told = append(told, event(topic, rev))
					}
				}
				said[i] = append(said[i], told...)
				must(nodes[0].Append(ctx, open[i], told...))
			case "commit":
				if open[i] != nil {
					must(open[i].Commit(ctx))
					nodes[0].Announce(said[i]...)
				}
				delete(open, i)
				delete(said, i)
			case "roll back":
				if open[i] != nil {
					must(open[i].Rollback(ctx))
				}
				delete(open, i)
				delete(said, i)
			case "cut":
				if w := readers[i%3]; w.w != nil {
					w.cut()
				}
			case "read":
				w := readers[i%3]
				if w.w == nil {
					must(w.open(ctx, i))
				}
				for range rapid.IntRange(1, 5).Draw(r, "frames") {
					must(w.takeSoon(ctx))
				}
			}
		}
		for _, tx := range open {
			must(tx.Commit(ctx))
		}
		must(pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error { return nodes[0].Append(ctx, tx, event("end", 0)) }))
		nodes[0].Announce(event("end", 0))
		for i, w := range readers {
			if w.w == nil {
				must(w.open(ctx, i))
			}
			for last := false; !last; {
				last, err = w.take(ctx)
				if errors.Is(err, feed.ErrSlow) {
					w.cut()
					err = w.open(ctx, i)
				}
				must(err)
			}
			w.cut()
			want, err := committed(ctx, pool, w.topics, first)
			must(err)
			if diff := cmp.Diff(want, w.got, cmpopts.EquateEmpty()); diff != "" {
				r.Fatalf("reader %d (-want +got):\n%s", i, diff)
			}
		}
	})
}

// TestNothingMissedUnderLoad does the same with everything at once.
func TestNothingMissedUnderLoad(t *testing.T) {
	const writers, transactions, consoles = 8, 150, 6
	pool := pgtest.New(t)
	bus := &wire{}
	nodes := []*feed.Feed{node(t, pool, bus), node(t, pool, bus)}
	start, err := nodes[0].Cursor(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)

	var writing, reading sync.WaitGroup
	for n := range writers {
		writing.Go(func() {
			dice := rand.New(rand.NewPCG(seed, uint64(n)))
			for i := range transactions {
				if err := write(t.Context(), pool, nodes[n%2], dice, int64(n*1000000+i*10+1)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for n := range consoles {
		reading.Go(func() {
			dice := rand.New(rand.NewPCG(seed, uint64(100+n)))
			r := &reader{topics: append([]string{"end"}, allTopics[:1+n%4]...), nodes: nodes, at: start}
			if err := r.read(t.Context(), dice); err != nil {
				t.Error(err)
				return
			}
			want, err := committed(t.Context(), pool, r.topics, 0)
			if err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(want, r.got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("reader %d: got %d want %d events (-want +got):\n%s", n, len(r.got), len(want), diff)
			}
		})
	}
	writing.Wait()
	put(t, pool, nodes[0], event("end", 0))
	reading.Wait()
}

// write is one transaction of up to nine events. One in five takes its time, one in ten is undone.
func write(ctx context.Context, pool *pgxpool.Pool, f *feed.Feed, dice *rand.Rand, rev int64) error {
	undone := errors.New("undone")
	var events []gateway.Event
	for i := range 1 + dice.IntN(9) {
		events = append(events, event(allTopics[dice.IntN(len(allTopics))], rev+int64(i)))
	}
	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		for _, e := range events {
			if err := f.Append(ctx, tx, e); err != nil {
				return err
			}
		}
		if dice.IntN(5) == 0 {
			if _, err := tx.Exec(ctx, `select pg_sleep($1)`, dice.Float64()/20); err != nil {
				return err
			}
		}
		if dice.IntN(10) == 0 {
			return undone
		}
		return nil
	})
	if err != nil && !errors.Is(err, undone) {
		return fmt.Errorf("write: %w", err)
	}
	if err == nil && dice.IntN(2) == 0 {
		f.Announce(events...)
	}
	return nil
}

// read reads to the end, is cut off now and then, and resumes on any node.
func (r *reader) read(ctx context.Context, dice *rand.Rand) error {
	for {
		if err := r.open(ctx, dice.IntN(2)); err != nil {
			return err
		}
		for range 1 + dice.IntN(200) {
			last, err := r.take(ctx)
			if errors.Is(err, feed.ErrSlow) {
				break
			}
			if err != nil || last {
				r.cut()
				return err
			}
		}
		r.cut()
	}
}
