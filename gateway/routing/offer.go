package routing

import (
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// offer is an agent being asked.
type offer struct {
	gateway.Offer
	item  *item
	agent *agent
}

// Why an offer was withdrawn or failed, or an item taken from an agent.
const (
	CauseCustomerLeft = "customer_left"
	CauseSettled      = "settled" // the case of a callback was closed
	CauseAgentStatus  = "agent_status"
	CauseLeaseLost    = "lease_lost"
	CauseSupervisor   = "supervisor"
	CauseRestart      = "restart"
	CauseDropped      = "dropped"            // who asked for advice changed their mind
	CauseElsewhere    = "answered_elsewhere" // it rang at several, another was first
	CauseBusy         = "busy"               // the phone: 486, 600
	CauseUnreachable  = "unreachable"        // the phone: 480, 408, 503, not registered
	CauseMedia        = "media"              // answered, but no sound within five seconds
	CauseDeclined     = "declined"           // the phone: 603
)

const (
	transferTimeout = 20 * time.Second
	recallTimeout   = 15 * time.Second
	backAfter       = 10 * time.Second // preset engage: how long an agent is out after a refusal
	busyFor         = 30 * time.Second // a busy phone is not rung
	unreachableFor  = 60 * time.Second // nor one that cannot be reached
	alarmingOffer   = 5                // of those since somebody last had it: supervisors are told
)

// propose asks an agent to take an item, or several at once.
func (c *Core) propose(it *item, kind gateway.OfferKind, timeout time.Duration, agents ...*agent) {
	if it.bucket != nil {
		c.unqueue(it)
	}
	it.State = gateway.StateOffered
	c.offer(it, kind, timeout, agents...)
	if it.tries++; it.tries == alarmingOffer {
		c.emit(Alerted{Kind: gateway.AlertUnanswered, Interaction: it.ID, Queue: it.Queue})
	}
}

// offer makes the offers of one number. The number is what an answer must name: one that
// comes after the offer has closed meets another number, or none.
func (c *Core) offer(it *item, kind gateway.OfferKind, timeout time.Duration, agents ...*agent) {
	it.OfferNo++
	c.touch(it)
	for _, a := range agents {
		a.offer = &offer{item: it, agent: a, Offer: gateway.Offer{
			Interaction: it.ID, No: it.OfferNo, Agent: a.id, Kind: kind, Channel: it.Channel, Queue: it.Queue,
			CreatedAt: c.now, ExpiresAt: c.now.Add(timeout),
		}}
		it.offers = append(roomy(it.offers, &it.one.offer), a.offer)
		c.emit(OfferCreated{a.offer.Offer})
		c.meet(a)
		c.refresh(a)
	}
}

// close gives an offer its one outcome.
func (c *Core) close(o *offer, outcome gateway.Outcome, cause string) {
	o.ClosedAt, o.Outcome, o.Cause = c.now, outcome, cause
	it := o.item
	it.offers, o.agent.offer = slices.DeleteFunc(it.offers, func(p *offer) bool { return p == o }), nil
	if cause == "" {
		cause = string(outcome)
	}
	if len(it.closed) < o.No {
		it.closed = append(it.closed, cause)
	}
	it.closed[o.No-1] = cause
	c.touch(it)
	c.emit(OfferClosed{o.Offer})
	c.meet(o.agent)
}

// again finds the next agent after the last offer that came to nothing. A transfer returns
// to its sender, else to the mailbox of whom it was meant for (Preferred then), else to
// the queue that it came from, at its old place.
func (c *Core) again(o *offer) {
	it := o.item
	if len(it.offers) > 0 {
		return // it still rings elsewhere
	}
	if o.Kind == gateway.OfferConsult {
		it.Line2 = ""
		c.calm(it)
		return
	}
	if o.Kind == gateway.OfferTransfer && it.from != nil {
		if s := c.agents[it.from.agent]; s != nil && c.refusal(s, it.lane) == nil {
			c.propose(it, gateway.OfferRecall, recallTimeout, s)
			return
		}
	}
	if it.from == nil {
		c.enqueue(it)
		return
	}
	to := c.agents[it.from.to]
	it.from, it.entered = nil, c.now
	it.await(c.now)
	if it.lane == voice && to != nil && to.takesMessages() && o.Cause != CauseRestart {
		it.Preferred = to.id
		c.perform(it, gateway.Step{Do: gateway.ToVoicemail})
		return
	}
	c.enqueue(it)
}

func (a *agent) takesMessages() bool { return a.profile != nil && a.profile.mailbox }

// withdraw takes an offer back; that is not held against the agent.
func (c *Core) withdraw(o *offer, cause string) {
	c.close(o, gateway.Withdrawn, cause)
	c.again(o)
}

// miss closes an offer that was not answered in time. The agent is not at the desk:
// queued offers stop until the agent says otherwise. Where several were asked at once,
// each may have left it to the others: they only are not asked again for a while.
func (c *Core) miss(o *offer) {
	ring := o.item.ringsAll()
	if ring {
		o.item.cool(o.agent.id, c.now.Add(declineCooldown))
	}
	c.close(o, gateway.Missed, "")
	if !ring || o.Kind != gateway.OfferQueue {
		c.penalize(o, gateway.IntentOnBreak, gateway.CodeMissed)
	}
	c.again(o)
}

// penalize sends an agent who was available away after a refusal, under preset engage
// for ten seconds only.
func (c *Core) penalize(o *offer, intent gateway.Intent, code string) {
	a := o.agent
	c.lapse(a)
	if o.Kind != gateway.OfferQueue || a.intent != gateway.IntentAvailable {
		return
	}
	next, nextCode := a.next, a.nextCode
	c.intend(a, intent, code)
	a.next, a.nextCode = next, nextCode
	if o.item.queue.service[o.item.lane].decline == gateway.DeclineEngage && next == "" {
		a.back = c.now.Add(backAfter)
	}
}

// accept takes what is offered. It is the only way from offered to active; a call is
// accepted by the phone that answers (ByPhone), never by a click. Of several who are asked
// at once, the first has it and the others' offers are withdrawn in the same turn, so that
// nobody can be second.
func (c *Core) accept(e gateway.Accept) *gateway.Error {
	if h := c.taken(e.Interaction, e.No, e.Agent); h != nil { // said twice: the answer is the same
		c.turn.asker, c.turn.subject = h.agent, h.item
		return nil
	}
	o, err := c.offered(e.Interaction, e.No, e.Agent)
	if err != nil {
		return err
	}
	if o.item.lane == voice && !e.ByPhone {
		return gateway.Conflict("answer_the_phone", "a call is accepted by answering the phone that rings", o.Offer)
	}
	c.close(o, gateway.Accepted, "")
	for _, other := range slices.Clone(o.item.offers) {
		c.close(other, gateway.Withdrawn, CauseElsewhere)
	}
	if o.Kind == gateway.OfferConsult {
		c.join(o.item, o.agent)
	} else {
		c.take(o.item, o.agent, o.how())
	}
	o.item.heldBy(o.agent.id).no = o.No
	return nil
}

// taken is what an agent has had since accepting the offer of a number, nil if there is no
// such thing any more.
func (c *Core) taken(id gateway.InteractionID, no int, by gateway.AgentID) *hold {
	it := c.items.at(id)
	if it == nil || no <= 0 {
		return nil
	}
	if h := it.heldBy(by); h != nil && h.active() && h.no == no {
		return h
	}
	return nil
}

// how is the word for taking what was offered so.
func (o *offer) how() string {
	switch {
	case o.Kind == gateway.OfferQueue:
		return howAccepted
	case o.item.from == nil:
		return howPulled
	}
	return howTransferred
}

// decline refuses an offer; a stale number is refused with offer_gone and how it closed.
func (c *Core) decline(e gateway.Decline) *gateway.Error {
	o, err := c.offered(e.Interaction, e.No, e.Agent)
	if err != nil {
		return err
	}
	c.declined(o, e.Code)
	return nil
}

// declined requeues what an agent refused and does to the agent what the policy says.
func (c *Core) declined(o *offer, code string) {
	o.item.cool(o.agent.id, c.now.Add(declineCooldown))
	c.close(o, gateway.Declined, code)
	switch o.item.queue.service[o.item.lane].decline {
	case gateway.DeclineEngage:
		c.penalize(o, gateway.IntentWorkingOffline, gateway.CodeDeclined)
	case gateway.DeclineVCC:
		intent := gateway.IntentOnBreak
		if o.item.lane == email || o.item.lane == voicemail {
			intent = gateway.IntentWorkingOffline
		}
		c.penalize(o, intent, gateway.CodeDeclined)
	case gateway.DeclineSoft:
		c.lapse(o.agent)
	}
	c.again(o)
}

// lapse puts an agent who did not take an offer behind the others, who have waited for one.
func (c *Core) lapse(a *agent) {
	if !c.plan.MissKeepsPlace {
		a.idleFrom = c.now
	}
}

// failOffer tries the next agent when this one's phone cannot be had. After the
// acceptance it means that no sound came through: the caller is queued again.
func (c *Core) failOffer(e gateway.FailOffer) *gateway.Error {
	if h := c.taken(e.Interaction, e.No, e.Agent); h != nil && e.Cause == CauseMedia {
		c.unheard(h)
		return nil
	}
	o, err := c.offered(e.Interaction, e.No, e.Agent)
	if err != nil {
		return err
	}
	if e.Cause == CauseDeclined {
		c.declined(o, "")
		return nil
	}
	c.block(o.agent, o.item, e.Cause)
	c.close(o, gateway.Failed, e.Cause)
	c.again(o)
	return nil
}

// unheard takes a call from an agent through whose phone no sound has come. That was no
// answer: supervisors hear of it as of any other call that nobody takes.
func (c *Core) unheard(h *hold) {
	it := h.item
	c.turn.subject = it
	if !h.guest && it.AcceptedAt.Equal(h.start) {
		it.AcceptedAt = time.Time{} // nobody has been heard yet
		it.tries = it.OfferNo
	}
	c.block(h.agent, it, CauseMedia)
	c.putBack(h, CauseMedia)
}

// block keeps calls, and this item, from an agent whose phone cannot be had.
func (c *Core) block(a *agent, it *item, cause string) {
	d := busyFor
	if cause == CauseUnreachable {
		d = unreachableFor
	}
	if it.lane.phone() {
		a.blocked = c.now.Add(d)
	}
	it.cool(a.id, c.now.Add(failCooldown))
	c.meet(a)
}

// offered is the offer that the token names, if it is out and the agent's own.
func (c *Core) offered(id gateway.InteractionID, no int, by gateway.AgentID) (*offer, *gateway.Error) {
	it := c.items.at(id)
	if it == nil {
		if m, ok := c.gone.of(id); ok {
			return nil, offerGone(m.Closed, no)
		}
		return nil, unknownInteraction()
	}
	o := it.offerTo(by)
	if len(it.offers) == 0 || it.OfferNo != no || o == nil && len(it.closed) >= no {
		return nil, offerGone(it.closed, no)
	}
	if o == nil {
		return nil, gateway.Forbidden("not_yours", "this offer is somebody else's")
	}
	c.turn.asker, c.turn.subject = o.agent, it
	return o, nil
}

// Gone is the Data of an offer_gone refusal.
type Gone struct {
	Cause string `json:"cause"` // how the offer closed: missed, customer_left …
}

// offerGone refuses an answer to offer no, of those that closed as told.
func offerGone(closed []string, no int) *gateway.Error {
	cause := "never_made"
	if no >= 1 && no <= len(closed) {
		cause = closed[no-1]
	}
	return gateway.Conflict("offer_gone", "this offer is closed: "+cause, Gone{cause})
}

func unknownInteraction() *gateway.Error {
	return gateway.NotFound("unknown_interaction", "no such interaction is open")
}
