package api_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/tickets"
)

// TestTwoCasesBecomeOne: whoever has either goes on with it, and what is written later to
// either comes to the one that is left.
func TestTwoCasesBecomeOne(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	first := h.mailFrom(t, alva, 0, gateway.Mail{MessageID: "q1@kund.example", Subject: "Kedja"})
	one := s.takeOf(first.Case.String())
	second := h.mailFrom(t, alva, 0, gateway.Mail{MessageID: "q2@kund.example", Subject: "Kedjan igen"})
	two := s.takeOf(second.Case.String())
	gone := s.get("/cases/" + second.Case.String())
	task := s.post("/tasks", m{"title": "Ring Alva", "case": second.Case}, 201)
	s.do("PATCH", "/cases/"+second.Case.String(), m{"tags": []string{"cykel"}}, 200)
	path := "/cases/" + first.Case.String()

	merged := s.post(path+"/merge", m{"from": second.Case}, 200)
	if merged["id"] != first.Case.String() || merged["number"] == gone["number"] || merged["subject"] != "Kedja" || merged["tags"].([]any)[0] != "cykel" {
		t.Errorf("got %v", merged)
	}
	if again := s.post(path+"/merge", m{"from": second.Case}, 200); again["rev"] != merged["rev"] {
		t.Errorf("again: got %v want %v", again, merged)
	}
	if got := s.get("/cases/" + second.Case.String()); got["id"] != first.Case.String() {
		t.Errorf("by its id: got %v", got)
	}
	for _, found := range []m{s.get("/cases?number=" + caseNumber(gone)), s.get("/cases?q=%23" + caseNumber(gone))} {
		if list := found["items"].([]any); len(list) != 1 || list[0].(m)["id"] != first.Case.String() {
			t.Errorf("by its number: got %v", list)
		}
	}
	if got := s.get("/tasks?case=" + first.Case.String())["items"].([]any); len(got) != 1 || got[0].(m)["id"] != task["id"] {
		t.Errorf("its tasks: got %v", got)
	}

	// Both are served as before, and the floor knows where they belong.
	s.until("interaction.changed", func(i m) bool { return i["id"] == two["id"] && i["case"] == merged["id"] })
	answer := mailOf(t, s.post("/interactions/"+two["id"].(string)+"/reply", m{"text": "Hej!"}, 201))
	s.post("/interactions/"+one["id"].(string)+"/reply", m{"text": "Hej igen!"}, 201)
	if got := s.get(path); got["preview"] != "Hej igen!" || got["interaction"] != two["id"] {
		t.Errorf("the case shows %v", got)
	}
	third := h.mailFrom(t, alva, second.Conversation, gateway.Mail{MessageID: "q3@kund.example", InReplyTo: answer.MessageID})
	if third.Case != first.Case || third.Conversation != second.Conversation {
		t.Errorf("the answer is on case %d, conversation %d", third.Case, third.Conversation)
	}
	quoting := h.mailFrom(t, alva, 0, gateway.Mail{MessageID: "q4@kund.example", Subject: "Sv: [#" + caseNumber(gone) + "] Kedjan igen"})
	if quoting.Case != first.Case {
		t.Errorf("the mail that quotes the number is on case %d", quoting.Case)
	}
	told := s.get(path + "/timeline")
	if n := len(told["interactions"].([]any)); n != 2 || len(told["conversations"].([]any)) != 2 || !strings.Contains(events(told), "merged #"+caseNumber(gone)) {
		t.Errorf("%d interactions, events %s", n, events(told))
	}
	for _, i := range []m{one, two} {
		s.post("/interactions/"+i["id"].(string)+"/end", m{}, 200)
	}

	s.refused("POST", path+"/merge", m{"from": first.Case}, 400, "same_case")
	s.refused("POST", path+"/merge", m{"from": "404"}, 404, "case_not_found")
	other := h.mailFrom(t, workshop, 0, gateway.Mail{Subject: "Annat"})
	s.refused("POST", "/cases/"+second.Case.String()+"/merge", m{"from": other.Case}, 409, "case_merged")
	s.refused("POST", "/cases/"+other.Case.String()+"/merge", m{"from": second.Case}, 409, "case_merged")
	if got := s.post("/cases/"+other.Case.String()+"/merge", m{"from": first.Case}, 200); s.get("/cases/" + second.Case.String())["id"] != got["id"] {
		t.Error("the first of all does not lead to the last")
	}
}

