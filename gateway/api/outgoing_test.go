package api_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// mailFrom lets a mail in as its channel does.
func (h *house) mailFrom(t testing.TB, from gateway.Address, in gateway.ConversationID, mail gateway.Mail) gateway.Received {
	t.Helper()
	mail.From = from
	body, err := json.Marshal(mail)
	check(t, err)
	got, err := h.Intake.Receive(t.Context(), gateway.Arrival{
		Key: "mail/" + seq(), Channel: gateway.Email, Queue: h.support, From: from, Subject: mail.Subject, MessageID: mail.MessageID,
		Conversation: in, Trusted: in != 0, ArrivedAt: time.Now(),
		Entry: gateway.Entry{Kind: gateway.EntryMail, Text: "Hej!", Body: body},
	}, nil)
	check(t, err)
	return got
}

var (
	alva     = gateway.Address{Kind: gateway.AddressEmail, Value: "alva@kund.example", Name: "Alva Ek"}
	workshop = gateway.Address{Kind: gateway.AddressEmail, Value: "verkstad@annan.example", Name: "Verkstaden"}
	chief    = gateway.Address{Kind: gateway.AddressEmail, Value: "chef@kund.example"}
)

func mailOf(t testing.TB, e m) (mail gateway.Mail) {
	t.Helper()
	raw, err := json.Marshal(e["body"])
	check(t, err)
	check(t, json.Unmarshal(raw, &mail))
	return mail
}

// TestAnAnswerGoesToAllWhoGotTheMail, if its writer wants that.
func TestAnAnswerGoesToAllWhoGotTheMail(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	h.mailFrom(t, alva, 0, gateway.Mail{MessageID: "q@kund.example", Subject: "Kedja", Cc: []gateway.Address{chief}})
	_, i := s.take()
	at := "/interactions/" + i["id"].(string)
	got := s.get(at + "/recipients")
	all := got["all"].(m)
	if got["pos"].(float64) != 1 || all["cc"].([]any)[0].(m)["value"] != chief.Value || len(got["author"].(m)["cc"].([]any)) != 0 {
		t.Errorf("got %v", got)
	}
	one, every := mailOf(t, s.post(at+"/reply", m{"text": "Hej!"}, 201)), mailOf(t, s.post(at+"/reply", m{"text": "Hej!", "all": true}, 201))
	secret := mailOf(t, s.post(at+"/reply", m{"text": "Hej!", "bcc": []gateway.Address{chief}}, 201))
	if len(secret.Bcc) != 1 || secret.Bcc[0].Value != chief.Value || len(secret.Cc) != 0 {
		t.Errorf("in secret: got %v and %v", secret.Bcc, secret.Cc)
	}
	s.refused("POST", at+"/reply", m{"text": "Hej!", "bcc": []m{{"kind": "email", "value": "nobody"}}}, 400, "bad_address")
	if len(one.Cc) != 0 || len(every.Cc) != 1 || every.Cc[0].Value != chief.Value {
		t.Errorf("got %v and %v", one.Cc, every.Cc)
	}
}

