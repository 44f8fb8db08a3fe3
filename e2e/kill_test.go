package e2e

import (
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// crashes counts how often a Växel has killed itself.
type crashes struct{ n atomic.Int32 }

// walk tells a story once for each crash point.
func walk(t *testing.T, points []string, tell func(t *testing.T, point string)) {
	t.Helper()
	for _, point := range points {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			begun := time.Now()
			tell(t, point)
			t.Logf("took %v", time.Since(begun).Round(10*time.Millisecond))
		})
	}
}

// floorPoints are those of one verb of the floor: before the commit with the term held,
// before the commit with all written, after it.
func floorPoints(states ...gateway.State) (points []string) {
	for _, s := range states {
		for _, p := range []string{"floor.fenced.", "floor.committing.", "floor.committed."} {
			points = append(points, p+string(s))
		}
	}
	return points
}

// verbs are the floor's part in every channel: offer, accept, end, finish.
var verbs = floorPoints(gateway.StateOffered, gateway.StateActive, gateway.StateWrapUp, gateway.StateFinished)

// receivePoints are those of the way in.
var receivePoints = []string{"intake.begun", "intake.appended", "intake.committing", "intake.committed"}

// startCrashing runs the process with a crash point. When it has killed itself it is
// started again without, once, as an operator's service manager would.
func (v *vaxel) startCrashing(point string) {
	v.t.Helper()
	v.run(point)
	exit := v.exit
	if exit == nil {
		v.t.FailNow()
	}
	v.crashed = &crashes{}
	again := make(chan struct{})
	v.t.Cleanup(func() { v.stopping.Store(true); v.kill(); <-again })
	go func() {
		defer close(again)
		<-exit
		if v.stopping.Load() {
			return
		}
		if ws, ok := v.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || ws.Signal() != syscall.SIGKILL {
			v.broken.Store(true)
			return
		}
		v.crashed.n.Add(1)
		v.run("")
	}()
}

// wantCrashed fails unless the point was reached: a kill test that kills nothing proves nothing.
// What the floor has stored is held to its log, and both to the invariants of routing.
func (v *vaxel) wantCrashed() {
	v.t.Helper()
	if v.crashed.n.Load() == 0 {
		v.t.Error("the crash point was never reached")
	}
	checkFloor(v.t, v.pool)
}

// wantOne holds what every kill must leave: one case, one interaction of the channel
// with one end and one transaction code, and so many entries besides events.
func (v *vaxel) wantOne(channel gateway.Channel, entries int) {
	v.t.Helper()
	for _, w := range []struct {
		what string
		sql  string
		want int
	}{
		{"cases", `select count(*) from support_case`, 1},
		{"interactions of the channel", `select count(*) from interaction where channel = '` + string(channel) + `'`, 1},
		{"that are finished with one code", `select count(*) from interaction where state = 'finished' and ended = 'handled' and cardinality(codes) = 1`, 1},
		{"open offers", `select count(*) from offer where closed_at is null`, 0},
		{"accepted offers", `select count(*) from offer where outcome = 'accepted'`, 1},
		{"left in the inbox", `select count(*) from floor_inbox`, 0},
		{"entries", `select count(*) from entry where kind <> 'event'`, entries},
	} {
		if got := v.number(w.sql); got != w.want {
			v.t.Errorf("got %d %s, want %d", got, w.what, w.want)
		}
	}
}
