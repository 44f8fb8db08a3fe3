package floor

import (
	"strings"
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

// A release with other rules takes over from the snapshot that the one before it has left:
// what was held is held still, and what is decided from then on is logged as of the new rules.
func TestOlderRulesHandOverBySnapshot(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.ready(t)
	id := h.arrive(t, 11)
	offer := await[gateway.Offer](t, h, "offer.created", nil)
	h.do(t, gateway.Accept{Interaction: id, No: offer.No, Agent: anna})
	h.stop()
	h.exec(t, `update routing_event set version = version - 1`)
	h.exec(t, `update routing_snapshot set version = version - 1, body = convert_to(regexp_replace(convert_from(body, 'UTF8'), '"version":[0-9]+', '"version":' || (version - 1)), 'UTF8')`)
	h.start(t)
	if a := h.do(t, gateway.EndInteraction{Interaction: id, Agent: anna}); a.Interaction.EndedAt.IsZero() {
		t.Errorf("got %+v", a.Interaction)
	}
	if n := h.count(t, `select count(*) from routing_event where version = $1`, routing.Version); n == 0 {
		t.Error("nothing is logged as of the new rules")
	}
	again := &leader{f: h.Floor}
	if err := again.load(t.Context()); err != nil {
		t.Errorf("who leads next: %v", err)
	}
}

// Where the release before has died without a snapshot its events are not decided anew by
// other rules, and a snapshot of newer rules is not read by older ones: both say what to do.
func TestOtherRulesAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ change, want string }{
		"an older log without a snapshot": {`update routing_event set version = version - 1`, "start the former release once and stop it cleanly"},
		"a newer snapshot": {
			`update routing_snapshot set body = convert_to(regexp_replace(convert_from(body, 'UTF8'), '"version":[0-9]+', '"version":1000'), 'UTF8')`,
			"start the newer release again",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.ready(t)
			h.stop()
			if strings.Contains(c.change, "routing_event") {
				h.exec(t, `delete from routing_snapshot`)
			}
			h.exec(t, c.change)
			err := (&leader{f: h.Floor}).load(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}

func (h *house) count(t *testing.T, query string, args ...any) (n int) {
	t.Helper()
	if err := h.pool.QueryRow(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
