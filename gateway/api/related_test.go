package api_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// TestRelatedCasesSayWhy: a stranger who refers to a customer's mail gets a case of their own,
// and both show each other, with the reason.
func TestRelatedCasesSayWhy(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	mail := func(from gateway.Address, id, subject string, refers ...string) string {
		t.Helper()
		body, err := json.Marshal(gateway.Mail{From: from, MessageID: id, Subject: subject})
		check(t, err)
		got, err := h.Intake.Receive(t.Context(), gateway.Arrival{
			Key: "mail/" + seq(), Channel: gateway.Email, Queue: h.support, From: from, Subject: subject, MessageID: id,
			References: refers, ArrivedAt: time.Now(), Entry: gateway.Entry{Kind: gateway.EntryMail, Text: "Hej!", Body: body},
		}, nil)
		check(t, err)
		return got.Case.String()
	}
	asked := mail(alva, "a1@kund.example", "Kedjan på order A-4711")
	other := mail(alva, "a2@kund.example", "Öppettider")
	stranger := mail(workshop, "v1@annan.example", "Reparation", "a1@kund.example")
	alike := mail(chief, "c1@kund.example", "Sv: Order A 4711, kedjan på")
	mail(chief, "c2@kund.example", "Kedjan")
	third := mail(gateway.Address{Kind: gateway.AddressEmail, Value: "bo@tredje.example"}, "b1@tredje.example", "Hej", "utom@annan.example")
	fourth := mail(gateway.Address{Kind: gateway.AddressEmail, Value: "bi@tredje.example"}, "b2@tredje.example", "Hoj", "utom@annan.example")

	related := func(id string) (list []string) {
		for _, c := range items(s.get("/cases/" + id + "/related")) {
			list = append(list, fmt.Sprint(c["id"], c["because"]))
		}
		return list
	}
	for _, test := range []struct {
		what, of string
		want     []string
	}{
		{"what refers to it, then the customer's, then what is alike", asked, []string{stranger + "[reference]", other + "[customer]", alike + "[subject]"}},
		{"what it refers to", stranger, []string{asked + "[reference]"}},
		{"what refers to the same mail, which nobody here has", third, []string{fourth + "[reference]"}},
		{"one customer's, by the other's words too", alike, []string{related(alike)[0], asked + "[subject]"}},
	} {
		if got := related(test.of); fmt.Sprint(got) != fmt.Sprint(test.want) {
			t.Errorf("%s: got %v want %v", test.what, got, test.want)
		}
	}
	if got := s.get("/cases/" + stranger); got["customer"] == s.get("/cases/" + asked)["customer"] {
		t.Error("the stranger has become the customer")
	}
	s.refused("GET", "/cases/999/related", nil, 404, "case_not_found")
}
