package api_test

import "testing"

// TestAnArrivalIsUsable: what nobody could answer is refused, and leaves nothing behind.
func TestAnArrivalIsUsable(t *testing.T) {
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
	c.refused("POST", "/customers", m{"name": "Alva", "language": "klingonska!!"}, 400, "bad_language")
}
