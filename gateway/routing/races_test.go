package routing_test

import (
	"slices"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

// The races that other contact centres got wrong, in every order in which the commands
// of several nodes may reach the one writer.

// Two agents whose phones ring together answer at once, a third takes the call by hand,
// the offer runs out: exactly one of them has it, whoever came first.
func TestNoDoubleAssignment(t *testing.T) {
	everyOrder(t, []routing.Event{
		gateway.Accept{Interaction: 1, No: 1, Agent: 1, ByPhone: true},
		gateway.Accept{Interaction: 1, No: 1, Agent: 2, ByPhone: true},
		gateway.Accept{Interaction: 1, No: 1, Agent: 1, ByPhone: true}, // once more, from another node
		gateway.Pull{Interaction: 1, Agent: 3},
		gateway.Decline{Interaction: 1, No: 1, Agent: 2},
	}, func(r *race) {
		r.must(routing.Admit{Admission: gateway.Admission{Interaction: 1, Channel: gateway.Voice, Queue: 1}})
	}, func(r *race) {
		i, _ := r.core.Interaction(1)
		holders := 0
		for a := range gateway.AgentID(3) {
			if p, _ := r.core.Presence(a + 1); slices.Contains(p.Holds, 1) {
				holders++
			}
		}
		if holders != 1 || i.State != gateway.StateActive || len(i.Others) > 0 {
			r.Errorf("%d agents hold %+v", holders, i)
		}
	})
}

// What a supervisor or an agent took by hand stays theirs, whatever the queue would
// rather do: a better agent comes, the plan changes, the old offer is answered.
func TestManualAssignmentIsNotOverridden(t *testing.T) {
	everyOrder(t, []routing.Event{
		gateway.SetStatus{Agent: 1, Intent: gateway.IntentAvailable},
		routing.Configure{Plan: racePlan(gateway.RingAll)},
		gateway.Accept{Interaction: 2, No: 1, Agent: 1},
		routing.Admit{Admission: gateway.Admission{Interaction: 3, Channel: gateway.Chat, Queue: 1, Preferred: 2}},
		routing.Wake{},
	}, func(r *race) {
		for a := range gateway.AgentID(3) {
			r.must(gateway.SetStatus{Agent: a + 1, Intent: gateway.IntentOnBreak})
		}
		r.must(routing.Admit{Admission: gateway.Admission{Interaction: 2, Channel: gateway.Chat, Queue: 1}})
		r.must(gateway.SetStatus{Agent: 2, Intent: gateway.IntentWorkingOffline})
		r.must(gateway.Pull{Interaction: 2, Agent: 2})
	}, func(r *race) {
		if i, _ := r.core.Interaction(2); i.Agent != 2 || i.State != gateway.StateActive {
			r.Errorf("taken by agent 2, now %+v", i)
		}
	})
}

// The number of an offer is one agent's. Who has the call cannot give it back by the number of
// the colleague who was asked after it, and their own stands meanwhile.
func TestAnOffersNumberIsOneAgents(t *testing.T) {
	r := newRace(t, gateway.LongestIdle)
	r.must(routing.Admit{Admission: gateway.Admission{Interaction: 1, Channel: gateway.Voice, Queue: 1}})
	r.accept()
	r.must(gateway.Consult{Interaction: 1, Agent: 1, ToAgent: 2})
	r.must(gateway.Accept{Interaction: 1, No: 2, Agent: 2, ByPhone: true})
	for _, answer := range []routing.Event{
		gateway.FailOffer{Interaction: 1, No: 2, Agent: 1, Cause: routing.CauseMedia},
		gateway.FailOffer{Interaction: 1, No: 1, Agent: 2, Cause: routing.CauseMedia},
		gateway.Accept{Interaction: 1, No: 2, Agent: 1, ByPhone: true},
	} {
		if err := r.try(answer); err == nil || err.Code != "offer_gone" {
			t.Errorf("%+v: got %v, want offer_gone", answer, err)
		}
	}
	r.must(gateway.Accept{Interaction: 1, No: 1, Agent: 1, ByPhone: true})
	if i, _ := r.core.Interaction(1); i.Agent != 1 || !slices.Equal(i.Others, []gateway.AgentID{2}) {
		t.Errorf("got %+v", i)
	}
	r.must(gateway.FailOffer{Interaction: 1, No: 1, Agent: 1, Cause: routing.CauseMedia})
	if i, _ := r.core.Interaction(1); i.Agent != 2 {
		t.Errorf("got %+v, want the colleague to have it", i)
	}
}

// More arrives than an agent has room for, while offers are accepted and others
// transfer to the same agent: nobody gets beyond 100 units.
func TestCapacityIsNotExceeded(t *testing.T) {
	chat := func(id gateway.InteractionID) routing.Event {
		return routing.Admit{Admission: gateway.Admission{Interaction: id, Channel: gateway.Chat, Queue: 1, Preferred: 1}}
	}
	everyOrder(t, []routing.Event{
		chat(10), chat(11), chat(12),
		routing.Admit{Admission: gateway.Admission{Interaction: 13, Channel: gateway.Email, Queue: 1, Preferred: 1}},
		gateway.Transfer{Interaction: 1, Agent: 2, ToAgent: 1},
		gateway.Transfer{Interaction: 2, Agent: 3, ToAgent: 1},
	}, func(r *race) {
		r.must(gateway.SetStatus{Agent: 1, Intent: gateway.IntentOnBreak})
		r.must(chat(1))
		r.accept()
		r.must(gateway.SetStatus{Agent: 2, Intent: gateway.IntentOnBreak})
		r.must(chat(2))
		r.accept()
		r.must(gateway.SetStatus{Agent: 1, Intent: gateway.IntentAvailable})
		for range 3 {
			r.must(chat(r.fresh()))
			r.accept()
		}
	}, func(r *race) {
		for range 9 {
			r.accept()
		}
		for a := range gateway.AgentID(3) {
			if p, _ := r.core.Presence(a + 1); p.Units > 100 {
				r.Errorf("agent %d holds %d units", a+1, p.Units)
			}
		}
	})
}

// An item that everybody refuses or misses, or that fails at every phone, does not run round
// in a loop: it is offered a few times a minute, and supervisors hear of it. Whoever misses
// is away for ten seconds only, under engage.
func TestNoReassignmentLoop(t *testing.T) {
	fails := func(cause string) func(gateway.Offer) []routing.Event {
		return func(o gateway.Offer) []routing.Event {
			return []routing.Event{gateway.FailOffer{Interaction: o.Interaction, No: o.No, Agent: o.Agent, Cause: cause}}
		}
	}
	for name, answer := range map[string]func(gateway.Offer) []routing.Event{
		"declined": func(o gateway.Offer) []routing.Event {
			return []routing.Event{gateway.Decline{Interaction: o.Interaction, No: o.No, Agent: o.Agent}}
		},
		"missed":      func(gateway.Offer) []routing.Event { return nil },
		"busy":        fails(routing.CauseBusy),
		"unreachable": fails(routing.CauseUnreachable),
		"media": func(o gateway.Offer) []routing.Event {
			accept := gateway.Accept{Interaction: o.Interaction, No: o.No, Agent: o.Agent, ByPhone: true}
			return append([]routing.Event{accept}, fails(routing.CauseMedia)(o)...)
		},
	} {
		for _, strategy := range []gateway.Strategy{gateway.LongestIdle, gateway.RingAll, gateway.RoundRobin} {
			t.Run(name+"/"+string(strategy), func(t *testing.T) {
				r := newRace(t, strategy)
				plan := racePlan(strategy)
				plan.Queues[0].Channels[gateway.Voice] = gateway.ChannelPlan{Target: 20, Decline: gateway.DeclineEngage, OfferTimeout: 15}
				r.must(routing.Configure{Plan: plan})
				numbers := r.refuseFor(10*time.Minute, answer, 10*12+3)
				if alerted := slices.Contains(r.alerts, gateway.AlertUnanswered); numbers > 10*12+3 || !alerted {
					t.Errorf("%d offers in ten minutes; supervisors know: %v", numbers, alerted)
				}
			})
		}
	}
}

// refuseFor gives every offer of a call the same answer for a while, or none, and counts the
// offers until there are too many.
func (r *race) refuseFor(d time.Duration, answer func(gateway.Offer) []routing.Event, most int) (numbers int) {
	r.Helper()
	r.must(routing.Admit{Admission: gateway.Admission{Interaction: 1, Channel: gateway.Voice, Queue: 1}})
	for end := r.at.Add(d); r.at.Before(end); {
		for len(r.open) > 0 && numbers <= most {
			numbers = max(numbers, r.open[0].No)
			said := answer(r.open[0])
			for _, e := range said {
				r.must(e)
			}
			if said == nil {
				break
			}
		}
		if r.wake.IsZero() || numbers > most {
			return numbers
		}
		if r.wake.After(r.at) {
			r.at = r.wake
		}
		r.must(routing.Wake{})
	}
	return numbers
}

// race is a floor with three agents, all free.
type race struct {
	*testing.T
	core   *routing.Core
	at     time.Time
	wake   time.Time
	next   gateway.InteractionID
	open   []gateway.Offer
	alerts []gateway.AlertKind
}

func racePlan(s gateway.Strategy) gateway.Plan {
	p := gateway.Plan{Queues: []gateway.QueuePlan{{ID: 1, Band: 5, Strategy: s, Channels: map[gateway.Channel]gateway.ChannelPlan{
		gateway.Voice: {Target: 20, Decline: gateway.DeclineSoft}, gateway.Chat: {Target: 60, Decline: gateway.DeclineSoft},
	}}}}
	for a := range gateway.AgentID(3) {
		p.Agents = append(p.Agents, gateway.AgentPlan{
			ID: a + 1, Channels: gateway.Channels, Phone: true, Memberships: []gateway.Membership{{Queue: 1, Enabled: true, Level: 3 - int(a)}},
		})
	}
	return p
}

func newRace(t *testing.T, s gateway.Strategy) *race {
	t.Helper()
	r := &race{T: t, core: routing.New(), at: time.Date(2024, 5, 6, 9, 0, 0, 0, time.UTC), next: 100}
	r.must(routing.Configure{Plan: racePlan(s)})
	for a := range gateway.AgentID(3) {
		r.must(gateway.Consoles{Agent: a + 1, Live: true})
		r.must(gateway.SetStatus{Agent: a + 1, Intent: gateway.IntentAvailable})
	}
	return r
}

// everyOrder plays the events in every order; a refusal is as good as an effect.
func everyOrder(t *testing.T, events []routing.Event, before, after func(*race)) {
	t.Helper()
	for order := range permutations(len(events)) {
		r := newRace(t, gateway.RingAll)
		before(r)
		for _, i := range order {
			_ = r.try(events[i])
		}
		after(r)
		if t.Failed() {
			t.Fatalf("in order %v", order)
		}
	}
}

// permutations yields every order of n things.
func permutations(n int) func(yield func([]int) bool) {
	return func(yield func([]int) bool) {
		order := make([]int, n)
		for i := range order {
			order[i] = i
		}
		var walk func(k int) bool
		walk = func(k int) bool {
			if k == n {
				return yield(order)
			}
			for i := k; i < n; i++ {
				order[k], order[i] = order[i], order[k]
				if !walk(k + 1) {
					return false
				}
				order[k], order[i] = order[i], order[k]
			}
			return true
		}
		walk(0)
	}
}

func (r *race) fresh() gateway.InteractionID {
	r.next++
	return r.next
}

// accept answers the oldest open offer.
func (r *race) accept() {
	if len(r.open) > 0 {
		o := r.open[0]
		_ = r.try(gateway.Accept{Interaction: o.Interaction, No: o.No, Agent: o.Agent, ByPhone: true})
	}
}

func (r *race) must(ev routing.Event) {
	r.Helper()
	if err := r.try(ev); err != nil {
		r.Fatalf("%+v: %v", ev, err)
	}
}

func (r *race) try(ev routing.Event) *gateway.Error {
	r.at = r.at.Add(10 * time.Millisecond)
	res := r.core.Apply(r.at, ev)
	r.wake = res.WakeAt
	for _, e := range res.Effects {
		switch e := e.(type) {
		case routing.OfferCreated:
			r.open = append(r.open, e.Offer)
		case routing.OfferClosed:
			r.open = slices.DeleteFunc(r.open, func(o gateway.Offer) bool {
				return o.Interaction == e.Offer.Interaction && o.No == e.Offer.No && o.Agent == e.Offer.Agent
			})
		case routing.Alerted:
			r.alerts = append(r.alerts, e.Kind)
		}
	}
	return res.Err
}