// TestAMailIsPassedOn to somebody who is not the customer, and whose answer is not the
// customer's either.
func TestAMailIsPassedOn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	first := h.mailFrom(t, alva, 0, gateway.Mail{MessageID: "q@kund.example", Subject: "Kedja"})
	_, i := s.take()
	at := "/interactions/" + i["id"].(string)
	on := m{"client_id": "f1", "text": "Kan ni laga den?", "to": []gateway.Address{workshop}}
	sent := s.post(at+"/forward", on, 201)
	if again := s.post(at+"/forward", on, 201); again["pos"] != sent["pos"] || h.rows(t, "from outbound") != 1 {
		t.Errorf("the same id twice: got %v and %v", sent, again)
	}
	passed := mailOf(t, sent)
	if passed.Forwards != 1 || passed.InReplyTo != "" || sent["internal"] != true || !strings.HasPrefix(sent["text"].(string), "Kan ni laga den?") {
		t.Errorf("got %v", sent)
	}
	answer := h.mailFrom(t, workshop, first.Conversation, gateway.Mail{MessageID: "w@annan.example", InReplyTo: passed.MessageID})
	if answer.Case != first.Case || answer.Customer == first.Customer {
		t.Errorf("the workshop's answer is on case %d of customer %d, want on case %d and not of customer %d", answer.Case, answer.Customer, first.Case, first.Customer)
	}
	c, err := h.Cases.Customer(t.Context(), first.Customer)
	check(t, err)
	if len(c.Addresses) != 1 || c.Addresses[0].Value != alva.Value {
		t.Errorf("the customer has %v", c.Addresses)
	}

	// Each answer refers to the thread that its reader has seen.
	toWorkshop := mailOf(t, s.post(at+"/reply", m{"text": "Tack!"}, 201))
	h.mailFrom(t, alva, first.Conversation, gateway.Mail{MessageID: "q2@kund.example", InReplyTo: "q@kund.example"})
	toAlva := mailOf(t, s.post(at+"/reply", m{"text": "De kan laga den."}, 201))
	if want := []string{passed.MessageID, "w@annan.example"}; !slices.Equal(toWorkshop.Defects, want) {
		t.Errorf("the workshop's refers to %v, want %v", toWorkshop.Defects, want)
	}
	if want := []string{"q@kund.example", "q2@kund.example"}; !slices.Equal(toAlva.Defects, want) {
		t.Errorf("the customer's refers to %v, want %v", toAlva.Defects, want)
	}
	s.refused("POST", at+"/forward", m{"text": "x", "to": []gateway.Address{}}, 422, "bad_request")
	s.refused("POST", at+"/forward", m{"text": "x", "to": []gateway.Address{workshop}, "pos": 99}, 422, "no_mail")
	h.as(t, "bo").refused("POST", at+"/forward", m{"text": "x", "to": []gateway.Address{workshop}}, 403, "not_yours")
}

// TestWeWriteFirst: to an address, to a customer, and on a case.
func TestWeWriteFirst(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	q, err := h.Roster.Queue(t.Context(), h.invoices)
	check(t, err)
	q.FromName, q.FromAddress = "Fakturor", "faktura@example.se"
	_, err = h.Roster.UpdateQueue(t.Context(), q)
	check(t, err)
	anna := h.as(t, "anna")
	write := m{"to": []gateway.Address{alva}, "queue": h.invoices, "subject": "Din faktura", "text": "Hej Alva!"}
	first := anna.with("Idempotency-Key", "w1").post("/mails", write, 201)
	if again := anna.with("Idempotency-Key", "w1").post("/mails", write, 201); again["case"] != first["case"] || h.rows(t, "from outbound") != 1 || h.rows(t, "from support_case") != 1 {
		t.Errorf("the same key twice: got %v and %v", first, again)
	}
	if from := mailOf(t, first["entry"].(m)).From; from.Value != "faktura@example.se" || from.Name != "Fakturor" {
		t.Errorf("from %v, want the queue's identity", from)
	}
	c := anna.get("/cases/" + first["case"].(string))
	if c["subject"] != "Din faktura" || c["customer"] != first["customer"] || c["assignee"] != h.anna.String() || c["queue"] != h.invoices.String() || c["preview"] != "Hej Alva!" {
		t.Errorf("got %v", c)
	}

	second := anna.post("/mails", m{"customer": first["customer"], "queue": h.invoices, "subject": "En sak till", "text": "Hej igen!"}, 201)
	if to := mailOf(t, second["entry"].(m)).To; second["case"] == first["case"] || to[0].Value != alva.Value {
		t.Errorf("got %v", second)
	}
	third := anna.post("/mails", m{"case": first["case"], "to": []gateway.Address{workshop}, "subject": "En fråga", "text": "Hej!"}, 201)
	if third["case"] != first["case"] || third["customer"] != first["customer"] || third["entry"].(m)["conversation"] == first["entry"].(m)["conversation"] {
		t.Errorf("got %v, want a conversation of its own on the case of %v", third, first)
	}
	if n := h.rows(t, "from customer"); n != 1 {
		t.Errorf("%d customers, want Alva alone", n)
	}
	answer := h.mailFrom(t, alva, conversationOf(t, first), gateway.Mail{MessageID: "a@kund.example", Subject: "Re: Din faktura"})
	if answer.Case.String() != first["case"] {
		t.Errorf("the answer is on case %d, want %v", answer.Case, first["case"])
	}
	anna.refused("POST", "/mails", m{"subject": "Hej", "text": "Hej"}, 400, "no_recipient")
	anna.refused("POST", "/mails", m{"to": []m{{"kind": "email", "value": "nope"}}, "subject": "Hej", "text": "Hej"}, 400, "bad_address")
	anna.refused("POST", "/mails", m{"to": []gateway.Address{alva}, "subject": "  ", "text": "Hej"}, 400, "subject_missing")
	anna.refused("POST", "/mails", m{"customer": "999", "subject": "Hej", "text": "Hej"}, 404, "customer_not_found")
}