// TestACaseIsTakenApart: a conversation with whoever has it, and a mail out of another.
func TestACaseIsTakenApart(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	first := h.mailFrom(t, alva, 0, gateway.Mail{MessageID: "q1@kund.example", Subject: "Kedja"})
	i := s.takeOf(first.Case.String())
	at, path := "/interactions/"+i["id"].(string), "/cases/"+first.Case.String()
	ours := mailOf(t, s.post(at+"/reply", m{"text": "Vilken kedja?"}, 201))
	h.mailFrom(t, alva, first.Conversation, gateway.Mail{MessageID: "q2@kund.example", InReplyTo: ours.MessageID, Subject: "Ny sadel?"})
	saddle := m{"subject": "Ny sadel", "entries": []m{{"conversation": first.Conversation, "pos": 4}}, "offer": true}
	if list := s.get("/conversations/" + first.Conversation.String() + "/entries")["items"].([]any); list[3].(m)["kind"] != "mail" {
		t.Fatalf("the fourth entry is %v", list[3])
	}
	split := s.with("Idempotency-Key", "s1").post(path+"/split", saddle, 201)
	if again := s.with("Idempotency-Key", "s1").post(path+"/split", saddle, 201); again["id"] != split["id"] {
		t.Errorf("the same key twice: got %v and %v", split, again)
	}
	if split["subject"] != "Ny sadel" || split["id"] == first.Case.String() || split["customer"] != first.Customer.String() || split["preview"] != "Hej!" {
		t.Errorf("got %v", split)
	}
	if told := s.get("/cases/" + split["id"].(string) + "/timeline"); len(told["items"].([]any)) != 2 || !strings.Contains(events(told), "split #"+caseNumber(s.get(path))) {
		t.Errorf("the new one has %v", told["items"])
	}
	if told := s.get(path + "/timeline"); !strings.Contains(events(told), "split #"+caseNumber(split)) {
		t.Errorf("the old one tells of %s", events(told))
	}
	s.takeOf(split["id"].(string))
	for id, want := range map[string]string{"q2@kund.example": split["id"].(string), ours.MessageID: first.Case.String(), "q1@kund.example": first.Case.String()} {
		// Each names our conversation, as its mails do for ever, and refers to one mail.
		got := h.refers(t, first.Conversation, id)
		if got.Case.String() != want {
			t.Errorf("what answers %s is on case %d, want %s", id, got.Case, want)
		}
	}

	// A whole conversation, with the agent who has it.
	s.refused("POST", path+"/split", m{"subject": "x", "conversations": []string{first.Conversation.String()}}, 400, "nothing_left")
	call := s.post("/mails", m{"case": first.Case, "subject": "Annat", "text": "Hej!"}, 201)["entry"].(m)["conversation"].(string)
	whole := m{"subject": "Kedja", "conversations": []string{first.Conversation.String()}}
	moved := s.with("Idempotency-Key", "s2").post(path+"/split", whole, 201)
	if again := s.with("Idempotency-Key", "s2").post(path+"/split", whole, 201); again["id"] != moved["id"] {
		t.Errorf("the same key twice: got %v and %v", moved, again)
	}
	s.until("interaction.changed", func(i m) bool { return i["case"] == moved["id"] && i["case_number"] == moved["number"] })
	s.post(at+"/reply", m{"text": "Den är lagad."}, 201)
	if got, old := s.get("/cases/"+moved["id"].(string)), s.get(path); got["preview"] != "Den är lagad." || got["interaction"] != i["id"] || old["interaction"] != nil {
		t.Errorf("the new one shows %v, the old one %v", got, old)
	}

	s.refused("POST", path+"/split", m{"subject": "x"}, 400, "nothing_taken")
	s.refused("POST", path+"/split", m{"subject": " ", "conversations": []string{call}}, 400, "subject_missing")
	s.refused("POST", path+"/split", m{"subject": "x", "conversations": []string{first.Conversation.String()}}, 400, "not_of_case")
	s.refused("POST", path+"/split", m{"subject": "x", "entries": []m{{"conversation": call, "pos": 99}}}, 404, "no_entry")
}

