package routing

import (
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// capacity is what an agent can hold, in units; see gateway.Cost.
const capacity = 100

// agent is one agent's intent and load. Only these are stored; the status follows.
type agent struct {
	id       gateway.AgentID
	profile  *profile
	skills   []gateway.SkillLevel
	intent   gateway.Intent
	code     string
	next     gateway.Intent // in force once nothing is held any more
	nextCode string
	away     time.Time // when the intent ceased to be available
	back     time.Time // the intent becomes available again by itself
	live     bool      // a console is connected
	lost     time.Time // when the last one went; zero if live or never there
	blocked  time.Time // the phone was busy or out of reach: no calls until then
	down     bool      // no phone of the agent's can be reached
	idleFrom time.Time // the longest idle agent goes first
	asked    time.Time // when a queue last offered something
	holds    []*hold   // oldest first
	offer    *offer

	shown gateway.Presence // as last told
	since gateway.Status   // the status that shown.Since belongs to

	open  lanes   // channels it may be offered now
	place place   // its key in the ready heaps
	seats []*seat // by demand, nil where it lacks a skill
	sits  []*seat // the others
	timer timer
	met   bool
	freed bool
}

// newAgent has no seat and no profile yet.
func newAgent(id gateway.AgentID) *agent {
	a := &agent{id: id, intent: gateway.IntentLoggedOut}
	a.timer = timer{agent: a, i: -1}
	return a
}

// units is how much of its capacity is in use, wrap-up included.
func (a *agent) units() (n int) {
	for _, h := range a.holds {
		n += h.units()
	}
	return n
}

// busy says whether the agent works on something that has not ended. What is parked
// beside a wrap-up does not count.
func (a *agent) busy() bool {
	return slices.ContainsFunc(a.holds, func(h *hold) bool { return h.active() && !h.parked })
}

// status is what boards show: intent × load.
func (a *agent) status() gateway.Status {
	if s := a.loaded(); s != "" {
		return s
	}
	if a.offer != nil {
		return gateway.Offered
	}
	return a.wanted()
}

// loaded is the status that the agent's load gives, empty if there is none.
func (a *agent) loaded() gateway.Status {
	switch {
	case a.intent == gateway.IntentLoggedOut:
		return gateway.LoggedOut
	case a.busy():
		return gateway.Busy
	case len(a.holds) > 0:
		return gateway.WrapUp
	}
	return ""
}

// wanted is the status of an agent who holds nothing: the intent itself.
func (a *agent) wanted() gateway.Status {
	switch a.intent {
	case gateway.IntentAvailable:
		return gateway.Available
	case gateway.IntentWorkingOffline:
		return gateway.WorkingOffline
	case gateway.IntentOnBreak:
		return gateway.OnBreak
	case gateway.IntentLoggedOut:
	}
	return gateway.LoggedOut
}

// show brings the shown presence up to date and says whether it has changed.
func (a *agent) show(now time.Time) bool {
	under := a.loaded() // an offer does not restart the timer of the status under it
	if under == "" {
		under = a.wanted()
	}
	since := a.shown.Since
	if under != a.since {
		a.since, since = under, now
	}
	status, units := a.status(), a.units()
	p := &a.shown
	if p.Rev > 0 && p.Intent == a.intent && p.StatusCode == a.code && p.Next == a.next && p.NextCode == a.nextCode &&
		p.Status == status && p.Since.Equal(since) && p.Units == units && p.Live == a.live && a.showsHolds() {
		return false
	}
	a.shown = gateway.Presence{
		Agent: a.id, Intent: a.intent, StatusCode: a.code, Next: a.next, NextCode: a.nextCode,
		Status: status, Since: since, Units: units, Live: a.live, Holds: p.Holds, WrapUps: p.WrapUps, Rev: p.Rev + 1,
	}
	if !a.showsHolds() {
		a.listHolds()
	}
	return true
}

// showsHolds says whether what the agent holds is as last told.
func (a *agent) showsHolds() bool {
	if len(a.holds) != len(a.shown.Holds) {
		return false
	}
	wraps := a.shown.WrapUps
	for i, h := range a.holds {
		if a.shown.Holds[i] != h.item.ID {
			return false
		}
		if h.active() {
			continue
		}
		if len(wraps) == 0 || wraps[0] != h.left() {
			return false
		}
		wraps = wraps[1:]
	}
	return len(wraps) == 0
}

// listHolds makes the lists anew: those that were told stay as they were.
func (a *agent) listHolds() {
	a.shown.Holds, a.shown.WrapUps = nil, nil
	if len(a.holds) > 0 {
		a.shown.Holds = make([]gateway.InteractionID, 0, len(a.holds))
	}
	for _, h := range a.holds {
		a.shown.Holds = append(a.shown.Holds, h.item.ID)
		if !h.active() {
			a.shown.WrapUps = append(a.shown.WrapUps, h.left())
		}
	}
}

// Presence is the agent as last told. Its lists are not to be changed.
func (a *agent) Presence() gateway.Presence { return a.shown }

// deadline is when time next does something to the agent; zero never.
func (a *agent) deadline() (at time.Time) {
	sooner(&at, a.back)
	sooner(&at, a.blocked)
	sooner(&at, a.leaseEnds())
	return at
}

// fireAgent does what time has done to the agent.
func (c *Core) fireAgent(a *agent) {
	if !a.back.IsZero() && !a.back.After(c.now) {
		c.intend(a, gateway.IntentAvailable, "")
	}
	if !a.blocked.IsZero() && !a.blocked.After(c.now) {
		a.blocked = time.Time{}
		c.meet(a)
	}
	c.loseLease(a)
}
