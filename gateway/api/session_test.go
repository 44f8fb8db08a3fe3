package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
)

func TestSigningInAndOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.guest(t)
	c.refused("GET", "/me", nil, 401, "sign_in")
	c.refused("POST", "/session", m{"login": "anna", "password": "fel"}, 401, "wrong_login")

	w := c.raw("POST", "/session", jsonOf(t, m{"login": "anna", "password": password}))
	cookie := w.Cookies[0]
	if w.StatusCode != http.StatusOK || !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Path != "/" {
		t.Fatalf("got %d and cookie %+v", w.StatusCode, cookie)
	}
	me := c.get("/me")
	if me["name"] != "Anna" || me["agent"].(m)["id"] != h.anna.String() || len(me["queues"].([]any)) != 2 {
		t.Errorf("got %v", me)
	}
	if list := items(c.get("/sessions")); len(list) != 1 || list[0]["current"] != true {
		t.Errorf("got sessions %v", list)
	}
	other := h.as(t, "anna")
	for _, s := range items(c.get("/sessions")) {
		if s["current"] != true {
			c.delete("/sessions/"+s["id"].(string), 204)
		}
	}
	other.refused("GET", "/me", nil, 401, "sign_in")
	c.delete("/session", 204)
	c.refused("GET", "/me", nil, 401, "sign_in")
}

func TestAFirstPasswordMustBeChanged(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_, first, err := h.Access.CreateLogin(t.Context(), access.System, access.Login{Name: "cilla", Display: "Cilla", Role: gateway.RoleAgent, Active: true}, "")
	check(t, err)
	c := h.guest(t)
	got := c.post("/session", m{"login": "cilla", "password": first}, 200)
	if got["must_change_password"] != true {
		t.Fatalf("got %v", got)
	}
	c.get("/me")
	if p := c.refused("GET", "/queues", nil, 403, "password_change_required"); !strings.Contains(p["detail"].(string), "PUT /api/v1/me/password") {
		t.Errorf("got %v", p)
	}
	c.refused("PUT", "/me/password", m{"old": "fel", "new": password}, 403, "wrong_password")
	c.put("/me/password", m{"old": first, "new": password}, 200)
	c.get("/queues")
}

func TestKeysActAsTheirAgent(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.guest(t)
	c.key = "vxk_nonsense"
	c.refused("GET", "/me", nil, 401, "token_gone")
	c.key = h.newKey(t, h.anna)
	if me := c.get("/me"); me["agent"].(m)["id"] != h.anna.String() {
		t.Errorf("got %v", me)
	}
	c.refused("GET", "/statistics", nil, 403, "role_required")
	c.with("Origin", "https://evil.example").put("/me/status", m{"status": "available"}, 200) // a key is no cookie
}

func TestForeignPagesCanNotWrite(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.as(t, "anna")
	c.with("Origin", "https://evil.example").refused("PUT", "/me/status", m{"status": "available"}, 403, "foreign_origin")
	c.with("Sec-Fetch-Site", "cross-site").refused("PUT", "/me/status", m{"status": "available"}, 403, "foreign_origin")
	c.with("Origin", h.web.URL).put("/me/status", m{"status": "available"}, 200)
}

func jsonOf(t *testing.T, v any) io.Reader {
	t.Helper()
	b, err := json.Marshal(v)
	check(t, err)
	return bytes.NewReader(b)
}
