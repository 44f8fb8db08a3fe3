package api_test

import (
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// TestAMailIsHeldAndCancelled: for some seconds, or until its time, by its author or a
// supervisor, and not when it has left.
func TestAMailIsHeldAndCancelled(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s, bo := h.ready(t, "anna"), h.as(t, "bo")
	got := h.mailFrom(t, alva, 0, gateway.Mail{MessageID: "q@kund.example", Subject: "Kedja"})
	at := "/interactions/" + s.takeOf(got.Case.String())["id"].(string)
	mails := "/conversations/" + got.Conversation.String()
	entry := func(e m) string { return mails + "/entries/" + number(e["pos"]) + "/cancel" }
	states := func() (list []string) {
		for _, o := range items(s.get(mails + "/deliveries")) {
			list = append(list, o["state"].(string))
		}
		return list
	}
	held := s.post(at+"/reply", m{"text": "Hej!", "hold": 10}, 201)
	tomorrow := time.Now().Add(24 * time.Hour).UTC().Truncate(time.Second)
	later := s.post(at+"/reply", m{"text": "God morgon!", "send_at": tomorrow}, 201)
	now := s.post(at+"/reply", m{"text": "Nu.", "send_at": time.Now().Add(-time.Hour)}, 201)
	out, err := h.Outbox.Of(t.Context(), got.Conversation)
	check(t, err)
	if len(out) != 3 || time.Until(out[0].SendAt) > 10*time.Second || !out[0].DueAt.Equal(out[0].SendAt) || !out[1].SendAt.Equal(tomorrow) || !out[2].SendAt.IsZero() {
		t.Errorf("got %+v", out)
	}
	s.post(entry(held), nil, 204)
	s.post(entry(held), nil, 204)
	bo.post(entry(later), nil, 204)
	h.exec(t, "update outbound set attempts = 1, state = 'sent', due_at = null where pos = "+number(now["pos"]))
	s.refused("POST", entry(now), nil, 409, "sent_already")
	if got := states(); len(got) != 3 || got[0] != "cancelled" || got[1] != "cancelled" || got[2] != "sent" {
		t.Errorf("got %v", got)
	}
	var bounced bool
	check(t, pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) (err error) {
		_, bounced, err = h.Outbox.Bounced(t.Context(), tx, out[0].MessageID, gateway.Recipient{State: gateway.OutboundFailed})
		return err
	}))
	if bounced {
		t.Error("what never left came back")
	}
	bo.refused("POST", mails+"/entries/1/cancel", nil, 404, "no_outbound")
	mine := bo.post("/mails", m{"subject": "Hej", "text": "Hej!", "to": to, "queue": h.support}, 201)["entry"].(m)
	s.refused("POST", "/conversations/"+mine["conversation"].(string)+"/entries/"+number(mine["pos"])+"/cancel", nil, 403, "not_yours")
	s.refused("POST", at+"/reply", m{"text": "x", "send_at": time.Now().AddDate(2, 0, 0)}, 400, "too_late")
}

// TestAFirstMailAndAnAnswerToAMeetingWait, as answers do.
func TestAFirstMailAndAnAnswerToAMeetingWait(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	tomorrow := time.Now().Add(24 * time.Hour).UTC().Truncate(time.Second)
	in := &gateway.Invitation{Method: "request", UID: "m1", Summary: "Genomgång", Organizer: alva}
	got := h.mailFrom(t, alva, 0, gateway.Mail{MessageID: "i1@kund.example", Invitation: in})
	at := "/interactions/" + s.takeOf(got.Case.String())["id"].(string)
	written := s.post("/mails", m{"subject": "Hej", "text": "Hej!", "to": to, "queue": h.support, "send_at": tomorrow}, 201)
	s.post(at+"/invitation", m{"answer": "accepted", "hold": 10}, 201)
	first, err := h.Outbox.Of(t.Context(), conversationOf(t, written))
	check(t, err)
	second, err := h.Outbox.Of(t.Context(), got.Conversation)
	check(t, err)
	if len(first) != 1 || !first[0].SendAt.Equal(tomorrow) || len(second) != 1 || second[0].SendAt.IsZero() {
		t.Errorf("got %+v and %+v", first, second)
	}
	s.refused("POST", "/mails", m{"subject": "Hej", "text": "Hej!", "to": to, "queue": h.support, "send_at": time.Now().AddDate(2, 0, 0)}, 400, "too_late")
}

// TestNothingRefersToWhatHasNotLeft: a mail that is cancelled or still held is no part of the
// thread that its reader has; whom it was for is still whom one writes to.
func TestNothingRefersToWhatHasNotLeft(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	got := h.mailFrom(t, alva, 0, gateway.Mail{MessageID: "q@kund.example", Subject: "Kedja"})
	at := "/interactions/" + s.takeOf(got.Case.String())["id"].(string)
	sent := mailOf(t, s.post(at+"/reply", m{"text": "Hej!"}, 201))
	taken := s.post(at+"/reply", m{"text": "Fel.", "hold": 600}, 201)
	s.post("/conversations/"+got.Conversation.String()+"/entries/"+number(taken["pos"])+"/cancel", nil, 204)
	s.post(at+"/reply", m{"text": "I morgon.", "send_at": time.Now().Add(24 * time.Hour)}, 201)
	last := mailOf(t, s.post(at+"/reply", m{"text": "Nu."}, 201))
	if want := []string{"q@kund.example", sent.MessageID}; !slices.Equal(last.Defects, want) || last.InReplyTo != "q@kund.example" {
		t.Errorf("it refers to %v in answer to %s, want %v", last.Defects, last.InReplyTo, want)
	}
}
