package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
)

// TestAHouseIsFurnishedThroughTheAPIAlone begins with an administrator and ends with an
// agent who takes a chat.
func TestAHouseIsFurnishedThroughTheAPIAlone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.as(t, "admin")
	made := func(path string, draft m) string {
		t.Helper()
		thing := admin.post("/admin/"+path, draft, 201)
		id, _ := thing["id"].(string)
		if got := admin.get("/admin/" + path + "/" + id); got["id"] != id || got["rev"] != thing["rev"] {
			t.Errorf("%s: got %v want %v", path, got, thing)
		}
		listed := false
		for _, one := range items(admin.get("/admin/" + path)) {
			listed = listed || one["id"] == id
		}
		if !listed {
			t.Errorf("%s %s is not in its list", path, id)
		}
		return id
	}
	group := made("groups", m{"name": "Retur"})
	skill := made("skills", m{"name": "Tyska"})
	calendar := made("calendars", m{"name": "Vardagar", "zone": "Europe/Stockholm", "hours": []m{{"day": 1, "from": "08:00", "to": "17:00"}}, "holidays": []string{"2027-06-25"}})
	queue := made("queues", m{
		"name": m{"sv": "Retur", "en": "Returns"}, "calendar": calendar,
		"channels": m{"chat": m{"target": 30, "wrap_up": m{"mode": "manual"}}},
	})
	list := made("transaction-lists", m{"name": m{"sv": "Retur"}, "queues": []string{queue}, "required": true})
	code := made("transaction-codes", m{"list": list, "name": m{"sv": "Bytt"}})
	made("status-codes", m{"intent": "working_offline", "code": "training", "name": m{"sv": "Utbildning"}})
	agent := made("agents", m{
		"name": "Disa", "group": group, "language": "sv",
		"memberships": []m{{"queue": queue, "enabled": true, "level": 3}}, "skills": []m{{"skill": skill, "level": 2}},
		"phones": []m{{"kind": "sip", "address": "sip:disa@pbx.example"}},
	})
	login := admin.post("/admin/logins", m{"name": "disa", "display": "Disa", "agent": agent, "role": "agent"}, 201)
	first, _ := login["password"].(string)
	if len(first) < 12 || admin.get("/admin/logins/" + login["id"].(string))["password"] != nil {
		t.Fatalf("got %v", login)
	}

	disa := h.guest(t)
	disa.post("/session", m{"login": "disa", "password": first}, 200)
	disa.put("/me/password", m{"old": first, "new": password}, 200)
	s, _ := disa.open("")
	s.put("/me/status", m{"status": "available"}, 200)
	var id gateway.QueueID
	check(t, id.UnmarshalText([]byte(queue)))
	h.arrive(t, gateway.Chat, id)
	_, i := s.take()
	at := "/interactions/" + i["id"].(string)
	if lists := items(s.get("/transaction-codes?queue=" + queue)); len(lists) != 2 {
		t.Errorf("got %v", lists)
	}
	s.post(at+"/end", nil, 200)
	s.post(at+"/finish", m{"codes": []any{code, h.solved}}, 200)

	log := items(admin.get("/audit?limit=500"))
	for _, want := range []string{
		"group.created group:" + group, "queue.created queue:" + queue, "agent.created agent:" + agent, "transaction_code.created transaction_code:" + code,
		"login.created login:" + login["id"].(string),
	} {
		what, subject, _ := strings.Cut(want, " ")
		seen := false
		for _, line := range log {
			seen = seen || line["what"] == what && line["subject"] == subject && line["actor"] == "Admin"
		}
		if !seen {
			t.Errorf("not audited: %s", want)
		}
	}
	if two := admin.get("/audit?limit=2"); len(items(two)) != 2 || items(admin.get("/audit?limit=2&after=" + two["after"].(string)))[0]["id"] == items(two)[0]["id"] {
		t.Errorf("got %v", two)
	}
	if text := fmt.Sprint(log); strings.Contains(text, first) || strings.Contains(text, password) {
		t.Error("a password is in the audit log")
	}
}

func TestAdministratorsChangeWhatTheyHaveRead(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.as(t, "admin")
	at := "/admin/queues/" + h.invoices.String()
	before := admin.get(at)
	rev := fmt.Sprint(before["rev"])
	changed := admin.with("If-Match", rev).patch(at, m{"band": 9, "name": m{"sv": "Fakturor"}})
	if changed["band"] != 9.0 || changed["name"].(m)["en"] != nil || len(changed["channels"].(m)) != 5 {
		t.Errorf("got %v", changed)
	}
	admin.with("If-Match", rev).refused("PATCH", at, m{"band": 1}, 409, "stale")
	admin.refused("PATCH", at, m{"band": 99}, 400, "band_out_of_range")
	admin.refused("PATCH", at, m{"rev": 1}, 422, "bad_request")
	admin.refused("PATCH", at, m{"id": "7"}, 422, "bad_request")
	admin.refused("PATCH", at, m{"channels": m{"chat": m{"decline": "never"}}}, 422, "bad_request")
	admin.refused("PATCH", "/admin/queues/999", m{"band": 1}, 404, "queue_not_found")
	admin.refused("PATCH", "/admin/transaction-codes/999", m{"active": false}, 404, "not_found")
	admin.refused("POST", "/admin/groups", m{}, 400, "name_missing")
	admin.patch("/admin/agents/"+h.bo.String(), m{"active": false})
	if list := items(admin.get("/admin/agents")); len(list) != 1 {
		t.Errorf("got %v", list)
	}
	if list := items(admin.get("/admin/agents?former=true&limit=1")); len(list) != 1 {
		t.Errorf("got %v", list)
	}
	admin.patch("/admin/agents/"+h.bo.String(), m{"active": true})
	for _, name := range []string{"anna", "bo"} {
		c := h.as(t, name)
		for _, path := range []string{"/admin/agents", "/admin/logins", "/admin/keys", "/admin/groups/1", "/audit"} {
			c.refused("GET", path, nil, 403, "role_required")
		}
		c.refused("POST", "/admin/keys", m{"name": "x", "role": "administrator"}, 403, "role_required")
		c.refused("POST", "/admin/groups", m{"name": "x"}, 403, "role_required")
	}
}

