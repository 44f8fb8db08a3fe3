package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// acknowledgements are what mailboxes answer by themselves, as the house keeps them.
type acknowledgements struct{ h *house }

// Answer puts an answer on its conversation and into the outbox. Where the case has had its
// share of the hour, it stays unsaid: the mail that it answers comes in all the same.
func (a acknowledgements) Answer(ctx context.Context, tx pgx.Tx, e gateway.Entry, out gateway.Outbound) error {
	if err := a.h.outbox.Room(ctx, tx, e.Conversation); err != nil {
		if errors.Is(err, gateway.ErrConflict) {
			return nil
		}
		return err
	}
	if err := a.h.timeline.Append(ctx, tx, &e); err != nil || e.Repeated {
		return err
	}
	out.Pos = e.Pos
	if _, err := a.h.outbox.Add(ctx, tx, out); err != nil {
		return err
	}
	if err := a.h.timeline.Refer(ctx, tx, e.Conversation, out.MessageID); err != nil {
		return err
	}
	return a.h.feed.Append(ctx, tx, gateway.MessageCreated(e))
}

// Open says whether a queue is open now; one without a calendar always is.
func (a acknowledgements) Open(ctx context.Context, queue gateway.QueueID) (bool, error) {
	q, err := a.h.roster.Queue(ctx, queue)
	if err != nil || q.Calendar == 0 {
		return true, err
	}
	plan, err := a.h.roster.Plan(ctx)
	if err != nil {
		return false, err
	}
	i := slices.IndexFunc(plan.Calendars, func(c gateway.CalendarPlan) bool { return int64(c.ID) == int64(q.Calendar) })
	if i < 0 {
		return true, nil
	}
	now := time.Now()
	for range plan.Calendars[i].Openings(now, now.Add(time.Nanosecond)) {
		return true, nil
	}
	return false, nil
}
