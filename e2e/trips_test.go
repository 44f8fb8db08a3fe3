package e2e

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/bus"
	"github.com/vaxelhq/vaxel/gateway/feed"
	"github.com/vaxelhq/vaxel/gateway/floor"
	"github.com/vaxelhq/vaxel/gateway/intake"
	"github.com/vaxelhq/vaxel/gateway/timeline"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
	"github.com/vaxelhq/vaxel/tickets"
)

// trips counts how often the database is asked and waited for.
type trips struct{ n atomic.Int64 }

func (c *trips) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	c.n.Add(1)
	return ctx
}

func (c *trips) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	c.n.Add(1)
	return ctx
}

func (*trips) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData)     {}
func (*trips) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}
func (*trips) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData)     {}

func traced(t *testing.T, by pgx.QueryTracer) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(pgtest.NewURL(t))
	if err != nil {
		t.Fatal(err)
	}
	config.ConnConfig.Tracer = by
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// A round trip costs more than what most statements do: each wakes two processes up.
func TestAnArrivalTakesFewRoundTrips(t *testing.T) {
	var count trips
	in := newEntrance(traced(t, &count))
	visitor := func(key string) gateway.Arrival {
		return gateway.Arrival{
			Key: key, Channel: gateway.Chat, Queue: 1, Subject: "Faktura",
			From:  gateway.Address{Kind: gateway.AddressVisitor, Value: "token1", Name: "Karin"},
			Entry: gateway.Entry{Kind: gateway.EntryMessage, Text: "Hej!", ClientID: "c1"},
		}
	}
	also := func(ctx context.Context, tx pgx.Tx, _ gateway.Received) error {
		_, err := tx.Exec(ctx, "select 1")
		return err
	}
	for _, test := range []struct {
		what    string
		arrival gateway.Arrival
		also    func(context.Context, pgx.Tx, gateway.Received) error
		most    int64
	}{
		{"a stranger's chat", visitor("chat/1"), nil, 3},
		{"a known visitor's chat, noted by the channel too", visitor("chat/2"), also, 5},
		{"a stranger's mail", letter(1, 0), nil, 5},
		{"an answer", letter(1, 1), nil, 7},
	} {
		before := count.n.Load()
		if _, err := in.Receive(t.Context(), test.arrival, test.also); err != nil {
			t.Fatal(err)
		}
		if got := count.n.Load() - before; got > test.most {
			t.Errorf("%s took %d round trips, want at most %d", test.what, got, test.most)
		}
	}
}

// What a channel writes for several arrivals together goes with what is written in any case: its
// statements cost one round trip, for what they changed, and not one each.
func TestTheChannelsPartTakesOneRoundTrip(t *testing.T) {
	var count trips
	in := newEntrance(traced(t, &count))
	take := func(n int, also ...intake.Together) int64 {
		t.Helper()
		before := count.n.Load()
		if _, errs := in.ReceiveBatch(t.Context(), []intake.Item{{Arrival: letter(n, 0)}}, also...); errs[0] != nil {
			t.Fatal(errs[0])
		}
		return count.n.Load() - before
	}
	take(1) // statements are prepared
	alone := take(2)
	var changed []int64
	with := take(3, func(ctx context.Context, tx pgx.Tx, _ int, _ []gateway.Received) error {
		var ask pgx.Batch
		for range 2 {
			ask.Queue("update arrival set pos = pos where key = 'nobody'").Exec(func(tag pgconn.CommandTag) error {
				changed = append(changed, tag.RowsAffected())
				return nil
			})
		}
		if err := tx.SendBatch(ctx, &ask).Close(); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "select 1")
		return err
	})
	if with > alone+1 || !slices.Equal(changed, []int64{0, 0}) {
		t.Errorf("%d round trips, and %d without the channel's part, which heard %v", with, alone, changed)
	}
}

// batches counts the round trips of each of the floor's transactions, which begin with the
// fence and end with the commit.
type batches struct {
	trips
	mu   sync.Mutex // guards what follows
	open map[*pgx.Conn]int
	done []int
}

func (b *batches) TraceBatchStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceBatchStartData) context.Context {
	b.mu.Lock()
	defer b.mu.Unlock()
	has := func(words string) bool {
		return slices.ContainsFunc(data.Batch.QueuedQueries, func(q *pgx.QueuedQuery) bool { return strings.Contains(q.SQL, words) })
	}
	if has("from lease") || b.open[conn] > 0 {
		b.open[conn]++
	}
	if has("commit") && b.open[conn] > 0 {
		b.done = append(b.done, b.open[conn])
		delete(b.open, conn)
	}
	return ctx
}

// onePlan is a queue without agents.
type onePlan struct{}

func (onePlan) Plan(context.Context) (gateway.Plan, error) {
	return gateway.Plan{Queues: []gateway.QueuePlan{{ID: 1, Band: 5, Channels: map[gateway.Channel]gateway.ChannelPlan{gateway.Chat: {Target: 60, OfferTimeout: 30}}}}}, nil
}

func (onePlan) Alive(string) bool { return true }

func (onePlan) Silent(string) time.Duration { return 0 }

// Everybody's offers wait for the floor's batch, and it for its round trips: one that finds
// out what is to be done, one that stores it under the locks, one that commits.
func TestABatchOfTheFloorTakesFewRoundTrips(t *testing.T) {
	count := &batches{open: map[*pgx.Conn]int{}}
	pool, log := traced(t, count), slog.New(slog.DiscardHandler)
	events := feed.New(pool, bus.New(), log)
	house := floor.New(pool, "node1", floor.Rooms{
		Feed: events, Timeline: timeline.New(pool, events, log), Cases: tickets.New(pool, events, log),
		Plans: onePlan{}, Bus: bus.New(), Nodes: onePlan{},
	}, log)
	if _, err := newEntrance(pool).Receive(t.Context(), gateway.Arrival{
		Key: "chat/1", Channel: gateway.Chat, Queue: 1, Subject: "Faktura",
		From:  gateway.Address{Kind: gateway.AddressVisitor, Value: "token1", Name: "Karin"},
		Entry: gateway.Entry{Kind: gateway.EntryMessage, Text: "Hej!"},
	}, nil); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- house.Run(ctx) }()
	waits := func() bool {
		list, err := house.Waiting(t.Context(), []gateway.QueueID{1}, 0, 1)
		return err == nil && len(list) == 1
	}
	for deadline := time.Now().Add(time.Minute); !waits(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited a minute for the arrival to be in the queue")
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if len(count.done) == 0 || slices.Max(count.done) > 2 {
		t.Errorf("the floor's transactions took %v round trips, want at most 2 each", count.done)
	}
}
