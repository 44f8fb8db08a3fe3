// Package intake is the way in: an arrival becomes an entry on a case and a wish for an
// agent, in one transaction, once.
//
// The database is waited for only where a room must know what another one found (see
// lazy): three times for an arrival, and no more for fifty that begin cases.
//
// Each arrival has a key. The first transaction to commit the key decides what it became;
// whoever brings the key again, at any time and on any node, gets that answer with
// Repeated set. What isn't committed has not happened: a channel tells its customer or
// its server only after Receive has returned.
//
//	claim keys ─▶ find, lock ─▶ cases, conversations ─▶ entries ─▶ admissions, events ─▶ channel's own ─▶ commit ─▶ told
//
// What waits: a key that another transaction is just taking; the rows of conversations,
// by id, and then of cases, by id, in the order that everybody keeps. What may come again
// without harm: an arrival (its key), the channel's own part (it must bear that), the
// whole transaction after a deadlock, the hint to the floor. What survives a kill at any
// moment: all of an arrival or nothing of it.
package intake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/crash"
	"github.com/vaxelhq/vaxel/gateway/lazy"
	"github.com/vaxelhq/vaxel/gateway/retry"
)

// MaxBatch is how many arrivals share a transaction, so that it ends well within a second:
// a longer one would hold up live events, whose readers wait for writers (gateway/feed).
const MaxBatch = 50

// Timeline keeps the conversations. Find gives the one that an arrival goes on with, by its
// own word or by the mails that it refers to, and the case of that; Lock takes
// conversations' rows in the order of their ids. Numbers asks for numbers of those to be, which
// the transaction's next reading brings along. OpenAll begins one under each number, with its
// first entry, which AppendFirst writes; Continue
// gives the one in which a case's mails go on, or zero. Append gives entries their
// positions, or marks them as Repeated. ReferAll notes the Message-IDs by which later mails
// find their conversation. Slices that go in together are in step, as are their answers.
type Timeline interface {
	Find(ctx context.Context, tx pgx.Tx, a gateway.Arrival) (gateway.ConversationID, gateway.CaseID, bool, error)
	Lock(ctx context.Context, tx pgx.Tx, conversations ...gateway.ConversationID) error
	Numbers(tx *lazy.Tx, n int) *[]gateway.ConversationID
	OpenAll(ctx context.Context, tx pgx.Tx, numbers []gateway.ConversationID, cases []gateway.CaseID, customers []gateway.CustomerID, channels []gateway.Channel) ([]gateway.ConversationID, error)
	AppendFirst(ctx context.Context, tx pgx.Tx, entries ...*gateway.Entry) error
	Append(ctx context.Context, tx pgx.Tx, entries ...*gateway.Entry) error
	Continue(ctx context.Context, tx pgx.Tx, c gateway.CaseID, channel gateway.Channel) (gateway.ConversationID, error)
	ReferAll(ctx context.Context, tx pgx.Tx, conversations []gateway.ConversationID, arrivals []gateway.Arrival) error
}

// Cases knows the customers. Quoted gives the case that a mail's subject names, if it is
// its sender's, and Lock takes the rows of cases, in order. JoinAll gives the customers
// that arrivals are from, with their credits, and the cases they belong to; known are the cases that they were
// found to belong to, zero for one that begins a new one. An answer may be another case
// than the known one, when that is closed for good.
type Cases interface {
	Quoted(ctx context.Context, tx pgx.Tx, a gateway.Arrival) (gateway.CaseID, error)
	Lock(ctx context.Context, tx pgx.Tx, cases ...gateway.CaseID) error
	JoinAll(ctx context.Context, tx pgx.Tx, list []gateway.Arrival, known []gateway.CaseID) ([]gateway.CaseID, []gateway.CustomerID, []gateway.Seconds, error)
}

// Floor takes what needs an agent. Numbers asks for the interactions' numbers; whether they
// are used is decided later, when routing may find an open one of the same case.
type Floor interface {
	Numbers(tx *lazy.Tx, n int) *[]gateway.InteractionID
	AdmitAll(ctx context.Context, tx pgx.Tx, list []gateway.Admission) ([]gateway.InteractionID, error)
}

// Feed tells consoles and visitors: Append in the transaction, Announce after it.
type Feed interface {
	Append(ctx context.Context, tx pgx.Tx, events ...gateway.Event) error
	Announce(events ...gateway.Event)
}

// Bus wakes the floor.
type Bus interface {
	Publish(subject string, data []byte)
}

// Rooms are those that an arrival passes through.
type Rooms struct {
	Timeline Timeline
	Cases    Cases
	Floor    Floor
	Feed     Feed
	Bus      Bus
}

// Intake receives arrivals. It keeps no state: any number of nodes may have one.
type Intake struct {
	pool *pgxpool.Pool
	in   Rooms
	log  *slog.Logger
}

// New gives the way in.
func New(pool *pgxpool.Pool, in Rooms, log *slog.Logger) *Intake {
	return &Intake{pool: pool, in: in, log: log}
}

// Also is the channel's own part of the transaction: its cursor, its recording. It is
// called for a repeated arrival too, which must move the cursor all the same, and may be
// called again when the transaction is repeated.
type Also = func(ctx context.Context, tx pgx.Tx, r gateway.Received) error

