package api_test

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
)

// The note of whoever finishes is kept as it was sent, whatever others have tried before.
func TestAPartingNoteIsTheHoldersOwn(t *testing.T) {
	t.Parallel()
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

// Who has given a customer to another queue wraps up by the codes of the queue that they
// served, which their presence names, and their note is kept.
func TestTheWrapUpOfWhatWasGivenAway(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.as(t, "admin")
	list := admin.post("/admin/transaction-lists", m{"name": m{"sv": "Faktura"}, "queues": []any{h.invoices}, "required": true}, 201)
	paid := admin.post("/admin/transaction-codes", m{"list": list["id"], "name": m{"sv": "Betald"}}, 201)
	s := h.ready(t, "anna")
	h.arrive(t, gateway.Chat, h.invoices)
	_, i := s.take()
	at, conversation := "/interactions/"+i["id"].(string), i["conversation"].(string)
	s.post(at+"/transfer", m{"to_queue": h.support}, 200)
	p := s.until("agent.status", func(p m) bool { return p["wrap_ups"] != nil })
	left := p["wrap_ups"].([]any)[0].(m)
	if left["queue"] != h.invoices.String() {
		t.Fatalf("the wrap-up asks for the codes of queue %v, want %v", left["queue"], h.invoices)
	}
	bo := h.ready(t, "bo")
	bo.take()
	codes := items(s.get("/transaction-codes?queue=" + left["queue"].(string)))
	if len(codes) != 2 {
		t.Fatalf("got lists %v", codes)
	}
	s.refused("POST", at+"/finish", m{"codes": []any{paid["id"]}}, 422, "code_required")
	s.refused("POST", at+"/finish", m{"codes": []any{h.solved}}, 422, "code_required")
	finish := fmt.Sprintf(`{"codes":[%q,%q],"note":"ringer i morgon"}`, h.solved, paid["id"])
	for { // the floor hears of new codes a little later than the API
		w := s.raw("POST", at+"/finish", strings.NewReader(finish))
		if w.StatusCode == http.StatusOK {
			break
		}
		if !bytes.Contains(w.Body, []byte("unknown_code")) {
			t.Fatalf("finished with both codes: got %d: %s", w.StatusCode, w.Body)
		}
	}
	notes := slices.DeleteFunc(items(s.get("/conversations/"+conversation+"/entries")), func(e m) bool { return e["kind"] != "note" })
	if len(notes) != 1 || notes[0]["text"] != "ringer i morgon" {
		t.Errorf("the notes are %v", notes)
	}
}
