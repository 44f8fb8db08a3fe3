package api_test

import (
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/vaxelhq/vaxel/gateway/bus"
)

// Administrators drain a node and have it work on; both are in the audit log.
func TestDrainingANode(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	nodes := bus.NewNodes(h.pool, bus.Node{Name: "north1", Run: "north1.a", Roles: []string{"gateway"}}, bus.New(), slog.New(slog.DiscardHandler))
	check(t, nodes.Join(t.Context()))
	h.Nodes = nodes
	admin := h.as(t, "admin")
	at := "/admin/nodes/north1/drain"
	h.as(t, "bo").refused("POST", at, m{}, 403, "role_required")
	admin.refused("POST", at, m{"deadline": 60, "final": 61}, 400, "bad_drain")
	admin.refused("POST", "/admin/nodes/south/drain", m{}, 404, "no_node")
	for body, final := range map[*m]time.Duration{
		{"deadline": 300}: 100 * time.Second, {"deadline": 60, "final": 0}: 0, {}: 10 * time.Minute,
	} {
		if got := parted(t, admin.post(at, *body, 200)); got != final {
			t.Errorf("%v: agents are warned the last time %v before, want %v", *body, got, final)
		}
	}
	drain := admin.post(at, m{"deadline": 600, "final": 60}, 200)["drain"].(m)
	again := admin.post(at, m{}, 200)["drain"].(m)
	if drain["since"] != again["since"] || drain["deadline"] == again["deadline"] {
		t.Errorf("got %v, then %v; want the same beginning and another deadline", drain, again)
	}
	if list := items(admin.get("/admin/nodes")); len(list) != 1 || list[0]["name"] != "north1" || list[0]["drain"] == nil {
		t.Errorf("got %v", list)
	}
	admin.delete(at, 200)
	if list := items(admin.get("/admin/nodes")); list[0]["drain"] != nil {
		t.Errorf("got %v", list)
	}
	if n := h.rows(t, "from audit where what in ('node.drained', 'node.undrained', 'node.drained.refused') and subject like 'node:%'"); n != 10 {
		t.Errorf("the audit log has %d lines, want one for each try and one for each refusal", n)
	}
}

// parted is how long the final part of a node's drain is.
func parted(t *testing.T, node m) time.Duration {
	t.Helper()
	drain := node["drain"].(m)
	var at [2]time.Time
	for i, key := range []string{"final", "deadline"} {
		var err error
		at[i], err = time.Parse(time.RFC3339, drain[key].(string))
		check(t, err)
	}
	return at[1].Sub(at[0]).Round(time.Second)
}

// While a node sends its consoles away, each is closed to come back, and none is let in.
func TestConsolesAreRedirected(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna := h.as(t, "anna")
	console, _ := anna.open("")
	if n, agents := h.Consoles(); n != 1 || len(agents) != 1 {
		t.Errorf("%d consoles of %v, want Anna's", n, agents)
	}
	h.Redirect(true)
	var err error
	for err == nil {
		_, _, err = console.conn.Read(t.Context())
	}
	if code := websocket.CloseStatus(err); code != 4010 {
		t.Errorf("closed with %d (%v), want 4010", code, err)
	}
	for n := 1; n > 0; n, _ = h.Consoles() {
		check(t, t.Context().Err())
	}
	if got := anna.raw("GET", "/socket", nil); got.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("got %d, want 503", got.StatusCode)
	}
	h.Redirect(false)
	anna.open("")
}
