package floor

import (
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// A row that stands still is over, and any change of it begins the watch anew.
func TestALeaseThatStandsStillIsOver(t *testing.T) {
	begun := time.Now()
	row := sighting{term: 3, expires: begun.Add(leaseAlone)}
	renewed, taken := row, row
	renewed.expires = row.expires.Add(renewAlone)
	taken.term++
	for name, test := range map[string]struct {
		first, last sighting
		after       time.Duration
		want        bool
	}{
		"just seen":                         {row, row, 0, false},
		"a lone holder may still renew it":  {row, row, renewAlone, false},
		"nobody has renewed it":             {row, row, stillFor, true},
		"renewed meanwhile":                 {row, renewed, stillFor, false},
		"taken meanwhile, for as long":      {row, taken, stillFor, false},
		"for long, as who came last saw it": {row, row, leaseAlone, true},
	} {
		var w watch
		if w.stands(test.first, begun) {
			t.Errorf("%s: a row stands still that was not looked at before", name)
		}
		if got := w.stands(test.last, begun.Add(test.after)); got != test.want {
			t.Errorf("%s: got %v want %v", name, got, test.want)
		}
	}
}

// Who has seen a row stand still takes it, whatever time it names and whoever has the session
// lock. One that was renewed after the last look is its holder's.
func TestOnlyARowThatStandsIsTaken(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	holder, comer := contender(t, pool), contender(t, pool)
	holder.wantTaken(t, "holder", true)
	lasting(t, pool)
	seen, err := comer.look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	take := func(s sighting, want bool) {
		t.Helper()
		if got, err := comer.take(t.Context(), "comer", s, true); err != nil || got != want {
			t.Fatalf("taken: %v (%v), want %v", got, err, want)
		}
	}
	lasting(t, pool) // as the holder would, at the last moment
	take(seen, false)
	holder.wantRenewed(t, nil)
	if seen, err = comer.look(t.Context()); err != nil {
		t.Fatal(err)
	}
	take(seen, true)
	if comer.term != seen.term+1 || comer.locked {
		t.Errorf("term %d with the lock: %v, want %d without, which the holder has", comer.term, comer.locked, seen.term+1)
	}
	holder.wantRenewed(t, errStale)
	holder.release(t.Context())
	comer.release(t.Context())
}

// A leader that knows of nobody has a long lease. Who comes and stands by tells it, before it
// can find that out among the nodes.
func TestTheLeaseIsShortAsSoonAsSomebodyComes(t *testing.T) {
	t.Parallel()
	n := newNeighbours()
	one := build(t, pgtest.New(t), "one", n, nil)
	one.rooms.Alone = func() bool { return true }
	one.start(t)
	one.eventually(t, "the lease is long", func() bool { return one.leaseLeft(t) > leaseLength })
	two := build(t, one.pool, "two", n, nil)
	two.start(t)
	one.eventually(t, "the lease is short", func() bool { return one.leaseLeft(t) <= leaseLength })
	var term int64
	if err := one.pool.QueryRow(t.Context(), `select term from lease`).Scan(&term); err != nil || term != 1 {
		t.Errorf("term %d (%v), want the first: a leader that lives keeps its lease", term, err)
	}
}

// A lone leader that froze before anybody came has left a long lease, and hears nobody.
func TestAFrozenLoneLeaderIsFollowed(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	frozen := contender(t, pool)
	frozen.wantTaken(t, "frozen", true)
	lasting(t, pool)
	two := open(t, pool, "two")
	two.ready(t)
	frozen.wantRenewed(t, errStale)
	frozen.release(t.Context())
}

// leaseLeft is by the database's clock.
func (h *house) leaseLeft(t *testing.T) time.Duration {
	t.Helper()
	var left time.Duration
	if err := h.pool.QueryRow(t.Context(), `select expires - now() from lease`).Scan(&left); err != nil {
		t.Fatal(err)
	}
	return left
}
