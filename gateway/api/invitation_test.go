package api_test

import (
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
)

// TestAnInvitationIsAnswered from the console's point of view: the latest one that asks for an
// answer, or the one at a position; repeated it is one mail.
func TestAnInvitationIsAnswered(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	got := h.mailFrom(t, alva, 0, gateway.Mail{MessageID: "q@kund.example", Subject: "Hej"})
	at := "/interactions/" + s.takeOf(got.Case.String())["id"].(string) + "/invitation"
	s.refused("POST", at, m{"answer": "accepted"}, 422, "no_invitation")
	s.refused("POST", at, m{"answer": "perhaps"}, 422, "bad_request")

	in := &gateway.Invitation{Method: "request", UID: "m1", Summary: "Genomgång", Organizer: alva}
	asked := h.mailFrom(t, alva, got.Conversation, gateway.Mail{MessageID: "i1@kund.example", Invitation: in})
	h.mailFrom(t, alva, got.Conversation, gateway.Mail{MessageID: "i2@kund.example", Invitation: &gateway.Invitation{Method: "cancel", UID: "m2", Organizer: alva}})
	e := s.post(at, m{"answer": "tentative", "client_id": "c1"}, 201)
	if mail := mailOf(t, e); mail.InReplyTo != "i1@kund.example" || mail.Invitation == nil || mail.Invitation.Answer != gateway.InvitationTentative || e["text"] == "" {
		t.Errorf("got %v", e)
	}
	if again := s.post(at, m{"answer": "tentative", "client_id": "c1"}, 201); again["pos"] != e["pos"] {
		t.Errorf("again: got %v want %v", again["pos"], e["pos"])
	}
	if e := s.post(at, m{"answer": "declined", "text": "Nej", "pos": asked.Pos}, 201); mailOf(t, e).Invitation.Answer != gateway.InvitationDeclined {
		t.Errorf("at its position: got %v", e)
	}
	s.refused("POST", at, m{"answer": "accepted", "pos": 1}, 422, "no_invitation")
	s.refused("POST", at, m{"answer": "accepted", "seen_pos": 1}, 409, "answered_meanwhile")
}
