package chat_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/chat"
	"github.com/vaxelhq/vaxel/gateway"
)

// callable has the house's widget let visitors ask to be called at any time.
func (h *house) callable() {
	h.t.Helper()
	h.site.Form.Callback = "always"
	if _, err := chat.NewStore(h.pool).SaveWidget(h.t.Context(), h.site); err != nil {
		h.t.Fatal(err)
	}
}

// calls are the callbacks that were received, for the queue or kept.
func (h *house) calls() (list []gateway.Arrival) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range h.received {
		if a.Channel == gateway.Callback {
			list = append(list, a)
		}
	}
	return list
}

// Who asks to be called without chatting waits in the queue as a callback, once however often
// they say so, and though the answer is lost.
func TestACallIsAskedFor(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.callable()
	n := h.start()
	c := n.dial(t)
	c.hello()
	h.mu.Lock()
	h.trouble = errors.New("connection lost after the commit")
	h.mu.Unlock()
	wish := m{"t": "callback", "cid": "c1", "phone": "070-123 45 67", "text": "Fakturan", "name": "Anna", "topic": "invoice"}
	c.send(wish)
	if f := c.until("error"); f.Code != "try_again" || f.CID != "c1" {
		t.Errorf("with a lost answer: %+v", f)
	}
	h.mu.Lock()
	h.trouble = nil
	h.mu.Unlock()
	for range 2 {
		c.send(wish)
		if f := c.answered(); f.T != "left" || f.CID != "c1" {
			t.Errorf("answered %+v", f)
		}
	}
	calls := h.calls()
	if len(calls) != 1 {
		t.Fatalf("received %+v, want one call", calls)
	}
	a := calls[0]
	if a.Quiet || !a.Alone || a.Queue != 8 || a.Entry.Text != "☎ Anna 0701234567\nFakturan" || a.Others[len(a.Others)-1] != (gateway.Address{Kind: gateway.AddressPhone, Value: "0701234567", Name: "Anna"}) {
		t.Errorf("received %+v", a)
	}
}

// A call for later is kept on the case at once and enters the queue when it is due, once.
func TestACallForLater(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.callable()
	n := h.start()
	c := n.dial(t)
	c.hello()
	for _, at := range []time.Duration{-time.Hour, 15 * 24 * time.Hour} {
		c.send(m{"t": "callback", "cid": "c0", "phone": "0701234567", "due": time.Now().Add(at).UnixMilli()})
		if f := c.answered(); f.Code != "bad_time" {
			t.Errorf("in %v: %+v", at, f)
		}
	}
	c.send(m{"t": "callback", "cid": "c1", "phone": "0701234567", "due": time.Now().Add(time.Hour).UnixMilli()})
	if f := c.answered(); f.T != "left" {
		t.Fatalf("answered %+v", f)
	}
	if calls := h.calls(); len(calls) != 1 || !calls[0].Quiet {
		t.Fatalf("received %+v, want one that is kept", calls)
	}
	if _, err := h.pool.Exec(t.Context(), `update call_wish set due_at = now()`); err != nil {
		t.Fatal(err)
	}
	wait(t, "the call is due", func() bool { return len(h.calls()) == 2 })
	var entered int
	wait(t, "it has entered", func() bool {
		if err := h.pool.QueryRow(t.Context(), `select count(*) from call_wish where entered_at is not null`).Scan(&entered); err != nil {
			t.Fatal(err)
		}
		return entered == 1
	})
	due := h.calls()[1]
	if due.Quiet || due.Conversation == 0 || !strings.HasSuffix(due.Key, "/call/c1/due") || !strings.Contains(string(due.Entry.Body), "call_due") {
		t.Errorf("received %+v", due)
	}
}

// Asked for while the queue is closed, a call enters it when it opens; three a day are taken of
// one visitor.
func TestACallWhileClosed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.callable()
	opens := time.Now().Add(2 * time.Hour)
	h.opening = chat.Opening{Until: opens}
	n := h.start()
	c := n.dial(t)
	c.hello()
	for i := range 4 {
		c.send(m{"t": "callback", "cid": string(rune('a' + i)), "phone": "0701234567"})
		f := c.answered()
		if i < 3 && f.T != "left" || i == 3 && f.Code != "too_many_calls" {
			t.Errorf("the call number %d is answered %+v", i+1, f)
		}
	}
	var due time.Time
	if err := h.pool.QueryRow(t.Context(), `select min(due_at) from call_wish where entered_at is null`).Scan(&due); err != nil || due.Sub(opens).Abs() > time.Second {
		t.Errorf("due at %v, %v; want %v", due, err, opens)
	}
}

