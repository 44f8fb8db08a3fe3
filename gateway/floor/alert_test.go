package floor

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// raised is what supervisors hear of an interaction, and that it can be read by then.
func (h *house) raised(t *testing.T, kind gateway.AlertKind, id gateway.InteractionID) gateway.Alert {
	t.Helper()
	told := await(t, h, "alert.raised", func(a gateway.Alert) bool { return a.Kind == kind && a.Interaction == id })
	list, err := h.Alerts(t.Context(), false, 100)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(list, func(a gateway.Alert) bool { return a.ID == told.ID })
	if i < 0 {
		t.Fatalf("%+v was told, and stored are %+v", told, list)
	}
	if got := list[i]; got.Kind != kind || got.Interaction != id || got.Queue != queueID || got.Channel != gateway.Chat || got.Case != told.Case {
		t.Errorf("stored is %+v, told %+v", got, told)
	}
	return told
}

func (h *house) wantOpen(t *testing.T, want ...gateway.AlertKind) {
	t.Helper()
	list, err := h.Alerts(t.Context(), true, 100)
	if err != nil {
		t.Fatal(err)
	}
	var got []gateway.AlertKind
	for _, a := range list {
		got = append(got, a.Kind)
	}
	if !slices.Equal(got, want) {
		t.Errorf("open are %v, want %v", got, want)
	}
}

// TestTheFifthOfferIsTold: supervisors hear of somebody whom nobody answers after that is
// stored, and no more of it once an agent has taken the interaction, also when that waits again.
func TestTheFifthOfferIsTold(t *testing.T) {
	h := newHouse(t)
	h.ready(t)
	id := h.arrive(t, 11)
	for no := 1; no < 5; no++ {
		o := await(t, h, "offer.created", func(o gateway.Offer) bool { return o.No == no })
		h.do(t, gateway.SetStatus{Agent: anna, Intent: gateway.IntentWorkingOffline}) // withdraws it
		h.do(t, gateway.SetStatus{Agent: anna, Intent: gateway.IntentAvailable})
		if o.Interaction != id {
			t.Fatalf("got %+v", o)
		}
	}
	a := h.raised(t, gateway.AlertUnanswered, id)
	if a.Case != 11 || a.Agent != 0 {
		t.Errorf("got %+v", a)
	}
	h.wantOpen(t, gateway.AlertUnanswered)
	h.do(t, gateway.Accept{Interaction: id, No: 5, Agent: anna})
	h.wantOpen(t)
	h.do(t, gateway.Transfer{Interaction: id, Agent: anna, ToQueue: queueID})
	h.wantOpen(t)
}

// TestASilentAgentIsTold: supervisors hear of an agent who leaves a customer without an answer,
// until the agent has said something.
func TestASilentAgentIsTold(t *testing.T) {
	h := newHouse(t)
	h.ready(t)
	id := h.arrive(t, 11)
	o := await[gateway.Offer](t, h, "offer.created", nil)
	h.do(t, gateway.Accept{Interaction: id, No: o.No, Agent: anna})
	early := gateway.Silence{Interaction: id, Pos: 1}
	if _, err := h.Do(t.Context(), "", early); !errors.Is(err, gateway.ErrConflict) {
		t.Errorf("at once: %v", err)
	}
	h.stop()
	h.now = func() time.Time { return time.Now().Add(6 * time.Minute) }
	h.start(t)
	h.do(t, gateway.Consoles{Agent: anna, Live: true})
	h.do(t, early)
	if a := h.raised(t, gateway.AlertSilent, id); a.Agent != anna {
		t.Errorf("got %+v", a)
	}
	h.wantOpen(t, gateway.AlertSilent)
	h.exec(t, `
		insert into entry (conversation_id, pos, kind, author_kind, channel, at)
		values (11, 2, 'message', 'agent', 'chat', now() + interval '1 hour')`)
	h.wantOpen(t)
}

// TestAnAlertSurvivesItsLeader: what was raised is there for whoever leads next, and 30 days.
func TestAnAlertSurvivesItsLeader(t *testing.T) {
	h := newHouse(t)
	h.do(t, gateway.Consoles{Agent: anna, Live: true})
	for no := range 5 {
		h.do(t, gateway.SetStatus{Agent: anna, Intent: gateway.IntentAvailable})
		if no == 0 {
			h.arrive(t, 11)
		}
		await(t, h, "offer.created", func(o gateway.Offer) bool { return o.No == no+1 })
		h.do(t, gateway.SetStatus{Agent: anna, Intent: gateway.IntentWorkingOffline})
	}
	h.stop()
	h.start(t)
	h.wantOpen(t, gateway.AlertUnanswered)
	h.stop()
	h.now = func() time.Time { return time.Now().Add(keepLog + time.Hour) }
	if err := h.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.wantOpen(t)
}
