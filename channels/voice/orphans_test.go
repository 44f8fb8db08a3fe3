package voice_test

import (
	"slices"
	"testing"

	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/gateway"
)

// A node dies while they talk and never comes back: another one ends the call for the
// floor, with a callback, and finds nothing more to do the next time.
func TestCallsOfANodeThatNeverReturns(t *testing.T) {
	t.Parallel()
	h := open(t, 60)
	_, _, c, a, id := h.talk()
	h.stop()
	phonetest.Wait(t, "both telephones are told", func() bool { return c.Gone() && a.Gone() })
	dead := h.cfg.Node
	cfg := h.cfg
	cfg.Node = "another"
	h.run(cfg, 0)
	if names, err := h.Nodes(t.Context()); err != nil || !slices.Equal(names, []string{dead}) {
		t.Errorf("calls are open of %v (%v), want of %s", names, err, dead)
	}
	for range 2 {
		if err := h.BuryOf(t.Context(), dead); err != nil {
			t.Fatal(err)
		}
	}
	waitFor(h, "the call has failed", func(cmd gateway.Leave) bool {
		return cmd.Interaction == id && cmd.End == gateway.EndSystemFailure && cmd.Callback != 0
	})
	if cause := h.ends(); cause != "system_failure" {
		t.Errorf("ended by %s", cause)
	}
	if names, err := h.Nodes(t.Context()); err != nil || len(names) != 0 {
		t.Errorf("calls are open of %v (%v), want none", names, err)
	}
}
