package chat_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
)

// What a visitor thinks of a chat stands on its conversation once, after its end, if somebody
// has answered.
func TestRate(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.start()
	c := n.dial(t)
	c.begin("Hej")
	rating := m{"t": "rate", "cid": "r1", "score": 4, "text": " Snabbt! "}
	for _, want := range []string{"not_served", "not_ended"} {
		c.send(rating)
		if f := c.until("error"); f.Code != want || f.CID != "r1" {
			t.Errorf("answered %+v, want %s", f, want)
		}
		h.join(conversation)
		c.line("joined")
	}
	h.end(conversation)
	c.line("ended")
	c.send(m{"t": "rate", "cid": "r0", "score": 6})
	if f := c.until("error"); f.Code != "bad_score" {
		t.Errorf("a score of 6 is answered %+v", f)
	}
	for range 2 {
		c.send(rating)
		if f := c.answered(); f.T != "ack" || f.CID != "r1" {
			t.Errorf("answered %+v", f)
		}
	}
	c.line("rated")
	if c.phase != "ended" {
		t.Errorf("in phase %s", c.phase)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	var rated []gateway.Entry
	for _, e := range h.entries[conversation] {
		if e.Kind == gateway.EntryEvent && strings.Contains(string(e.Body), "rated") {
			rated = append(rated, e)
		}
	}
	var what gateway.Happening
	if len(rated) != 1 || json.Unmarshal(rated[0].Body, &what) != nil || what.Score != 4 || rated[0].Text != "★★★★☆ Snabbt!" || rated[0].Interaction != 100 || rated[0].Author.Kind != gateway.ByCustomer {
		t.Errorf("stored %+v", rated)
	}
}

// A chat goes by mail as its visitor has seen it, once however often it is asked for, and to
// three addresses at most.
func TestTranscript(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.start()
	c := n.dial(t)
	c.begin("Var är min jacka?")
	ask := func(cid, email string) frame {
		c.send(m{"t": "transcript", "cid": cid, "email": email})
		return c.answered()
	}
	if f := ask("t0", "anna@kund.example"); f.Code != "not_served" {
		t.Errorf("before an answer: %+v", f)
	}
	h.join(conversation)
	h.reply("På väg.")
	h.note(conversation)
	h.card(conversation)
	h.gives(t.Context(), conversation, "kvitto.pdf", "application/pdf", []byte("%PDF"))
	h.end(conversation)
	c.line("ended")
	if f := ask("t0", "anna"); f.Code != "bad_email" {
		t.Errorf("no address: %+v", f)
	}
	for _, cid := range []string{"t1", "t1", "t2", "t3"} {
		if f := ask(cid, "Anna@Kund.example"); f.T != "ack" || f.CID != cid {
			t.Errorf("%s is answered %+v", cid, f)
		}
	}
	if f := ask("t4", "anna@kund.example"); f.Code != "too_many_transcripts" {
		t.Errorf("a fourth one: %+v", f)
	}
	c.line("transcript")
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.mails) != 3 {
		t.Fatalf("sent %d mails", len(h.mails))
	}
	got := h.mails[0]
	for _, want := range []string{"Anna: Var är min jacka?\n", "Alva Karlsson: På väg.\n", "Ångerrätt och återköp /help/sv/12\n", "[kvitto.pdf]\n"} {
		if !strings.Contains(got.Text, want) {
			t.Errorf("%q is not in\n%s", want, got.Text)
		}
	}
	if strings.Contains(got.Text, "arg") || got.To.Value != "anna@kund.example" || got.Queue != 8 || got.Subject != "Din chatt med Nordvind" {
		t.Errorf("sent %+v", got)
	}
}
