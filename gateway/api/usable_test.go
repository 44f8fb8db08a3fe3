package api_test

import "testing"

// TestAnArrivalIsUsable: what nobody could answer is refused, and leaves nothing behind.
func TestAnArrivalIsUsable(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.guest(t)
	c.key = h.newKey(t, 0)
	mail, phone, visitor := m{"kind": "email", "value": "alva@example.com"}, m{"kind": "phone", "value": "+46 70 174 06 05"}, m{"kind": "visitor", "value": "crm-17"}
	arrive := func(channel string, from m, text, language string) m {
		return m{"channel": channel, "queue": h.invoices, "from": from, "text": text, "language": language}
	}
	for _, bad := range []struct {
		body m
		code string
	}{
		{arrive("email", m{"kind": "email", "value": "not an address"}, "Hej", "sv"), "bad_address"},
		{arrive("email", m{"kind": "email", "value": "a b@example.com"}, "Hej", "sv"), "bad_address"},
		{arrive("email", phone, "Hej", "sv"), "bad_address"},
		{arrive("chat", m{"kind": "email", "value": "not an address"}, "Hej", "sv"), "bad_address"},
		{arrive("chat", m{"kind": "visitor", "value": " "}, "Hej", "sv"), "bad_address"},
		{arrive("callback", m{"kind": "phone", "value": "hello"}, "Hej", "sv"), "bad_address"},
		{arrive("callback", mail, "Hej", "sv"), "bad_address"},
		{arrive("chat", mail, "   ", "sv"), "text_missing"},
		{arrive("chat", mail, "Hej", "klingonska!!"), "bad_language"},
	} {
		c.with("Idempotency-Key", seq()).refused("POST", "/interactions", bad.body, 400, bad.code)
	}
	for channel, from := range map[string]m{"email": mail, "chat": visitor, "callback": phone} {
		c.with("Idempotency-Key", seq()).post("/interactions", arrive(channel, from, "Hej", ""), 201)
	}
	if list := items(h.as(t, "bo").get("/interactions?scope=all")); len(list) != 3 {
		t.Errorf("got %d interactions want 3", len(list))
	}
	quoted := c.with("Idempotency-Key", seq()).post("/interactions", arrive("email", m{"kind": "email", "value": `"John Doe"@example.com`}, "Hej", "sv"), 201)
	kept := h.as(t, "bo").get("/customers/" + quoted["customer"].(string))["addresses"].([]any)
	if a := kept[0].(map[string]any); a["value"] != `"john doe"@example.com` {
		t.Errorf("kept as %v", a)
	}
	needing := arrive("email", mail, "Hej", "sv")
	needing["skills"] = []m{{"skill": "99", "level": 3}}
	c.with("Idempotency-Key", seq()).refused("POST", "/interactions", needing, 404, "skill_not_found")
	c.refused("POST", "/customers", m{"name": "Alva", "language": "klingonska!!"}, 400, "bad_language")
}

// TestIDsAreLookedUp: who or what a request names must be there.
func TestIDsAreLookedUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna := h.as(t, "anna")
	customer := anna.post("/customers", m{"name": "Alva"}, 201)["id"]
	kase := "/cases/" + anna.post("/cases", m{"subject": "Faktura", "customer": customer, "assignee": h.anna, "queue": h.invoices}, 201)["id"].(string)
	task := "/tasks/" + anna.post("/tasks", m{"title": "Ring", "assignee": h.anna}, 201)["id"].(string)
	for _, bad := range []struct {
		method, path string
		body         m
		status       int
		code         string
	}{
		{"POST", "/tasks", m{"title": "Ring", "assignee": "999"}, 404, "agent_not_found"},
		{"PATCH", task, m{"assignee": "999"}, 404, "agent_not_found"},
		{"POST", "/cases", m{"subject": "Faktura", "customer": customer, "assignee": "999"}, 404, "agent_not_found"},
		{"POST", "/cases", m{"subject": "Faktura", "customer": customer, "queue": "999"}, 404, "queue_not_found"},
		{"POST", "/cases", m{"subject": "   ", "customer": customer}, 400, "subject_missing"},
		{"PATCH", kase, m{"assignee": "999"}, 404, "agent_not_found"},
		{"PATCH", kase, m{"queue": "999"}, 404, "queue_not_found"},
		{"PATCH", kase, m{"subject": "   "}, 400, "subject_missing"},
		{"DELETE", "/tasks/77", nil, 404, "task_not_found"},
		{"DELETE", "/sessions/99", nil, 404, "session_not_found"},
	} {
		anna.refused(bad.method, bad.path, bad.body, bad.status, bad.code)
	}
	if c := anna.patch(kase, m{"assignee": "0", "queue": "0", "subject": "Retur"}); c["subject"] != "Retur" || c["assignee_name"] != nil {
		t.Errorf("got %v", c)
	}
	anna.delete(task, 204)
	anna.refused("DELETE", task, nil, 404, "task_not_found")

	program := h.guest(t)
	program.key = h.newKey(t, 0)
	program.refused("PATCH", kase, m{"state": "closed"}, 403, "no_agent")
	h.as(t, "admin").patch(kase, m{"state": "closed"})
}
