package voice_test

import (
	"testing"

	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
)

// What the log says of calls names where they come from, or go to: the lines of one source
// are counted, and it has no more than a few in a second.
func TestCallsHaveASource(t *testing.T) {
	t.Parallel()
	h, _, trunk := trunkHouse(t)
	_, agent, c, _, _ := h.talk()
	c.Bye()
	h.ends()
	phonetest.Wait(t, "the call's end is logged", func() bool { return len(h.logged.lines("call ended")) == 1 })
	h.dialled(agent)
	trunk.Next().Reject(486)
	phonetest.Wait(t, "the other call's end is logged", func() bool { return len(h.logged.lines("call ended")) == 2 })
	for _, message := range []string{"call waits", "call bridged", "call ended"} {
		for _, line := range h.logged.lines(message) {
			if !has(line, " source=127.0.0.1 ") {
				t.Errorf("of nobody: %s", line)
			}
		}
	}
	if len(h.logged.lines("call waits")) != 1 || len(h.logged.lines("call bridged")) != 1 {
		t.Error("a line is missing")
	}
}
