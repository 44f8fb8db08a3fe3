package chat_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/channels/chat"
	"github.com/vaxelhq/vaxel/gateway"
)

// afterwards gives the house's widget what it sends by mail.
func (h *house) afterwards(after chat.After) {
	h.t.Helper()
	err := pgx.BeginFunc(h.t.Context(), h.pool, func(tx pgx.Tx) error {
		list, err := chat.NewStore(h.pool).Widgets(h.t.Context())
		if err != nil {
			return err
		}
		list[0].After = after
		_, err = chat.NewStore(h.pool).KeepWidget(h.t.Context(), tx, list[0])
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// away has every visitor be away for so long.
func (h *house) away(ctx context.Context, since time.Duration) {
	h.t.Helper()
	wait(h.t, "the visitor is noted as gone", func() bool {
		tag, err := h.pool.Exec(ctx, `update visitor set gone_at = now() - $1::interval where gone_at is not null`, since)
		if err != nil {
			h.t.Fatal(err)
		}
		return tag.RowsAffected() > 0
	})
}

func (h *house) sent() []chat.Transcript {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]chat.Transcript(nil), h.mails...)
}

// What an agent writes once the visitor has gone goes out by mail, each line once, and nothing
// that they have seen.
func TestWhoHasGoneIsWrittenTo(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.afterwards(chat.After{Continue: 2})
	n := h.start()
	c := n.dial(t)
	c.begin("Var är min jacka?")
	h.join(conversation)
	c.line("joined")
	h.reply("Jag tittar.")
	c.line("Jag tittar.")
	c.send(m{"t": "msg", "cid": "2", "text": "Tack"})
	c.until("ack")
	_ = c.ws.CloseNow()
	h.away(t.Context(), 0)
	h.reply("Den kommer i morgon.")
	h.reply("Med bud.")
	h.end(conversation)
	h.away(t.Context(), 3*time.Minute)
	wait(t, "the mail is sent", func() bool { return len(h.sent()) == 1 })
	mail := h.sent()[0]
	if mail.To.Value != "anna@kund.example" || !strings.Contains(mail.Text, "Den kommer i morgon.") || !strings.Contains(mail.Text, "Med bud.") || !strings.Contains(mail.Text, "Svara på det här mejlet") {
		t.Errorf("sent %+v", mail)
	}
	if strings.Contains(mail.Text, "Tack") || strings.Contains(mail.Text, "Jag tittar.") {
		t.Errorf("what they have seen is sent again: %s", mail.Text)
	}
	h.mu.Lock()
	var told int
	for _, e := range h.entries[conversation] {
		if e.Kind == gateway.EntryEvent && strings.Contains(string(e.Body), `"continued"`) {
			told++
		}
	}
	h.mu.Unlock()
	if told != 1 {
		t.Errorf("the conversation tells it %d times, want once", told)
	}
}

// A chat that ends because its visitor stays away is sent to them, before it ends, where the widget
// says so.
func TestASilentEndIsSent(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.afterwards(chat.After{Transcript: true})
	n := h.start()
	c := n.dial(t)
	c.begin("Var är min jacka?")
	h.join(conversation)
	c.line("joined")
	h.reply("Är du kvar?")
	c.line("Är du kvar?")
	_ = c.ws.CloseNow()
	h.away(t.Context(), 11*time.Minute)
	wait(t, "the chat has ended", func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return len(h.open) == 0
	})
	if sent := h.sent(); len(sent) != 1 || !sent[0].Unasked || sent[0].Most != 3 || !strings.Contains(sent[0].Text, "Anna: Var är min jacka?") || !strings.Contains(sent[0].Text, "Är du kvar?") {
		t.Errorf("sent %+v", sent)
	}
}

// leaves begins a chat that its agent has joined, and goes.
func (h *house) leaves(t *testing.T, n *node) {
	t.Helper()
	c := n.dial(t)
	c.begin("Var är min jacka?")
	h.join(conversation)
	c.line("joined")
	_ = c.ws.CloseNow()
	h.away(t.Context(), 0)
}

// sweepAt is a time of a sweep, so much after the last.
func sweepAt(after time.Duration) time.Time {
	return time.Now().Truncate(30 * time.Second).Add(after)
}

