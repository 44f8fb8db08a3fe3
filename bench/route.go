package bench

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

// route measures the pure core in this process, without store or sockets, then the floor
// with its store.
func route(ctx context.Context, b *Bench) error {
	size := hugeFloor
	busy, heap, err := b.decide(ctx, size, b.share(20), (*routed).cycle)
	if err != nil {
		return err
	}
	var fewer []string
	for _, n := range []int{100, 1000, 10_000} {
		size.waiting = n
		r, _, err := b.decide(ctx, size, b.share(60), (*routed).cycle)
		if err != nil {
			return err
		}
		fewer = append(fewer, fmt.Sprintf("%.0f/s with %d waiting", r.perSecond, n))
	}
	size.waiting = 0
	idle, _, err := b.decide(ctx, size, b.share(20), (*routed).surplus)
	if err != nil {
		return err
	}
	b.tell(Figure{
		Name: "route.decisions_per_s", Value: busy.perSecond, Unit: "1/s", CPU: new(busy.cpu),
		Method: fmt.Sprintf("component, in process: 10,000 agents, each in all 20 queues and no two with the same skills, 100,000 waiting, one in ten with a skill; an agent ends, is offered the next, accepts, another arrives: each event is a decision; median of %d; %v; %s", runs, busy.shares, strings.Join(fewer, ", ")),
	})
	b.tell(Figure{
		Name: "route.decisions_idle_surplus_per_s", Value: idle.perSecond, Unit: "1/s", CPU: new(idle.cpu),
		Method: fmt.Sprintf("the same with nobody waiting and 10,000 idle agents: an arrival is offered, accepted, ended; median of %d; %v", runs, idle.shares),
	})
	b.tell(Figure{Name: "route.heap_mb", Value: heap, Unit: "MB", Method: "the core's heap at 10,000 agents and 100,000 waiting"})
	return b.durable(ctx, hugeFloor)
}

// decide measures how many events a second the core decides, and what it holds.
func (b *Bench) decide(ctx context.Context, size floorSize, d time.Duration, step func(*routed) error) (middling rate, heap float64, err error) {
	before := heapMB()
	f := newRouted(size, time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC))
	if err := f.fill(size); err != nil {
		return rate{}, 0, err
	}
	heap = heapMB() - before
	var got []rate
	for n := range runs + 1 {
		m, from := measure(os.Getpid()), f.decisions
		for time.Since(m.began) < d && ctx.Err() == nil {
			for range 100 {
				if err := step(f); err != nil {
					return rate{}, 0, err
				}
			}
		}
		c := m.cost(f.decisions - from)
		if n > 0 {
			got = append(got, rate{float64(f.decisions-from) / c.seconds, c.cpu, c.shares})
		}
	}
	runtime.KeepAlive(f)
	return middle(got), heap, ctx.Err()
}

func heapMB() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / (1 << 20)
}

type floorSize struct {
	agents, queues, each, waiting int
	away                          bool // the agents are on a break, and hold nothing
}

// hugeFloor is as large as one floor should ever get.
var hugeFloor = floorSize{agents: 10_000, queues: 20, each: 20, waiting: 100_000}

// routed is a core with agents who hold one chat each.
type routed struct {
	core      *routing.Core
	plan      gateway.Plan
	now       time.Time
	next      gateway.InteractionID
	queues    int
	channel   gateway.Channel // of what arrives
	busy      []gateway.InteractionID
	holder    map[gateway.InteractionID]gateway.AgentID
	decisions int
}

func newRouted(size floorSize, now time.Time) *routed {
	return &routed{core: routing.New(), now: now, queues: size.queues, channel: gateway.Chat, holder: map[gateway.InteractionID]gateway.AgentID{}}
}

