package pace_test

import (
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/api/pace"
	"github.com/vaxelhq/vaxel/gateway/feed"
)

// TestAgentsOnceASecond shows a first change at once, the last of many at the second's end.
func TestAgentsOnceASecond(t *testing.T) {
	t.Parallel()
	var agents pace.Agents
	start := time.Now()
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	change := func(agent gateway.AgentID, rev int64, cursor string, ms int, kept bool) {
		t.Helper()
		if got := agents.Keep(agent, feed.Frame{Event: gateway.Event{Rev: rev}, At: cursor}, at(ms)); got != kept {
			t.Errorf("agent %d at rev %d: kept %v want %v", agent, rev, got, kept)
		}
	}
	change(1, 1, "", 0, false)
	change(2, 1, "", 10, false)  // another agent
	change(1, 1, "", 20, true)   // nothing new
	change(1, 1, "c", 30, false) // the same from the log, for its cursor
	if agents.Waiting() {
		t.Error("something waits, though all was shown")
	}
	change(1, 2, "", 100, true)
	change(1, 4, "d", 200, true)
	change(1, 3, "", 300, true) // came late, and is older
	if got := agents.Due(at(900)); len(got) != 0 || !agents.Waiting() {
		t.Errorf("got %v too early", got)
	}
	got := agents.Due(at(1000))
	if len(got) != 1 || got[0].Rev != 4 || got[0].At != "" || agents.Waiting() {
		t.Errorf("got %v want the last change without a cursor", got)
	}
	change(1, 5, "", 1500, true)
	change(1, 6, "", 2100, false) // nobody took out what is older meanwhile
	change(1, 5, "e", 2200, true) // the log comes after what it was ahead of
	change(1, 6, "f", 2300, false)
	if got := agents.Due(at(5000)); len(got) != 0 {
		t.Errorf("got %v which is of before what was shown", got)
	}
}
