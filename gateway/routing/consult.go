package routing

import (
	"slices"

	"github.com/vaxelhq/vaxel/gateway"
)

// One agent has an interaction; colleagues may be on it as guests, in consultation or
// conference, and one telephone outside. The customer is never left alone by that: when
// the agent goes, the guest who came first has it.

// The phase says what the customer hears: talking or hold with one agent, consult while
// the agent asks somebody on line 2 (the customer hears music, and whoever else is on the
// call with them), conference when all hear all. Whatever ends, calm finds the phase of
// those who are left: a consultation goes on while line 2 is there. When the customer of a
// call goes, the others talk on (colleagues.go).

// mostGuests keeps a conference at six legs, the customer's and five agents'.
const mostGuests = 4

// guests are the colleagues on the interaction, in the order they came.
func (it *item) guests() (all []*hold) {
	for _, h := range it.holds {
		if h.guest && h.active() {
			all = append(all, h)
		}
	}
	return all
}

// company is how many are on the interaction beside customer and agent, or asked.
func (it *item) company() int {
	n := len(it.guests())
	if it.Outside {
		n++
	}
	return n
}

// private is the guest who is on line 2, and not heard by the customer; 0 if none is.
func (it *item) private() gateway.AgentID {
	if it.Line2 != gateway.Line2Colleague || len(it.offers) > 0 || len(it.Others) == 0 {
		return 0
	}
	return it.Others[len(it.Others)-1]
}

// lead is the caller's hold, if the caller has the interaction and it goes on.
func (c *Core) lead(id gateway.InteractionID, by gateway.AgentID) (*hold, *gateway.Error) {
	h, err := c.held(id, by)
	switch {
	case err != nil:
		return nil, err
	case !h.active() || !h.item.EndedAt.IsZero():
		return nil, gateway.Conflict("already_ended", "the interaction has ended", nil)
	case h.guest:
		return nil, gateway.Conflict("not_yours", "a colleague has this interaction; you can only leave it", h.item.Interaction)
	}
	return h, nil
}

// consult asks a colleague, without letting go of the customer.
func (c *Core) consult(e gateway.Consult) *gateway.Error {
	h, err := c.lead(e.Interaction, e.Agent)
	if err != nil {
		return err
	}
	it := h.item
	switch {
	case len(it.offers) > 0 || it.Line2 != "" || e.Outside && it.Outside:
		return gateway.Conflict("line_in_use", "line 2 is in use; drop it first", it.Interaction)
	case it.company() >= mostGuests:
		return gateway.Conflict("conference_full", "a conference has six lines at most", it.Interaction)
	case e.Outside:
		it.Outside = true
		c.ask(it, gateway.Line2Outside)
		return nil
	}
	a, err := c.colleague(h, e)
	if err != nil {
		return err
	}
	c.ask(it, gateway.Line2Colleague)
	c.offer(it, gateway.OfferConsult, transferTimeout, a)
	return nil
}

// ask lets the agent talk on line 2.
func (c *Core) ask(it *item, whom gateway.Line2) {
	it.Line2 = whom
	c.phase(it, gateway.PhaseConsult)
}

// colleague is who is asked.
func (c *Core) colleague(h *hold, e gateway.Consult) (*agent, *gateway.Error) {
	it := h.item
	switch {
	case e.ToAgent == e.Agent, (e.ToAgent == 0) == (e.ToQueue == 0):
		return nil, gateway.Invalid("no_target", "consult another agent or a queue, one of them")
	case e.ToQueue != 0:
		if !c.planned(e.ToQueue) {
			return nil, gateway.NotFound("unknown_queue", "no such queue")
		}
		q := c.queue(e.ToQueue)
		b := c.bucket(q, &item{lane: it.lane, queue: q})
		if a := b.best(1, func(a *agent) bool { return it.heldBy(a.id) == nil }); a != nil {
			return a, nil
		}
		return nil, gateway.Conflict("nobody_free", "nobody in that queue is free; try an agent or another queue", nil)
	}
	a := c.agents[e.ToAgent]
	if a == nil {
		return nil, gateway.NotFound("unknown_agent", "no such agent works here")
	}
	if o := it.heldBy(a.id); o != nil && o.active() {
		return nil, gateway.Conflict("already_there", "the agent is on this interaction already", it.Interaction)
	}
	return a, c.consultRefusal(a, it.lane, e.EvenIfBusy)
}

