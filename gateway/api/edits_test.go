package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

func TestEditsQuoteWhatTheyHaveRead(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	h.arrive(t, gateway.Chat, h.invoices)
	_, i := s.take()
	at := "/cases/" + i["case"].(string)
	rev := fmt.Sprint(s.get(at)["rev"])
	first := s.with("If-Match", rev).patch(at, m{"subject": "Ny rubrik", "tags": []string{"retur"}})
	if first["subject"] != "Ny rubrik" {
		t.Errorf("got %v", first)
	}
	got := s.with("If-Match", rev).refused("PATCH", at, m{"subject": "En annan"}, 409, "stale")
	if there, ok := got["data"].(m); !ok || there["subject"] != "Ny rubrik" {
		t.Errorf("the refusal does not hold what is there: %v", got)
	}
	s.with("If-Match", "sju").refused("PATCH", at, m{"subject": "En annan"}, 400, "bad_if_match")

	who := "/customers/" + i["customer"].(string)
	rev = fmt.Sprint(s.get(who)["rev"])
	s.with("If-Match", rev).patch(who, m{"name": "Alva Ek-Lind", "company": "Ek AB"})
	s.with("If-Match", rev).refused("PATCH", who, m{"name": "X"}, 409, "stale")
	if list := items(s.get("/customers?q=alva")); len(list) != 1 || list[0]["name"] != "Alva Ek-Lind" {
		t.Errorf("got %v", list)
	}
	if list := items(s.get("/customers")); len(list) != 1 {
		t.Errorf("got %v", list)
	}
	if found := s.get("/search?q=rubrik"); len(found["cases"].([]any)) != 1 {
		t.Errorf("got %v", found)
	}
	if list := items(s.get("/cases?q=rubrik")); len(list) != 1 || list[0]["assignee_name"] != "Anna" {
		t.Errorf("got %v", list)
	}
	if list := items(s.get("/cases?state=open&assignee=" + h.anna.String())); len(list) != 1 || list[0]["queue_name"] != "Faktura" {
		t.Errorf("got %v", list)
	}

	draft := m{"title": "Ring upp", "case": i["case"], "due_at": time.Now().Add(time.Hour)}
	s.with("Idempotency-Key", "t1").refused("POST", "/tasks", m{"title": " "}, 400, "title_missing")
	task := s.with("Idempotency-Key", "t1").post("/tasks", draft, 201)
	if again := s.with("Idempotency-Key", "t1").post("/tasks", draft, 201); again["id"] != task["id"] || again["due_at"] != task["due_at"] {
		t.Errorf("the same key twice: got %v and %v", task, again)
	}
	s.with("Idempotency-Key", strings.Repeat("k", 300)).refused("POST", "/tasks", draft, 400, "key_too_long")
	if task["customer"] != i["customer"] {
		t.Errorf("got %v", task)
	}
	at = "/tasks/" + task["id"].(string)
	done := s.with("If-Match", fmt.Sprint(task["rev"])).patch(at, m{"done": true})
	if done["done_at"] == nil {
		t.Errorf("got %v", done)
	}
	s.with("If-Match", fmt.Sprint(task["rev"])).refused("PATCH", at, m{"title": "x"}, 409, "stale")
	if list := items(s.get("/tasks?case=" + i["case"].(string))); len(list) != 0 {
		t.Errorf("got %v", list)
	}
	if list := items(s.get("/tasks?done=true")); len(list) != 1 {
		t.Errorf("got %v", list)
	}
	s.delete(at, 204)
}

func TestSettings(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	got := s.patch("/me", m{"language": "en", "phones": []m{{"kind": "sip", "address": "sip:anna@pbx.example"}}})
	if got["language"] != "en" || got["phones"].([]any)[0].(m)["kind"] != "sip" {
		t.Errorf("got %v", got)
	}
	s.refused("PATCH", "/me", m{"phones": []m{{"kind": "sip", "address": "x y"}}}, 400, "bad_sip_uri")
	s.refused("PATCH", "/me", m{"language": "tlh"}, 422, "bad_request")
}
