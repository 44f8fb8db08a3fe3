package floor

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// contender is a node's lease, step by step. The test releases or discards it.
func contender(t *testing.T, pool *pgxpool.Pool) *lease {
	t.Helper()
	conn, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return &lease{conn: conn}
}

func (l *lease) wantTaken(t *testing.T, node string, want bool) {
	t.Helper()
	if _, got, err := l.tryTake(t.Context(), node); err != nil || got != want {
		t.Fatalf("%s took the lease: %v (%v), want %v", node, got, err, want)
	}
}

func (l *lease) wantRenewed(t *testing.T, want error) {
	t.Helper()
	if err := l.renew(t.Context(), leaseLength); !errors.Is(err, want) {
		t.Fatalf("renewing term %d gave %v, want %v", l.term, err, want)
	}
}

func expire(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	if _, err := pool.Exec(t.Context(), `update lease set expires = now() - interval '1 second'`); err != nil {
		t.Fatal(err)
	}
}

// lasting makes the lease long, so that no test of it depends on the machine's speed.
func lasting(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	if _, err := pool.Exec(t.Context(), `update lease set expires = now() + interval '1 hour'`); err != nil {
		t.Fatal(err)
	}
}

// A frozen leader's lease runs out and a second node takes it, while the frozen one's
// session still has the lock. When that one wakes and lets go, a third node that is quick
// to take the lock must not depose the second, which lives and renews.
func TestAHealthyLeaderIsNotDeposed(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	frozen, healthy, third := contender(t, pool), contender(t, pool), contender(t, pool)
	frozen.wantTaken(t, "frozen", true)
	lasting(t, pool)
	healthy.wantTaken(t, "healthy", false)
	expire(t, pool)
	healthy.wantTaken(t, "healthy", true)
	if healthy.locked {
		t.Fatal("two sessions have the lock")
	}
	frozen.wantRenewed(t, errStale)
	frozen.release(t.Context())
	for range 10 {
		lasting(t, pool)
		third.wantTaken(t, "third", false)
		if third.locked {
			t.Fatal("the third node keeps the lock from the leader")
		}
		healthy.wantRenewed(t, nil)
	}
	if !healthy.locked || healthy.term != 2 {
		t.Errorf("the leader has term %d and the lock: %v, want term 2 with the lock", healthy.term, healthy.locked)
	}
	// From now on its death is noticed without waiting for the lease to run out.
	lasting(t, pool)
	healthy.discard(t.Context())
	waitForEnd(t, pool)
	third.wantTaken(t, "third", true)
	if third.term != 3 || !third.locked {
		t.Errorf("the third node has term %d, lock %v, want the third term with the lock", third.term, third.locked)
	}
	third.discard(t.Context())
}

// A contender that has read an old term takes nothing from the one that came before it.
func TestOneOfManyTakesAnExpiredLease(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	for round := range int64(20) {
		expire(t, pool)
		const nodes = 3
		got := make(chan bool, nodes)
		list := make([]*lease, nodes)
		for i := range list {
			list[i] = contender(t, pool)
			go func() {
				_, taken, err := list[i].tryTake(t.Context(), "node")
				if err != nil {
					t.Error(err)
				}
				got <- taken
			}()
		}
		winners := 0
		for range nodes {
			if <-got {
				winners++
			}
		}
		var term int64
		if err := pool.QueryRow(t.Context(), `select term from lease`).Scan(&term); err != nil {
			t.Fatal(err)
		}
		if winners != 1 || term != round+1 {
			t.Fatalf("round %d: %d nodes lead, the term is %d, want one and %d", round, winners, term, round+1)
		}
		for _, l := range list {
			if l.term == 0 && l.locked {
				t.Fatal("a loser has kept the lock")
			}
			l.release(t.Context())
		}
	}
}

// waitForEnd waits until the ended session's lock is gone.
func waitForEnd(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	h := &house{}
	h.eventually(t, "the session has ended", func() bool {
		var held int
		err := pool.QueryRow(t.Context(), `select count(*) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`).Scan(&held)
		return err == nil && held == 0
	})
}

// A node that stands by looks at the lease at once when the leader says that it is free.
func TestAHintEndsThePause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free, begun := make(chan struct{}, 1), time.Now()
		go func() { time.Sleep(time.Millisecond); poke(free) }()
		if hinted := pauseUntil(t.Context(), time.Hour, free); !hinted || time.Since(begun) != time.Millisecond {
			t.Errorf("paused for %v, hinted: %v, want until the hint", time.Since(begun), hinted)
		}
		if pauseUntil(t.Context(), time.Hour, free) {
			t.Error("an hour is no hint")
		}
	})
}

// A leader that stops in good order says that the lease is free after it is.
func TestTheLeaseIsFreeWhenSaidSo(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.ready(t)
	said := make(chan time.Time, 1)
	h.n.Subscribe(SubjectFree, func([]byte) {
		var expires time.Time
		if err := h.pool.QueryRow(context.Background(), `select expires from lease`).Scan(&expires); err != nil {
			t.Error(err)
		}
		said <- expires
	})
	h.stop()
	if expires := <-said; expires.After(time.Now()) {
		t.Errorf("the lease lasts until %v, though it is said to be free", expires)
	}
}

// How long a lease shall last, and when it is time to say so.
func TestALeaseIsShortForTheSakeOfOthers(t *testing.T) {
	guarded, unguarded := &lease{locked: true}, &lease{}
	for name, test := range map[string]struct {
		of        *lease
		alone     bool
		want, gap time.Duration
	}{
		"somebody stands by":         {guarded, false, leaseLength, leaseRenew},
		"alone":                      {guarded, true, leaseAlone, renewAlone},
		"alone, without the lock":    {unguarded, true, leaseLength, campaignGap},
		"others, and without a lock": {unguarded, false, leaseLength, campaignGap},
	} {
		got := test.of.length(test.alone)
		if got != test.want {
			t.Errorf("%s: got %v want %v", name, got, test.want)
		}
		if gap := test.of.gap(got); gap <= 0 || gap > test.gap {
			t.Errorf("%s: renewed after %v, want %v at most", name, gap, test.gap)
		}
	}
}

// While nobody stands by the lease is long. As soon as somebody does, it ends when a frozen
// leader's must, though more of it was left.
func TestTheLeaseIsShortenedForWhoComes(t *testing.T) {
	t.Parallel()
	h := build(t, pgtest.New(t), "one", newNeighbours(), nil)
	var others atomic.Bool
	h.rooms.Alone = func() bool { return !others.Load() }
	h.start(t)
	h.eventually(t, "the lease is long", func() bool { return h.leaseLeft(t) > leaseLength })
	others.Store(true)
	h.eventually(t, "the lease is short", func() bool { return h.leaseLeft(t) <= leaseLength })
}