func TestLoginsAndKeysEnd(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.as(t, "admin")
	anna := h.as(t, "anna")
	var id string
	for _, l := range items(admin.get("/admin/logins")) {
		if l["name"] == "anna" {
			id = l["id"].(string)
		}
	}
	sessions := items(admin.get("/admin/logins/" + id + "/sessions"))
	admin.delete("/admin/logins/"+id+"/sessions/"+sessions[0]["id"].(string), 204)
	anna.refused("GET", "/me", nil, 401, "sign_in")
	fresh := admin.post("/admin/logins/"+id+"/reset", nil, 200)["password"]
	anna.refused("POST", "/session", m{"login": "anna", "password": password}, 401, "wrong_login")
	if got := anna.post("/session", m{"login": "anna", "password": fresh}, 200); got["must_change_password"] != true {
		t.Errorf("got %v", got)
	}
	admin.refused("PATCH", "/admin/logins/"+id, m{"agent": "999"}, 404, "agent_not_found")
	admin.patch("/admin/logins/"+id, m{"active": false})
	anna.refused("GET", "/me", nil, 401, "sign_in")
	admin.refused("POST", "/admin/logins", m{"name": "x y", "display": "X", "role": "agent"}, 400, "bad_login_name")
	admin.refused("POST", "/admin/logins", m{"name": "x", "display": "X", "role": "king"}, 422, "bad_request")

	key := admin.post("/admin/keys", m{"name": "bot", "role": "supervisor", "agent": h.bo}, 201)
	bot := h.guest(t)
	bot.key = key["secret"].(string)
	bot.get("/statistics")
	if list := items(admin.get("/admin/keys")); list[0]["secret"] != nil || list[0]["hint"] != bot.key[len(bot.key)-4:] {
		t.Errorf("got %v", list)
	}
	bot.refused("POST", "/admin/keys", m{"name": "more", "role": "agent"}, 403, "role_required")
	admin.delete("/admin/keys/"+key["id"].(string), 200)
	bot.refused("GET", "/me", nil, 401, "token_gone")
}

func TestSupervisorsSetStatuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna := h.ready(t, "anna")
	h.arrive(t, gateway.Chat, h.invoices)
	_, i := anna.take()
	bo := h.as(t, "bo")
	at := "/agents/" + h.anna.String() + "/status"
	anna.refused("PUT", "/agents/"+h.bo.String()+"/status", m{"status": "available"}, 403, "role_required")
	bo.refused("PUT", at, m{"status": "on_break"}, 422, "code_required")
	bo.refused("PUT", "/agents/999/status", m{"status": "available"}, 404, "agent_not_found")
	if got := bo.put(at, m{"status": "working_offline"}, 202); got["next"] != "working_offline" {
		t.Errorf("got %v", got)
	}
	if got := bo.put(at, m{"status": "on_break", "code": "lunch", "force": true}, 200); got["status"] != "on_break" {
		t.Errorf("got %v", got)
	}
	anna.until("interaction.changed", func(c m) bool { return c["id"] == i["id"] && c["state"] == "waiting" })
	admin := h.as(t, "admin")
	if log := items(admin.get("/audit?subject=agent:" + h.anna.String())); len(log) != 2 || log[0]["what"] != "agent.status_set" || log[0]["actor"] != "Bo" {
		t.Errorf("got %v", log)
	}
}

func TestCustomersAndCasesAreMade(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.as(t, "anna")
	address := m{"kind": "email", "value": "gun@example.com"}
	gun := c.post("/customers", m{"name": "Gun", "addresses": []m{address}, "fields": m{"kundnr": "17"}}, 201)
	c.refused("POST", "/customers", m{"name": "Annan", "addresses": []m{address}}, 409, "address_taken")
	c.refused("POST", "/customers", m{"name": "X", "addresses": []m{{"kind": "smoke", "value": "puff"}}}, 422, "bad_request")
	one := c.post("/cases", m{"subject": "Ring Gun", "customer": gun["id"], "queue": h.invoices, "assignee": h.anna}, 201)
	if one["customer_name"] != "Gun" || one["assignee_name"] != "Anna" || one["queue_name"] != "Faktura" {
		t.Errorf("got %v", one)
	}
	c.refused("POST", "/cases", m{"subject": "x", "customer": "999"}, 404, "customer_not_found")
	c.refused("PATCH", "/customers/"+gun["id"].(string), m{"credit": 600}, 403, "role_required")
	c.refused("POST", "/customers", m{"name": "Viktig", "credit": 600}, 403, "role_required")
	if got := h.as(t, "bo").patch("/customers/"+gun["id"].(string), m{"credit": 600}); got["credit"] != 600.0 {
		t.Errorf("a supervisor gives credit: got %v", got)
	}
	other := c.post("/customers", m{"name": "Gunnel"}, 201)
	merged := c.post("/customers/"+gun["id"].(string)+"/merge", m{"from": other["id"]}, 200)
	if merged["id"] != gun["id"] || c.get("/customers/" + other["id"].(string))["id"] != gun["id"] {
		t.Errorf("got %v", merged)
	}
}
