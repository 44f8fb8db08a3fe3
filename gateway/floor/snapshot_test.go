package floor

import (
	"bytes"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

// The larger the last snapshot was, the rarer they are: each is of all that waits.
func TestLargeSnapshotsAreRare(t *testing.T) {
	for _, c := range []struct {
		weight int
		events int64
	}{{0, 5_000}, {5_000_000, 5_000}, {50 << 20, 50 << 10}} {
		l := leader{weight: c.weight, snap: 100, seq: 100 + c.events - 1}
		before := l.snapshotDue()
		l.seq++
		if before || !l.snapshotDue() {
			t.Errorf("after one of %d bytes the next does not come with event %d", c.weight, c.events)
		}
	}
}

// Of each day the last snapshot is kept beside the five latest.
func TestASnapshotOfEachDayIsKept(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.ready(t)
	h.stop()
	l := contender(t, h.pool)
	defer l.discard(t.Context())
	l.wantTaken(t, "test", true)
	lead := &leader{f: h.Floor, term: l.term}
	if err := lead.load(t.Context()); err != nil {
		t.Fatal(err)
	}
	day := lead.last.Truncate(24 * time.Hour)
	for i := range 12 {
		lead.seq++
		lead.last = day.Add(time.Duration(i) * 8 * time.Hour) // three a day, four days
		if err := lead.snapshot(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	// The five latest reach into the third day; before that, one a day.
	if got := count(t, h, `select count(*) from routing_snapshot`); got != 5+2 {
		t.Errorf("got %d snapshots, want 7", got)
	}
}

// The floor goes on while a snapshot is written, and what is written is how it was before.
func TestNothingWaitsForASnapshot(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.ready(t)
	h.stop()
	h.exec(t, `delete from routing_snapshot`)
	h.exec(t, `
		insert into routing_event (seq, term, version, at, body)
		select last.seq + n, last.term, last.version, last.at, '{"name": "Wake", "body": {}}'
		from (select * from routing_event order by seq desc limit 1) as last, generate_series(1, $1) as n`, snapshotEvery)
	held, err := h.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = held.Rollback(t.Context()) }()
	if _, err := held.Exec(t.Context(), `lock table routing_snapshot in share mode`); err != nil {
		t.Fatal(err)
	}
	h.start(t)
	h.eventually(t, "a snapshot is being stored", func() bool {
		return count(t, h, `select count(*) from pg_locks where relation = 'routing_snapshot'::regclass and not granted`) == 1
	})
	h.eventually(t, "Anna is on a break", func() bool {
		a, err := h.Do(t.Context(), "", gateway.SetStatus{Agent: anna, Intent: gateway.IntentOnBreak})
		return err == nil && a.Presence.Intent == gateway.IntentOnBreak
	})
	if err := held.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.eventually(t, "it is stored", func() bool { return count(t, h, `select count(*) from routing_snapshot`) == 1 })
	h.wantPast(t)
}

// wantPast replays the log up to the latest snapshot.
func (h *house) wantPast(t *testing.T) {
	t.Helper()
	var until int64
	var body []byte
	if err := h.pool.QueryRow(t.Context(), `select seq, body from routing_snapshot order by seq desc limit 1`).Scan(&until, &body); err != nil {
		t.Fatal(err)
	}
	s := &stretch{f: h.Floor, core: routing.New()}
	for l := range s.events(t.Context(), time.Now().Add(time.Hour)) {
		if l.Seq <= until {
			s.core.Apply(l.At, l.Event)
		}
	}
	again, err := s.core.Snapshot()
	if err != nil || s.err != nil {
		t.Fatal(err, s.err)
	}
	if !bytes.Equal(again, body) {
		t.Errorf("the log up to event %d makes\n%s\nand the snapshot is\n%s", until, again, body)
	}
}

func (h *house) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := h.pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}