// fill makes the floor: agents in some of the queues, half of them with a skill that is asked
// for, and all with skills that no two have alike.
func (f *routed) fill(size floorSize) error {
	var p gateway.Plan
	for q := range size.queues {
		p.Queues = append(p.Queues, gateway.QueuePlan{ID: gateway.QueueID(q + 1), Band: 5, Channels: map[gateway.Channel]gateway.ChannelPlan{
			gateway.Chat: {Target: 60, OfferTimeout: 60, WrapUp: gateway.WrapUpPlan{Mode: gateway.WrapUpTimed, Seconds: 15, Codes: []gateway.CodeID{1}}},
		}})
	}
	for i := range size.agents {
		a := gateway.AgentPlan{ID: gateway.AgentID(i + 1), Channels: []gateway.Channel{gateway.Chat}, Caps: map[gateway.Channel]int{gateway.Chat: 1}}
		for m := range size.each {
			a.Memberships = append(a.Memberships, gateway.Membership{Queue: gateway.QueueID((i+m)%size.queues + 1), Enabled: true, Level: 1 + (i+m)%3})
		}
		a.Skills = ownSkills(i)
		if i%2 == 0 {
			a.Skills = append(a.Skills, gateway.SkillLevel{Skill: gateway.SkillID(i%4 + 1), Level: 1 + i%5})
		}
		p.Agents = append(p.Agents, a)
	}
	intent, arrivals := gateway.IntentAvailable, size.agents+size.waiting
	if size.away {
		intent, arrivals = gateway.IntentOnBreak, size.waiting
	}
	if err := f.open(p, p.Agents, intent); err != nil {
		return err
	}
	if size.waiting == 0 {
		return nil
	}
	return f.arriveAll(arrivals)
}

// ownSkills are what an agent is good at beside what is asked for: of 10,000 agents no two have
// the same plan.
func ownSkills(i int) []gateway.SkillLevel {
	return []gateway.SkillLevel{{Skill: gateway.SkillID(100 + i%50), Level: 1 + i/50%5}, {Skill: gateway.SkillID(200 + i/250), Level: 3}}
}

// open begins with a plan and these agents at their consoles.
func (f *routed) open(p gateway.Plan, agents []gateway.AgentPlan, intent gateway.Intent) error {
	f.plan = p
	if err := f.do(routing.Configure{Plan: p}); err != nil {
		return err
	}
	for _, a := range agents {
		if err := f.do(gateway.Consoles{Agent: a.ID, Live: true}); err != nil {
			return err
		}
		if err := f.do(gateway.SetStatus{Agent: a.ID, Intent: intent}); err != nil {
			return err
		}
	}
	return nil
}

func (f *routed) arriveAll(n int) error {
	for range n {
		if err := f.arrive(); err != nil {
			return err
		}
	}
	return nil
}

// do applies an event, and accepts what it offers.
func (f *routed) do(ev routing.Event) error {
	f.now = f.now.Add(time.Millisecond)
	r := f.core.Apply(f.now, ev)
	f.decisions++
	if r.Err != nil {
		return fmt.Errorf("%+v: %w", ev, r.Err)
	}
	for _, e := range r.Effects {
		if o, ok := e.(routing.OfferCreated); ok {
			if err := f.do(gateway.Accept{Interaction: o.Offer.Interaction, No: o.Offer.No, Agent: o.Offer.Agent}); err != nil {
				return err
			}
			f.busy = append(f.busy, o.Offer.Interaction)
			f.holder[o.Offer.Interaction] = o.Offer.Agent
		}
	}
	return nil
}

func (f *routed) arrive() error {
	f.next++
	adm := gateway.Admission{
		Interaction: f.next, Channel: f.channel, Case: gateway.CaseID(f.next), Conversation: gateway.ConversationID(f.next), Customer: gateway.CustomerID(f.next),
		Queue: gateway.QueueID(int(f.next)*7%f.queues + 1), ArrivedAt: f.now,
	}
	if f.next%10 == 0 {
		adm.Skills = []gateway.SkillLevel{{Skill: gateway.SkillID(f.next/10%2*2 + 1), Level: 1}}
	}
	return f.do(routing.Admit{Admission: adm})
}

// cycle has the agent who is busy longest end and finish, so that the next is offered,
// and another arrives.
func (f *routed) cycle() error {
	if err := f.handle(); err != nil {
		return err
	}
	return f.arrive()
}

// surplus is an arrival that is offered at once, accepted, ended and finished.
func (f *routed) surplus() error {
	if err := f.arrive(); err != nil {
		return err
	}
	return f.handle()
}

// handle ends what is held longest.
func (f *routed) handle() error {
	id := f.busy[0]
	f.busy = f.busy[1:]
	a := f.holder[id]
	delete(f.holder, id)
	if err := f.do(gateway.EndInteraction{Interaction: id, Agent: a}); err != nil {
		return err
	}
	return f.do(gateway.Finish{Interaction: id, Agent: a, Codes: []gateway.CodeID{1}})
}
