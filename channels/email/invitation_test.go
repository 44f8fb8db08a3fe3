package email_test

import (
	"strings"
	"testing"

	"github.com/vaxelhq/vaxel/channels/email"
	"github.com/vaxelhq/vaxel/channels/email/letter"
	"github.com/vaxelhq/vaxel/channels/email/mailtest"
	"github.com/vaxelhq/vaxel/gateway"
)

// TestInvitationIsAnswered: the organizer alone gets a mail that their calendar reads, from
// the one of us who was invited.
func TestInvitationIsAnswered(t *testing.T) {
	t.Parallel()
	h, sink := newHouse(t), mailtest.StartSink(t)
	e := h.open(t, "a", nil)
	save(t, e, support(nobody, sink.Address))
	asa := gateway.Address{Kind: gateway.AddressEmail, Value: "asa@kund.example", Name: "Åsa"}
	us := gateway.Address{Kind: gateway.AddressEmail, Value: "support@cyklar.example", Name: "Supporten"}
	in := gateway.Invitation{
		Method: "request", UID: "möte-1", Summary: "Genomgång", Organizer: asa,
		Attendees: []gateway.Attendee{{Address: asa}, {Address: us, Answer: "needs_action"}},
	}
	r := email.Reply{
		Conversation: 7, Queue: 1, CaseNumber: 1042, Answers: gateway.Mail{MessageID: "q@kund.example", From: asa, To: []gateway.Address{us}},
		Cc: []gateway.Address{{Kind: gateway.AddressEmail, Value: "bo@kund.example"}}, Text: "Vi kommer.", Language: "sv",
		Invitation: &in, Attend: gateway.InvitationAccepted,
	}
	out, mail := compose(t, e, r)
	if mail.Invitation == nil || mail.Invitation.Method != "reply" || mail.Invitation.Answer != gateway.InvitationAccepted || len(out.Recipients) != 1 {
		t.Fatalf("got %+v to %v", mail.Invitation, out.Recipients)
	}
	send(t, e, out)
	raw := sink.Mails()[0].Raw
	got := letter.Parse(raw)
	if got.Subject != "Accepterat: Genomgång [#1042]" || got.Text != "Vi kommer." || len(got.To) != 1 || got.To[0].Value != asa.Value || len(got.Cc) != 0 {
		t.Errorf("got %q %q to %v, %v", got.Subject, got.Text, got.To, got.Cc)
	}
	if !strings.Contains(string(raw), "Content-Type: text/calendar; charset=utf-8; method=REPLY") {
		t.Error("the calendar's part does not say its method")
	}
	if a := got.Invitation; a == nil || a.Method != "reply" || a.UID != in.UID || len(a.Attendees) != 1 || a.Attendees[0] != (gateway.Attendee{Address: us, Answer: gateway.InvitationAccepted}) {
		t.Errorf("got %+v", a)
	}
	r.Language, r.Attend, r.Text = "en", gateway.InvitationDeclined, ""
	in.Attendees = in.Attendees[:1] // it was passed on to us
	if _, mail := compose(t, e, r); mail.Subject != "Declined: Genomgång [#1042]" {
		t.Errorf("got %q", mail.Subject)
	}
}
