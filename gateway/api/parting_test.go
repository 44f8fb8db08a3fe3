package api_test

import (
	"slices"
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
)

// The note of whoever finishes is kept as it was sent, whatever others have tried before.
func TestAPartingNoteIsTheHoldersOwn(t *testing.T) {
	h := newHouse(t)
	s := h.ready(t, "anna")
	h.arrive(t, gateway.Chat, h.invoices)
	_, i := s.take()
	at, conversation := "/interactions/"+i["id"].(string), i["conversation"].(string)
	s.post(at+"/end", nil, 200)
	h.as(t, "bo").do("POST", at+"/finish", m{"codes": []any{h.solved}, "note": "bos"}, 403)
	s.post(at+"/finish", m{"codes": []any{h.solved}, "note": "annas"}, 200)
	var notes []string
	for _, e := range items(s.get("/conversations/" + conversation + "/entries")) {
		if e["kind"] == "note" {
			notes = append(notes, e["text"].(string))
		}
	}
	if !slices.Equal(notes, []string{"annas"}) {
		t.Errorf("the notes are %q", notes)
	}
}
