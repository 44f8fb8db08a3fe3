package outbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/retry"
)

const (
	giveUp      = 72 * time.Hour // after the first attempt, however long it waited for that
	maxResponse = 1000           // bytes kept of what a server says
)

// pauses follow the first, second … attempt, or doubt; the last is repeated.
var pauses = []time.Duration{
	time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour,
}

func pause(attempts int) time.Duration {
	return pauses[min(max(attempts, 1), len(pauses))-1]
}

// settle writes what became of an attempt, if the row is still ours. A bounce may have
// come in the meantime, so the row is read again.
func (o *Store) settle(ctx context.Context, sent gateway.Outbound, d gateway.Delivery) error {
	var out row
	var slower []string
	err := retry.Tx(ctx, o.pool, func(tx pgx.Tx) (err error) {
		if out, err = o.ours(ctx, tx, sent); err != nil {
			return err
		}
		if slower, err = o.regulate(ctx, tx, out.Outbound, d, out.DueAt.Add(-lease)); err != nil {
			return err
		}
		apply(&out, d, time.Now())
		return o.write(ctx, tx, out)
	})
	if err != nil {
		return fmt.Errorf("settle outbound %d: %w", sent.ID, err)
	}
	if len(slower) > 0 {
		o.slowed.Store(true)
		o.metrics.slowed.Inc()
		o.log.Warn("a mail server has asked for less", "outbound", out.ID, "of", slower, "response", out.Response)
	}
	o.feed.Announce(updated(out.Outbound))
	o.metrics.settled.WithLabelValues(string(out.Kind), string(out.State)).Inc()
	return nil
}

// errGone ends a transaction about a row that is no longer ours to change.
var errGone = errors.New("somebody else has taken it over")

// ours locks the row of an attempt that this node has not lost.
func (o *Store) ours(ctx context.Context, tx pgx.Tx, sent gateway.Outbound) (row, error) {
	rows, _ := tx.Query(ctx, `
		select `+rowColumns+`
		from outbound o
		where id = $1 and state = 'sending' and holder = $2 and attempts = $3
		for update`, sent.ID, o.node, sent.Attempts) // the error comes with the rows
	out, err := pgx.CollectExactlyOneRow(rows, scanRow)
	if errors.Is(err, pgx.ErrNoRows) {
		return out, errGone
	}
	return out, err
}

// write stores a row and its recipients and tells the conversation. Whoever is sending it
// goes on if that is still its state.
func (o *Store) write(ctx context.Context, tx pgx.Tx, out row) error {
	var due *time.Time
	if !out.DueAt.IsZero() {
		due = &out.DueAt
	}
	if _, err := tx.Exec(ctx, `
		update outbound
		set state = $2, response = $3, due_at = $4, doubts = $5, bounce = nullif($6, ''), rev = $7, provider = $8,
		    holder = case when $2 = 'sending' then holder end
		where id = $1`, out.ID, string(out.State), out.Response, due, out.doubts, out.bounce, out.Rev, o.toward(out)); err != nil {
		return err
	}
	if err := writeRecipients(ctx, tx, out.Outbound); err != nil {
		return err
	}
	return o.feed.Append(ctx, tx, updated(out.Outbound))
}

// apply is the machine's one move: from sending, by what the other server said.
func apply(out *row, d gateway.Delivery, now time.Time) {
	answered(out, d, now.Sub(out.tried) >= giveUp)
	out.Response = clip(d.Response)
	out.Rev++
	out.State = gateway.OutboundUnknown // no longer sending
	if out.bounce != "" {
		out.Rev-- // one change
		returned(out, gateway.Recipient{State: gateway.OutboundFailed, Response: out.bounce})
		out.bounce = ""
	}
	if out.has(gateway.OutboundUnknown) {
		out.doubts++
		out.Doubtful = true
	}
	out.State, out.DueAt = out.whole(), time.Time{}
	switch {
	case out.State == gateway.OutboundDeferred:
		out.DueAt = now.Add(pause(out.Attempts))
	case out.State == gateway.OutboundUnknown && !out.doubtful():
		out.DueAt = now.Add(pause(out.doubts))
	}
}

// answered gives each recipient who was to be reached the answer that is theirs, else that of
// all. Too late for another attempt, one who would have waited has failed.
func answered(out *row, d gateway.Delivery, late bool) {
	said := map[string]gateway.Recipient{}
	for _, r := range d.Recipients {
		said[r.Address] = r
	}
	for i := range out.Recipients {
		r := &out.Recipients[i]
		if !out.open(*r) {
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
		case gateway.OutboundUnknown, gateway.OutboundQueued, gateway.OutboundSending, gateway.OutboundCancelled:
			r.State = gateway.OutboundUnknown
		default: // a sender that can't say what became of it
			r.State = gateway.OutboundUnknown
		}
	}
}

// The number of attempts with an unknown outcome after which nobody of whom we don't know is tried
// again. Where nobody can find out what became of the last one, a third copy would be worse than
// none; where the next attempt does (Outbound.Filed), only one that never ends is.
const (
	lastDoubt = 2
	lastFiled = 6
)

// doubtful says that what is unknown of the outbound stays so.
func (out row) doubtful() bool {
	if out.Filed {
		return out.doubts >= lastFiled
	}
	return out.doubts >= lastDoubt
}

// open says that the recipient is still to be reached.
func (out row) open(r gateway.Recipient) bool {
	switch r.State {
	case gateway.OutboundSent, gateway.OutboundFailed, gateway.OutboundCancelled:
		return false
	case gateway.OutboundUnknown:
		return !out.doubtful()
	case gateway.OutboundQueued, gateway.OutboundSending, gateway.OutboundDeferred:
	}
	return true
}

// whole is the state of the whole: what is still to be done goes before what is lost, and
// that before what is well.
func (out row) whole() gateway.OutboundState {
	order := []gateway.OutboundState{gateway.OutboundUnknown, gateway.OutboundDeferred, gateway.OutboundFailed}
	if out.doubtful() {
		order[0], order[1] = order[1], order[0]
	}
	for _, state := range order {
		if out.has(state) {
			return state
		}
	}
	return gateway.OutboundSent
}

// waits says that another attempt is to come, or is under way.
func (out row) waits() bool {
	switch out.State {
	case gateway.OutboundSent, gateway.OutboundFailed, gateway.OutboundCancelled:
		return false
	case gateway.OutboundUnknown:
		return !out.doubtful()
	case gateway.OutboundQueued, gateway.OutboundSending, gateway.OutboundDeferred:
	}
	return true
}

func (out row) has(state gateway.OutboundState) bool {
	return slices.ContainsFunc(out.Recipients, func(r gateway.Recipient) bool { return r.State == state })
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
	capped  prometheus.Counter
	slowed  prometheus.Counter
}

func newMetrics() metrics {
	return metrics{settled: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "vaxel_outbound_settled_total",
		Help: "Attempts to send, by kind and by what became of them.",
	}, []string{"kind", "state"}), capped: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "vaxel_outbound_capped_total",
		Help: "Messages that were refused because their case had its share of the hour.",
	}), slowed: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "vaxel_outbound_slowed_total",
		Help: "Attempts to send that ended with a mail server's wish for fewer of them.",
	})}
}

// Collectors are the outbox's figures, for the node's registry.
func (o *Store) Collectors() []prometheus.Collector {
	return []prometheus.Collector{o.metrics.settled, o.metrics.capped, o.metrics.slowed}
}
