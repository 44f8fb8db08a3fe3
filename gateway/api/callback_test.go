package api_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// leaves lets somebody in who left a message, or whom the floor shall know by the channel.
func (h *house) leaves(t *testing.T, channel gateway.Channel) gateway.Received {
	t.Helper()
	got, err := h.Intake.Receive(t.Context(), gateway.Arrival{
		Key: "call/" + seq(), Channel: channel, Queue: h.support, From: gateway.Address{Kind: gateway.AddressPhone, Value: "+46701740605", Name: "Alva Ek"},
		ArrivedAt: time.Now(), Alone: true,
		Entry: gateway.Entry{Kind: gateway.EntryEvent, Author: gateway.Author{Kind: gateway.BySystem}, Channel: channel, Text: "callback"},
	}, nil)
	check(t, err)
	return got
}

func numbered(t *testing.T, id any) (n gateway.InteractionID) {
	t.Helper()
	check(t, n.UnmarshalText([]byte(id.(string))))
	return n
}

// TestAVoicemailIsCalledBack: it ends as a callback, which is due when it was, of the same
// case, and is the call. Said twice it is one call; nobody answering, it can be tried again.
func TestAVoicemailIsCalledBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s, bo := h.ready(t, "anna"), h.as(t, "bo")
	h.leaves(t, gateway.Voicemail)
	_, mail := s.take()
	if !can(mail, "call_back") {
		t.Errorf("got %v", mail["actions"])
	}
	at := "/interactions/" + mail["id"].(string)
	bo.refused("POST", at+"/call-back", nil, 403, "not_yours")
	s.refused("POST", at+"/call-back", m{"number": "+4690000000"}, 403, "not_in_dial_plan")

	key := s.with("Idempotency-Key", "back")
	call := key.post(at+"/call-back", nil, 200)
	if call["channel"] != "callback" || call["case"] != mail["case"] || call["due_at"] != mail["due_at"] || call["phase"] != "talking" || call["id"] == mail["id"] {
		t.Errorf("got %v of %v", call, mail)
	}
	if again := key.post(at+"/call-back", nil, 200); again["id"] != call["id"] {
		t.Errorf("again it is %v", again)
	}
	if old := s.get(at); old["state"] != "finished" || old["end"] != "callback" {
		t.Errorf("the voicemail is %v", old)
	}

	on := "/interactions/" + call["id"].(string)
	_, err := h.Commands.Do(t.Context(), "", gateway.Unreached{Interaction: numbered(t, call["id"]), Agent: h.anna})
	check(t, err)
	if kept := s.get(on); kept["state"] != "active" || kept["phase"] != nil || !can(kept, "call_back") || can(kept, "hold") {
		t.Errorf("after nobody answered: %v", kept)
	}
	s.refused("POST", on+"/hold", nil, 409, "not_called")
	if up := s.post(on+"/call-back", nil, 200); up["phase"] != "talking" || can(up, "call_back") || !can(up, "hold") {
		t.Errorf("got %v", up)
	}
	s.post(on+"/end", nil, 200)
	s.post(on+"/finish", m{"codes": []any{h.solved}}, 200)
	if key.post(at+"/call-back", nil, 200); len(h.desk.rung) != 3 {
		t.Errorf("rung for %v", h.desk.rung)
	}
}

// TestACallBackWithoutATelephone leaves the callback with its agent, and nothing undone.
func TestACallBackWithoutATelephone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	h.leaves(t, gateway.Callback)
	_, i := s.take()
	at := "/interactions/" + i["id"].(string)
	h.desk.breaks(gateway.Conflict("phone_unreachable", "your phone can't be rung", nil))
	s.refused("POST", at+"/call-back", nil, 409, "phone_unreachable")
	if kept := s.get(at); kept["state"] != "active" || !can(kept, "call_back") {
		t.Errorf("got %v", kept)
	}
}

// TestAMissedCallerIsCalledBack by a call of its own, on the same case.
func TestAMissedCallerIsCalledBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	got := h.leaves(t, gateway.Voice)
	s := h.ready(t, "anna")
	_, err := h.Commands.Do(t.Context(), "", gateway.Leave{Interaction: got.Interaction})
	check(t, err)
	at := "/interactions/" + got.Interaction.String()
	missed := s.get(at)
	if missed["state"] != "finished" || !can(missed, "call_back") {
		t.Errorf("got %v", missed)
	}
	key := s.with("Idempotency-Key", "missed")
	call := key.post(at+"/call-back", nil, 200)
	if call["channel"] != "voice" || call["outbound"] != true || call["case"] != missed["case"] || call["queue"] != missed["queue"] {
		t.Errorf("got %v", call)
	}
	if again := key.post(at+"/call-back", nil, 200); again["id"] != call["id"] || len(h.desk.rung) != 1 {
		t.Errorf("again it is %v, rung for %v", again, h.desk.rung)
	}
}

// TestParkedMailIsTakenUpByHand.
func TestParkedMailIsTakenUpByHand(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s, bo := h.ready(t, "anna"), h.as(t, "bo")
	h.as(t, "admin").patch("/admin/queues/"+h.invoices.String(), m{"channels": m{
		"email": m{"target": 3600, "interruptible": true}, "chat": m{"target": 60},
	}})
	takes := func(channel gateway.Channel, queue gateway.QueueID) string {
		id := h.arrive(t, channel, queue)["interaction"].(string)
		offer := s.until("offer.created", func(o m) bool { return o["interaction"] == id })
		s.post(fmt.Sprintf("/offers/%s/%v/accept", id, offer["no"]), nil, 200)
		return id
	}
	takes(gateway.Email, h.invoices)
	at := "/interactions/" + takes(gateway.Email, h.invoices)
	takes(gateway.Chat, h.support)
	if i := s.get(at); i["state"] != "parked" || !can(i, "resume") || !can(i, "reply") {
		t.Fatalf("got %v", i)
	}
	bo.refused("POST", at+"/resume", nil, 403, "not_yours")
	if i := s.post(at+"/resume", nil, 200); i["state"] != "active" || i["over_capacity"] != true || can(i, "resume") {
		t.Errorf("got %v", i)
	}
}
