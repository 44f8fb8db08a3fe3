package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
)

// TestDecliningAsksForAReason: once the administrator has a list of them, a decline without
// one is told the list, and the offer stays out.
func TestDecliningAsksForAReason(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin, anna := h.as(t, "admin"), h.ready(t, "anna")
	admin.post("/admin/status-codes", m{"intent": "decline", "code": "not_my_language", "name": m{"sv": "Fel språk"}}, 201)
	if reasons := anna.get("/status-codes")["decline"].([]any); len(reasons) != 1 || reasons[0].(m)["id"] != "not_my_language" {
		t.Errorf("got %v", reasons)
	}
	h.arrive(t, gateway.Chat, h.invoices)
	offer := anna.until("offer.created", nil)
	at := fmt.Sprintf("/offers/%v/%v/decline", offer["interaction"], offer["no"])
	no := anna.refused("POST", at, nil, 422, "code_required")
	if list := no["data"].([]any); list[0].(m)["code"] != "not_my_language" {
		t.Errorf("got %v", no)
	}
	anna.refused("POST", at, m{"code": "hungry"}, 422, "unknown_code")
	anna.post(at, m{"code": "not_my_language"}, 200)
	if closed := anna.until("offer.closed", nil); closed["cause"] != "not_my_language" {
		t.Errorf("got %v", closed)
	}
}

// TestBreaksEndWhenTheHouseSays locks breaks, which a supervisor ends, and nobody else.
func TestBreaksEndWhenTheHouseSays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin, bo, anna := h.as(t, "admin"), h.as(t, "bo"), h.ready(t, "anna")
	anna.refused("GET", "/admin/rules", nil, 403, "role_required")
	anna.refused("PUT", "/me/status", m{"status": "on_break"}, 422, "code_required")
	rules := bo.get("/admin/rules")
	changed := bo.with("If-Match", number(rules["rev"])).patch("/admin/rules", m{"break_lock": true, "order": "vcc"})
	if changed["break_lock"] != true || changed["order"] != "vcc" || changed["miss_keeps_place"] != false {
		t.Errorf("got %v", changed)
	}
	bo.with("If-Match", number(rules["rev"])).refused("PATCH", "/admin/rules", m{"order": "fifo"}, 409, "stale")
	bo.refused("PATCH", "/admin/rules", m{"order": "alphabet"}, 422, "bad_request")
	bo.refused("PATCH", "/admin/rules", m{"min_break": -1}, 400, "break_out_of_range")
	if line := items(admin.get("/audit?limit=1"))[0]; line["what"] != "rules.changed" || line["actor"] != "Bo" {
		t.Errorf("got %v", line)
	}

	anna.put("/me/status", m{"status": "on_break", "code": "lunch"}, 200)
	for h.mayEnd(anna) { // the floor hears of the rules a moment later
		anna.put("/me/status", m{"status": "on_break", "code": "lunch"}, 200)
	}
	bo.put("/agents/"+h.anna.String()+"/status", m{"status": "available"}, 200)
	anna.until("agent.status", func(p m) bool { return p["status"] == "available" })
	bo.refused("PUT", "/agents/"+h.anna.String()+"/status", m{"status": "on_break"}, 422, "code_required")
	bo.put("/agents/"+h.anna.String()+"/status", m{"status": "logged_out"}, 200)
	if line := items(admin.get("/audit?limit=1"))[0]; line["what"] != "agent.status_set" || line["subject"] != "agent:"+h.anna.String() {
		t.Errorf("got %v", line)
	}
}

// mayEnd tries to end a break.
func (h *house) mayEnd(s *socket) bool {
	s.t.Helper()
	w := s.raw("PUT", "/me/status", reader(m{"status": "available"}))
	return w.StatusCode == http.StatusOK
}

// TestSupervisorsSetAQueueWhole changes every rule of a queue, with the calendars and
// skills that they name.
func TestSupervisorsSetAQueueWhole(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin, bo := h.as(t, "admin"), h.as(t, "bo")
	skill := admin.post("/admin/skills", m{"name": "lang:sv"}, 201)["id"]
	calendar := admin.post("/admin/calendars", m{"name": "Vardagar", "zone": "Europe/Stockholm", "hours": []m{{"day": 1, "from": "08:00", "to": "17:00"}}}, 201)["id"]
	if names := items(bo.get("/admin/skills")); len(names) != 1 || names[0]["name"] != "lang:sv" {
		t.Errorf("got skills %v", names)
	}
	bo.patch("/admin/calendars/"+calendar.(string), m{"holidays": []string{"2027-06-25"}})
	at := "/admin/queues/" + h.support.String()
	q := bo.patch(at, m{
		"strategy": "ring_all", "calendar": calendar, "max_len": 20, "max_wait": 600, "sticky": m{"chat": 30},
		"steps":     []m{{"after": 30, "do": "lower_skills"}, {"after": 60, "do": "drop_skill", "skill": skill}, {"after": 90, "do": "add_queue", "queue": h.invoices}},
		"on_closed": []m{{"do": "voicemail"}, {"do": "form"}}, "on_full": []m{{"do": "offer_callback"}}, "on_unstaffed": []m{{"after": 10, "do": "move", "queue": h.invoices}},
		"channels": m{"email": m{"target": 3600, "clock": "calendar", "interruptible": true, "wrap_up": m{"mode": "optional", "seconds": 60}}},
	})
	if again := bo.get(at); !slices.Equal(keys(q), keys(again)) || len(again["steps"].([]any)) != 3 || again["max_len"] != 20.0 {
		t.Errorf("got %v", again)
	}
	email := q["channels"].(m)["email"].(m)
	if email["interruptible"] != true || email["wrap_up"].(m)["mode"] != "optional" || email["offer_timeout"] != 60.0 {
		t.Errorf("got %v", email)
	}
	bo.patch(at, m{"max_len": 1, "on_full": []m{{"do": "hang_up"}}, "calendar": "0"})
	h.arrive(t, gateway.Chat, h.support)
	for anna := h.as(t, "anna"); ; {
		row := items(anna.get("/queues?name=support"))[0]
		if shut, _ := row["shut"].(m); shut["chat"] == "queue_full" { // seen before anybody is sent there
			break
		}
	}
	bo.refused("PATCH", at, m{"strategy": "loudest"}, 422, "bad_request")
	bo.refused("PATCH", at, m{"steps": []m{{"do": "add_queue"}}}, 400, "bad_step")
	bo.refused("POST", "/admin/queues", m{"name": m{"sv": "Ny"}}, 403, "role_required")
}
