package floor

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Whom a customer leaves behind are in the rows too: the interaction has ended and is still
// active, until they are done.
func TestThoseWhoAreLeftBehindAreStored(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var id gateway.InteractionID
	err := pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) (err error) {
		id, err = h.Admit(t.Context(), tx, gateway.Admission{
			Channel: gateway.Voice, Queue: queueID, Case: 9, Conversation: 9, Customer: 1, ArrivedAt: time.Now(),
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	h.Hint()
	h.ready(t)
	offer := await(t, h, "offer.created", func(o gateway.Offer) bool { return o.Interaction == id })
	h.do(t, gateway.Accept{Interaction: id, No: offer.No, Agent: anna, ByPhone: true})
	h.do(t, gateway.Consult{Interaction: id, Agent: anna, Outside: true})
	left := func(state gateway.State, phase gateway.Phase) {
		t.Helper()
		i, err := h.Interaction(t.Context(), id)
		if err != nil || i.State != state || i.Phase != phase || i.End != gateway.EndHandled {
			t.Errorf("%+v, %v", i, err)
		}
	}
	h.do(t, gateway.Leave{Interaction: id, TalkOn: true})
	left(gateway.StateActive, gateway.PhaseColleagues)
	h.do(t, gateway.Leave{Interaction: id})
	left(gateway.StateWrapUp, "")
}
