package floor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

// recover rebuilds the core from the last snapshot and the events after it, then tells
// it that it has been away and gives it today's plan.
func (l *leader) recover(ctx context.Context) error {
	plan, err := l.restore(ctx)
	if err != nil {
		return err
	}
	b := &batch{}
	if _, err := l.step(b, routing.Recover{}); err != nil {
		return err
	}
	if err := l.adopt(b, plan); err != nil {
		return err
	}
	if err := l.apply(ctx, b, came{}); err != nil {
		return err
	}
	b.seal(l)
	if err := l.commit(ctx, b); err != nil {
		return fmt.Errorf("recover the floor: %w", err)
	}
	l.announce(b)
	return nil
}

// restore makes the core what the store says it is, and reads the plan meanwhile.
func (l *leader) restore(ctx context.Context) (plan gateway.Plan, err error) {
	both, ctx := errgroup.WithContext(ctx)
	both.Go(func() (err error) {
		plan, err = l.readPlan(ctx)
		return err
	})
	both.Go(func() error { return l.load(ctx) })
	return plan, both.Wait()
}

// rehearse reads what a leader reads first and forgets it. Who stands by then has connections
// to do it on, which know the statements: opening and preparing them took a sixth of a handover.
func (f *Floor) rehearse(ctx context.Context) {
	l := &leader{f: f}
	if _, err := l.restore(ctx); err != nil && ctx.Err() == nil {
		f.log.Info("rehearse to lead the floor", "err", err)
	}
}

// load makes the core what the store says it is. It runs at the start of a term and in the
// middle of one, when a batch has failed and the core may know what the store does not.
func (l *leader) load(ctx context.Context) error {
	l.seq, l.snap, l.weight, l.last, l.wakeAt, l.planned = 0, 0, 0, time.Time{}, time.Time{}, nil
	if err := l.loadSnapshot(ctx); err != nil {
		return err
	}
	l.wakeAt = l.last // a snapshot does not say when; a Wake too early does nothing
	open, err := l.catchUp(ctx)
	if err != nil {
		return err
	}
	l.seen = make(map[gateway.InteractionID]sight, len(open))
	for _, i := range open {
		l.note(i)
	}
	return nil
}

// catchUp reads what there is beside the snapshot, in one exchange with the database.
func (l *leader) catchUp(ctx context.Context) (open []gateway.Interaction, err error) {
	q := &pgx.Batch{}
	l.replay(q)
	openInteractions(q, &open)
	l.met = map[gateway.AgentID]bool{}
	metAgents(q, l.met)
	return open, l.f.pool.SendBatch(ctx, q).Close()
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
func (l *leader) replay(q *pgx.Batch) {
	q.Queue(`
		select seq, version, at, body from routing_event
		where seq > $1
		order by seq`, l.seq).Query(l.again)
}

func (l *leader) again(rows pgx.Rows) error {
	var version int
	var at time.Time
	var body json.RawMessage
	_, err := pgx.ForEachRow(rows, []any{&l.seq, &version, &at, &body}, func() error {
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
