package routing

import (
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// How long an agent whose last console went keeps what they have.
const (
	keepOffers  = 15 * time.Second
	keepIntent  = 45 * time.Second
	keepChats   = 60 * time.Second
	keepMail    = 30 * time.Minute
	afterReboot = 60 * time.Second // and how long after a restart the consoles may take to return
	lostWrapUp  = 300 * time.Second
)

// consoles notes that an agent's first console came or the last one went. Without a
// console nothing new is offered; what is held is kept for a while.
func (c *Core) consoles(e gateway.Consoles) *gateway.Error {
	a, err := c.agent(e.Agent)
	if err != nil {
		return err
	}
	switch {
	case e.Live:
		a.live, a.lost = true, time.Time{}
	case a.live:
		a.live, a.lost = false, c.now
	}
	c.meet(a)
	return nil
}

// leaseEnds is when the agent next loses something for want of a console.
func (a *agent) leaseEnds() (at time.Time) {
	if a.lost.IsZero() {
		return at
	}
	if a.offer != nil {
		sooner(&at, a.lost.Add(keepOffers))
	}
	if a.intent == gateway.IntentAvailable {
		sooner(&at, a.lost.Add(keepIntent))
	}
	for _, h := range a.holds {
		if keep, ok := h.lease(); ok {
			sooner(&at, a.lost.Add(keep))
		}
	}
	return at
}

// lease is how long a hold outlives the agent's consoles. Calls go on: the phone is a
// separate leg.
func (h *hold) lease() (time.Duration, bool) {
	if !h.active() || h.item.lane.phone() {
		return 0, false
	}
	if h.item.lane == chat {
		return keepChats, true
	}
	return keepMail, true
}

// loseLease does what the lack of a console has come to.
func (c *Core) loseLease(a *agent) {
	if a.lost.IsZero() {
		return
	}
	over := func(keep time.Duration) bool { return !a.lost.Add(keep).After(c.now) }
	if a.offer != nil && over(keepOffers) {
		c.withdraw(a.offer, CauseLeaseLost)
	}
	if a.intent == gateway.IntentAvailable && over(keepIntent) {
		c.intend(a, gateway.IntentWorkingOffline, gateway.CodeConnectionLost)
	}
	for _, h := range slices.Clone(a.holds) {
		if keep, ok := h.lease(); ok && over(keep) {
			c.putBack(h, CauseLeaseLost)
		}
	}
}

// wake does everything whose time has come.
func (c *Core) wake() {
	c.turn.retime = c.timers.due(c.now)
	for _, t := range c.turn.retime {
		if t.agent != nil {
			c.fireAgent(t.agent)
		} else {
			c.fireItem(t.item)
		}
	}
}

// recover makes the floor whole after a restart: nobody knows whether an offer that
// was out has been seen, so all are withdrawn, and consoles get time to return.
func (c *Core) recover() {
	for _, a := range c.roster {
		if a.live {
			a.live, a.lost = false, c.now.Add(afterReboot)
			c.meet(a)
		}
	}
	for _, a := range c.roster {
		if a.offer != nil {
			c.withdraw(a.offer, CauseRestart)
		}
	}
}
