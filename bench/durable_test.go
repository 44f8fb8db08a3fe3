package bench

import (
	"fmt"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// Runs of equally many that took 1 s and 3 s made two in 4 s.
func TestTogether(t *testing.T) {
	all, fastest := together([]rate{{perSecond: 300, cpu: 1}, {perSecond: 100, cpu: 3}})
	if all.perSecond != 150 || all.cpu != 2 || fastest != 300 {
		t.Errorf("got %+v and %v", all, fastest)
	}
}

// Agents on a break hold nothing, whoever waits.
func TestFloorOfAgentsAway(t *testing.T) {
	for _, away := range []bool{true, false} {
		size := floorSize{agents: 3, queues: 2, each: 2, waiting: 5, away: away}
		f := newRouted(size, time.Now())
		if err := f.fill(size); err != nil {
			t.Fatal(err)
		}
		if away != (len(f.busy) == 0) {
			t.Errorf("away %v: %d are held", away, len(f.busy))
		}
		for id := gateway.InteractionID(1); id <= 5; id++ {
			if i, ok := f.core.Interaction(id); away && (!ok || i.State != gateway.StateWaiting) {
				t.Errorf("interaction %d: %+v, %v", id, i, ok)
			}
		}
	}
}

// What is decided quickly is so for agents of whom each has a plan of their own.
func TestNoTwoAgentsAreAlike(t *testing.T) {
	size := hugeFloor
	size.queues, size.each, size.waiting, size.away = 1, 1, 0, true
	f := newRouted(size, time.Now())
	if err := f.fill(size); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, a := range f.plan.Agents {
		seen[fmt.Sprint(a.Skills)] = true
	}
	if len(seen) != size.agents {
		t.Errorf("%d agents have %d sets of skills", size.agents, len(seen))
	}
}