// consultRefusal is why a colleague cannot be asked: the admission matrix for calls and
// chats among agents.
func (c *Core) consultRefusal(a *agent, l lane, evenIfBusy bool) *gateway.Error {
	switch {
	case a.onPhone():
		return refused("agent_busy", "the agent is in a call; choose another or a queue", a)
	case a.busy() && !evenIfBusy && a.intent != gateway.IntentLoggedOut && a.offer == nil:
		return refused("confirm_busy", "the agent is busy; ask again with even_if_busy to disturb", a)
	case a.busy() && evenIfBusy && c.absent(a, l) == nil && a.offer == nil:
		return nil
	}
	return c.refusal(a, l)
}

// onPhone says whether the agent is in a call.
func (a *agent) onPhone() bool {
	return slices.ContainsFunc(a.holds, func(h *hold) bool { return h.active() && h.item.talks() })
}

// join lets the colleague who accepted onto the interaction.
func (c *Core) join(it *item, a *agent) {
	old := it.heldBy(a.id)
	h := &hold{item: it, agent: a, queue: it.queue, how: howConsulted, start: c.now, guest: true, cost: c.cost(it.lane)}
	it.holds, a.holds = append(it.holds, h), append(a.holds, h)
	if old != nil {
		c.release(old)
	}
	it.OverCapacity = it.OverCapacity || a.units() > capacity
	it.Others = append(it.Others, a.id)
	c.touch(it)
	c.meet(a)
}

// drop ends a colleague's part.
func (c *Core) drop(h *hold) {
	it := h.item
	switch {
	case it.private() == h.agent.id:
		it.Line2 = ""
	case it.EndedAt.IsZero():
		c.happened(it, gateway.Happening{What: HappenedLeft, Agent: h.agent.id})
	}
	it.Others = slices.DeleteFunc(slices.Clone(it.Others), func(id gateway.AgentID) bool { return id == h.agent.id })
	c.release(h)
	c.calm(it)
}

// promote gives the interaction to a colleague who is on it. Whom the agent had asked alone
// is one of all now; somebody outside goes with who had asked them.
func (c *Core) promote(h *hold, heard bool) {
	it := h.item
	if it.Line2 == gateway.Line2Outside {
		it.Outside = false
	}
	it.Line2 = ""
	if !heard {
		c.happened(it, gateway.Happening{What: HappenedJoined, Agent: h.agent.id, Queue: it.Queue})
	}
	h.guest, h.how = false, howTransferred
	h.queue.busy[it.lane]++
	it.Agent, it.State = h.agent.id, gateway.StateActive
	it.Others = slices.DeleteFunc(slices.Clone(it.Others), func(id gateway.AgentID) bool { return id == h.agent.id })
	c.calm(it)
	c.meet(h.agent)
}

// calm is the phase after somebody has left: those who are there still hear each other.
func (c *Core) calm(it *item) {
	switch {
	case it.active() == nil:
		c.phase(it, "")
	case !it.EndedAt.IsZero() && it.company() == 0:
		c.fallSilent(it)
	case !it.EndedAt.IsZero():
		c.phase(it, gateway.PhaseColleagues)
	case it.Line2 != "":
		c.phase(it, gateway.PhaseConsult)
	case it.company() > 0:
		c.phase(it, gateway.PhaseConference)
	default:
		c.phase(it, it.phase())
	}
}

// phase is that of an interaction with one agent.
func (it *item) phase() gateway.Phase {
	if it.talks() {
		return gateway.PhaseTalking
	}
	return ""
}

// talks says whether it is a call under way, once somebody has it: a callback is one only
// after its customer has been called.
func (it *item) talks() bool { return it.lane == voice || it.called }

// phase shows what the customer hears now.
func (c *Core) phase(it *item, p gateway.Phase) {
	it.Phase = p
	c.touch(it)
}

// handOver lets a guest have what h's agent had, who goes to wrap-up.
func (c *Core) handOver(h, to *hold) {
	it := h.item
	c.unask(it)
	heard := it.private() != to.agent.id
	if heard {
		c.happened(it, gateway.Happening{What: HappenedLeft, Agent: h.agent.id})
	}
	c.beginWrapUp(h)
	c.promote(to, heard)
}

// unask takes back a consultation that nobody has accepted yet.
func (c *Core) unask(it *item) {
	for _, o := range slices.Clone(it.offers) {
		it.Line2 = ""
		c.close(o, gateway.Withdrawn, CauseDropped)
	}
}
