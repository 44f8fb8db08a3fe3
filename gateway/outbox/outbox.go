// Package outbox is the way out: every message for somebody else's server is a row first
// and is then handed to its channel until it is sent or has failed.
//
// The row is written in the author's transaction and names its Message-ID once and for
// all. No transaction is open while a channel sends: a row is taken under a lease, sent,
// and its outcome written. A node that dies leaves rows whose outcome nobody knows; they
// are handed out once more, marked Doubtful, with the same Message-ID.
//
//	queued ─→ cancelled, by its author, before the first attempt
//	queued → sending → sent ──────── bounce ─→ failed
//	            ├────→ deferred: again after 1, 5, 15, 60 min, then 2, 4, 4 … hours, for 72 hours from the first
//	            ├────→ failed
//	            └────→ unknown: once more, Doubtful; then it stays unknown, until a bounce.
//	                   Five times more where its server files what it takes: a sender looks there first
//
// A bounce may come while the row is being sent. It counts when the outcome is written.
//
// How much leaves at once, and in a minute, is limited by the way and by the provider of
// the recipients: see lane.go. Nothing waits for a provider that is not its own.
//
// Every change is told to the conversation as message.updated.
package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
)

// Sender hands an outbound to the other server. It must end within its context. An error
// means that nothing was delivered, and defers: what broke off after the last byte is a
// Delivery whose State is OutboundUnknown.
type Sender interface {
	Send(ctx context.Context, out gateway.Outbound) (gateway.Delivery, error)
}

// Feed tells consoles of what became of a message.
type Feed interface {
	Append(ctx context.Context, tx pgx.Tx, events ...gateway.Event) error
	Announce(events ...gateway.Event)
}

// Bus carries the hint that something is due.
type Bus interface {
	Publish(subject string, data []byte)
	Subscribe(subject string, heard func(data []byte)) (cancel func())
}

const subject = "outbox"

// Store keeps what leaves, and hands out what is due.
type Store struct {
	Limits Limits // set before Run; the same on all nodes

	pool    *pgxpool.Pool
	node    string
	senders map[gateway.OutboundKind]Sender
	feed    Feed
	bus     Bus
	log     *slog.Logger
	metrics metrics
	wake    chan struct{} // holds one hint
	slowed  atomic.Bool   // some lane has asked for less, when they were last looked at
}

// New gives the outbox of a node. The node's name is its own in the cluster and stays the
// same over restarts. A kind without a sender waits for a node that has one.
func New(pool *pgxpool.Pool, node string, senders map[gateway.OutboundKind]Sender, feed Feed, bus Bus, log *slog.Logger) *Store {
	return &Store{
		pool: pool, node: node, senders: senders, feed: feed, bus: bus, log: log,
		metrics: newMetrics(), wake: make(chan struct{}, 1),
	}
}

// Add writes an outbound in the author's transaction: Kind, Conversation, Pos, MessageID, Via, Filed,
// Recipients (their addresses) and Body are kept; SendAt delays the first attempt, and until
// then it may be cancelled. Call Wake after the commit. One too many for its case is refused, see Room.
func (o *Store) Add(ctx context.Context, tx pgx.Tx, out gateway.Outbound) (int64, error) {
	addresses := make([]string, 0, len(out.Recipients))
	for _, r := range out.Recipients {
		if address := gateway.Clean(r.Address); address != "" {
			addresses = append(addresses, address)
		}
	}
	if len(addresses) == 0 {
		return 0, gateway.Invalid("no_recipient", "a message needs at least one recipient")
	}
	var due *time.Time
	if !out.SendAt.IsZero() {
		due = &out.SendAt
	}
	if err := o.room(ctx, tx, out.Conversation, due); err != nil {
		return 0, err
	}
	var id int64
	err := tx.QueryRow(ctx, `
		with added as (
			insert into outbound (kind, conversation_id, pos, message_id, body, due_at, send_at, via, provider, filed)
			values ($1, $2, $3, nullif($4, ''), $5::text::json, coalesce($6, now()), $6, $8, $9, $10)
			returning id),
		recipients as (
			insert into outbound_recipient (outbound_id, address)
			select distinct added.id, address
			from added, unnest($7::text[]) as address)
		select id from added`,
		string(out.Kind), int64(out.Conversation), out.Pos, gateway.Clean(out.MessageID), string(gateway.CleanJSON(out.Body)), due, addresses,
		gateway.Clean(out.Via), o.Limits.provider(addresses[0]), out.Filed).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("add outbound: %w", err)
	}
	return id, nil
}

