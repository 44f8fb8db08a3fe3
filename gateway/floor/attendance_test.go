package floor

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vaxelhq/vaxel/gateway"
)

// living are the runs of nodes that are there.
type living []string

func (l living) Alive(run string) bool { return slices.Contains(l, run) }

// Silent is of a node that has just been found dead.
func (l living) Silent(run string) time.Duration {
	if l.Alive(run) {
		return 0
	}
	return 10 * time.Second
}

func TestAnAgentIsThereWhileAnyNodeHasAConsole(t *testing.T) {
	at := time.Unix(1000, 0)
	there := attendance{}
	for _, step := range []struct {
		node string
		live bool
		want bool
	}{
		{"one", true, true}, {"two", true, true}, {"one", false, true}, {"one", false, true}, {"two", false, false}, {"two", true, true},
	} {
		got := there.note(at, gateway.Consoles{Agent: anna, Live: step.live, Node: step.node})
		if want := (gateway.Consoles{Agent: anna, Live: step.want}); got != want {
			t.Errorf("%+v: got %+v, want %+v", step, got, want)
		}
	}
	there.note(at, gateway.Consoles{Agent: bo, Live: true, Node: "one"})
	there.note(at, gateway.Consoles{Agent: bo, Live: true, Node: "two"})
	if gone := there.miss(at.Add(time.Second), living{"one"}); gone != nil {
		t.Errorf("%+v are gone with a node that ours may not have seen yet", gone)
	}
	later := at.Add(time.Minute)
	if gone := there.miss(later, living{"one"}); !cmp.Equal(gone, []gateway.Consoles{{Agent: anna, Silent: 10}}) {
		t.Errorf("gone are %+v, want Anna: Bo has a console on node one", gone)
	}
	if gone := there.miss(later, living{}); !cmp.Equal(gone, []gateway.Consoles{{Agent: bo, Silent: 10}}) {
		t.Errorf("gone are %+v, want Bo", gone)
	}
	if gone := there.miss(later, living{}); gone != nil {
		t.Errorf("gone are %+v, want nobody twice", gone)
	}
}

// The time without a console counts from when the last one was heard of, whichever node gives
// it up last.
func TestALostConsoleWasLastHeardOf(t *testing.T) {
	at := time.Unix(1000, 0)
	there := attendance{}
	for _, step := range []struct {
		after  gateway.Seconds
		node   string
		live   bool
		silent gateway.Seconds
		want   gateway.Consoles
	}{
		{0, "one", true, 0, gateway.Consoles{Agent: anna, Live: true}},
		{0, "two", true, 0, gateway.Consoles{Agent: anna, Live: true}},
		{5, "two", false, 0, gateway.Consoles{Agent: anna, Live: true}},
		{15, "one", false, 14, gateway.Consoles{Agent: anna, Silent: 10}}, // two was there after it
		{20, "one", true, 0, gateway.Consoles{Agent: anna, Live: true}},
		{40, "one", false, 13, gateway.Consoles{Agent: anna, Silent: 13}},
		{41, "one", false, 14, gateway.Consoles{Agent: anna, Silent: 14}},
	} {
		got := there.note(at.Add(step.after.Duration()), gateway.Consoles{Agent: anna, Node: step.node, Live: step.live, Silent: step.silent})
		if got != step.want {
			t.Errorf("after %d s: got %+v, want %+v", step.after, got, step.want)
		}
	}
}

// The consoles of a node that dies are missed by the floor, and what an agent had on
// another node counts.
func TestADeadNodesConsolesAreMissed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, node := range []string{"alive", "dead"} {
		h.do(t, gateway.Consoles{Agent: anna, Live: true, Node: node})
	}
	h.do(t, gateway.Consoles{Agent: bo, Live: true, Node: "dead"})
	h.n.die("dead")
	h.eventually(t, "Bo is missed", func() bool {
		p, err := h.Presence(t.Context(), bo)
		return err == nil && !p.Live
	})
	if p, err := h.Presence(t.Context(), anna); err != nil || !p.Live {
		t.Errorf("Anna is %+v (%v), want her there", p, err)
	}
	if n := count(t, h, `select count(*) from routing_event where body::text like '%node%'`); n != 0 {
		t.Errorf("%d events name a node", n)
	}
	h.wantReplayed(t)
}