// Who waits keeps the place with a call that is to come soon, and gives it up for one that is to
// come later; who is being answered is not called.
func TestACallInsteadOfWaiting(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.callable()
	n := h.start()
	c := n.dial(t)
	c.begin("Hej")
	if f := c.until("queue"); !f.Callback {
		t.Errorf("while they wait: %+v", f)
	}
	for range 2 {
		c.send(m{"t": "callback", "cid": "c1", "phone": "0701234567"})
		if f := c.until("left"); f.CID != "c1" {
			t.Errorf("answered %+v", f)
		}
	}
	h.mu.Lock()
	var kept []gateway.Command
	for _, cmd := range h.commands {
		if _, ok := cmd.(gateway.CallBack); ok {
			kept = append(kept, cmd)
		}
	}
	h.mu.Unlock()
	if len(kept) != 1 || len(h.calls()) != 0 {
		t.Errorf("commands %+v, calls %+v: want the one place", kept, h.calls())
	}
	other := n.dial(t)
	other.hello()
	other.send(m{"t": "form", "cid": "1", "text": "Hallå"})
	other.until("ack")
	other.send(m{"t": "callback", "cid": "c2", "phone": "0701234568", "due": time.Now().Add(time.Hour).UnixMilli()})
	other.until("left")
	other.line("ended")
	if calls := h.calls(); len(calls) != 1 || !calls[0].Quiet || calls[0].Conversation != 2 {
		t.Errorf("received %+v", calls)
	}
	served := n.dial(t)
	served.hello()
	served.send(m{"t": "form", "cid": "1", "text": "Hallå"})
	served.until("ack")
	h.join(3)
	served.line("joined")
	served.send(m{"t": "callback", "cid": "c3", "phone": "0701234569"})
	if f := served.until("error"); f.Code != "not_waiting" {
		t.Errorf("answered %+v", f)
	}
}

// It is the topic's queue that must be open; and nobody is asked to call who has been blocked since.
func TestACallOfABlockedVisitorByTopic(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.callable()
	h.otherwise = map[gateway.QueueID]chat.Opening{8: {Until: time.Now().Add(2 * time.Hour)}}
	n := h.start()
	c := n.dial(t)
	c.hello()
	c.send(m{"t": "callback", "cid": "c1", "phone": "0701234567", "topic": "invoice"})
	c.until("left")
	if calls := h.calls(); len(calls) != 1 || !calls[0].Quiet {
		t.Fatalf("received %+v, want one that is kept until queue 8 opens", calls)
	}
	if _, err := h.pool.Exec(t.Context(), `
		insert into blocked_visitor (by, who, reason)
		select 'browser', encode(substring(token_hash for 16), 'hex'), 'spam' from call_wish`); err != nil {
		t.Fatal(err)
	}
	n.SweepBlocked(t.Context())
	if _, err := h.pool.Exec(t.Context(), `update call_wish set due_at = now()`); err != nil {
		t.Fatal(err)
	}
	wait(t, "the wish is done with", func() (done bool) {
		if err := h.pool.QueryRow(t.Context(), `select entered_at is not null from call_wish`).Scan(&done); err != nil {
			t.Fatal(err)
		}
		return done
	})
	if calls := h.calls(); len(calls) != 1 {
		t.Errorf("received %+v", calls)
	}
}

// Who has no chat and asked to be called is told when that is off, by the frame call_off of their wish: while
// they are connected, when they come back, and also where it is a callback that ended with its case. Of an
// earlier wish they are told nothing: the later one holds.
func TestACallThatIsOffWithoutAChat(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.callable()
	n := h.start()
	c := n.dial(t)
	c.hello()
	asked := ""
	wish := func(cid string) {
		t.Helper()
		asked = cid
		c.send(m{"t": "callback", "cid": cid, "phone": "0701234567", "due": time.Now().Add(time.Hour).UnixMilli()})
		c.until("left")
	}
	off := func() {
		t.Helper()
		if f := c.until("call_off"); f.CID != asked {
			t.Errorf("told of %q, want %q", f.CID, asked)
		}
	}
	wish("c1")
	h.mu.Lock()
	h.settled = time.Now().Add(time.Minute)
	h.mu.Unlock()
	if _, err := h.pool.Exec(t.Context(), `update call_wish set due_at = now()`); err != nil {
		t.Fatal(err)
	}
	off()
	c.resume(n)
	off()

	wish("c2")
	happens := func(wish int, body string) {
		t.Helper()
		h.mu.Lock()
		var of gateway.ConversationID
		for id, list := range h.entries {
			if list[0].ClientID == "call/c"+string(rune('0'+wish)) {
				of = id
			}
		}
		h.mu.Unlock()
		h.append(gateway.Entry{Conversation: of, Kind: gateway.EntryEvent, Body: []byte(body), Author: gateway.Author{Kind: gateway.BySystem}})
	}
	happens(1, `{"what":"call_off"}`) // again, of the first
	happens(2, `{"what":"ended","cause":"handled"}`)
	happens(2, `{"what":"ended","cause":"settled"}`)
	off()
	c.resume(n)
	off()
}

// A call that is due enters no queue when its case was closed after it was asked for, or somebody has
// talked with the customer: the conversation says so, once, and the visitor who follows it hears it.
func TestACallThatIsOff(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.callable()
	n := h.start()
	c := n.dial(t)
	c.begin("Hej")
	c.send(m{"t": "callback", "cid": "c1", "phone": "0701234567", "due": time.Now().Add(time.Hour).UnixMilli()})
	c.until("left")
	c.line("ended")
	h.mu.Lock()
	h.settled = time.Now().Add(time.Minute)
	h.mu.Unlock()
	if _, err := h.pool.Exec(t.Context(), `update call_wish set due_at = now()`); err != nil {
		t.Fatal(err)
	}
	c.line("call_off")
	wait(t, "the wish is done with", func() (done bool) {
		if err := h.pool.QueryRow(t.Context(), `select entered_at is not null from call_wish`).Scan(&done); err != nil {
			t.Fatal(err)
		}
		return done
	})
	calls := h.calls()
	if len(calls) != 2 || !calls[1].Quiet || !strings.HasSuffix(calls[1].Key, "/call/c1/off") {
		t.Errorf("received %+v, want the wish and that it is off, both without a place in a queue", calls)
	}
}
