package api_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vaxelhq/vaxel/gateway"
)

// TestNobodyIsCalledAboutAClosedCase: who closes a case, by hand or by a macro, ends the callback that
// waits on it, which boards hear of and the case remembers; changing what is closed ends nothing more.
func TestNobodyIsCalledAboutAClosedCase(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	board, _ := h.as(t, "bo").open("", "board")
	bo := h.as(t, "bo")
	settled := func(id gateway.InteractionID) {
		t.Helper()
		got := board.until("interaction.changed", func(i m) bool { return i["id"] == id.String() && i["state"] == "finished" })
		if got["end"] != "settled" {
			t.Errorf("it ended as %v, want settled", got["end"])
		}
	}
	wish := h.leaves(t, gateway.Callback)
	board.until("interaction.changed", func(i m) bool { return i["id"] == wish.Interaction.String() })
	at := "/cases/" + wish.Case.String()
	bo.patch(at, m{"state": "closed"})
	settled(wish.Interaction)
	var happened []any
	for _, e := range items(bo.get("/conversations/" + wish.Conversation.String() + "/entries")) {
		if body, ok := e["body"].(m); ok {
			happened = append(happened, body["what"], body["cause"])
		}
	}
	if diff := cmp.Diff([]any{"ended", "settled"}, happened); diff != "" {
		t.Errorf("the case remembers (-want +got):\n%s", diff)
	}

	bo.patch(at, m{"tags": []string{"klart"}})
	var asked int
	check(t, h.pool.QueryRow(t.Context(), `select count(*) from routing_event where body->>'name' = 'Settle'`).Scan(&asked))
	if asked != 1 {
		t.Errorf("the floor was asked %d times, want once for the one closing", asked)
	}

	again := h.leaves(t, gateway.Callback)
	anna := h.ready(t, "anna")
	_, i := anna.take()
	if i["id"] != again.Interaction.String() {
		t.Fatalf("she has %v", i)
	}
	bo.patch("/cases/"+again.Case.String(), m{"state": "closed"})
	anna.post("/interactions/"+again.Interaction.String()+"/end", nil, 200)
	if got := anna.get("/interactions/" + again.Interaction.String()); got["end"] != "handled" {
		t.Errorf("what an agent has ended as %v, want handled by her", got["end"])
	}
}
