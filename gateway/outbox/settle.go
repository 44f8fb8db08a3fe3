package outbox

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/vaxelhq/vaxel/gateway"
)

const (
	giveUp      = 72 * time.Hour
	doubtfulFor = time.Minute // until what is unknown is handed out once more
	maxResponse = 1000        // bytes kept of what a server says
)

// pauses follow the first, second … attempt; the last is repeated.
var pauses = []time.Duration{
	time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour,
}

func pause(attempts int) time.Duration {
	return pauses[min(max(attempts, 1), len(pauses))-1]
}

// settle writes what became of an attempt, if the row is still ours. A bounce may have
// come in the meantime, so the row is read again.
func (o *Store) settle(ctx context.Context, sent gateway.Outbound, d gateway.Delivery) error {
	var out gateway.Outbound
	err := pgx.BeginFunc(ctx, o.pool, func(tx pgx.Tx) (err error) {
		if out, err = o.ours(ctx, tx, sent); err != nil {
			return err
		}
		doubts := 0
		if out.Doubtful {
			doubts = 1
		}
		apply(&out, d, doubts, time.Now())
		if out.State == gateway.OutboundUnknown {
			doubts++
		}
		return o.write(ctx, tx, out, doubts)
	})
	if err != nil {
		return fmt.Errorf("settle outbound %d: %w", sent.ID, err)
	}
	o.feed.Announce(updated(out))
	o.metrics.settled.WithLabelValues(string(out.Kind), string(out.State)).Inc()
	return nil
}

// errGone ends a transaction about a row that is no longer ours to change.
var errGone = errors.New("somebody else has taken it over")

// ours locks the row of an attempt that this node has not lost.
func (o *Store) ours(ctx context.Context, tx pgx.Tx, sent gateway.Outbound) (gateway.Outbound, error) {
	rows, _ := tx.Query(ctx, `
		select `+columns+`
		from outbound o
		where id = $1 and state = 'sending' and holder = $2 and attempts = $3
		for update`, sent.ID, o.node, sent.Attempts) // the error comes with the rows
	out, err := pgx.CollectExactlyOneRow(rows, scan)
	if errors.Is(err, pgx.ErrNoRows) {
		return out, errGone
	}
	return out, err
}

// write stores an attempt's outcome and tells the conversation.
func (o *Store) write(ctx context.Context, tx pgx.Tx, out gateway.Outbound, doubts int) error {
	var due *time.Time
	if !out.DueAt.IsZero() {
		due = &out.DueAt
	}
	if _, err := tx.Exec(ctx, `
		update outbound
		set state = $2, response = $3, due_at = $4, doubts = $5, rev = $6, holder = null
		where id = $1`, out.ID, string(out.State), out.Response, due, doubts, out.Rev); err != nil {
		return err
	}
	if err := writeRecipients(ctx, tx, out); err != nil {
		return err
	}
	return o.feed.Append(ctx, tx, updated(out))
}

// apply is the machine's one move: from sending, by what the other server said.
func apply(out *gateway.Outbound, d gateway.Delivery, doubts int, now time.Time) {
	said := map[string]gateway.Recipient{}
	for _, r := range d.Recipients {
		said[r.Address] = r
	}
	late := now.Sub(out.CreatedAt) >= giveUp
	for i := range out.Recipients {
		r := &out.Recipients[i]
		if r.State == gateway.OutboundSent || r.State == gateway.OutboundFailed {
			continue
		}
		r.State, r.Response = d.State, clip(d.Response)
		if one, ok := said[r.Address]; ok {
			r.State, r.Response = one.State, clip(one.Response)
		}
		switch r.State {
		case gateway.OutboundSent, gateway.OutboundFailed:
		case gateway.OutboundDeferred:
			if late {
				r.State = gateway.OutboundFailed
			}
		case gateway.OutboundUnknown, gateway.OutboundQueued, gateway.OutboundSending:
			r.State = gateway.OutboundUnknown
		default: // a sender that can't say what became of it
			r.State = gateway.OutboundUnknown
		}
	}
	out.State, out.Response = worst(out.Recipients), clip(d.Response)
	out.Rev++
	out.DueAt = time.Time{}
	switch {
	case out.State == gateway.OutboundDeferred:
		out.DueAt = now.Add(pause(out.Attempts))
	case out.State == gateway.OutboundUnknown && doubts == 0:
		out.DueAt = now.Add(doubtfulFor)
	}
}

// worst is the state of the whole: what is still to be done goes before what is lost,
// and that before what is well.
func worst(all []gateway.Recipient) gateway.OutboundState {
	for _, state := range []gateway.OutboundState{gateway.OutboundUnknown, gateway.OutboundDeferred, gateway.OutboundFailed} {
		for _, r := range all {
			if r.State == state {
				return state
			}
		}
	}
	return gateway.OutboundSent
}

func clip(response string) string {
	response = gateway.Clean(response)
	return strings.ToValidUTF8(response[:min(len(response), maxResponse)], "")
}

func writeRecipients(ctx context.Context, tx pgx.Tx, out gateway.Outbound) error {
	var addresses, states, responses []string
	for _, r := range out.Recipients {
		addresses, states, responses = append(addresses, r.Address), append(states, string(r.State)), append(responses, r.Response)
	}
	_, err := tx.Exec(ctx, `
		update outbound_recipient r
		set state = w.state, response = w.response
		from unnest($2::text[], $3::text[], $4::text[]) as w(address, state, response)
		where r.outbound_id = $1 and r.address = w.address`, out.ID, addresses, states, responses)
	return err
}

type metrics struct {
	settled *prometheus.CounterVec
}

func newMetrics() metrics {
	return metrics{settled: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "vaxel_outbound_settled_total",
		Help: "Attempts to send, by kind and by what became of them.",
	}, []string{"kind", "state"})}
}

// Collectors are the outbox's figures, for the node's registry.
func (o *Store) Collectors() []prometheus.Collector {
	return []prometheus.Collector{o.metrics.settled}
}
