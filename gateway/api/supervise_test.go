package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
)

// TestSupervisorsChangeTheDay moves an agent between queues, changes what they know and
// gives them something, all of it at once and in the audit log.
func TestSupervisorsChangeTheDay(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin, bo := h.as(t, "admin"), h.as(t, "bo")
	s := h.ready(t, "anna")
	german := admin.post("/admin/skills", m{"name": "Tyska"}, 201)["id"].(string)
	at := "/agents/" + h.anna.String()

	bo.put(at+"/queues/"+h.invoices.String(), m{"enabled": false}, 200)
	bo.put(at+"/queues/"+h.support.String(), m{"enabled": true, "level": 3, "delay": 40}, 200)
	bo.put(at+"/queues/"+h.support.String(), m{"enabled": false}, 200)
	kept := bo.put(at+"/queues/"+h.support.String(), m{"enabled": true}, 200)
	if !slices.ContainsFunc(kept["memberships"].([]any), func(v any) bool {
		return v.(m)["queue"] == h.support.String() && v.(m)["enabled"] == true && v.(m)["level"] == 3.0 && v.(m)["delay"] == 40.0
	}) {
		t.Errorf("a switch lost what it did not name: got %v", kept)
	}
	work := bo.put(at+"/skills/"+german, m{"level": 3}, 200)
	off := slices.ContainsFunc(work["memberships"].([]any), func(v any) bool {
		return v.(m)["queue"] == h.invoices.String() && v.(m)["enabled"] == false && v.(m)["level"] == 2.0
	})
	if !off || work["skills"].([]any)[0].(m)["level"] != 3.0 {
		t.Errorf("got %v", work)
	}
	if work := bo.put(at+"/skills/"+german, m{"level": 0}, 200); len(work["skills"].([]any)) != 0 {
		t.Errorf("got %v", work)
	}
	bo.refused("PUT", at+"/queues/999", m{"enabled": true}, 404, "queue_not_found")
	bo.refused("PUT", "/agents/999/skills/"+german, m{"level": 1}, 404, "agent_not_found")
	s.refused("PUT", at+"/queues/"+h.invoices.String(), m{"enabled": true}, 403, "role_required")

	came := h.arrive(t, gateway.Chat, h.invoices) // nobody there but Bo, who is not at work
	assign := "/interactions/" + came["interaction"].(string) + "/assign"
	s.refused("POST", assign, m{"agent": h.anna}, 403, "role_required")
	if i := bo.post(assign, m{"agent": h.anna}, 200); i["agent"] != h.anna.String() || i["state"] != "active" {
		t.Errorf("got %v", i)
	}
	s.until("interaction.changed", func(i m) bool { return i["id"] == came["interaction"] })
	bo.refused("POST", assign, m{"agent": h.anna}, 409, "not_waiting")
	if q := bo.patch("/admin/queues/"+h.support.String(), m{"band": 8}); q["band"] != 8.0 {
		t.Errorf("got %v", q)
	}

	var told []string
	for _, line := range items(admin.get("/audit?limit=11")) {
		if what := line["what"].(string); what != "key.created" { // by arrive
			told = append(told, what)
		}
	}
	if got := strings.Join(told, " "); got != "queue.changed interaction.assigned.refused interaction.assigned interaction.assigned agent.skill_set agent.skill_set agent.membership_set agent.membership_set agent.membership_set agent.membership_set" {
		t.Errorf("got %s", got)
	}
}

func TestFiguresAsTables(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	bo := h.as(t, "bo")
	for path, head := range map[string]string{"/statistics/queues.csv": "queue,channel,", "/statistics/agents.csv": "agent,offered,"} {
		w := bo.raw("GET", path+"?from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z", nil)
		if w.StatusCode != http.StatusOK || !strings.HasPrefix(w.Header.Get("Content-Type"), "text/csv") || !strings.HasPrefix(string(w.Body), head) {
			t.Errorf("%s: got %d %s: %s", path, w.StatusCode, w.Header.Get("Content-Type"), w.Body)
		}
		bo.refused("GET", path+"?from=monday", nil, 400, "bad_request")
		h.as(t, "anna").refused("GET", path, nil, 403, "role_required")
	}
	bo.get("/statistics/intervals?step_s=60")
	bo.refused("GET", "/statistics/intervals?step_s=60&from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z", nil, 400, "bad_step")
}

func TestCasesByNumberAndCount(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	bo := h.as(t, "bo")
	customer := bo.post("/customers", m{"name": "Alva"}, 201)
	c := bo.post("/cases", m{"subject": "Faktura", "customer": customer["id"], "queue": h.invoices, "tags": []string{"Reklamation"}}, 201)
	if list := items(bo.get("/cases?number=" + number(c["number"]))); len(list) != 1 || list[0]["id"] != c["id"] {
		t.Errorf("got %v", list)
	}
	if list := items(bo.get("/cases?number=999999")); len(list) != 0 {
		t.Errorf("got %v", list)
	}
	if list := items(bo.get("/cases?unassigned=true&tag=reklamation")); len(list) != 1 {
		t.Errorf("got %v", list)
	}
	bo.patch("/cases/"+c["id"].(string), m{"assignee": h.anna, "state": "pending"})
	if list := items(bo.get("/cases/counts")); len(list) != 1 || list[0]["state"] != "pending" || list[0]["assignee"] != h.anna.String() || list[0]["n"] != 1.0 {
		t.Errorf("got %v", list)
	}
}

func TestTheWaysIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	bo := h.as(t, "bo")
	if list := items(bo.get("/admin/mailboxes")); len(list) != 1 || list[0]["problem"] == "" || list[0]["behind"] != 3.0 {
		t.Errorf("got %v", list)
	}
	for _, path := range []string{"/admin/widgets", "/admin/trunks"} {
		if list := items(bo.get(path)); len(list) != 0 {
			t.Errorf("%s: got %v", path, list)
		}
	}
	h.as(t, "anna").refused("GET", "/admin/mailboxes", nil, 403, "role_required")
}
