package routing

import "github.com/vaxelhq/vaxel/gateway"

// transferLines lets go of the customer to the colleague who was asked last. Nobody there
// yet means no transfer: the customer would be left alone.
func (c *Core) transferLines(e gateway.TransferLines) *gateway.Error {
	h, err := c.lead(e.Interaction, e.Agent)
	if err != nil {
		return err
	}
	guests := h.item.guests()
	switch {
	case len(guests) == 0:
		return noLine2(h)
	case h.item.Line2 == gateway.Line2Outside:
		return gateway.Conflict("line_outside", "somebody outside is on line 2: it is their telephone that the customer is given to", h.item.Interaction)
	}
	to := guests[len(guests)-1]
	c.happened(h.item, gateway.Happening{What: HappenedTransferred, Agent: to.agent.id, Queue: h.item.Queue})
	c.handOver(h, to)
	return nil
}

// joinLines makes a conference of the consultation, once the colleague has answered.
func (c *Core) joinLines(e gateway.JoinLines) *gateway.Error {
	h, err := c.lead(e.Interaction, e.Agent)
	if err != nil {
		return err
	}
	it := h.item
	if it.Phase != gateway.PhaseConsult || len(it.offers) > 0 {
		return noLine2(h)
	}
	colleague := it.private()
	it.Line2 = ""
	c.phase(it, gateway.PhaseConference)
	if colleague != 0 {
		c.happened(it, gateway.Happening{What: HappenedJoined, Agent: colleague, Queue: it.Queue})
	}
	return nil
}

func noLine2(h *hold) *gateway.Error {
	return gateway.Conflict("no_line", "nobody is on line 2; consult somebody first", h.item.Interaction)
}

// dropLine ends what is on line 2: the asking, the colleague, somebody outside. A guest
// drops their own part; in a conference the one who has the interaction leaves it to the
// guest who came first.
func (c *Core) dropLine(e gateway.DropLine) *gateway.Error {
	h, err := c.held(e.Interaction, e.Agent)
	if err != nil {
		return err
	}
	it, guests := h.item, h.item.guests()
	switch {
	case !h.active():
		return gateway.Conflict("already_ended", "the interaction has ended", nil)
	case h.guest:
		c.drop(h)
	case !it.EndedAt.IsZero() && e.Colleague == 0 && !e.Outside:
		c.fallSilent(it)
	case e.Outside && !it.Outside:
		return gateway.Conflict("not_there", "nobody outside is on this interaction", it.Interaction)
	case e.Outside:
		c.dropOutside(it)
	case e.Colleague != 0:
		g := it.heldBy(e.Colleague)
		if g == nil || !g.guest {
			return gateway.Conflict("not_there", "that agent is not on this interaction", it.Interaction)
		}
		c.drop(g)
	case len(it.offers) > 0:
		c.unask(it)
		c.calm(it)
	case it.Line2 == gateway.Line2Outside:
		c.dropOutside(it)
	case it.Line2 == gateway.Line2Colleague:
		c.drop(guests[len(guests)-1])
	case len(guests) > 0:
		c.handOver(h, guests[0])
	case it.Outside:
		c.dropOutside(it)
	default:
		return noLine2(h)
	}
	return nil
}

// dropOutside ends the part of somebody outside.
func (c *Core) dropOutside(it *item) {
	it.Outside = false
	if it.Line2 == gateway.Line2Outside {
		it.Line2 = ""
	}
	c.calm(it)
}

// holdLine puts the customer on hold or takes them back. Said twice it changes nothing.
func (c *Core) holdLine(e gateway.HoldLine) *gateway.Error {
	h, err := c.lead(e.Interaction, e.Agent)
	if err != nil {
		return err
	}
	it := h.item
	if it.Phase != gateway.PhaseTalking && it.Phase != gateway.PhaseHold {
		return gateway.Conflict("line_in_use", "only a customer who talks to you alone can be put on hold", it.Interaction)
	}
	to := gateway.PhaseTalking
	if e.Hold {
		to = gateway.PhaseHold
	}
	if it.Phase != to {
		c.phase(it, to)
	}
	return nil
}
