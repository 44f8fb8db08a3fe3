package floor

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/crash"
	"github.com/vaxelhq/vaxel/gateway/retry"
)

// commit stores the batch under the term. What was only in another's way is tried again:
// the effects are decided, only their storing failed.
func (l *leader) commit(ctx context.Context, b *batch) error {
	err := retry.Tx(ctx, restless{l.f.pool}, func(tx pgx.Tx) error {
		if err := l.write(ctx, tx, b); err != nil {
			return fmt.Errorf("write batch: %w", err)
		}
		b.crashAt("floor.committing")
		return nil
	})
	if err != nil {
		return fmt.Errorf("commit batch: %w", err)
	}
	b.crashAt("floor.committed")
	return nil
}

// restless begins transactions that PostgreSQL ends when they have been idle for a second:
// a holder frozen between fence and commit would block its successor for as long as it
// sleeps.
type restless struct{ *pgxpool.Pool }

// Begin begins one.
func (r restless) Begin(ctx context.Context) (pgx.Tx, error) {
	return r.BeginTx(ctx, pgx.TxOptions{BeginQuery: "begin; set local idle_in_transaction_session_timeout = '1s'"})
}

// crashAt is a point of its own for each state that the batch brings an interaction to.
func (b *batch) crashAt(point string) {
	crash.At(point)
	for _, i := range b.tale.interactions.list {
		crash.AtState(point, i.State)
	}
}

// write stores the batch: a statement for each table, in one exchange with the database.
// The lease row is read first and for share, so that no other node can take the term
// before this commits, nor this write if one has.
func (l *leader) write(ctx context.Context, tx pgx.Tx, b *batch) error {
	if err := fence(ctx, tx, l.term); err != nil {
		return err
	}
	b.crashAt("floor.fenced")
	q := &pgx.Batch{}
	if len(b.taken) > 0 {
		q.Queue(`delete from floor_inbox where id = any($1)`, mapped(b.taken, func(a admitted) int64 { return a.id }))
	}
	if err := errors.Join(
		store(q, insertEvents, b.events),
		store(q, insertAnswers, b.answers),
		store(q, upsertInteractions, b.tale.interactionRows()),
		store(q, upsertOffers, b.tale.offerRows()),
		store(q, upsertPresence, b.tale.presenceRows(l.overCapacity)),
		store(q, insertSegments, b.tale.segments),
		store(q, insertAlerts, b.alerts),
	); err != nil {
		return err
	}
	b.regroup(q)
	if err := send(ctx, tx, q); err != nil {
		return err
	}
	return l.tell(ctx, tx, b)
}

// overCapacity says whether an interaction was pulled beyond its agent's capacity.
func (l *leader) overCapacity(id gateway.InteractionID) bool {
	i, ok := l.core.Interaction(id)
	return ok && i.OverCapacity
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
