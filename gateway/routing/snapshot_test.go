package routing_test

import (
	"bytes"
	"regexp"
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

// A snapshot of version 4 says nothing of who is on line 2: the next version finds it out.
func TestSnapshotBeforeLine2(t *testing.T) {
	t.Parallel()
	consult := gateway.Consult{Interaction: 1, Agent: 1, ToAgent: 2}
	outside := gateway.Consult{Interaction: 1, Agent: 1, Outside: true}
	join := gateway.JoinLines{Interaction: 1, Agent: 1}
	answer := gateway.Accept{Interaction: 1, No: 2, Agent: 2, ByPhone: true}
	for name, events := range map[string][]routing.Event{
		"alone":                   nil,
		"a colleague rings":       {consult},
		"a colleague is there":    {consult, answer},
		"a colleague has joined":  {consult, answer, join},
		"a colleague has refused": {consult, gateway.Decline{Interaction: 1, No: 2, Agent: 2}, outside},
		"somebody outside":        {outside},
		"who has joined":          {outside, join},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRace(t, gateway.LongestIdle)
			r.must(routing.Admit{Admission: gateway.Admission{Interaction: 1, Channel: gateway.Voice, Queue: 1, Preferred: 1}})
			r.accept()
			for _, ev := range events {
				r.must(ev)
			}
			want := r.snapshot()
			old := regexp.MustCompile(`"line_2":"[a-z]*",|"outside":true,`).ReplaceAll(want, nil)
			if len(events) > 0 && bytes.Equal(old, want) && name != "a colleague has joined" {
				t.Fatal("nothing was taken out")
			}
			if got := r.restored(old).snapshot(); !bytes.Equal(got, want) {
				t.Errorf("from %s\ngot %s\nwant %s", old, got, want)
			}
		})
	}
}

// One from before wrap-ups named their queue is made whole as soon as the agent is told of
// again, at the latest by the first event of whoever takes over.
func TestSnapshotBeforeQueuesOfWrapUps(t *testing.T) {
	t.Parallel()
	r := newRace(t, gateway.LongestIdle)
	plan := racePlan(gateway.LongestIdle)
	plan.Queues[0].Channels[gateway.Chat] = gateway.ChannelPlan{WrapUp: gateway.WrapUpPlan{Mode: gateway.WrapUpManual}}
	r.must(routing.Configure{Plan: plan})
	r.must(routing.Admit{Admission: gateway.Admission{Interaction: 1, Channel: gateway.Chat, Queue: 1, Preferred: 1}})
	r.accept()
	r.must(gateway.EndInteraction{Interaction: 1, Agent: 1})
	old := bytes.ReplaceAll(r.snapshot(), []byte(`"wrap_ups":[{"interaction":"1","queue":"1"`), []byte(`"wrap_ups":[{"interaction":"1"`))
	next := r.restored(old)
	if p, _ := next.core.Presence(1); len(p.WrapUps) != 1 || p.WrapUps[0].Queue != 0 {
		t.Fatalf("the old one has %+v", p.WrapUps)
	}
	next.must(routing.Recover{})
	if p, _ := next.core.Presence(1); len(p.WrapUps) != 1 || p.WrapUps[0].Queue != 1 {
		t.Errorf("got %+v", p.WrapUps)
	}
}

func (r *race) snapshot() []byte {
	r.Helper()
	b, err := r.core.Snapshot()
	if err != nil {
		r.Fatal(err)
	}
	return b
}

// restored goes on from a snapshot.
func (r *race) restored(snapshot []byte) *race {
	r.Helper()
	c, err := routing.Restore(snapshot)
	if err != nil {
		r.Fatal(err)
	}
	next := *r
	next.core = c
	return &next
}

// What a snapshot of all that waits knows is read from its first bytes.
func TestWhatASnapshotKnows(t *testing.T) {
	t.Parallel()
	r := newRace(t, gateway.LongestIdle)
	for id := range gateway.InteractionID(30) {
		r.must(routing.Admit{Admission: gateway.Admission{Interaction: 100 + id, Channel: gateway.Chat, Queue: 1}})
	}
	if n, err := routing.Entered(r.snapshot()[:routing.SnapshotHead]); n != 30 || err != nil {
		t.Errorf("got %d (%v), want 30", n, err)
	}
	if n, err := routing.Entered([]byte(`{"version":7,"now":"2024`)); err == nil {
		t.Errorf("a torn head says %d", n)
	}
}
