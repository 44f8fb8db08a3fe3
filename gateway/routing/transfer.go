package routing

import "github.com/vaxelhq/vaxel/gateway"

// transfer moves an active interaction on. The sender goes to wrap-up at once; the
// customer keeps their place, or a better one, never a worse one.
func (c *Core) transfer(e gateway.Transfer) *gateway.Error {
	h, err := c.lead(e.Interaction, e.Agent)
	if err != nil {
		return err
	}
	if len(h.item.offers) > 0 || h.item.company() > 0 {
		return gateway.Conflict("line_in_use", "line 2 is in use; drop it, or transfer the lines", h.item.Interaction)
	}
	switch {
	case e.ToAgent == e.Agent, (e.ToAgent == 0) == (e.ToQueue == 0):
		return gateway.Invalid("no_target", "transfer to another agent or to a queue, one of them")
	case e.ToAgent != 0:
		return c.transferToAgent(h, e.ToAgent)
	}
	return c.transferToQueue(h, e)
}

// transferToAgent offers the interaction to one agent, without talking first. If that
// comes to nothing it returns to the sender, see again.
func (c *Core) transferToAgent(h *hold, to gateway.AgentID) *gateway.Error {
	target := c.agents[to]
	if target == nil {
		return gateway.NotFound("unknown_agent", "no such agent works here")
	}
	if err := c.refusal(target, h.item.lane); err != nil {
		return err
	}
	it := h.item
	c.happened(it, gateway.Happening{What: HappenedTransferred, Agent: to, Queue: it.Queue})
	c.beginWrapUp(h)
	it.from = &origin{h.agent.id, to}
	c.propose(it, gateway.OfferTransfer, transferTimeout, target)
	return nil
}

// transferToQueue queues the interaction elsewhere. The new queue's target counts from
// the first arrival, and never makes it due later than it was. A queue that would send the
// customer away is refused: the sender, who still has them, must know of it. One that
// sends newcomers on to another sends them on too.
func (c *Core) transferToQueue(h *hold, e gateway.Transfer) *gateway.Error {
	to := e.ToQueue
	if !c.planned(to) {
		return gateway.NotFound("unknown_queue", "no such queue")
	}
	it := h.item
	if err := c.turnsAway(c.queue(to), it); err != nil {
		return err
	}
	c.happened(it, gateway.Happening{What: HappenedTransferred, Queue: to})
	c.beginWrapUp(h)
	c.assign(it, to)
	it.Preferred = 0
	if e.Skills != nil {
		it.needs = sortedSkills(e.Skills)
	}
	it.cool(h.agent.id, c.now.Add(transferCooldown))
	c.receive(it)
	return nil
}

// planned says whether the plan knows the queue.
func (c *Core) planned(id gateway.QueueID) bool {
	for _, q := range c.plan.Queues {
		if q.ID == id {
			return true
		}
	}
	return false
}

// refusal is why a blind transfer cannot reach an agent, nil if it can: the admission
// matrix for what one agent sends another.
func (c *Core) refusal(a *agent, l lane) *gateway.Error {
	if err := c.absent(a, l); err != nil {
		return err
	}
	if a.offer != nil || a.busy() && !a.room(l) {
		return refused("agent_busy", "the agent is busy; choose another or a queue", a)
	}
	return nil
}

// absent is why an agent cannot be reached by any colleague.
func (c *Core) absent(a *agent, l lane) *gateway.Error {
	switch {
	case a.intent == gateway.IntentLoggedOut:
		return refused("agent_logged_out", "the agent is logged out; choose another or a queue", a)
	case a.intent == gateway.IntentOnBreak:
		return refused("agent_on_break", "the agent is on break; choose another or a queue", a)
	case !a.live:
		return refused("agent_not_connected", "the agent's console is not connected; choose another or a queue", a)
	case !a.profile.lanes.has(l):
		return refused("channel_not_allowed", "the agent does not handle "+string(l.channel())+"; choose another or a queue", a)
	case l.phone() && a.mute():
		return refused("agent_busy", "the agent's phone is busy or out of reach; choose another or a queue", a)
	}
	return nil
}

// pull gives a waiting interaction to an agent who asks for it, also one who works
// offline, also beyond their capacity. A call is offered instead: the phone must ring.
func (c *Core) pull(e gateway.Pull) *gateway.Error {
	a, err := c.agent(e.Agent)
	if err != nil {
		return err
	}
	it := c.items.at(e.Interaction)
	if it == nil {
		return unknownInteraction()
	}
	if it.State != gateway.StateWaiting {
		return gateway.Conflict("not_waiting", "the interaction is no longer waiting", it.Interaction)
	}
	if err := working(a, it.lane); err != nil {
		return err
	}
	c.turn.subject = it
	if it.lane == voice {
		if err := c.refusal(a, voice); err != nil {
			return err
		}
		c.propose(it, gateway.OfferTransfer, transferTimeout, a)
		return nil
	}
	c.unqueue(it)
	c.take(it, a, howPulled)
	return nil
}
