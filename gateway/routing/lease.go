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
// console nothing new is offered; what is held is kept for a while, from when the console was
// last heard of: one whose network has gone is given up only after a silence.
func (c *Core) consoles(e gateway.Consoles) *gateway.Error {
	a, err := c.agent(e.Agent)
	if err != nil {
		return err
	}
	switch {
	case e.Live:
		a.live, a.lost = true, time.Time{}
	case a.live:
		a.live, a.lost = false, c.now.Add(-planned(e.Silent))
	}
	c.meet(a)
	return nil
}

// unattended begins the lease of an agent who has come by something without a console: a
// program may set statuses and take work for them, and may never be heard of again.
func (a *agent) unattended(now time.Time) {
	if !a.live && a.lost.IsZero() && (a.intent == gateway.IntentAvailable || a.offer != nil || len(a.holds) > 0) {
		a.lost = now
	}
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
		sooner(&at, h.leaseEnds())
	}
	return at
}

// leaseEnds is when a hold is over for want of a console, zero while there is one. What was
// taken without one is kept as long as if it had been there then. Calls go on: the phone is a
// separate leg. A wrap-up waits for a code no longer than for its agent.
func (h *hold) leaseEnds() time.Time {
	lost, from := h.agent.lost, h.start
	switch {
	case !h.active():
		from = h.ended
	case h.worked.After(from):
		from = h.worked
	}
	switch {
	case lost.IsZero() || h.active() && h.item.talks() || h.wrap.left > 0:
		return time.Time{}
	case from.After(lost):
		lost = from
	}
	switch {
	case !h.active():
		return lost.Add(lostWrapUp)
	case h.item.lane == chat:
		return lost.Add(keepChats)
	}
	return lost.Add(keepMail)
}

// touched notes that an agent without a console works on what they hold: it is kept from then
// on as if it had just been taken. While there is a console that says enough.
func (c *Core) touched(e gateway.Touch) *gateway.Error {
	h, err := c.held(e.Interaction, e.Agent)
	if err != nil {
		return err
	}
	if h.active() && !h.agent.live {
		h.worked = c.now
		c.meet(h.agent)
	}
	return nil
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
		if at := h.leaseEnds(); at.IsZero() || at.After(c.now) {
			continue
		}
		if h.active() {
			c.putBack(h, CauseLeaseLost)
		} else {
			c.endWrapUp(h)
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
