package floor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// A leader that knows of nobody who stands by takes a long lease and seldom renews it. Whoever
// comes tells it so on the bus, and its next renewal, at once, is a short one. A leader that is
// frozen hears nothing, though, and one beyond a cut bus neither. So who stands by watches the
// row: one that has not changed for longer than a living holder leaves it is over, whatever time
// it still names. Nothing is written for that, so a holder that lives has nothing in its way: its
// next renewal changes the row, and the watch begins anew. If it is late it loses its term, which
// is a handover, and commits nothing more (fence).

// stillFor is longer than between two renewals of who is alone, by a quarter.
const stillFor = renewAlone + leaseRenew

// rehearseEvery is sooner than a connection that nobody uses is closed.
const rehearseEvery = 10 * time.Minute

// sighting is the lease's row as it was looked at.
type sighting struct {
	term    int64
	expires time.Time
	left    time.Duration // until then, by the database's clock
	guarded bool
}

// watch is since when the row stands still. It goes by our own clock, which nobody sets back,
// and begins when the row has been read: it stood so by then.
type watch struct {
	term    int64
	expires time.Time
	since   time.Time
}

// stands says whether the row has stood still for so long that its holder is no more.
func (w *watch) stands(s sighting, now time.Time) bool {
	if w.since.IsZero() || w.term != s.term || !w.expires.Equal(s.expires) {
		*w = watch{s.term, s.expires, now}
	}
	return now.Sub(w.since) >= stillFor
}

// campaign waits until this node may lead and takes the next term.
func (f *Floor) campaign(ctx context.Context) (*lease, error) {
	conn, err := f.pool.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("campaign: %w", err)
	}
	l := &lease{conn: conn}
	free := make(chan struct{}, 1)
	defer f.rooms.Bus.Subscribe(SubjectFree, func([]byte) { poke(free) })()
	var rehearsal sync.WaitGroup
	defer rehearsal.Wait()
	beside, stop := context.WithCancel(ctx)
	defer stop()
	var rehearsed time.Time
	for {
		seen, taken, err := l.tryTake(ctx, f.node)
		if err != nil {
			l.discard(ctx)
			return nil, fmt.Errorf("campaign: %w", err)
		}
		if taken {
			return l, nil
		}
		if time.Since(rehearsed) > rehearseEvery {
			rehearsed = time.Now()
			rehearsal.Go(func() { f.rehearse(beside) })
		}
		if seen.left > leaseLength {
			f.rooms.Bus.Publish(SubjectStandby, nil)
		}
		pauseUntil(ctx, campaignGap, free)
	}
}

// tryTake takes the lease if its time is over, by the database's clock, if it stands still,
// or if its holder had guarded it with the session lock and that lock is now ours: the holder's
// session has ended. A holder without the lock (it came by an expired lease while a frozen one
// still had the lock) is left alone, whoever has the lock: it renews, so it lives.
func (l *lease) tryTake(ctx context.Context, node string) (s sighting, taken bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, leaseSilent)
	defer cancel()
	if s, err = l.look(ctx); err != nil {
		return s, false, err
	}
	stands := l.watch.stands(s, time.Now())
	if !s.guarded && !stands && s.left >= 0 {
		return s, false, nil
	}
	taken, err = l.take(ctx, node, s, stands)
	return s, taken, err
}

func (l *lease) look(ctx context.Context) (s sighting, err error) {
	err = l.conn.QueryRow(ctx, `
		select term, expires, expires - now(), guarded from lease
		where name = 'floor'`).Scan(&s.term, &s.expires, &s.left, &s.guarded)
	return s, err
}

// take makes the next term ours, unless the row is another by now than the one that was seen:
// then somebody leads, or has just renewed.
func (l *lease) take(ctx context.Context, node string, s sighting, stands bool) (bool, error) {
	if err := l.tryLock(ctx); err != nil {
		return false, err
	}
	if !l.locked && !stands && s.left >= 0 {
		return false, nil // its holder has the lock and time left
	}
	err := l.conn.QueryRow(ctx, `
		update lease
		set term = term + 1, holder = $1, expires = now() + $2, guarded = $3
		where name = 'floor' and term = $4 and (guarded and $3 or expires < now() or $5 and expires = $6)
		returning term`, node, leaseLength, l.locked, s.term, stands, s.expires).Scan(&l.term)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, l.unlock(ctx) // somebody else leads, and needs it
	}
	return err == nil, err
}
