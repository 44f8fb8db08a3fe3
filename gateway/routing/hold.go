package routing

import (
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// hold is one agent's part in one interaction, from taking it to the end of wrap-up.
// After a transfer the sender's hold is in wrap-up while the interaction goes on.
type hold struct {
	item   *item
	agent  *agent
	queue  *queue
	how    string
	start  time.Time
	worked time.Time // the agent was last heard of by this work, without a console; zero never
	ended  time.Time // the agent's talk is over; zero while active
	wrap   wrapUp
	no     int   // of the offer that was accepted; 0: it was none
	cost   int   // in units, as it was when it was taken
	guest  bool  // a colleague, while another agent has the interaction
	mute   int64 // the customer's line, by position, that supervisors know to be unanswered
	parked bool  // set aside for a call or chat: takes no units
}

// How an agent came to hold an interaction, as segments tell it.
const (
	howAccepted    = "accepted"
	howPulled      = "pulled"
	howTransferred = "transferred"
	howOutbound    = "outbound"
	howConsulted   = "consulted" // a colleague's advice
)

func (h *hold) active() bool { return h.ended.IsZero() }

// units keeps the cost that it was taken at: a plan that changes the costs frees nobody.
func (h *hold) units() int {
	if h.parked {
		return 0
	}
	return h.cost
}

// beyond says whether the agent has been given more than fits: who passed it on, too, until
// their wrap-up is over.
func (h *hold) beyond() bool { return h.agent.units() > capacity }

// owns says whether h is the part that decides the interaction's state.
func (h *hold) owns() bool {
	return h.item.Agent == h.agent.id && !h.item.EndedAt.IsZero() && h.item.State != gateway.StateFinished
}

// take makes a the holder of it.
func (c *Core) take(it *item, a *agent, how string) {
	old := it.heldBy(a.id)
	h := &hold{item: it, agent: a, queue: it.queue, how: how, start: c.now, cost: c.cost(it.lane)}
	it.holds = append(roomy(it.holds, &it.one.hold), h)
	a.holds = append(a.holds, h)
	if old != nil { // it came back: the wrap-up of the first part is over
		c.release(old)
	}
	if it.lane.live() || it.called {
		c.makeRoom(a)
	}
	it.OverCapacity = slices.ContainsFunc(it.holds, (*hold).beyond)
	it.State, it.Phase, it.Agent, it.from = gateway.StateActive, it.phase(), a.id, nil
	it.declined, it.forgive, it.tries = nil, time.Time{}, 0
	if it.AcceptedAt.IsZero() {
		it.AcceptedAt = c.now
	}
	it.queue.busy[it.lane]++
	c.touch(it)
	c.meet(a)
	c.happened(it, gateway.Happening{What: HappenedJoined, Agent: a.id, Queue: it.Queue})
}

// part ends the agent's talk; what follows is wrap-up or nothing.
func (c *Core) part(h *hold) {
	h.ended = c.now
	if !h.guest {
		h.queue.busy[h.item.lane]--
		h.item.Phase = ""
	}
	c.resumeWrapUps(h)
	c.meet(h.agent)
}

// release ends an agent's part for good and frees its units.
func (c *Core) release(h *hold) {
	if h.active() {
		c.part(h)
	}
	it, a := h.item, h.agent
	is := func(o *hold) bool { return o == h }
	it.holds, a.holds = slices.DeleteFunc(it.holds, is), slices.DeleteFunc(a.holds, is)
	c.emit(SegmentClosed{gateway.Segment{
		Interaction: it.ID, Agent: a.id, Queue: h.queue.id,
		Start: h.start, EndedAt: h.ended, End: c.now, How: h.how,
	}})
	a.idleFrom = c.now
	c.touch(it)
	c.meet(a)
	if len(a.holds) == 0 && a.next != "" {
		c.intend(a, a.next, a.nextCode)
	}
}

// finishItem ends the interaction's life.
func (c *Core) finishItem(it *item) {
	it.State, it.FinishedAt = gateway.StateFinished, c.now
	it.WrapUpUntil, it.Overtime = time.Time{}, false
	c.touch(it)
	if it.Agent != 0 {
		c.happened(it, gateway.Happening{What: HappenedFinished, Agent: it.Agent, Cause: string(it.End)})
	}
}

// putBack takes an interaction from the agent who holds it and queues it again where
// it was; if only the console was lost, it is offered to the same agent first. If
// colleagues are on it, one of them has it instead.
func (c *Core) putBack(h *hold, cause string) {
	it := h.item
	if h.guest {
		c.drop(h)
		return
	}
	if !it.EndedAt.IsZero() { // only colleagues talk
		c.dismiss(it)
		c.endWrapUp(h)
		return
	}
	c.unask(it)
	if guests := it.guests(); len(guests) > 0 {
		heard := it.private() != guests[0].agent.id
		c.release(h)
		c.promote(guests[0], heard)
		return
	}
	c.release(h)
	it.Preferred, it.entered, it.Line2, it.Outside = 0, c.now, "", false
	it.await(c.now)
	if cause == CauseLeaseLost {
		it.Preferred = h.agent.id
	}
	c.happened(it, gateway.Happening{What: HappenedReconnecting, Agent: h.agent.id, Cause: cause})
	c.enqueue(it)
}
