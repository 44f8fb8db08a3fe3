package api_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
)

// TestAuditedOrUndone takes the audit log away: whatever it must hold is refused whole.
func TestAuditedOrUndone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin, bo := h.as(t, "admin"), h.as(t, "bo")
	customer := func(n int) m {
		return bo.post("/customers", m{"name": fmt.Sprint("Kund ", n), "addresses": []m{{"kind": "email", "value": fmt.Sprintf("k%d@example.com", n)}}}, 201)
	}
	one, two := customer(1), customer(2)
	kase := bo.post("/cases", m{"subject": "Faktura", "customer": one["id"]}, 201)
	told := bo.post("/supervisor-messages", m{"text": "Hej", "audience": m{"everybody": true}}, 201)
	writes := []struct {
		by     *client
		method string
		path   string
		body   m
		what   string // in the audit log
	}{
		{admin, "POST", "/admin/groups", m{"name": "Natt"}, "group.created"},
		{admin, "PATCH", "/admin/groups/" + h.group.String(), m{"name": "Dag"}, "group.changed"},
		{admin, "POST", "/admin/skills", m{"name": "Tyska"}, "skill.created"},
		{admin, "PATCH", "/admin/queues/" + h.invoices.String(), m{"band": 7}, "queue.changed"},
		{admin, "PATCH", "/admin/agents/" + h.anna.String(), m{"name": "Anna K"}, "agent.changed"},
		{admin, "POST", "/admin/status-codes", m{"intent": "on_break", "code": "fika", "name": m{"sv": "Fika"}}, "status_code.created"},
		{admin, "POST", "/admin/logins", m{"name": "ny", "display": "Ny", "role": "agent"}, "login.created"},
		{admin, "POST", "/admin/keys", m{"name": "CRM", "role": "agent"}, "key.created"},
		{admin, "PUT", "/admin/synonyms", m{"language": "sv", "word": "kamin", "means": []string{"stormkök"}}, "synonym.set"},
		{bo, "POST", "/customers", m{"name": "Tre"}, "customer.created"},
		{bo, "PATCH", "/customers/" + one["id"].(string), m{"name": "Ett"}, "customer.changed"},
		{bo, "POST", "/customers/" + one["id"].(string) + "/merge", m{"from": two["id"]}, "customer.merged"},
		{bo, "POST", "/cases", m{"subject": "Ny", "customer": one["id"]}, "case.created"},
		{bo, "PATCH", "/cases/" + kase["id"].(string), m{"state": "pending"}, "case.changed"},
		{bo, "POST", "/supervisor-messages", m{"text": "Fika", "audience": m{"everybody": true}}, "supervisor_message.sent"},
		{bo, "DELETE", "/supervisor-messages/" + told["id"].(string), nil, "supervisor_message.withdrawn"},
		{bo, "PUT", "/agents/" + h.anna.String() + "/status", m{"status": "working_offline"}, "agent.status_set"},
	}
	before := h.everything(t)
	h.exec(t, "alter table audit rename to gone")
	for _, w := range writes {
		w.by.do(w.method, w.path, w.body, http.StatusInternalServerError)
	}
	if after := h.everything(t); after != before {
		t.Errorf("got\n%s\nwant what was there before\n%s", after, before)
	}
	h.exec(t, "alter table gone rename to audit")
	for _, w := range writes {
		w.by.do(w.method, w.path, w.body, map[string]int{"POST": 201, "PATCH": 200, "DELETE": 200, "PUT": 200}[w.method]-map[bool]int{true: 1}[w.what == "customer.merged"])
		if last := items(admin.get("/audit?limit=1"))[0]; last["what"] != w.what {
			t.Errorf("%s %s: audited as %v want %s", w.method, w.path, last["what"], w.what)
		}
	}
}

// TestARefusedCommandIsAudited, as asked for and as refused.
func TestARefusedCommandIsAudited(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s, bo := h.ready(t, "anna"), h.as(t, "bo")
	h.arrive(t, gateway.Chat, h.invoices)
	_, i := s.take()
	bo.refused("POST", "/interactions/"+i["id"].(string)+"/assign", m{"agent": h.anna}, 409, "not_waiting")
	lines := items(h.as(t, "admin").get("/audit?limit=2"))
	if lines[0]["what"] != "interaction.assigned.refused" || lines[0]["detail"].(m)["code"] != "not_waiting" || lines[1]["what"] != "interaction.assigned" {
		t.Errorf("got %v", lines)
	}
}

func (h *house) exec(t testing.TB, sql string) {
	t.Helper()
	_, err := h.pool.Exec(t.Context(), sql)
	check(t, err)
}

// everything is all that the audited operations change, but for what they count.
func (h *house) everything(t testing.TB) (all string) {
	t.Helper()
	check(t, h.pool.QueryRow(t.Context(), `
		select concat_ws(e'\n',
			(select jsonb_agg(x order by id) from agent_group x), (select jsonb_agg(x order by id) from skill x),
			(select jsonb_agg(x order by id) from queue x), (select jsonb_agg(x order by id) from agent x),
			(select jsonb_agg(x order by id) from status_code x), (select jsonb_agg(x order by id) from login x),
			(select jsonb_agg(to_jsonb(x) - 'used_at' order by id) from api_key x), (select jsonb_agg(x order by id) from customer x),
			(select jsonb_agg(x order by id) from support_case x), (select jsonb_agg(x order by conversation) from supervisor_message x), (select jsonb_agg(x order by word) from synonym x),
			(select jsonb_agg(to_jsonb(x) - 'since' order by agent) from presence x))`).Scan(&all))
	return all
}
