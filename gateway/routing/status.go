package routing

import (
	"fmt"
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// toggle is how long an agent may be away and keep their place in the order of idleness.
const toggle = 60 * time.Second

var intents = []gateway.Intent{
	gateway.IntentLoggedOut, gateway.IntentAvailable, gateway.IntentWorkingOffline, gateway.IntentOnBreak,
}

// setStatus changes an intent at once, or, while the agent holds something, keeps it as
// the next one.
func (c *Core) setStatus(e gateway.SetStatus) *gateway.Error {
	a, err := c.agent(e.Agent)
	if err != nil {
		return err
	}
	if !slices.Contains(intents, e.Intent) {
		return gateway.Invalid("unknown_status", "choose available, working_offline, on_break or logged_out")
	}
	if err := c.breakLocked(a, e); err != nil {
		return err
	}
	if e.Force {
		c.clear(a, CauseSupervisor)
	}
	if len(a.holds) > 0 {
		return c.intendLater(a, e)
	}
	if a.intent == gateway.IntentLoggedOut && e.Intent == gateway.IntentWorkingOffline && e.Code == "" {
		e.Code = gateway.CodeLogin
	}
	c.intend(a, e.Intent, e.Code)
	return nil
}

// breakLocked refuses the end of a break that the house does not leave to its agents.
// Going home is left to them.
func (c *Core) breakLocked(a *agent, e gateway.SetStatus) *gateway.Error {
	chosen := a.intent == gateway.IntentOnBreak && a.code != gateway.CodeMissed && a.code != gateway.CodeDeclined
	if !chosen || e.Supervisor || e.Force || e.Intent == gateway.IntentOnBreak || e.Intent == gateway.IntentLoggedOut {
		return nil
	}
	if c.plan.BreakLock {
		return refused("break_locked", "only a supervisor ends a break here; ask one", a)
	}
	if left := a.shown.Since.Add(planned(c.plan.MinBreak)).Sub(c.now); a.since == gateway.OnBreak && left > 0 {
		return refused("break_locked", fmt.Sprintf("a break lasts at least %v here: %v more, or until a supervisor ends it", planned(c.plan.MinBreak), left.Round(time.Second)), a)
	}
	return nil
}

// intendLater keeps what an agent wants who still holds something. Wanting what is in
// force takes back what was to come. Nobody goes home from a customer, unless a supervisor
// says that it comes next; from a wrap-up, once that is over.
func (c *Core) intendLater(a *agent, e gateway.SetStatus) *gateway.Error {
	if e.Intent == gateway.IntentLoggedOut && !e.Supervisor && slices.ContainsFunc(a.holds, (*hold).active) {
		return gateway.Conflict("still_busy", "finish or transfer what you hold, then log out", a.shown.Holds)
	}
	if e.Intent == a.intent {
		a.next, a.nextCode, a.code = "", "", e.Code
	} else {
		a.next, a.nextCode = e.Intent, e.Code
		c.turn.later = true
	}
	c.meet(a)
	return nil
}

// intend puts an intent in force. What is being offered and no longer fits goes back.
func (c *Core) intend(a *agent, intent gateway.Intent, code string) {
	if a.intent == gateway.IntentAvailable && intent != gateway.IntentAvailable {
		a.away = c.now
	}
	if a.intent != gateway.IntentAvailable && intent == gateway.IntentAvailable &&
		(a.away.IsZero() || c.now.Sub(a.away) > toggle) {
		a.idleFrom = c.now
	}
	if intent == gateway.IntentAvailable && !a.live && a.lost.Before(c.now) {
		a.lost = c.now // from now on a console is waited for
	}
	a.intent, a.code, a.next, a.nextCode, a.back = intent, code, "", "", time.Time{}
	c.meet(a)
	if o := a.offer; o != nil && !suits(o, intent) {
		c.withdraw(o, CauseAgentStatus)
	}
}

// suits says whether an offer may stay out under an intent: transfers reach people who
// work offline too.
func suits(o *offer, intent gateway.Intent) bool {
	return intent == gateway.IntentAvailable ||
		intent == gateway.IntentWorkingOffline && o.Kind != gateway.OfferQueue
}

// clear takes from an agent everything: offers and interactions go back to their
// queues, wrap-ups end without a code.
func (c *Core) clear(a *agent, cause string) {
	if a.offer != nil {
		c.withdraw(a.offer, cause)
	}
	a.next, a.nextCode = "", ""
	for len(a.holds) > 0 {
		if h := a.holds[0]; h.active() {
			c.putBack(h, cause)
		} else {
			c.endWrapUp(h)
		}
	}
	c.meet(a)
}

func (c *Core) agent(id gateway.AgentID) (*agent, *gateway.Error) {
	a := c.agents[id]
	if a == nil {
		return nil, gateway.NotFound("unknown_agent", "no such agent works here")
	}
	c.turn.asker = a
	return a, nil
}
