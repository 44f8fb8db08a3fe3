package floor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

// recover rebuilds the core from the last snapshot and the events after it, then tells
// it that it has been away and gives it today's plan.
func (l *leader) recover(ctx context.Context) error {
	if err := l.load(ctx); err != nil {
		return err
	}
	b := &batch{}
	if _, err := l.step(b, routing.Recover{}); err != nil {
		return err
	}
	if err := l.apply(ctx, b, came{replan: true}); err != nil {
		return err
	}
	b.seal(l)
	if err := l.commit(ctx, b); err != nil {
		return fmt.Errorf("recover the floor: %w", err)
	}
	l.announce(b)
	return nil
}

// load makes the core what the store says it is. It runs at the start of a term and in the
// middle of one, when a batch has failed and the core may know what the store does not.
func (l *leader) load(ctx context.Context) error {
	l.seq, l.snap, l.weight, l.last, l.wakeAt, l.planned = 0, 0, 0, time.Time{}, time.Time{}, nil
	if err := l.loadSnapshot(ctx); err != nil {
		return err
	}
	l.wakeAt = l.last // a snapshot does not say when; a Wake too early does nothing
	if err := l.replay(ctx); err != nil {
		return err
	}
	open, err := openInteractions(ctx, l.f.pool)
	if err != nil {
		return err
	}
	l.seen = make(map[gateway.InteractionID]sight, len(open))
	for _, i := range open {
		l.note(i)
	}
	l.met, err = metAgents(ctx, l.f.pool)
	return err
}

// errRules says that the store is of rules that this release does not have. A node of another
// release may.
var errRules = errors.New("the floor was led by other rules")

// loadSnapshot begins with the latest snapshot, or with an empty core if there is none: then
// the log holds everything.
func (l *leader) loadSnapshot(ctx context.Context) error {
	var version int
	var body []byte
	err := l.f.pool.QueryRow(ctx, `
		select seq, version, at, body from routing_snapshot
		order by seq desc
		limit 1`).Scan(&l.seq, &version, &l.last, &body)
	if errors.Is(err, pgx.ErrNoRows) {
		l.core = routing.New()
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the snapshot: %w", err)
	}
	l.last = l.last.UTC()
	l.snap, l.weight = l.seq, len(body)
	l.core, err = routing.Restore(body)
	if err != nil && version > routing.Version {
		err = fmt.Errorf("%w: %w", errRules, err)
	}
	if err != nil {
		return fmt.Errorf("restore the snapshot of event %d: %w", l.seq, err)
	}
	return nil
}

// replay applies the events after the snapshot. What they did is stored already, so their
// effects are dropped. Events of another version of the rules would be decided otherwise
// than they were: they are refused, and the remedy named.
func (l *leader) replay(ctx context.Context) error {
	rows, err := l.f.pool.Query(ctx, `
		select seq, version, at, body from routing_event
		where seq > $1
		order by seq`, l.seq)
	if err != nil {
		return fmt.Errorf("read the routing log: %w", err)
	}
	var version int
	var at time.Time
	var body json.RawMessage
	_, err = pgx.ForEachRow(rows, []any{&l.seq, &version, &at, &body}, func() error {
		if version != routing.Version {
			return fmt.Errorf("%w: event %d was written by routing version %d, this is %d: start the former release once and stop it cleanly, so that it leaves a snapshot", errRules, l.seq, version, routing.Version)
		}
		ev, err := routing.UnmarshalEvent(body)
		if err != nil {
			return fmt.Errorf("event %d: %w", l.seq, err)
		}
		l.last = at.UTC()
		l.wakeAt = l.core.Apply(l.last, ev).WakeAt
		return nil
	})
	if err != nil {
		return fmt.Errorf("replay the routing log: %w", err)
	}
	return nil
}
