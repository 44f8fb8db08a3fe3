package routing

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// BenchmarkCycle is a full round of one interaction on a floor where everybody is busy:
// an agent ends, wraps up and is offered the next, accepts it, and another arrives.
func BenchmarkCycle(b *testing.B) {
	for _, size := range []struct{ agents, queues, each, waiting int }{
		{50, 4, 2, 100}, {1_000, 10, 4, 10_000}, {10_000, 20, 20, 100_000},
	} {
		b.Run(fmt.Sprintf("agents=%d/queues=%d/waiting=%d", size.agents, size.each, size.waiting), func(b *testing.B) {
			f := newFloor(b, size.agents, size.queues, size.each, size.waiting)
			b.ReportAllocs()
			start, used := f.decisions, cpu()
			for b.Loop() {
				f.cycle()
			}
			f.report(f.decisions-start, cpu()-used)
		})
	}
}

// BenchmarkWaiting is the same with more and more waiting for a thousand agents: the graph
// of docs/routing.md.
func BenchmarkWaiting(b *testing.B) {
	for _, waiting := range []int{100, 1_000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("waiting=%d", waiting), func(b *testing.B) {
			f := newFloor(b, 1_000, 20, 20, waiting)
			start, used := f.decisions, cpu()
			for b.Loop() {
				f.cycle()
			}
			f.report(f.decisions-start, cpu()-used)
		})
	}
}

// BenchmarkQuiet is the same on a floor where most are idle and nothing waits: an
// arrival is offered at once.
func BenchmarkQuiet(b *testing.B) {
	for _, size := range []struct{ agents, queues, each int }{{50, 4, 2}, {1_000, 10, 4}, {10_000, 20, 20}} {
		b.Run(fmt.Sprintf("agents=%d/queues=%d", size.agents, size.each), func(b *testing.B) {
			f := newFloor(b, size.agents, size.queues, size.each, 0)
			b.ReportAllocs()
			start, used := f.decisions, cpu()
			for b.Loop() {
				f.arrive()
				f.handle(f.busy[0])
				f.busy = f.busy[1:]
			}
			f.report(f.decisions-start, cpu()-used)
		})
	}
}

// report gives decisions by the clock, and by the processor time that they and the
// collector took: on a machine with other work only that says something.
func (f *benchFloor) report(decisions int, used time.Duration) {
	f.ReportMetric(float64(decisions)/f.Elapsed().Seconds(), "decisions/s")
	f.ReportMetric(float64(decisions)/used.Seconds(), "decisions/cpu-s")
}

// cpu is the processor time of this process so far.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkSnapshot(b *testing.B) {
	f := newFloor(b, 1_000, 10, 4, 10_000)
	for b.Loop() {
		data, err := f.core.Snapshot()
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(data)))
	}
}

// benchFloor has single-task agents for voice in random-looking sets of queues.
type benchFloor struct {
	*testing.B
	core      *Core
	now       time.Time
	next      gateway.InteractionID
	queues    int
	busy      []gateway.InteractionID
	holder    map[gateway.InteractionID]gateway.AgentID
	decisions int
}

func newFloor(b *testing.B, agents, queues, each, waiting int) *benchFloor {
	b.Helper()
	f := &benchFloor{B: b, core: New(), now: time.Date(2024, 5, 6, 8, 0, 0, 0, time.UTC), queues: queues, holder: map[gateway.InteractionID]gateway.AgentID{}}
	var p gateway.Plan
	for q := range queues {
		p.Queues = append(p.Queues, gateway.QueuePlan{ID: gateway.QueueID(q + 1), Band: 5, Channels: map[gateway.Channel]gateway.ChannelPlan{
			gateway.Chat: {Target: 60, WrapUp: gateway.WrapUpPlan{Mode: gateway.WrapUpTimed, Seconds: 15, Codes: []gateway.CodeID{1}}},
		}})
	}
	for i := range agents {
		a := gateway.AgentPlan{ID: gateway.AgentID(i + 1), Channels: []gateway.Channel{gateway.Chat}, Caps: map[gateway.Channel]int{gateway.Chat: 1}}
		for m := range each {
			a.Memberships = append(a.Memberships, gateway.Membership{Queue: gateway.QueueID((i+m*(1+i%3))%queues + 1), Enabled: true, Level: 1 + (i+m)%3})
		}
		a.Skills = append(ownSkills(i), gateway.SkillLevel{Skill: gateway.SkillID(i%8 + 1), Level: 1 + i%5})
		p.Agents = append(p.Agents, a)
	}
	f.do(Configure{p})
	for i := range agents {
		f.do(gateway.Consoles{Agent: gateway.AgentID(i + 1), Live: true})
		f.do(gateway.SetStatus{Agent: gateway.AgentID(i + 1), Intent: gateway.IntentAvailable})
	}
	if waiting > 0 {
		for range agents + waiting {
			f.arrive()
		}
	}
	return f
}

// ownSkills are skills that nobody else has in this measure: of 10,000 agents no two have the
// same plan.
func ownSkills(i int) []gateway.SkillLevel {
	return []gateway.SkillLevel{{Skill: gateway.SkillID(100 + i%50), Level: 1 + i/50%5}, {Skill: gateway.SkillID(200 + i/250), Level: 3}}
}

// do applies an event and accepts what it offers.
func (f *benchFloor) do(ev Event) {
	f.now = f.now.Add(time.Millisecond)
	r := f.core.Apply(f.now, ev)
	f.decisions++
	if r.Err != nil {
		f.Fatalf("%+v: %v", ev, r.Err)
	}
	for _, e := range r.Effects {
		if o, ok := e.(OfferCreated); ok {
			f.do(gateway.Accept{Interaction: o.Offer.Interaction, No: o.Offer.No, Agent: o.Offer.Agent})
			f.busy = append(f.busy, o.Offer.Interaction)
			f.holder[o.Offer.Interaction] = o.Offer.Agent
		}
	}
}

func (f *benchFloor) arrive() {
	f.next++
	adm := gateway.Admission{
		Interaction: f.next, Channel: gateway.Chat, Case: gateway.CaseID(f.next), Conversation: 1,
		Queue: gateway.QueueID(int(f.next)*7%f.queues + 1), ArrivedAt: f.now,
	}
	if f.next%10 == 0 {
		adm.Skills = []gateway.SkillLevel{{Skill: gateway.SkillID(f.next/10%2*2 + 1), Level: 1}}
	}
	f.do(Admit{adm})
}

func (f *benchFloor) handle(id gateway.InteractionID) {
	a := f.holder[id]
	delete(f.holder, id)
	f.do(gateway.EndInteraction{Interaction: id, Agent: a})
	f.do(gateway.Finish{Interaction: id, Agent: a, Codes: []gateway.CodeID{1}})
}

func (f *benchFloor) cycle() {
	id := f.busy[0]
	f.busy = f.busy[1:]
	f.handle(id)
	f.arrive()
}

// BenchmarkBoards is what a floor's boards cost, once a second at most.
func BenchmarkBoards(b *testing.B) {
	for _, size := range []struct{ agents, waiting int }{{100, 1_000}, {10_000, 1_000}, {10_000, 100_000}} {
		b.Run(fmt.Sprintf("agents=%d/waiting=%d", size.agents, size.waiting), func(b *testing.B) {
			f := newFloor(b, size.agents, 20, 20, size.waiting)
			for b.Loop() {
				f.core.Boards()
			}
		})
	}
}
