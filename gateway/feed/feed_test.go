package feed_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/feed"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// wire is a bus for one or more nodes; when cut it loses everything.
type wire struct {
	mu    sync.Mutex
	ears  map[int]func([]byte)
	next  int
	isCut bool
}

func (w *wire) Publish(_ string, data []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.isCut {
		return
	}
	for _, ear := range w.ears {
		ear(data)
	}
}

func (w *wire) Subscribe(_ string, heard func([]byte)) func() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ears == nil {
		w.ears = map[int]func([]byte){}
	}
	n := w.next
	w.next++
	w.ears[n] = heard
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.ears, n)
	}
}

// node runs a feed until the test ends.
func node(t *testing.T, pool *pgxpool.Pool, bus feed.Bus) *feed.Feed {
	t.Helper()
	f := feed.New(pool, bus, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	return f
}

func event(topic string, rev int64) gateway.Event {
	return gateway.NewEvent(topic, "test.happened", rev, map[string]int64{"rev": rev})
}

// put commits events, and announces nothing.
func put(t *testing.T, pool *pgxpool.Pool, f *feed.Feed, events ...gateway.Event) {
	t.Helper()
	err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		return f.Append(t.Context(), tx, events...)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func follow(t *testing.T, f *feed.Feed, cursor string, topics ...string) *feed.Follower {
	t.Helper()
	w, err := f.Follow(t.Context(), cursor, topics)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

func next(t *testing.T, w *feed.Follower) feed.Frame {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	frame, err := w.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return frame
}

// logged gives the next frame that comes from the log.
func logged(t *testing.T, w *feed.Follower) feed.Frame {
	t.Helper()
	for {
		if frame := next(t, w); frame.At != "" {
			return frame
		}
	}
}

func TestFollowTellsWhatIsCommitted(t *testing.T) {
	pool := pgtest.New(t)
	f := node(t, pool, &wire{})
	w := follow(t, f, "", "a", "b")

	put(t, pool, f, event("a", 1), event("x", 2), event("b", 3))

	for _, want := range []int64{1, 3} {
		got := next(t, w)
		if got.Rev != want || got.At == "" || string(got.Data) != fmt.Sprintf(`{"rev":%d}`, want) || got.Type != "test.happened" {
			t.Errorf("got %+v want rev %d from the log", got, want)
		}
	}
}

// Events of one transaction share a row of the log, also those for several topics. Who follows two of them is told for
// both, and can resume only after the second.
func TestAnEventOfSeveralTopics(t *testing.T) {
	pool := pgtest.New(t)
	f := node(t, pool, &wire{})
	start, err := f.Cursor(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	both, one := follow(t, f, "", "a", "c"), follow(t, f, "", "b")
	put(t, pool, f, event("a", 1), event("b", 1), event("c", 1), event("a", 2))
	var rows int
	if err := pool.QueryRow(t.Context(), `select count(*) from event`).Scan(&rows); err != nil || rows != 1 {
		t.Errorf("got %d rows (%v) want 1", rows, err)
	}
	for what, w := range map[string]*feed.Follower{"alive": both, "resumed": follow(t, f, start, "a", "c")} {
		for _, want := range []struct {
			topic string
			rev   int64
			past  bool
		}{{"a", 1, false}, {"c", 1, true}, {"a", 2, true}} {
			if got := next(t, w); got.Topic != want.topic || got.Rev != want.rev || (got.At != "") != want.past {
				t.Errorf("%s: got %+v want %+v", what, got, want)
			}
		}
	}
	if got := next(t, one); got.Topic != "b" || got.Rev != 1 || got.At == "" {
		t.Errorf("got %+v want it for b, from the log", got)
	}
}

func TestAnnouncedComesEarlyAndAgain(t *testing.T) {
	pool := pgtest.New(t)
	f := node(t, pool, &wire{})
	w := follow(t, f, "", "a")

	// A transaction that began before holds the log back, not the screen.
	slow, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Append(t.Context(), slow, event("a", 1)); err != nil {
		t.Fatal(err)
	}
	put(t, pool, f, event("a", 2))
	f.Announce(event("a", 2))

	if got := next(t, w); got.Rev != 2 || got.At != "" || got.Topic != "a" {
		t.Fatalf("got %+v want 2, early", got)
	}
	if err := slow.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int64{1, 2} {
		if got := logged(t, w); got.Rev != want {
			t.Errorf("got %d from the log, want %d", got.Rev, want)
		}
	}
}

func TestResumeOnAnotherNode(t *testing.T) {
	pool := pgtest.New(t)
	bus := &wire{}
	here, there := node(t, pool, bus), node(t, pool, bus)
	w := follow(t, here, "", "a")
	put(t, pool, here, event("a", 1))
	at := logged(t, w).At
	w.Close()

	for rev := int64(2); rev <= 700; rev++ { // more than a page
		put(t, pool, here, event("a", rev), event("b", rev))
	}
	w = follow(t, there, at, "a")
	for want := int64(2); want <= 700; want++ {
		if got := logged(t, w); got.Rev != want || got.Topic != "a" {
			t.Fatalf("got %s %d want a %d", got.Topic, got.Rev, want)
		}
	}
	put(t, pool, here, event("a", 701))
	if got := logged(t, w); got.Rev != 701 {
		t.Errorf("got %d want 701, live", got.Rev)
	}
}

func TestSnapshotThenCursorMissesNothing(t *testing.T) {
	pool := pgtest.New(t)
	f := node(t, pool, &wire{})
	open, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Append(t.Context(), open, event("a", 1)); err != nil {
		t.Fatal(err)
	}
	at, err := f.Cursor(t.Context()) // the snapshot read now would not show 1
	if err != nil {
		t.Fatal(err)
	}
	if err := open.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := logged(t, follow(t, f, at, "a")); got.Rev != 1 {
		t.Errorf("got %d want 1", got.Rev)
	}
}

func TestCursorsThatCannotBeResumedFrom(t *testing.T) {
	pool := pgtest.New(t)
	f := node(t, pool, &wire{})
	at, err := f.Cursor(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	part := strings.Split(at, "-")
	yesterday := strconv.FormatInt(time.Now().Add(-25*time.Hour).Unix(), 16)
	for name, cursor := range map[string]string{
		"garbage":         "garbage",
		"another cluster": strings.Join([]string{"1", part[1], part[2], part[3]}, "-"),
		"the future":      strings.Join([]string{part[0], "7fffffffffffff", part[2], part[3]}, "-"),
		"yesterday":       strings.Join([]string{part[0], part[1], part[2], yesterday}, "-"),
		"negative":        strings.Join([]string{part[0], "-1", part[2], part[3]}, "-"),
	} {
		if _, err := f.Follow(t.Context(), cursor, nil); !errors.Is(err, feed.ErrTooOld) {
			t.Errorf("%s: got %v want ErrTooOld", name, err)
		}
	}
}

// flood commits events that nobody in the test follows.
func flood(t testing.TB, pool *pgxpool.Pool, n int) {
	t.Helper()
	_, err := pool.Exec(t.Context(), `
		insert into event (topics, events)
		select array['conversation:' || n % 1000], $2
		from generate_series(1, $1) as n`, n, feed.Encode([]gateway.Event{event("conversation:0", 0)}))
	if err != nil {
		t.Fatal(err)
	}
}

// Who has missed so much that reading it costs more than a snapshot is told to take one.
func TestFarBehind(t *testing.T) {
	pool := pgtest.New(t)
	f := node(t, pool, &wire{})
	cursor, err := f.Cursor(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	put(t, pool, f, event("a", 1))
	flood(t, pool, 19_999)
	near := follow(t, f, cursor, "a")
	if got := next(t, near); got.Rev != 1 {
		t.Errorf("near: got %+v", got)
	}
	put(t, pool, f, event("a", 2))
	if _, err := f.Follow(t.Context(), cursor, []string{"a"}); !errors.Is(err, feed.ErrTooOld) {
		t.Errorf("far: got %v want %v", err, feed.ErrTooOld)
	}
}

// BenchmarkResume is a console that comes back to a long log.
func BenchmarkResume(b *testing.B) {
	pool := pgtest.New(b)
	f := feed.New(pool, &wire{}, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = f.Run(ctx) }()
	defer func() { cancel(); <-done }()
	flood(b, pool, 10)
	old, err := f.Cursor(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	flood(b, pool, 200_000)
	if _, err := pool.Exec(b.Context(), "analyze event"); err != nil {
		b.Fatal(err)
	}
	recent, err := f.Cursor(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	flood(b, pool, 10_000)
	end, err := f.Follow(ctx, "", []string{"end"}) // the tail has read it all before we measure
	if err != nil {
		b.Fatal(err)
	}
	defer end.Close()
	if err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error { return f.Append(ctx, tx, event("end", 1)) }); err != nil {
		b.Fatal(err)
	}
	if _, err := end.Next(ctx); err != nil {
		b.Fatal(err)
	}
	for name, cursor := range map[string]string{"old": old, "recent": recent} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				w, err := f.Follow(ctx, cursor, []string{"agent:7", "board", "end"})
				if errors.Is(err, feed.ErrTooOld) {
					continue
				}
				if err != nil {
					b.Fatal(err)
				}
				if _, err := w.Next(ctx); err != nil { // the last event of all
					b.Fatal(err)
				}
				w.Close()
			}
		})
	}
}

// Who leaves more than is queued for them gets all of it, from the log.
func TestSlowFollowerReadsTheLogByItself(t *testing.T) {
	pool := pgtest.New(t)
	f := node(t, pool, &wire{})
	w, quick := follow(t, f, "", "a"), follow(t, f, "", "end")
	put(t, pool, f, event("a", 0))
	logged(t, w)

	for rev := int64(1); rev <= 300; rev++ {
		put(t, pool, f, event("a", rev))
	}
	put(t, pool, f, event("end", 0))
	logged(t, quick) // all of them have been handed out

	for want := int64(1); want <= 300; want++ {
		if got := logged(t, w); got.Rev != want {
			t.Fatalf("got %d want %d", got.Rev, want)
		}
	}
	put(t, pool, f, event("a", 301))
	if got := logged(t, w); got.Rev != 301 {
		t.Errorf("got %d want 301, live", got.Rev)
	}
}

// Who has left more than anybody may read is given up.
func TestFollowerFarBehindIsGivenUp(t *testing.T) {
	pool := pgtest.New(t)
	f := node(t, pool, &wire{})
	w, quick := follow(t, f, "", "a"), follow(t, f, "", "end")
	for rev := int64(1); rev <= 300; rev++ {
		put(t, pool, f, event("a", rev))
	}
	flood(t, pool, 20_000)
	put(t, pool, f, event("end", 0))
	logged(t, quick) // all of them have been handed out
	if _, err := w.Next(t.Context()); !errors.Is(err, feed.ErrSlow) {
		t.Errorf("got %v want ErrSlow", err)
	}
}

func TestEarlyFramesNeverEndAFollower(t *testing.T) {
	pool := pgtest.New(t)
	f := node(t, pool, &wire{})
	w := follow(t, f, "", "a")
	big := gateway.NewEvent("a", "test.happened", 1, strings.Repeat("x", 30<<10))
	for range 300 {
		f.Announce(event("a", 1))
		f.Announce(big)
	}
	for range 3 {
		next(t, w)
	}
}

func TestTopicsChange(t *testing.T) {
	pool := pgtest.New(t)
	f := node(t, pool, &wire{})
	w := follow(t, f, "", "a")
	put(t, pool, f, event("b", 1))
	put(t, pool, f, event("a", 2))
	if got := logged(t, w); got.Rev != 2 {
		t.Fatalf("got %d want 2", got.Rev)
	}
	w.Topics([]string{"b"}, []string{"a"})
	put(t, pool, f, event("a", 3), event("b", 4))
	if got := logged(t, w); got.Rev != 4 {
		t.Errorf("got %d want 4", got.Rev)
	}
}

func TestWatchHearsWithoutTheBus(t *testing.T) {
	pool := pgtest.New(t)
	f := node(t, pool, &wire{isCut: true})
	heard := make(chan gateway.Event, 10)
	cancel := f.Watch([]string{"a"}, func(e gateway.Event) { heard <- e })
	follow(t, f, "", "a") // the tail has begun
	put(t, pool, f, event("a", 7))
	f.Announce(event("a", 7))
	if got := <-heard; got.Rev != 7 || got.Topic != "a" {
		t.Errorf("got %+v want a 7", got)
	}
	cancel()
}

func TestOldSlotsAreEmptied(t *testing.T) {
	pool := pgtest.New(t)
	var today int64
	err := pool.QueryRow(t.Context(), `
		with old as (
			insert into event (slot, topics, events, at)
			select s, array['a'], '', now() - interval '3 days'
			from generate_series(0, 3) s)
		select extract(epoch from now())::bigint / 86400 % 4`).Scan(&today)
	if err != nil {
		t.Fatal(err)
	}
	node(t, pool, &wire{})
	want := []int64{today, (today + 3) % 4}
	for {
		var left []int64
		if err := pool.QueryRow(t.Context(), `select array_agg(slot::bigint) from event`).Scan(&left); err != nil {
			t.Fatal(err)
		}
		if len(left) == 2 {
			for _, slot := range left {
				if slot != want[0] && slot != want[1] {
					t.Errorf("slot %d was kept, want %v", slot, want)
				}
			}
			return
		}
	}
}
