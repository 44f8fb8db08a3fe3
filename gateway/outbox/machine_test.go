package outbox

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"pgregory.net/rapid"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// world is one outbound and the far server's truth about it, beside which the rows are
// held after each step.
type world struct {
	*rapid.T
	pool      *pgxpool.Pool
	box       *Store
	id        int64
	messageID string

	attempt  gateway.Outbound // the one that runs; its ID is zero when none does
	delivery gateway.Delivery // what the sender will say of it
	reached  map[string]int   // how often the far server has taken a copy
	refused  map[string]bool  // or never will
	returned map[string]bool  // it has sent one back since it was last offered one
	vague    bool             // a bounce without an address may have meant anybody
	doubts   int              // attempts that nobody knows the outcome of
}

type deaf struct{}

func (deaf) Append(context.Context, pgx.Tx, ...gateway.Event) error { return nil }
func (deaf) Announce(...gateway.Event)                              {}
func (deaf) Publish(string, []byte)                                 {}
func (deaf) Subscribe(string, func([]byte)) func()                  { return func() {} }

func (deaf) Send(context.Context, gateway.Outbound) (d gateway.Delivery, err error) { return d, err }

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) stored() row {
	rows, _ := w.pool.Query(context.Background(), `select `+rowColumns+` from outbound o where id = $1`, w.id)
	out, err := pgx.CollectExactlyOneRow(rows, scanRow)
	w.must(err)
	return out
}

// due lets the time until the next attempt, or until the lease ends, pass.
func (w *world) due() {
	_, err := w.pool.Exec(context.Background(), `
		update outbound
		set due_at = now()
		where id = $1 and due_at is not null`, w.id)
	w.must(err)
}

// begin takes what is due and lets the far server do to each recipient what it likes.
func (w *world) begin() {
	w.due()
	due, _, err := w.box.take(context.Background(), 8)
	w.must(err)
	for _, out := range due {
		if out.ID != w.id {
			continue
		}
		w.attempt, w.delivery = out.Outbound, gateway.Delivery{State: gateway.OutboundDeferred, Response: "421 broke off"}
		for _, r := range out.unreached() {
			w.meet(r.Address)
		}
	}
}

func (w *world) meet(address string) {
	if w.refused[address] {
		w.Errorf("%s was tried again after a refusal", address)
	}
	if w.returned[address] && !w.vague {
		w.Errorf("%s was tried again after a copy came back", address)
	}
	w.returned[address] = false // what counts from here is what becomes of this attempt
	did := rapid.SampledFrom([]gateway.OutboundState{
		gateway.OutboundSent, gateway.OutboundDeferred, gateway.OutboundFailed, gateway.OutboundUnknown,
	}).Draw(w.T, "to "+address)
	w.delivery.Recipients = append(w.delivery.Recipients, gateway.Recipient{Address: address, State: did, Response: string(did)})
	switch did {
	case gateway.OutboundSent:
		w.take(address)
	case gateway.OutboundUnknown:
		if rapid.Bool().Draw(w.T, "taken all the same") {
			w.take(address)
		}
	case gateway.OutboundFailed:
		w.refused[address] = true
	case gateway.OutboundDeferred, gateway.OutboundQueued, gateway.OutboundSending, gateway.OutboundCancelled:
	}
}

func (w *world) take(address string) {
	w.reached[address]++
	if w.reached[address] > 1+w.doubts {
		w.Errorf("%s has %d copies after %d doubts", address, w.reached[address], w.doubts)
	}
}

// end writes the attempt's outcome, or the node dies and another finds it lost.
func (w *world) end(*rapid.T) {
	if w.attempt.ID == 0 {
		w.begin()
		return
	}
	if rapid.IntRange(0, 3).Draw(w.T, "fate") > 0 {
		w.must(w.box.settle(context.Background(), w.attempt, w.delivery))
		if slices.ContainsFunc(w.delivery.Recipients, func(r gateway.Recipient) bool { return r.State == gateway.OutboundUnknown }) {
			w.doubts++
		}
		w.attempt = gateway.Outbound{}
		return
	}
	w.doubts++
	w.attempt = gateway.Outbound{}
	for address := range w.refused { // the refusal was heard by nobody
		if w.state(address) != gateway.OutboundFailed {
			delete(w.refused, address)
		}
	}
	w.begin()
}