// Wake says that something may be due. Without it the outbox looks every five seconds, and when
// something is that it has seen.
func (o *Store) Wake() { o.bus.Publish(subject, nil) }

const columns = `
	o.id, o.kind, o.conversation_id, o.pos, coalesce(o.message_id, ''), o.body::text, o.state, o.attempts,
	o.response, coalesce(o.due_at, 'epoch'), coalesce(o.send_at, 'epoch'), o.created_at, o.rev, o.doubts > 0, o.via, o.filed,
	array(select address from outbound_recipient r where r.outbound_id = o.id order by address),
	array(select state from outbound_recipient r where r.outbound_id = o.id order by address),
	array(select response from outbound_recipient r where r.outbound_id = o.id order by address)`

func scan(r pgx.CollectableRow) (gateway.Outbound, error) { return scanMore(r) }

func scanMore(r pgx.CollectableRow, more ...any) (out gateway.Outbound, err error) {
	var body string
	var addresses, states, responses []string
	err = r.Scan(append([]any{
		&out.ID, &out.Kind, &out.Conversation, &out.Pos, &out.MessageID, &body, &out.State, &out.Attempts,
		&out.Response, &out.DueAt, &out.SendAt, &out.CreatedAt, &out.Rev, &out.Doubtful, &out.Via, &out.Filed, &addresses, &states, &responses,
	}, more...)...)
	out.Body = []byte(body)
	for _, at := range []*time.Time{&out.DueAt, &out.SendAt} {
		if at.Unix() == 0 {
			*at = time.Time{}
		}
	}
	for i, address := range addresses {
		out.Recipients = append(out.Recipients, gateway.Recipient{
			Address: address, State: gateway.OutboundState(states[i]), Response: responses[i],
		})
	}
	return out, err
}

// row is an outbound with what only this room knows of it.
type row struct {
	gateway.Outbound
	doubts   int       // attempts of which nobody knows whether they arrived
	bounce   string    // what came without an address while it was being sent
	tried    time.Time // when the first attempt began; now before that
	provider string    // whose lane it waits for
}

const rowColumns = columns + `, o.doubts, coalesce(o.bounce, ''), coalesce(o.tried_at, now()), o.provider`

func scanRow(r pgx.CollectableRow) (row, error) {
	var out row
	var err error
	out.Outbound, err = scanMore(r, &out.doubts, &out.bounce, &out.tried, &out.provider)
	return out, err
}

// Get gives an outbound, or gateway.ErrNotFound.
func (o *Store) Get(ctx context.Context, id int64) (gateway.Outbound, error) {
	rows, _ := o.pool.Query(ctx, `
		select `+columns+`
		from outbound o
		where id = $1`, id) // the error comes with the rows
	out, err := pgx.CollectExactlyOneRow(rows, scan)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return out, gateway.NotFound("no_outbound", fmt.Sprintf("outbound %d does not exist", id))
	case err != nil:
		return out, fmt.Errorf("get outbound %d: %w", id, err)
	}
	return out, nil
}

// Of gives what has left a conversation, in the order of its entries.
func (o *Store) Of(ctx context.Context, conversation gateway.ConversationID) ([]gateway.Outbound, error) {
	rows, _ := o.pool.Query(ctx, `
		select `+columns+`
		from outbound o
		where conversation_id = $1
		order by pos, id`, int64(conversation)) // the error comes with the rows
	list, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, fmt.Errorf("list outbound of conversation %d: %w", conversation, err)
	}
	return list, nil
}
