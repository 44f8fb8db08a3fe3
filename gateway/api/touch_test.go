package api_test

import (
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
)

// TestWorkWithoutAConsoleIsKnown: who answers through the API alone keeps what they work on; a
// console says enough, and what others write is no work of theirs.
func TestWorkWithoutAConsoleIsKnown(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna := h.as(t, "anna")
	anna.put("/me/status", m{"status": "working_offline"}, 200)
	got := h.mailFrom(t, alva, 0, gateway.Mail{MessageID: "q@kund.example", Subject: "Kedja"})
	var waiting []m
	for len(waiting) == 0 {
		waiting = items(anna.get("/interactions?scope=queues"))
	}
	at := "/interactions/" + waiting[0]["id"].(string)
	anna.post(at+"/pull", nil, 200)
	told := func() int { return h.rows(t, "from routing_event where body->>'name' = 'Touch'") }

	drafts := "/conversations/" + got.Conversation.String() + "/drafts"
	draft := anna.with("If-Match", "0").put(drafts+"/reply", m{"text": "Hej Al", "to": []gateway.Address{alva}}, 200)
	if n := told(); n != 1 {
		t.Errorf("after a draft the floor knows of %d, want 1", n)
	}
	bo := h.as(t, "bo")
	bo.with("If-Match", number(draft["rev"])).put(drafts+"/reply", m{"text": "Hej"}, 200)
	if n := told(); n != 1 {
		t.Errorf("after a colleague's draft the floor knows of %d, want 1", n)
	}
	anna.post(at+"/reply", m{"text": "Hej!"}, 201)
	if n := told(); n != 2 {
		t.Errorf("after a reply the floor knows of %d, want 2", n)
	}
	s, _ := anna.open("")
	s.until("snapshot", nil)
	s.post(at+"/reply", m{"text": "En sak till"}, 201)
	if n := told(); n != 2 {
		t.Errorf("with a console the floor is told of %d, want 2", n)
	}
}
