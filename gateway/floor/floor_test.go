package floor

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

func TestAnInteractionFromArrivalToFinish(t *testing.T) {
	h := newHouse(t)
	h.ready(t)
	id := h.arrive(t, 11)
	offer := await[gateway.OfferMade](t, h, "offer.created", nil)
	if offer.Interaction != id || offer.Agent != anna || offer.No != 1 {
		t.Fatalf("got offer %+v, want the first of %d to Anna", offer, id)
	}
	if offer.Case != 11 || offer.ArrivedAt.IsZero() {
		t.Errorf("got offer %+v, want it told with its case, 11, and when it arrived", offer)
	}
	h.do(t, gateway.Accept{Interaction: id, No: 1, Agent: anna})
	if got := h.n.serving[11]; got != id {
		t.Errorf("conversation 11 is served by %d, want %d", got, id)
	}
	h.do(t, gateway.EndInteraction{Interaction: id, Agent: anna})
	if _, err := h.Do(t.Context(), "", gateway.Finish{Interaction: id, Agent: anna}); err == nil {
		t.Error("finished without the required code")
	}
	h.do(t, gateway.Finish{Interaction: id, Agent: anna, Codes: []gateway.CodeID{4}})

	i, err := h.Interaction(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if i.State != gateway.StateFinished || i.End != gateway.EndHandled || !cmp.Equal(i.Codes, []gateway.CodeID{4}) {
		t.Errorf("got %+v, want it finished, handled, with code 4", i)
	}
	if open, ok := h.n.serving[11]; ok {
		t.Errorf("conversation 11 is still served by %d", open)
	}
	var said []string
	for _, e := range h.n.entries {
		said = append(said, e.Text)
	}
	if len(said) < 2 {
		t.Errorf("the timeline holds %v, want at least that Anna joined and that it ended", said)
	}
	var segments int
	if err := h.pool.QueryRow(t.Context(), `select count(*) from segment where interaction = $1 and agent = $2`, id, anna).Scan(&segments); err != nil || segments != 1 {
		t.Errorf("got %d segments (%v), want 1", segments, err)
	}
}

func TestAStaleOfferIsRefused(t *testing.T) {
	h := newHouse(t)
	h.ready(t)
	id := h.arrive(t, 11)
	await[gateway.Offer](t, h, "offer.created", nil)
	_, err := h.Do(t.Context(), "", gateway.Accept{Interaction: id, No: 2, Agent: anna})
	var refusal *gateway.Error
	if !errors.As(err, &refusal) || refusal.Code != "offer_gone" {
		t.Errorf("got %v, want offer_gone", err)
	}
}

func TestARepeatedCommandGetsTheFirstAnswer(t *testing.T) {
	h := newHouse(t)
	h.ready(t)
	id := h.arrive(t, 11)
	await[gateway.Offer](t, h, "offer.created", nil)
	first, err := h.Do(t.Context(), "k1", gateway.Accept{Interaction: id, No: 1, Agent: anna})
	if err != nil {
		t.Fatal(err)
	}
	again, err := h.Do(t.Context(), "k1", gateway.Accept{Interaction: id, No: 1, Agent: anna})
	if err != nil || !cmp.Equal(first, again) {
		t.Errorf("the second answer is %+v (%v), want %+v", again, err, first)
	}
	if _, err := h.Do(t.Context(), "k2", gateway.Accept{Interaction: id, No: 1, Agent: bo}); err == nil {
		t.Error("two agents accepted one offer")
	}
}

func TestTheNextLeaderKnowsEverything(t *testing.T) {
	pool := pgtest.New(t)
	h := open(t, pool, "one")
	h.ready(t)
	held := h.arrive(t, 11)
	await[gateway.Offer](t, h, "offer.created", nil)
	h.do(t, gateway.Accept{Interaction: held, No: 1, Agent: anna})
	waiting := h.arrive(t, 12)
	offered := await(t, h, "offer.created", func(o gateway.Offer) bool { return o.Interaction == waiting })
	h.stop()

	h = open(t, pool, "two")
	h.do(t, gateway.Consoles{Agent: anna, Live: true})
	// The offer that was out is withdrawn with the restart, and made again.
	offer := await(t, h, "offer.created", func(o gateway.Offer) bool { return o.Interaction == waiting })
	if offer.No <= offered.No {
		t.Errorf("got offer %d after %d, want a newer one", offer.No, offered.No)
	}
	h.do(t, gateway.EndInteraction{Interaction: held, Agent: anna})
	h.do(t, gateway.Finish{Interaction: held, Agent: anna, Codes: []gateway.CodeID{4}})
	h.do(t, gateway.Accept{Interaction: waiting, No: offer.No, Agent: anna})
}

func TestAnOldTermChangesNothing(t *testing.T) {
	h := newHouse(t)
	h.ready(t)
	if _, err := h.pool.Exec(t.Context(), `update lease set term = term + 1, holder = 'other', expires = now() + interval '1 second'`); err != nil {
		t.Fatal(err)
	}
	const underOldTerm = `select count(*) from routing_event where term = 1`
	before := count(t, h, underOldTerm)
	id := h.arrive(t, 11)
	// The leader finds its term gone and steps down; nobody else holds the session lock,
	// so it comes back under a term of its own, and only then takes the arrival.
	await(t, h, "interaction.changed", func(i gateway.Interaction) bool { return i.ID == id })
	if got := count(t, h, underOldTerm); got != before {
		t.Errorf("the log grew from %d to %d under an old term", before, got)
	}
}

func TestTheBoardShowsWhatWaits(t *testing.T) {
	h := newHouse(t)
	first, second := h.arrive(t, 11), h.arrive(t, 12)
	await(t, h, "interaction.changed", func(i gateway.Interaction) bool { return i.ID == second })
	board, err := h.Board(t.Context())
	if err != nil || len(board) != 1 {
		t.Fatalf("got board %+v (%v), want one queue", board, err)
	}
	waiting := 0
	for _, c := range board[0].Channels {
		waiting += c.Waiting
	}
	if waiting != 2 {
		t.Errorf("the board shows %d waiting, want 2", waiting)
	}
	places, err := h.Places(t.Context(), first, second)
	if err != nil || places[first].Position != 1 || places[second].Position != 2 {
		t.Errorf("got places %+v (%v), want first and second", places, err)
	}
}

func count(t *testing.T, h *house, sql string) (n int) {
	t.Helper()
	if err := h.pool.QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