// TestAMailThatCannotBeWrittenLeavesNothing: customer, case and conversation are of its
// transaction.
func TestAMailThatCannotBeWrittenLeavesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna := h.as(t, "anna")
	h.exec(t, "alter table outbound rename to gone")
	anna.do("POST", "/mails", m{"to": []gateway.Address{alva}, "subject": "Hej", "text": "Hej"}, 500)
	h.exec(t, "alter table gone rename to outbound")
	for _, table := range []string{"customer", "support_case", "conversation", "entry"} {
		if n := h.rows(t, "from "+table); n != 0 {
			t.Errorf("%d rows in %s, want none", n, table)
		}
	}
}

// TestACaseHasItsShareOfTheHour: after 20 mails within an hour no more leave for it, in
// whatever conversation, until the first of them is an hour old.
func TestACaseHasItsShareOfTheHour(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	h.mailFrom(t, alva, 0, gateway.Mail{MessageID: "q@kund.example", Subject: "Kedja"})
	_, i := s.take()
	at := "/interactions/" + i["id"].(string)
	for range 19 {
		s.post(at+"/reply", m{"text": "Hej!"}, 201)
	}
	s.post("/mails", m{"case": i["case"], "subject": "Kedja", "text": "Hej!"}, 201)
	on := []gateway.Address{workshop}
	for path, body := range map[string]m{
		at + "/reply": {"text": "Hej!"}, at + "/forward": {"text": "Hej!", "to": on}, "/mails": {"case": i["case"], "to": on, "subject": "Hej", "text": "Hej"},
	} {
		s.refused("POST", path, body, 409, "too_many_mails")
	}
	if n := h.rows(t, "from entry where kind = 'mail'"); n != 21 {
		t.Errorf("%d mails stand on the case, want Alva's and 20 of ours", n)
	}
	s.post("/mails", m{"to": on, "subject": "Hej", "text": "Hej"}, 201) // another case
	h.exec(t, "update outbound set created_at = now() - interval '61 minutes' where id = (select min(id) from outbound)")
	s.post(at+"/reply", m{"text": "Hej!"}, 201)
	s.refused("POST", at+"/reply", m{"text": "Hej!"}, 409, "too_many_mails")

	// What waits counts when it leaves.
	tomorrow := time.Now().Add(24 * time.Hour)
	s.post(at+"/reply", m{"text": "Hej!", "send_at": tomorrow}, 201)
	h.exec(t, "update outbound set send_at = now() + interval '24 hours'")
	s.post(at+"/reply", m{"text": "Hej!"}, 201)
	s.refused("POST", at+"/reply", m{"text": "Hej!", "send_at": tomorrow.Add(time.Minute)}, 409, "too_many_mails")
	h.exec(t, "update outbound set send_at = now(), created_at = now() - interval '2 days'")
	s.refused("POST", at+"/reply", m{"text": "Hej!"}, 409, "too_many_mails")
}

func conversationOf(t testing.TB, written m) (id gateway.ConversationID) {
	t.Helper()
	check(t, id.UnmarshalText([]byte(written["entry"].(m)["conversation"].(string))))
	return id
}
