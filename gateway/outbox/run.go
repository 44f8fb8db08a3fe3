package outbox

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/beat"
	"github.com/vaxelhq/vaxel/gateway/crash"
	"github.com/vaxelhq/vaxel/gateway/retry"
)

const (
	pollEvery = time.Second     // while something is due and waits for room
	pollMost  = 5 * time.Second // until then no hint is missed: of what was added elsewhere one may be lost
	senders   = 32              // sending at once on one node; how many by one way or to one provider, see Limits

	// A row belongs to its sender for the length of the lease. Sending ends well before,
	// so that nobody else has taken the row when the outcome is written.
	lease    = 15 * time.Minute
	sendTime = 12 * time.Minute

	// Who sends says so at the first look after this. What a node that fell silent was sending stays its
	// own until the lease ends, but takes up no room in its lanes.
	signEvery = 10 * time.Second
	silent    = time.Minute
)

// Run hands out what is due until ctx ends, and then waits for what is being sent; ctx
// reaches the senders too.
func (o *Store) Run(ctx context.Context) error {
	defer o.bus.Subscribe(subject, func([]byte) { o.hint() })()
	look := time.NewTimer(0)
	defer look.Stop()
	signed := time.Now()
	var sending errgroup.Group
	defer sending.Wait() //nolint:errcheck // they report for themselves
	free := make(chan struct{}, senders)
	inherited := false
	for {
		var err error
		again := pollEvery
		if !inherited {
			err = o.inherit(ctx)
			inherited = err == nil
		}
		if inherited {
			again, err = o.handOut(ctx, &sending, free)
		}
		look.Reset(min(again, beat.Next(pollMost)))
		if err != nil && ctx.Err() == nil {
			o.log.Warn("outbox not read; trying again", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-o.wake:
		case <-look.C:
		}
		if len(free) > 0 && time.Since(signed) >= signEvery {
			signed = time.Now()
			o.sign(ctx)
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

// sign says that this node still sends what it began a while ago.
func (o *Store) sign(ctx context.Context) {
	_, err := o.pool.Exec(ctx, `
		update outbound
		set signed_at = now()
		where state = 'sending' and holder = $1 and signed_at < now() - $2::interval`, o.node, signEvery/2)
	if err != nil && ctx.Err() == nil {
		o.log.Warn("not said that we are still sending; trying again", "err", err)
	}
}

// handOut takes as many due rows as senders are free and lanes have room, and starts to send
// them. It gives when to look again, if nobody hints before.
func (o *Store) handOut(ctx context.Context, sending *errgroup.Group, free chan struct{}) (again time.Duration, err error) {
	room := cap(free) - len(free) // only this goroutine fills it
	if room == 0 {
		return pollEvery, nil // whoever is done will hint
	}
	if wait, err := o.wait(ctx); err != nil || wait > 0 {
		return min(wait, pollMost), err
	}
	due, opens, err := o.take(ctx, room)
	if err != nil {
		return pollEvery, err
	}
	for _, out := range due {
		free <- struct{}{}
		sending.Go(func() error {
			defer func() { <-free; o.hint() }()
			o.send(ctx, out)
			return nil
		})
	}
	if opens > 0 {
		return min(opens, pollEvery), nil
	}
	return pollEvery, nil
}

// kinds are those that this node can send.
func (o *Store) kinds() []string {
	kinds := make([]string, 0, len(o.senders))
	for kind := range o.senders {
		kinds = append(kinds, string(kind))
	}
	return kinds
}

// wait is how long it takes until something is due, 0 if anything is. It begins no transaction.
func (o *Store) wait(ctx context.Context) (time.Duration, error) {
	var seconds float64
	err := o.pool.QueryRow(ctx, `
		select greatest(coalesce(extract(epoch from min(due_at) - now())::float8, $2), 0)
		from outbound
		where due_at is not null and kind = any($1)`, o.kinds(), pollMost.Seconds()).Scan(&seconds)
	if err != nil {
		return pollEvery, fmt.Errorf("look for what is due: %w", err)
	}
	return time.Duration(seconds * float64(time.Second)), nil
}

// take marks due rows as being sent by us, after it has given up those whose sender is lost. One
// node does so at a time: lanes have room for what they say, and no more.
func (o *Store) take(ctx context.Context, room int) (due []row, again time.Duration, err error) {
	var told []gateway.Event
	kinds := o.kinds()
	err = retry.Tx(ctx, o.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('outbox', 0))`); err != nil {
			return err
		}
		if told, err = o.lose(ctx, tx, kinds, room); err != nil {
			return err
		}
		if due, again, err = o.mark(ctx, tx, room); err != nil {
			return err
		}
		var taken []gateway.Event
		for _, out := range due {
			taken = append(taken, updated(out.Outbound))
		}
		if len(due) > 0 {
			crash.At("outbox.taking")
		}
		told = append(told, taken...)
		return o.feed.Append(ctx, tx, taken...)
	})
	if err != nil {
		return nil, 0, fmt.Errorf("take what is due: %w", err)
	}
	if len(due) > 0 {
		crash.At("outbox.taken")
	}
	o.feed.Announce(told...)
	return due, again, nil
}

// mark takes what lanes have room for. What somebody else has locked just now, who notes a bounce
// or cancels it, is taken the next time.
func (o *Store) mark(ctx context.Context, tx pgx.Tx, room int) (due []row, again time.Duration, err error) {
	lanes, err := o.lanes(ctx, tx)
	if err != nil {
		return nil, 0, err
	}
	o.slowed.Store(lanes.slowed())
	ids, err := o.choose(ctx, tx, lanes, room)
	if err != nil || len(ids) == 0 {
		return nil, lanes.next(), err
	}
	rows, _ := tx.Query(ctx, `
		with due as (
			select id
			from outbound
			where id = any($1) and due_at <= now() and state <> 'sending'
			for update skip locked),
		taken as (
			update outbound o
			set state = 'sending', holder = $2, signed_at = now(), tried_at = coalesce(tried_at, now()), due_at = now() + $3, attempts = attempts + 1, rev = rev + 1
			from due
			where o.id = due.id
			returning o.*)
		select `+rowColumns+`
		from taken o
		order by id`, ids, o.node, lease) // the error comes with the rows
	if due, err = pgx.CollectRows(rows, scanRow); err != nil {
		return nil, 0, err
	}
	return due, lanes.next(), o.charge(ctx, tx, lanes, due)
}

// lose gives up rows whose sender is lost: nobody knows whether they arrived. They are due
// again at once, the first time that happens.
func (o *Store) lose(ctx context.Context, tx pgx.Tx, kinds []string, room int) (told []gateway.Event, err error) {
	rows, _ := tx.Query(ctx, `
		select `+rowColumns+`
		from outbound o
		where due_at <= now() and state = 'sending' and kind = any($1)
		order by due_at
		limit $2
		for update skip locked`, kinds, room) // the error comes with the rows
	lost, err := pgx.CollectRows(rows, scanRow)
	if err != nil {
		return nil, err
	}
	for _, out := range lost {
		apply(&out, gateway.Delivery{State: gateway.OutboundUnknown, Response: "we stopped while sending it"}, time.Now())
		if !out.DueAt.IsZero() {
			out.DueAt = time.Now().Add(-time.Second) // by PostgreSQL's clock as well
		}
		if err := o.write(ctx, tx, out); err != nil {
			return nil, err
		}
		told = append(told, updated(out.Outbound))
	}
	return told, nil
}

func updated(out gateway.Outbound) gateway.Event {
	event := gateway.NewEvent(gateway.TopicConversation(out.Conversation), "message.updated", out.Rev, out)
	event.Conversation = out.Conversation
	return event
}

// send hands one row to its channel and writes down what became of it.
func (o *Store) send(ctx context.Context, out row) {
	asked := out.Outbound
	asked.Recipients = out.unreached()
	limited, cancel := context.WithTimeout(ctx, sendTime)
	delivery, err := o.senders[out.Kind].Send(limited, asked)
	cancel()
	if err != nil {
		delivery = gateway.Delivery{State: gateway.OutboundDeferred, Response: err.Error()}
		o.log.Warn("outbound deferred", "outbound", out.ID, "err", err)
	}
	crash.At("outbox.sent")
	// The outcome is written even while the node stops: not knowing it is worse.
	ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := o.settle(ctx, out.Outbound, delivery); err != nil {
		o.log.Error("outcome of an outbound not written; it will be doubtful", "outbound", out.ID, "state", delivery.State, "err", err)
		return
	}
	crash.At("outbox.settled")
}

func (out row) unreached() (list []gateway.Recipient) {
	for _, r := range out.Recipients {
		if out.open(r) {
			list = append(list, r)
		}
	}
	return list
}