// Item is one arrival of a batch. Also may be nil. (It is an alias, so that a channel,
// which doesn't import this package, can write the same type.)
type Item = struct {
	Arrival gateway.Arrival
	Also    Also
}

// Together is the channel's part of a transaction that takes several arrivals in: those
// of its batch from the first on, as many as there are answers. It stands under the same
// rules as Also; its transaction is lazy, so that what it writes takes no round trips of its
// own: for what a statement changed it asks by a batch with callbacks, or by Prompt.
type Together = func(ctx context.Context, tx pgx.Tx, first int, received []gateway.Received) error

// Receive takes one arrival in. The answer is committed. also may be nil. An error means
// that nothing was stored, or that nobody knows, if the connection broke at the commit:
// the channel brings the arrival again under its key. An arrival without one is refused
// with no_key.
func (in *Intake) Receive(ctx context.Context, a gateway.Arrival, also Also) (gateway.Received, error) {
	received, err := in.receive(ctx, []Item{{a, also}})
	if err != nil {
		return gateway.Received{}, fmt.Errorf("receive %s: %w", a.Key, err)
	}
	return received[0], nil
}

// ReceiveBatch takes many arrivals in, MaxBatch to a transaction. A batch that fails is
// repeated one by one, so a bad arrival fails alone. Answers and errors stand in the
// order of the items.
func (in *Intake) ReceiveBatch(ctx context.Context, items []Item, also ...Together) ([]gateway.Received, []error) {
	received, errs := make([]gateway.Received, len(items)), make([]error, len(items))
	for start := 0; start < len(items); start += MaxBatch {
		end := min(start+MaxBatch, len(items))
		some, err := in.receive(ctx, items[start:end], from(also, start)...)
		if err == nil {
			copy(received[start:], some)
			continue
		}
		in.log.Warn("batch of arrivals repeated one by one", "arrivals", end-start, "err", err)
		for i := start; i < end; i++ {
			if some, errs[i] = in.receive(ctx, items[i:i+1], from(also, i)...); errs[i] == nil {
				received[i] = some[0]
			} else {
				errs[i] = fmt.Errorf("receive %s: %w", items[i].Arrival.Key, errs[i])
			}
		}
	}
	return received, errs
}

// from lets the channel's parts know where in its batch a transaction begins.
func from(also []Together, start int) []Together {
	shifted := make([]Together, len(also))
	for i, do := range also {
		shifted[i] = func(ctx context.Context, tx pgx.Tx, first int, received []gateway.Received) error {
			return do(ctx, tx, start+first, received)
		}
	}
	return shifted
}

// receive is one transaction, begun again when another one was in its way.
func (in *Intake) receive(ctx context.Context, items []Item, also ...Together) ([]gateway.Received, error) {
	for attempt := 1; ; attempt++ {
		received, told, err := in.transact(ctx, items, also)
		if err == nil {
			crash.At("intake.committed")
			// From here on nothing can fail. A kill costs no more than the announcement, which
			// consoles find in the log, and the hint, which the floor's poll makes up for.
			in.in.Feed.Announce(told...)
			in.in.Bus.Publish("floor", nil)
			return received, nil
		}
		if attempt == retry.Attempts || !retry.Again(err) && !errors.Is(err, errMeanwhile) && !errors.Is(err, gateway.ErrTryAgain) {
			return nil, err
		}
	}
}

// probe has rows looked up by their keys. A plan is kept for as long as its table's figures
// stand: made for 60 rows and still in use for 12,000, those that read the table whole took
// 4 to 9 ms a statement, these 0.1.
const probe = `
	select
		set_config('enable_seqscan', 'off', true),
		set_config('enable_hashjoin', 'off', true),
		set_config('enable_mergejoin', 'off', true)`

// transact is one attempt. told is announced only if it has committed.
func (in *Intake) transact(ctx context.Context, items []Item, also []Together) (received []gateway.Received, told []gateway.Event, err error) {
	err = lazy.Do(ctx, in.pool, func(tx *lazy.Tx) error {
		if _, err := tx.Exec(ctx, probe); err != nil {
			return err
		}
		var err error
		received, told, err = in.take(ctx, tx, items)
		if err != nil {
			return err
		}
		if err := join(ctx, tx, items, received, also); err != nil {
			return err
		}
		return tx.Crash(ctx, "intake.committing")
	})
	return received, told, err
}

// join lets the channels write their rows. It comes last, so that those rows are locked for
// the shortest time, and positions are known.
func join(ctx context.Context, tx *lazy.Tx, items []Item, received []gateway.Received, also []Together) error {
	if err := joinEach(ctx, tx, items, received); err != nil {
		return err
	}
	for _, do := range also {
		if err := do(ctx, tx, 0, received); err != nil {
			return err
		}
	}
	return nil
}

// joinEach has them write at once: they read what their statements change.
func joinEach(ctx context.Context, tx *lazy.Tx, items []Item, received []gateway.Received) error {
	if !slices.ContainsFunc(items, func(i Item) bool { return i.Also != nil }) {
		return nil
	}
	prompt, err := tx.Prompt(ctx)
	if err != nil {
		return fmt.Errorf("write arrivals: %w", err)
	}
	for i, item := range items {
		if item.Also == nil {
			continue
		}
		if err := item.Also(ctx, prompt, received[i]); err != nil {
			return err
		}
	}
	return nil
}
