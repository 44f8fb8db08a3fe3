package floor

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/crash"
	"github.com/vaxelhq/vaxel/gateway/lazy"
	"github.com/vaxelhq/vaxel/gateway/retry"
)

// commit stores the batch under the term. What was only in another's way is tried again:
// the effects are decided, only their storing failed.
func (l *leader) commit(ctx context.Context, b *batch) error {
	err := l.fenced(ctx, func(tx *lazy.Tx) error {
		if err := l.write(ctx, tx, b); err != nil {
			return fmt.Errorf("write batch: %w", err)
		}
		return b.crashIn(ctx, tx, "floor.committing")
	})
	if err != nil {
		return fmt.Errorf("commit batch: %w", err)
	}
	crash.At("floor.committed")
	for _, i := range b.tale.interactions.list {
		crash.AtState("floor.committed", i.State)
	}
	return nil
}

// fenced commits work in a transaction that only the term's holder can commit.
func (l *leader) fenced(ctx context.Context, work func(tx *lazy.Tx) error) error {
	return retry.Do(func() error {
		return lazy.Do(ctx, l.f.pool, func(tx *lazy.Tx) error {
			if _, err := tx.Exec(ctx, settings); err != nil {
				return err
			}
			fence(tx, l.term)
			return work(tx)
		})
	})
}

// settings has PostgreSQL end the transaction when it has been idle for a second: a holder
// frozen between fence and commit would block its successor for as long as it sleeps. And
// it has rows looked up by their keys: a plan is kept for as long as its table's figures
// stand, and one that was made for a few rows would read a table whole that has many by now.
const settings = `
	select
		set_config('idle_in_transaction_session_timeout', '1s', true),
		set_config('enable_seqscan', 'off', true),
		set_config('enable_hashjoin', 'off', true),
		set_config('enable_mergejoin', 'off', true)`

// crashIn is a point of its own for each state that the batch brings an interaction to,
// met with all before it written and not committed.
func (b *batch) crashIn(ctx context.Context, tx *lazy.Tx, point string) error {
	err := tx.Crash(ctx, point)
	for _, i := range b.tale.interactions.list {
		err = errors.Join(err, tx.Crash(ctx, point+"."+string(i.State)))
	}
	return err
}

// write stores the batch: a statement for each table, all in one exchange with the
// database. What follows from the positions of its entries is in a second, which commits.
func (l *leader) write(ctx context.Context, tx *lazy.Tx, b *batch) error {
	if err := b.crashIn(ctx, tx, "floor.fenced"); err != nil {
		return err
	}
	q := &pgx.Batch{}
	if len(b.taken) > 0 {
		q.Queue(`delete from floor_inbox where id = any($1)`, mapped(b.taken, func(a admitted) int64 { return a.id }))
	}
	store(q, insertEvents, ofEvent, b.events)
	store(q, insertAnswers, ofAnswer, b.answers)
	b.tale.store(q)
	store(q, insertAlerts, ofAlert, b.alerts)
	b.regroup(q)
	if err := send(ctx, tx, q); err != nil {
		return err
	}
	return l.tell(ctx, tx, b)
}

// tell writes into the neighbours' rooms, in the order in which intake and an agent's
// reply take their locks too: conversations, by id, before the cases they belong to.
func (l *leader) tell(ctx context.Context, tx pgx.Tx, b *batch) error {
	rooms := l.f.rooms
	if err := rooms.Timeline.Lock(ctx, tx, b.conversations()...); err != nil {
		return fmt.Errorf("lock conversations: %w", err)
	}
	if err := rooms.Cases.Follow(ctx, tx, b.followed()...); err != nil {
		return fmt.Errorf("follow cases: %w", err)
	}
	if err := rooms.Timeline.ServeAll(ctx, tx, b.served()...); err != nil {
		return fmt.Errorf("serve conversations: %w", err)
	}
	if len(b.tale.entries) > 0 {
		if err := rooms.Timeline.Append(ctx, tx, b.tale.entries...); err != nil {
			return fmt.Errorf("append happenings: %w", err)
		}
	}
	b.news = slices.Clone(b.tale.news) // anew on each try: entries have positions of this transaction
	for _, e := range b.tale.entries {
		b.news = append(b.news, gateway.MessageCreated(*e))
	}
	return rooms.Feed.Append(ctx, tx, b.news...)
}
