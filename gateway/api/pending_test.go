package api_test

import (
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
)

// TestAnAnswerIsSetAside: the interaction ends, the case is pending and its agent's, and the
// draft is there for whoever works on it next.
func TestAnAnswerIsSetAside(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	got := h.mailFrom(t, alva, 0, gateway.Mail{MessageID: "q@kund.example", Subject: "Kedja"})
	at := "/interactions/" + s.takeOf(got.Case.String())["id"].(string)
	drafts := "/conversations/" + got.Conversation.String() + "/drafts"
	s.refused("POST", at+"/end", m{"pending": true}, 422, "no_draft")
	s.put(drafts+"/reply", m{"text": "Hej Alva, jag"}, 200)
	for range 2 { // a lost answer is asked for again
		s.with("Idempotency-Key", "e1").post(at+"/end", m{"pending": true}, 200)
	}
	if i := s.get(at); i["end"] != "pending" {
		t.Errorf("it ended as %v", i["end"])
	}
	if c := s.get("/cases/" + got.Case.String()); c["state"] != "pending" || c["assignee"] != h.anna.String() {
		t.Errorf("the case is %v", c)
	}
	if list := items(h.as(t, "bo").get(drafts)); len(list) != 1 || list[0]["text"] != "Hej Alva, jag" {
		t.Errorf("the drafts are %v", list)
	}
}

// TestAnAnswerIsSetAsideOnce: asked again after the draft was thrown away and the case opened,
// the first answer is given and the case is left alone; what the floor has ended and the case
// does not show yet is shown then.
func TestAnAnswerIsSetAsideOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	got := h.mailFrom(t, alva, 0, gateway.Mail{MessageID: "q@kund.example", Subject: "Kedja"})
	at := "/interactions/" + s.takeOf(got.Case.String())["id"].(string)
	drafts, ofCase := "/conversations/"+got.Conversation.String()+"/drafts", "/cases/"+got.Case.String()
	s.put(drafts+"/reply", m{"text": "Hej Alva, jag"}, 200)
	aside := s.with("Idempotency-Key", "e1")
	h.line.cut(false, true) // the floor ends it, and we die
	aside.post(at+"/end", m{"pending": true}, 503)
	h.line.cut(false, false)
	if c := s.get(ofCase); c["state"] != "open" {
		t.Fatalf("the case is %v already", c["state"])
	}
	bo := h.as(t, "bo")
	bo.delete(drafts+"/reply", 204)
	if i := aside.post(at+"/end", m{"pending": true}, 200); i["end"] != "pending" {
		t.Errorf("it ended as %v", i["end"])
	}
	if c := s.get(ofCase); c["state"] != "pending" || c["assignee"] != h.anna.String() {
		t.Errorf("the case is %v of %v", c["state"], c["assignee"])
	}
	bo.patch(ofCase, m{"state": "open"})
	if i := aside.post(at+"/end", m{"pending": true}, 200); i["end"] != "pending" {
		t.Errorf("asked again it ended as %v", i["end"])
	}
	if c := s.get(ofCase); c["state"] != "open" {
		t.Errorf("Bo has opened the case, and it is %v", c["state"])
	}
}

// TestWhatIsHandledIsNotSetAside, also when there is a draft.
func TestWhatIsHandledIsNotSetAside(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	got := h.mailFrom(t, alva, 0, gateway.Mail{MessageID: "q@kund.example", Subject: "Kedja"})
	at := "/interactions/" + s.takeOf(got.Case.String())["id"].(string)
	s.put("/conversations/"+got.Conversation.String()+"/drafts/reply", m{"text": "Hej Alva, jag"}, 200)
	s.post(at+"/end", nil, 200)
	if i := s.post(at+"/end", m{"pending": true}, 200); i["end"] != "handled" {
		t.Errorf("it ended as %v", i["end"])
	}
	if c := s.get("/cases/" + got.Case.String()); c["state"] != "open" {
		t.Errorf("the case is %v", c["state"])
	}
}

// TestAnAnswerIsFromAnIdentityOfItsAgents: the queue's own, or that of another queue that the
// agent is in, and of no other.
func TestAnAnswerIsFromAnIdentityOfItsAgents(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	q, err := h.Roster.Queue(t.Context(), h.invoices)
	check(t, err)
	q.FromName, q.FromAddress = "Fakturor", "faktura@example.se"
	_, err = h.Roster.UpdateQueue(t.Context(), q)
	check(t, err)
	s := h.ready(t, "anna")
	got := h.mailFrom(t, alva, 0, gateway.Mail{MessageID: "q@kund.example", Subject: "Kedja"})
	at := "/interactions/" + s.takeOf(got.Case.String())["id"].(string)
	if from := mailOf(t, s.post(at+"/reply", m{"text": "Hej!", "from": h.invoices}, 201)).From; from.Value != "faktura@example.se" {
		t.Errorf("from %v", from)
	}
	if from := mailOf(t, s.post(at+"/reply", m{"text": "Hej!"}, 201)).From; from.Value == "faktura@example.se" {
		t.Errorf("from %v unasked", from)
	}
	var mine []string
	for _, q := range s.get("/me")["queues"].([]any) {
		if from, ok := q.(m)["from"]; ok {
			mine = append(mine, from.(string))
		}
	}
	if len(mine) != 1 || mine[0] != "faktura@example.se" {
		t.Errorf("she may write from %v", mine)
	}
	h.exec(t, "delete from membership where agent = "+h.anna.String()+" and queue = "+h.invoices.String())
	s.refused("POST", at+"/reply", m{"text": "Hej!", "from": h.invoices}, 403, "not_in_queue")
}
