package floor

import (
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// A recorded day, its log written by a floor that really ran, comes out as it was when it is
// decided anew with nothing changed, and otherwise when something is.
func TestADayIsPlayedAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	start := time.Now()
	h.ready(t)
	for n := range gateway.ConversationID(20) {
		if n == 10 {
			h.do(t, gateway.Consoles{Agent: bo, Live: true})
			h.do(t, gateway.SetStatus{Agent: bo, Intent: gateway.IntentAvailable})
		}
		id := h.arrive(t, 100+n)
		if n%7 == 6 { // gives up
			h.eventually(t, "it is known", func() bool { return count(t, h, `select count(*) from interaction`) == int(n)+1 })
			h.do(t, gateway.Leave{Interaction: id})
			continue
		}
		offer := await(t, h, "offer.created", func(o gateway.Offer) bool { return o.Interaction == id })
		h.do(t, gateway.Accept{Interaction: id, No: offer.No, Agent: offer.Agent})
		if n%3 > 0 {
			h.do(t, gateway.EndInteraction{Interaction: id, Agent: offer.Agent})
			h.do(t, gateway.Finish{Interaction: id, Agent: offer.Agent, Codes: []gateway.CodeID{4}})
		}
		if n == 4 {
			h.wantReplayed(t) // a restart in the middle of the day
			h.do(t, gateway.Consoles{Agent: anna, Live: true})
		}
	}
	h.stop()
	whole, err := h.Day(t.Context(), start.Add(-time.Minute), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if same := whole.Simulate(nil); same.Differs(whole.Happened) > 0 || same.Interactions() != 20 || same.Staff != whole.Happened.Staff {
		t.Errorf("%d of %d interactions came to something else; %+v, was %+v", same.Differs(whole.Happened), same.Interactions(), same.Staff, whole.Happened.Staff)
	}
	if whole.Happened.Busy == 0 || whole.Happened.Occupancy() > 1 {
		t.Errorf("got %+v", whole.Happened.Staff)
	}
	nobody := whole.Simulate(func(p gateway.Plan) gateway.Plan { p.Agents = nil; return p })
	if nobody.Differs(whole.Happened) == 0 || nobody.Staffed != 0 {
		t.Errorf("without agents %d differ, and %v were staffed", nobody.Differs(whole.Happened), nobody.Staffed)
	}
	var middle time.Time // after the restart: what was open is left out, and told
	if err := h.pool.QueryRow(t.Context(), `select at from routing_snapshot order by seq limit 1`).Scan(&middle); err != nil {
		t.Fatal(err)
	}
	rest, err := h.Day(t.Context(), middle.Add(time.Millisecond), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if rest.Events >= whole.Events || len(rest.Episodes)+rest.Unknown["Open at the start"] < 15 {
		t.Errorf("from the middle %d of %d events, %d episodes, left out %v", rest.Events, whole.Events, len(rest.Episodes), rest.Unknown)
	}
}
