package e2e

import (
	"net/http"
	"slices"
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
)

// TestKillArrival: the process is killed at each point of the way of what another system
// brings in by the API. The system repeats its request under the same key until it is
// answered, and once more; the agent handles it once.
func TestKillArrival(t *testing.T) {
	t.Parallel()
	walk(t, slices.Concat(receivePoints, verbs), func(t *testing.T, point string) { //nolint:thelper // the test itself
		v := newVaxel(t, "")
		v.startCrashing(point)
		v.agent.signIn()
		c := v.agent.openConsole()
		v.agent.available()
		bring := func() {
			v.agent.persist(http.MethodPost, "/interactions", map[string]any{
				"channel": gateway.Email, "queue": v.queue, "subject": "Trasig kedja", "text": "Hej! Kedjan gick av.",
				"from": gateway.Address{Kind: gateway.AddressEmail, Value: "karin@kund.example", Name: "Karin Holm"},
			}, "order-1")
		}
		bring()
		c.finish(t, c.accept(t))
		v.wait("the crash", v.back)
		bring()
		v.wantOne(gateway.Email, 1)
		v.agent.wantHandled(1)
		checkFloor(t, v.pool)
	})
}
