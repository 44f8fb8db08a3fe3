package outbox

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/crash"
)

const (
	pollEvery = time.Second
	senders   = 8 // sending at once on one node; a slow server holds up one of them

	// A row belongs to its sender for the length of the lease. Sending ends well before,
	// so that nobody else has taken the row when the outcome is written.
	lease    = 15 * time.Minute
	sendTime = 12 * time.Minute
)

// Run hands out what is due until ctx ends, and then waits for what is being sent; ctx
// reaches the senders too.
func (o *Store) Run(ctx context.Context) error {
	defer o.bus.Subscribe(subject, func([]byte) { o.hint() })()
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	var sending errgroup.Group
	defer sending.Wait() //nolint:errcheck // they report for themselves
	free := make(chan struct{}, senders)
	inherited := false
	for {
		var err error
		if !inherited {
			err = o.inherit(ctx)
			inherited = err == nil
		}
		if inherited {
			err = o.handOut(ctx, &sending, free)
		}
		if err != nil && ctx.Err() == nil {
			o.log.Warn("outbox not read; trying again", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-o.wake:
		case <-poll.C:
		}
	}
}

func (o *Store) hint() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// inherit ends the leases that this node held when it died: they are nobody's now.
func (o *Store) inherit(ctx context.Context) error {
	_, err := o.pool.Exec(ctx, `
		update outbound
		set due_at = now()
		where state = 'sending' and holder = $1`, o.node)
	if err != nil {
		return fmt.Errorf("take over what was being sent: %w", err)
	}
	return nil
}

// handOut takes as many due rows as senders are free and starts to send them.
func (o *Store) handOut(ctx context.Context, sending *errgroup.Group, free chan struct{}) error {
	room := cap(free) - len(free) // only this goroutine fills it
	if room == 0 {
		return nil // whoever is done will hint
	}
	due, err := o.take(ctx, room)
	if err != nil {
		return err
	}
	for _, out := range due {
		if out.State == gateway.OutboundUnknown {
			continue // twice unknown: told, and left
		}
		free <- struct{}{}
		sending.Go(func() error {
			defer func() { <-free; o.hint() }()
			o.send(ctx, out)
			return nil
		})
	}
	return nil
}

// take marks due rows as being sent by us. A row that was being sent already has lost its
// sender: nobody knows whether it arrived. The second time that happens it is left.
func (o *Store) take(ctx context.Context, room int) (due []gateway.Outbound, err error) {
	var told []gateway.Event
	kinds := make([]string, 0, len(o.senders))
	for kind := range o.senders {
		kinds = append(kinds, string(kind))
	}
	err = pgx.BeginFunc(ctx, o.pool, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, `
			with due as (
				select id, state = 'sending' as lost
				from outbound
				where due_at <= now() and kind = any($1)
				order by due_at
				limit $2
				for update skip locked),
			taken as (
				update outbound o
				set doubts = doubts + lost::int,
				    state = case when lost and doubts > 0 then 'unknown' else 'sending' end,
				    holder = case when lost and doubts > 0 then null else $3 end,
				    due_at = case when lost and doubts > 0 then null else now() + $4 end,
				    attempts = attempts + (not (lost and doubts > 0))::int,
				    rev = rev + 1
				from due
				where o.id = due.id
				returning o.*)
			select `+columns+`
			from taken o
			order by id`, kinds, room, o.node, lease) // the error comes with the rows
		if due, err = pgx.CollectRows(rows, scan); err != nil {
			return err
		}
		for _, out := range due {
			told = append(told, updated(out))
		}
		if len(due) > 0 {
			crash.At("outbox.taking")
		}
		return o.feed.Append(ctx, tx, told...)
	})
	if err != nil {
		return nil, fmt.Errorf("take what is due: %w", err)
	}
	if len(due) > 0 {
		crash.At("outbox.taken")
	}
	o.feed.Announce(told...)
	return due, nil
}

func updated(out gateway.Outbound) gateway.Event {
	event := gateway.NewEvent(gateway.TopicConversation(out.Conversation), "message.updated", out.Rev, out)
	event.Conversation = out.Conversation
	return event
}

// send hands one row to its channel and writes down what became of it.
func (o *Store) send(ctx context.Context, out gateway.Outbound) {
	asked := out
	asked.Recipients = unreached(out.Recipients)
	limited, cancel := context.WithTimeout(ctx, sendTime)
	delivery, err := o.senders[out.Kind].Send(limited, asked)
	cancel()
	if err != nil {
		delivery = gateway.Delivery{State: gateway.OutboundDeferred, Response: err.Error()}
		o.log.Info("outbound deferred", "outbound", out.ID, "err", err)
	}
	crash.At("outbox.sent")
	// The outcome is written even while the node stops: not knowing it is worse.
	ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := o.settle(ctx, out, delivery); err != nil {
		o.log.Error("outcome of an outbound not written; it will be doubtful", "outbound", out.ID, "state", delivery.State, "err", err)
		return
	}
	crash.At("outbox.settled")
}

func unreached(all []gateway.Recipient) (list []gateway.Recipient) {
	for _, r := range all {
		if r.State != gateway.OutboundSent && r.State != gateway.OutboundFailed {
			list = append(list, r)
		}
	}
	return list
}
