package api_test

import (
	"log/slog"
	"net/http"
	"testing"

	"github.com/vaxelhq/vaxel/gateway/bus"
)

// Administrators drain a node and have it work on; both are in the audit log.
func TestDrainingANode(t *testing.T) {
	h := newHouse(t)
	nodes := bus.NewNodes(h.pool, bus.Node{Name: "north1", Run: "north1.a", Roles: []string{"gateway"}}, bus.New(), slog.New(slog.DiscardHandler))
	check(t, nodes.Join(t.Context()))
	h.Nodes = nodes
	admin := h.as(t, "admin")
	at := "/admin/nodes/north1/drain"
	h.as(t, "bo").refused("POST", at, m{}, 403, "role_required")
	admin.refused("POST", at, m{"deadline": 60, "final": 61}, 400, "bad_drain")
	admin.refused("POST", "/admin/nodes/south/drain", m{}, 404, "no_node")
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
	if n := h.rows(t, "from audit where what in ('node.drained', 'node.undrained', 'node.drained.refused') and subject like 'node:%'"); n != 7 {
		t.Errorf("the audit log has %d lines, want one for each try and one for each refusal", n)
	}
}

// While a node sends its consoles away, each is closed to come back, and none is let in.
func TestConsolesAreRedirected(t *testing.T) {
	h := newHouse(t)
	anna := h.as(t, "anna")
	anna.open("")
	if n, agents := h.Consoles(); n != 1 || len(agents) != 1 {
		t.Errorf("%d consoles of %v, want Anna's", n, agents)
	}
	h.Redirect(true)
	for n := 1; n > 0; n, _ = h.Consoles() {
		check(t, t.Context().Err())
	}
	if got := anna.raw("GET", "/socket", nil); got.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("got %d, want 503", got.StatusCode)
	}
	h.Redirect(false)
	anna.open("")
}