// TestMailMeetsAMerge: a mail on its way in, to a case that is just being merged, comes to
// what that becomes.
func TestMailMeetsAMerge(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	into := h.mailFrom(t, alva, 0, gateway.Mail{MessageID: "q1@kund.example", Subject: "Kedja"})
	from := h.mailFrom(t, alva, 0, gateway.Mail{MessageID: "q2@kund.example", Subject: "Kedjan igen"})
	h.meets(t, from.Conversation, func(tx pgx.Tx) gateway.CaseID {
		check(t, h.Timeline.Hold(t.Context(), tx, into.Case, from.Case))
		cases, _ := h.Cases.In(tx)
		_, _, err := cases.MergeCases(t.Context(), into.Case, from.Case)
		check(t, err)
		_, err = h.Timeline.Merge(t.Context(), tx, into.Case, from.Case)
		check(t, err)
		return into.Case
	})
}

// TestMailMeetsASplit: likewise one to a conversation that is just taken out of its case.
func TestMailMeetsASplit(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	from := h.mailFrom(t, alva, 0, gateway.Mail{MessageID: "q1@kund.example", Subject: "Kedja"})
	h.meets(t, from.Conversation, func(tx pgx.Tx) gateway.CaseID {
		check(t, h.Timeline.Hold(t.Context(), tx, from.Case))
		into, err := h.Cases.Open(t.Context(), tx, tickets.Case{Subject: "Kedjan igen", Customer: from.Customer, Channel: gateway.Email})
		check(t, err)
		check(t, h.Timeline.Move(t.Context(), tx, into, from.Case, from.Conversation))
		return into
	})
}

// meets has a mail come to a conversation that is being moved to another case.
func (h *house) meets(t *testing.T, conversation gateway.ConversationID, move func(tx pgx.Tx) gateway.CaseID) {
	t.Helper()
	moving, err := h.pool.Begin(t.Context())
	check(t, err)
	defer func() { _ = moving.Rollback(t.Context()) }() // after a commit it does nothing
	into := move(moving)
	joined := make(chan gateway.Received, 1)
	go func() {
		joined <- h.mailFrom(t, alva, conversation, gateway.Mail{MessageID: "q3@kund.example"})
	}()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for late := time.After(time.Minute); h.rows(t, "from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'") == 0; {
		select {
		case <-late:
			t.Fatal("the mail does not wait for the move")
		case <-look.C:
		}
	}
	check(t, moving.Commit(t.Context()))
	if got := <-joined; got.Case != into || got.Conversation != conversation {
		t.Errorf("it is on case %d, conversation %d, want %d and %d", got.Case, got.Conversation, into, conversation)
	}
}

// takeOf accepts what is offered of a case. An offer may be told of twice.
func (s *socket) takeOf(id string) m {
	s.t.Helper()
	for {
		if _, i := s.take(); i["case"] == id {
			return i
		}
	}
}

// refers lets a mail in whose signed name is a conversation's, and which answers another.
func (h *house) refers(t testing.TB, named gateway.ConversationID, id string) gateway.Received {
	t.Helper()
	got, err := h.Intake.Receive(t.Context(), gateway.Arrival{
		Key: "mail/" + seq(), Channel: gateway.Email, Queue: h.support, From: alva, References: []string{"unknown@x", id},
		Conversation: named, Trusted: true, Entry: gateway.Entry{Kind: gateway.EntryMail, Text: "Hej!"},
	}, nil)
	check(t, err)
	return got
}

func caseNumber(c m) string { return strconv.Itoa(int(c["number"].(float64))) }

func events(timeline m) string {
	var list []string
	for _, e := range timeline["items"].([]any) {
		if e.(m)["kind"] == "event" {
			list = append(list, e.(m)["text"].(string))
		}
	}
	return strings.Join(list, ", ")
}
