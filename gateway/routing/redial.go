package routing

import "github.com/vaxelhq/vaxel/gateway"

// redial lets the agent who has a callback call its customer: from then on it is a call. A
// voicemail becomes a callback first, which is due when the voicemail was; the agent keeps it.
func (c *Core) redial(e gateway.Redial) *gateway.Error {
	h, err := c.lead(e.Interaction, e.Agent)
	if err != nil {
		return err
	}
	it := h.item
	switch {
	case it.lane != callback && it.lane != voicemail:
		return gateway.Conflict("no_callback", "only a callback's or a voicemail's customer is called back like this", it.Interaction)
	case it.called:
		return nil
	case it.Line2 != "" || it.company() > 0:
		return gateway.Conflict("line_in_use", "somebody is on line 2 already; drop it first", it.Interaction)
	case h.agent.onPhone():
		return refused("agent_busy", "finish your call before you make another", h.agent)
	case !h.agent.profile.lanes.has(voice) && !h.agent.profile.lanes.has(callback):
		return gateway.Forbidden("channel_not_allowed", "this agent does not handle calls")
	case it.lane == voicemail && (e.Callback <= 0 || c.knows(e.Callback)):
		return gateway.Invalid("no_interaction_id", "reserve the callback's id first")
	case it.lane == voicemail:
		h = c.instead(h, e.Callback)
	}
	it = h.item
	it.called = true
	c.pauseWrapUps(h.agent)
	c.makeRoom(h.agent)
	it.OverCapacity = it.OverCapacity || h.agent.units() > capacity
	c.phase(it, gateway.PhaseTalking)
	c.meet(h.agent)
	c.turn.subject = it
	return nil
}

// instead ends a voicemail, whose customer is called, and gives its agent the callback.
func (c *Core) instead(h *hold, id gateway.InteractionID) *hold {
	old, a := h.item, h.agent
	it := c.callbackFor(old, id)
	c.over(old, gateway.EndCallback)
	c.take(it, a, howOutbound) // before the other ends, lest the agent be free between
	c.endWrapUp(h)
	it.OverCapacity = a.units() > capacity
	return it.active()
}

// unreached ends a try to call back: whoever has the callback still has it, and may try
// again. That need not be who tried: it may have been given away while the telephone rang.
func (c *Core) unreached(e gateway.Unreached) *gateway.Error {
	it := c.items.at(e.Interaction)
	switch {
	case it == nil && c.knows(e.Interaction):
		return gateway.Conflict("finished", "the interaction is finished", nil)
	case it == nil:
		return unknownInteraction()
	case !it.called || it.lane != callback || !it.EndedAt.IsZero() || it.company() > 0:
		return nil
	}
	c.turn.subject = it
	h := it.active()
	if h != nil {
		c.resumeWrapUps(h)
	}
	it.called = false
	c.calm(it) // a colleague may be asked meanwhile
	if h != nil {
		c.meet(h.agent)
	}
	return nil
}