// mailed waits until each of the lines has gone out, once, and nobody is looked for any more.
func (h *house) mailed(n *node, from time.Time, lines ...string) {
	h.t.Helper()
	wait(h.t, "the visitor is missed", func() bool {
		from = from.Add(30 * time.Second)
		n.SweepGone(h.t.Context(), from)
		var missed bool
		if err := h.pool.QueryRow(h.t.Context(), `select gone_at = 'infinity' from visitor`).Scan(&missed); err != nil {
			h.t.Fatal(err)
		}
		return missed
	})
	var all strings.Builder
	for _, m := range h.sent() {
		all.WriteString(m.Text)
	}
	for _, l := range lines {
		if n := strings.Count(all.String(), l); n != 1 {
			h.t.Errorf("%q was sent %d times, want once:\n%s", l, n, all.String())
		}
	}
}

// What the agent writes right before the chat ends for its visitor's absence is sent, though it has
// not rested.
func TestTheLastLineBeforeAVisitorIsLetGo(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.afterwards(chat.After{Continue: 2})
	n := h.start()
	h.leaves(t, n)
	h.reply("Jag lägger med en lapp.")
	h.away(t.Context(), 11*time.Minute)
	h.mailed(n, sweepAt(0), "Jag lägger med en lapp.")
}

// What they write after a mail has just left, before they end the chat, is sent as well.
func TestAFarewellRightAfterAMail(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.afterwards(chat.After{Continue: 2})
	n := h.start()
	h.leaves(t, n)
	h.reply("Den kommer i morgon.")
	h.away(t.Context(), 6*time.Minute)
	n.SweepGone(t.Context(), sweepAt(2*time.Minute))
	if len(h.sent()) != 1 {
		t.Fatalf("sent %+v, want the first line", h.sent())
	}
	h.reply("Ha det bra!")
	h.end(conversation)
	h.mailed(n, sweepAt(2*time.Minute), "Den kommer i morgon.", "Ha det bra!")
}

// Nodes that sweep at one moment send each line once, also what is written between their looks.
func TestNodesMailEachLineOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.afterwards(chat.After{Continue: 2})
	n, other := h.start(), h.start()
	h.leaves(t, n)
	h.away(t.Context(), 3*time.Minute)
	at := sweepAt(2 * time.Minute)
	h.reply("Den kommer i morgon.")
	h.mu.Lock()
	h.beforeMail = func() { // of the first line alone
		h.reply("Med bud.")
		other.SweepGone(t.Context(), at)
	}
	h.mu.Unlock()
	n.SweepGone(t.Context(), at)
	h.end(conversation)
	h.away(t.Context(), 6*time.Minute)
	h.mailed(n, at, "Den kommer i morgon.", "Med bud.")
}

// One to whom nothing can be written holds up nobody, and is written to when that can be done.
func TestTheTroubleOfOneWhoIsAway(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.afterwards(chat.After{Continue: 2})
	n := h.start()
	h.leaves(t, n)
	h.reply("Den kommer i morgon.")
	h.end(conversation)
	waits := n.dial(t)
	waits.begin("Hallå")
	_ = waits.ws.CloseNow()
	wait(t, "both are noted as gone", func() bool {
		var gone int
		if err := h.pool.QueryRow(t.Context(), `select count(*) from visitor where gone_at is not null`).Scan(&gone); err != nil {
			t.Fatal(err)
		}
		return gone == 2
	})
	h.mu.Lock()
	h.unmailable = conversation
	h.mu.Unlock()
	h.away(t.Context(), 6*time.Minute)
	n.SweepGone(t.Context(), sweepAt(0))
	if got := h.told(); len(got) != 1 || got[0] != (gateway.Leave{Interaction: 101}) {
		t.Errorf("told the floor %+v, want that the other one leaves", got)
	}
	h.mu.Lock()
	h.unmailable = 0
	h.mu.Unlock()
	n.SweepGone(t.Context(), sweepAt(2*time.Minute))
	if sent := h.sent(); len(sent) != 1 || !strings.Contains(sent[0].Text, "Den kommer i morgon.") {
		t.Errorf("sent %+v", sent)
	}
}
