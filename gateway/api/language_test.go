package api_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vaxelhq/vaxel/gateway"
)

// TestAnEntrySaysItsLanguage: that which its writer names; a note is in its author's own unless they
// name another; what nobody knows is left out, and what is no language refused.
func TestAnEntrySaysItsLanguage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna := h.ready(t, "anna")
	h.arrive(t, gateway.Chat, h.invoices)
	_, i := anna.take()
	at := "/interactions/" + i["id"].(string)
	anna.post(at+"/messages", m{"text": "Good morning", "language": "en-GB"}, 201)
	anna.until("message.created", func(e m) bool { return e["text"] == "Good morning" && e["language"] == "en-GB" })
	anna.post(at+"/messages", m{"text": "Hej"}, 201)
	anna.post(at+"/notes", m{"text": "Skriver engelska"}, 201)
	anna.post(at+"/notes", m{"text": "Écrit le français", "language": "fr"}, 201)
	anna.refused("POST", at+"/messages", m{"text": "Hej", "language": "svenska?"}, 422, "bad_request")

	got := m{}
	for _, e := range items(anna.get("/conversations/" + i["conversation"].(string) + "/entries")) {
		if e["author"].(m)["kind"] == "agent" && e["kind"] != "event" {
			got[e["text"].(string)] = e["language"]
		}
	}
	want := m{"Good morning": "en-GB", "Hej": nil, "Skriver engelska": "sv", "Écrit le français": "fr"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("languages (-want +got):\n%s", diff)
	}
}
