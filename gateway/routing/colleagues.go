package routing

import "github.com/vaxelhq/vaxel/gateway"

// The customer of a call may hang up while their agent has others on the call. The
// interaction has ended then, as handled; but those who are left talk on, and are busy until
// they have hung up too. Only then does the agent's wrap-up begin, and are the colleagues free.

// talkOn ends the customer's side and leaves the others to each other.
func (c *Core) talkOn(it *item, end gateway.End) {
	c.unask(it)
	it.EndedAt, it.End, it.Line2 = c.now, end, ""
	c.phase(it, gateway.PhaseColleagues)
	c.happened(it, gateway.Happening{What: HappenedEnded, Agent: it.Agent, Cause: string(end)})
}

// fallSilent ends what was still said after the customer had gone. Of other interactions that
// have ended there is nothing to end.
func (c *Core) fallSilent(it *item) {
	if h := it.active(); h != nil {
		c.dismiss(it)
		c.beginWrapUp(h)
	}
}

// dismiss lets everybody go but the agent.
func (c *Core) dismiss(it *item) {
	for _, h := range it.guests() {
		c.release(h)
	}
	it.Others, it.Phase, it.Line2, it.Outside = nil, "", "", false
	c.touch(it)
}