func (w *world) state(address string) gateway.OutboundState {
	for _, r := range w.stored().Recipients {
		if r.Address == address {
			return r.State
		}
	}
	return ""
}

// bounce sends a copy back that the far server had taken; its report may name nobody.
func (w *world) bounce(*rapid.T) {
	var taken []string
	for _, r := range w.stored().Recipients {
		if w.reached[r.Address] > 0 && !w.returned[r.Address] {
			taken = append(taken, r.Address)
		}
	}
	if len(taken) == 0 {
		w.Skip("nothing to send back")
	}
	address := rapid.SampledFrom(taken).Draw(w.T, "back from")
	w.returned[address] = true
	report := gateway.Recipient{Address: address, State: gateway.OutboundFailed, Response: "550 5.1.1"}
	if rapid.Bool().Draw(w.T, "names nobody") {
		report.Address = ""
		w.vague = true
	}
	w.must(pgx.BeginFunc(context.Background(), w.pool, func(tx pgx.Tx) error {
		_, found, err := w.box.Bounced(context.Background(), tx, w.messageID, report)
		if err == nil && !found {
			err = fmt.Errorf("outbound %d was not found by its Message-ID", w.id)
		}
		return err
	}))
}

// check holds after every step.
func (w *world) check(*rapid.T) {
	if w.attempt.ID != 0 {
		return // the outcome is not known yet
	}
	out := w.stored()
	for _, r := range out.Recipients {
		switch {
		case r.State == gateway.OutboundDeferred && out.State != gateway.OutboundDeferred && out.State != gateway.OutboundUnknown:
			w.Errorf("%s is to be tried again, and the whole is %s", r.Address, out.State)
		case w.returned[r.Address] && r.State == gateway.OutboundDeferred && w.vague: // it may be tried again
		case w.returned[r.Address] && r.State != gateway.OutboundFailed:
			w.Errorf("%s came back and is %s", r.Address, r.State)
		case r.State == gateway.OutboundSent && w.reached[r.Address] == 0:
			w.Errorf("%s is sent and was never reached", r.Address)
		case r.State == gateway.OutboundFailed && !w.refused[r.Address] && !w.returned[r.Address] && !w.vague:
			w.Errorf("%s failed, and nobody said so", r.Address)
		}
	}
	waits := out.State == gateway.OutboundQueued || out.State == gateway.OutboundDeferred ||
		out.State == gateway.OutboundUnknown && out.doubts < lastDoubt
	if waits == out.DueAt.IsZero() {
		w.Errorf("%s after %d doubts, due at %v, recipients %+v", out.State, out.doubts, out.DueAt, out.Recipients)
	}
}

// Whatever order sendings, deaths and bounces come in, what the far server has said in the
// end is what the rows say, nobody gets more copies than there were doubts, and nothing
// stops half way.
func TestMachine(t *testing.T) {
	pool := pgtest.New(t)
	box := New(pool, "node1", map[gateway.OutboundKind]Sender{gateway.OutboundEmail: deaf{}}, deaf{}, deaf{}, slog.New(slog.DiscardHandler))
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		w := &world{
			T: r, pool: pool, box: box, messageID: fmt.Sprint(n, "@vaxel"),
			reached: map[string]int{}, refused: map[string]bool{}, returned: map[string]bool{},
		}
		out := gateway.Outbound{Kind: gateway.OutboundEmail, Conversation: 5, Pos: 9, MessageID: w.messageID, Body: []byte(`{}`)}
		for i := range rapid.IntRange(1, 3).Draw(r, "recipients") {
			out.Recipients = append(out.Recipients, gateway.Recipient{Address: fmt.Sprintf("%c@example.com", 'a'+i)})
		}
		w.must(pgx.BeginFunc(context.Background(), pool, func(tx pgx.Tx) (err error) {
			w.id, err = box.Add(context.Background(), tx, out)
			return err
		}))
		r.Repeat(map[string]func(*rapid.T){"send": w.end, "bounce": w.bounce, "": w.check})
	})
}
