package chat_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/vaxelhq/vaxel/channels/chat"
	"github.com/vaxelhq/vaxel/gateway"
)

// callable reads until the queue's word offers a callback.
func (c *client) callable() {
	c.t.Helper()
	for !c.until("queue").Callback {
	}
}

// Who is offered a callback, leaves and comes back elsewhere is offered it still; the number
// becomes the customer's, and the callback takes the chat's place, once.
func TestCallMeBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first, second := h.start(), h.start()
	c := first.dial(t)
	c.begin("ring mig")
	c.send(m{"t": "callback", "cid": "early", "phone": "070-174 06 05"})
	if f := c.until("error"); f.Code != "not_waiting" || f.CID != "early" {
		t.Errorf("a callback that nobody offered is answered %+v", f)
	}
	h.step(1, gateway.OfferCallback)
	c.callable()
	c.resume(second)
	c.callable()
	c.send(m{"t": "callback", "cid": "bad", "phone": "ring mig"})
	if f := c.until("error"); f.Code != "bad_number" {
		t.Errorf("no number is answered %+v", f)
	}
	for range 2 {
		c.send(m{"t": "callback", "cid": "good", "phone": "070-174 06 05"})
	}
	c.line("ended")
	if last := c.lines[len(c.lines)-1]; last.Cause != "callback" || c.phase != "ended" {
		t.Errorf("ended as %+v in phase %s", last, c.phase)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.commands) != 1 || h.commands[0].(gateway.CallBack).Interaction != 100 || h.commands[0].(gateway.CallBack).Callback == 0 {
		t.Errorf("told the floor %+v", h.commands)
	}
	var numbers []string
	for _, a := range h.joined {
		for _, o := range a.Others {
			numbers = append(numbers, string(o.Kind)+" "+o.Value)
		}
	}
	if len(numbers) != 1 || numbers[0] != "phone 0701740605" {
		t.Errorf("kept the numbers %q", numbers)
	}
}

// Who is sent to the form, or finds the chat closed, leaves a letter: a mail that an agent
// answers by mail, once however often it is sent.
func TestLetter(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.start()
	c := n.dial(t)
	c.hello()
	c.send(m{"t": "form", "cid": "form-1", "text": "hallå?"})
	c.until("ack")
	h.turnAway(1, gateway.EndForm)
	c.line("ended")
	if last := c.lines[len(c.lines)-1]; last.Cause != "form" {
		t.Errorf("ended as %+v", last)
	}
	c.send(m{"t": "letter", "cid": "l1", "text": "Ring inte, skriv.\nTack", "email": "nobody"})
	if f := c.until("error"); f.Code != "bad_email" || f.CID != "l1" {
		t.Errorf("no address is answered %+v", f)
	}
	for range 2 {
		c.send(m{"t": "letter", "cid": "l2", "text": "Ring inte, skriv.\nTack", "email": "Anna@Kund.example", "name": "Anna"})
		if f := c.until("left"); f.CID != "l2" {
			t.Errorf("answered %+v", f)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.joined) != 1 {
		t.Fatalf("received %+v", h.joined)
	}
	a := h.joined[0]
	var mail gateway.Mail
	if err := json.Unmarshal(a.Entry.Body, &mail); err != nil {
		t.Fatal(err)
	}
	if a.Channel != gateway.Email || a.From.Value != "anna@kund.example" || a.Subject != "Ring inte, skriv." || a.Entry.Kind != gateway.EntryMail || mail.From != a.From || mail.Subject != a.Subject || a.Conversation != 0 {
		t.Errorf("received %+v with %+v", a, mail)
	}
}

// A letter that was begun while nobody could chat is taken, though somebody can by now.
func TestALetterThatComesLate(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.opening = chat.Opening{}
	n := h.start()
	c := n.dial(t)
	c.hello()
	h.mu.Lock()
	h.opening = chat.Opening{Open: true}
	h.mu.Unlock()
	if f := c.resume(n); f.Phase != "pre" {
		t.Fatalf("greeted %+v", f)
	}
	c.send(m{"t": "letter", "cid": "l1", "text": "Skriv hellre.", "email": "anna@kund.example"})
	if f := c.answered(); f.T != "left" || f.CID != "l1" {
		t.Errorf("answered %+v", f)
	}
}

// A letter that was stored is left, however often it is sent and whatever has changed: its
// answer is lost, the visitor comes back when the queue has opened and their address has
// begun all it may.
func TestAStoredLetterIsLeft(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.setting = func(c *chat.Config) { c.BeginsPerMinute = 1 }
	h.opening, h.trouble = chat.Opening{}, errors.New("connection lost after the commit")
	n := h.start()
	c := n.dialFrom(t, "198.51.100.7")
	if f := c.hello(); f.Phase != "offline" {
		t.Fatalf("greeted %+v", f)
	}
	letter := m{"t": "letter", "cid": "l1", "text": "Ring inte, skriv.", "email": "anna@kund.example"}
	c.send(letter)
	if f := c.until("error"); f.Code != "try_again" {
		t.Errorf("with a lost answer: %+v", f)
	}
	h.mu.Lock()
	h.trouble = nil
	h.mu.Unlock()
	c.send(letter)
	if f := c.answered(); f.T != "left" {
		t.Errorf("sent again with its address's token spent: %+v", f)
	}
	h.mu.Lock()
	h.opening = chat.Opening{Open: true}
	h.mu.Unlock()
	c.resume(n)
	c.send(letter)
	if f := c.answered(); f.T != "left" || f.CID != "l1" {
		t.Errorf("sent again to an open queue: %+v", f)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.joined) != 1 {
		t.Errorf("stored %d letters, want 1", len(h.joined))
	}
}
