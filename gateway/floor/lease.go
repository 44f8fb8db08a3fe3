package floor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway/beat"
	"github.com/vaxelhq/vaxel/gateway/lazy"
)

// How a term is won (campaign.go) and lost:
//
//	its time is over, or it stood still ──┐
//	for 2.5 s: nobody renews              ├─▶ term + 1, holder = us ─▶ renewed … ─▶ released
//	the session lock of a guarded lease ──┘                               │
//	is ours: its holder's session ended                 term is another's ┴▶ errStale
//
// Only the row's term counts. Every batch reads it (fence), so two nodes that both
// believe to lead cannot both commit, whatever their clocks and the network say. How long the
// lease lasts decides nothing but when others may take it, and a holder relies on it for nothing.

// errStale says that another node has taken a newer term.
var errStale = errors.New("term has passed")

// advisoryKey is the session lock whose release makes a leader's death known at once.
// The lease row alone decides; the lock only saves waiting for it to expire.
const advisoryKey = 0x7661_7865_6c01

// lease is a term on its own connection, whose session holds the advisory lock.
type lease struct {
	conn   *pgxpool.Conn
	term   int64
	locked bool // this session has the advisory lock
	watch  watch
}

// tryLock takes the advisory lock when it is free. A leader that came by an expired
// lease has to go on trying: the frozen holder keeps the lock until it wakes.
func (l *lease) tryLock(ctx context.Context) error {
	if l.locked {
		return nil
	}
	return l.conn.QueryRow(ctx, `select pg_try_advisory_lock($1)`, int64(advisoryKey)).Scan(&l.locked)
}

// unlock gives the advisory lock to whoever leads without it. On an error it counts as still
// held: the session is then of no more use and is discarded.
func (l *lease) unlock(ctx context.Context) error {
	if !l.locked {
		return nil
	}
	_, err := l.conn.Exec(ctx, `select pg_advisory_unlock($1)`, int64(advisoryKey))
	l.locked = err != nil
	return err
}

// keep renews the lease until ctx ends or the term is lost, and says why.
func (l *lease) keep(ctx context.Context, alone func() bool, company <-chan struct{}) error {
	var told time.Time // when somebody last said that they stand by
	for length := leaseLength; ; {
		if pauseUntil(ctx, l.gap(length), company) {
			told = time.Now()
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		// Who says so is among the nodes soon: long before a long lease would be over.
		length = l.length(alone() && time.Since(told) > leaseAlone)
		if err := l.renew(ctx, length); err != nil {
			return err
		}
	}
}

// length is how long the lease shall last from now on. It is short for the sake of who stands by
// and can't know that the holder is frozen. While nobody does it is longer, and seldom renewed:
// each time is a commit.
func (l *lease) length(alone bool) time.Duration {
	if alone && l.locked {
		return leaseAlone
	}
	return leaseLength
}

// gap is how long it is until a lease of that length is renewed, if nobody says that they stand
// by. Without the session lock that is soon: until it has that, its death is noticed late.
func (l *lease) gap(length time.Duration) time.Duration {
	switch {
	case !l.locked:
		return campaignGap
	case length == leaseAlone:
		return beat.Next(renewAlone)
	default:
		return leaseRenew
	}
}

// renew makes the lease last so long from now on. It waits no longer than leaseSilent: a
// connection that says nothing is as good as lost, and the term with it.
func (l *lease) renew(ctx context.Context, length time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, leaseSilent)
	defer cancel()
	if err := l.tryLock(ctx); err != nil {
		return fmt.Errorf("keep lease: %w", err)
	}
	tag, err := l.conn.Exec(ctx, `
		update lease
		set expires = now() + $2, guarded = $3
		where name = 'floor' and term = $1`, l.term, length, l.locked)
	if err != nil {
		return fmt.Errorf("keep lease: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return errStale
	}
	return nil
}

// release gives the lease back so that the next node need not wait. It must work
// after the node's context has ended, hence a time of its own.
func (l *lease) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseLength)
	defer cancel()
	_, err := l.conn.Exec(ctx, `update lease set expires = now() where name = 'floor' and term = $1`, l.term)
	if err == nil {
		err = l.unlock(ctx)
	}
	if err != nil {
		l.discard(ctx) // closing the session lets go of the lock as well
		return
	}
	l.conn.Release()
}

func (l *lease) discard(ctx context.Context) { _ = l.conn.Hijack().Close(ctx) }

// fence holds the term until the transaction ends: its row is read first and for share, so
// that no other node can take the term before this one commits. Without a row the term has
// passed, and nothing of what was sent with it is committed.
func fence(tx *lazy.Tx, term int64) {
	tx.Ask(func(rows pgx.Rows) error {
		if !rows.Next() {
			return cmp.Or(rows.Err(), errStale)
		}
		return nil
	}, `
		select from lease
		where name = 'floor' and term = $1
		for share`, term)
}
