package bus_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/bus"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// A drain is planned, and the node works on; it is moved, begun at once, called off. One
// that was planned outlives a process that dies; one under way does not.
func TestDrainIsPlanned(t *testing.T) {
	pool := pgtest.New(t)
	join := func(run string) *bus.Nodes {
		n := bus.NewNodes(pool, bus.Node{Name: "north1", Run: run, Roles: []string{"router"}}, bus.New(), slog.New(slog.DiscardHandler))
		if err := n.Join(t.Context()); err != nil {
			t.Fatal(err)
		}
		return n
	}
	n := join("a")
	order := func(p bus.Plan) *bus.Drain {
		t.Helper()
		node, err := n.Drain(t.Context(), "north1", p)
		if err != nil || node.Drain == nil {
			t.Fatalf("got %+v, %v", node, err)
		}
		if took := node.Drain.Deadline.Sub(node.Drain.Final); took.Round(time.Second) != p.Final {
			t.Errorf("the final part is %v, want %v", took, p.Final)
		}
		return node.Drain
	}
	in := func(d time.Duration) bus.Plan {
		return bus.Plan{At: time.Now().Add(d), Deadline: time.Hour, Final: time.Minute}
	}
	tonight := in(8 * time.Hour)
	if d := order(tonight); d.Begun() || !d.Since.Equal(tonight.At.Truncate(time.Microsecond)) || d.Deadline.Sub(d.Since) != time.Hour {
		t.Errorf("planned for %v: got %+v", tonight.At, d)
	}
	if d := order(in(9 * time.Hour)); d.Begun() || time.Until(d.Since) < 8*time.Hour {
		t.Errorf("moved: got %+v", d)
	}
	now := order(bus.Plan{Deadline: time.Hour, Final: time.Minute})
	if time.Until(now.Since) > time.Minute {
		t.Errorf("at once: got %+v", now)
	}
	if d := order(bus.Plan{Deadline: 2 * time.Hour, Final: time.Minute}); !d.Since.Equal(now.Since) || !d.Deadline.After(now.Deadline) {
		t.Errorf("given more time: got %+v after %+v", d, now)
	}
	for _, far := range []time.Duration{-time.Hour, 8 * 24 * time.Hour} {
		if _, err := n.Drain(t.Context(), "north1", in(far)); !isCode(err, "bad_drain_time") {
			t.Errorf("in %v: got %v", far, err)
		}
	}
	die := func() { // its session ends, and its row stays
		t.Helper()
		if _, err := pool.Exec(t.Context(), `
			select pg_terminate_backend(pid)
			from pg_locks
			where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`); err != nil {
			t.Fatal(err)
		}
	}
	state := func() *bus.Drain {
		t.Helper()
		list, err := n.List(t.Context())
		if err != nil || len(list) != 1 {
			t.Fatalf("got %v, %v", list, err)
		}
		return list[0].Drain
	}
	die()
	n = join("b")
	if d := state(); d != nil {
		t.Errorf("a process that begins works, and not %+v", d)
	}
	order(tonight)
	die()
	n = join("c")
	if d := state(); d == nil || d.Begun() {
		t.Errorf("what was planned is now %+v", d)
	}
	if node, err := n.Undrain(t.Context(), "north1"); err != nil || node.Drain != nil {
		t.Errorf("called off: got %+v, %v", node.Drain, err)
	}
}

// What a node wrote of a drain that was called off is not said of the next one, which begins
// before the node has looked; of one that only gets other times it is.
func TestADrainAfterAnother(t *testing.T) {
	n := bus.NewNodes(pgtest.New(t), bus.Node{Name: "north1", Run: "a", Roles: []string{"router"}}, bus.New(), slog.New(slog.DiscardHandler))
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(n.Join(t.Context()))
	order := func() bus.Remains {
		t.Helper()
		node, err := n.Drain(t.Context(), "north1", bus.Plan{Deadline: time.Hour, Final: time.Minute})
		check(err)
		if node.Remains == nil {
			return bus.Remains{}
		}
		return *node.Remains
	}
	order()
	check(n.Remain(t.Context(), bus.Remains{Done: true, Killed: 2, Deadline: &bus.Held{Calls: 2}}))
	if r := order(); !r.Done || r.Killed != 2 || r.Deadline == nil {
		t.Errorf("with other times: got %+v", r)
	}
	_, err := n.Undrain(t.Context(), "north1")
	check(err)
	check(n.Remain(t.Context(), bus.Remains{Held: bus.Held{Consoles: 3}, Done: true, Killed: 2, Deadline: &bus.Held{Calls: 2}}))
	if r := order(); r.Done || r.Killed != 0 || r.Deadline != nil || r.Consoles != 3 {
		t.Errorf("anew: got %+v", r)
	}
}

func isCode(err error, code string) bool {
	refusal, ok := errors.AsType[*gateway.Error](err)
	return ok && refusal.Code == code
}

// Whoever minds the node's drain need not look at the clock: each look at the rows is told, the one
// that a mark asks for too.
func TestALookIsTold(t *testing.T) {
	n := bus.NewNodes(pgtest.New(t), bus.Node{Name: "north1", Run: "a", Roles: []string{"router"}}, bus.New(), slog.New(slog.DiscardHandler))
	if err := n.Join(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	if _, err := n.Drain(t.Context(), "north1", bus.Plan{Deadline: time.Hour}); err != nil {
		t.Fatal(err)
	}
	for late := time.After(time.Minute); n.Draining() == nil; {
		select {
		case <-n.Looked():
		case <-late:
			t.Fatal("a minute after the order nobody was told of a look at it")
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
