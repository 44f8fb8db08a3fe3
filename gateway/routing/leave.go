package routing

import (
	"cmp"
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// shortWait is how soon a customer who leaves counts as not having waited.
const shortWait = 5 * time.Second

var ends = []gateway.End{
	"", gateway.EndHandled, gateway.EndAbandoned, gateway.EndShortAbandon, gateway.EndVoicemail,
	gateway.EndTransferredExternal, gateway.EndClosed, gateway.EndForm, gateway.EndCallback, gateway.EndSystemFailure, gateway.EndSilent, gateway.EndSettled,
}

// leave ends the customer's side. Before an answer that is the interaction's end, after
// it wrap-up begins. Leaving twice is harmless: both sides may hang up at once.
func (c *Core) leave(e gateway.Leave) *gateway.Error {
	if !slices.Contains(ends, e.End) {
		return gateway.Invalid("unknown_end", "no interaction ends as "+string(e.End))
	}
	it := c.items.at(e.Interaction)
	if it == nil {
		if m, gone := c.gone.of(e.Interaction); gone {
			c.hungUp(m, e.End)
			return nil
		}
		return unknownInteraction()
	}
	c.turn.subject = it
	switch end := cmp.Or(e.End, gateway.EndHandled); {
	case !it.EndedAt.IsZero():
		c.fallSilent(it)
		return nil
	case it.active() == nil:
		c.abandon(it, e.End)
	case e.TalkOn && it.talks() && it.company() > 0:
		c.talkOn(it, end)
	default:
		c.end(it, end)
	}
	if it.talks() && e.End == gateway.EndSystemFailure && e.Callback > 0 && !c.knows(e.Callback) {
		c.callBack(it, e.Callback)
	}
	return nil
}

// memo is what is remembered of an interaction that is over.
func (it *item) memo() memo {
	m := memo{ID: it.ID, Case: it.Case, Agent: it.confidant(), Closed: it.closed}
	if it.End == gateway.EndVoicemail && it.AcceptedAt.IsZero() {
		m.Diverted, m.Instead = it.copy(), gateway.EndAbandoned
		if it.EndedAt.Sub(it.since()) < shortWait {
			m.Instead = gateway.EndShortAbandon
		}
	}
	return m
}

// hungUp amends the end of a caller who was sent to voicemail and left no message: the wait
// is over where it was, but they have abandoned it. No other end is ever amended.
func (c *Core) hungUp(m memo, end gateway.End) {
	if m.Diverted == nil || end != gateway.EndAbandoned && end != gateway.EndShortAbandon {
		return
	}
	it := &item{Interaction: *m.Diverted, lane: voice}
	it.End = m.Instead
	it.Rev++
	c.gone.settle(it.ID)
	c.left(it)
	c.emit(InteractionChanged{it.copy()})
	c.happened(it, gateway.Happening{What: HappenedEnded, Cause: string(it.End)})
	c.turn.subject = it
}

// abandon ends an interaction that nobody has.
func (c *Core) abandon(it *item, end gateway.End) {
	for _, o := range slices.Clone(it.offers) {
		c.close(o, gateway.Withdrawn, CauseCustomerLeft)
	}
	if it.bucket != nil {
		c.unqueue(it)
	}
	if end == "" {
		c.left(it)
	}
	it.from = nil
	c.over(it, c.abandonment(it, end))
	c.finishItem(it)
}

// callBack promises a call to a customer whom our failure cut off, at the due time of
// the call that was lost.
func (c *Core) callBack(lost *item, id gateway.InteractionID) {
	it := c.callbackFor(lost, id)
	it.await(c.now)
	c.enqueue(it)
}

// callbackFor opens the callback that comes instead of an interaction, and is due when that was.
func (c *Core) callbackFor(old *item, id gateway.InteractionID) *item {
	it := c.newItem(gateway.Admission{
		Interaction: id, Channel: gateway.Callback, Queue: old.Queue, Case: old.Case, Conversation: old.Conversation,
		Customer: old.Customer, Skills: old.needs, Alone: true, Preferred: cmp.Or(old.Agent, old.Preferred),
	}, callback)
	it.ArrivedAt = old.ArrivedAt
	c.open(it, old.DueAt)
	return it
}

func (c *Core) endInteraction(e gateway.EndInteraction) *gateway.Error {
	h, err := c.held(e.Interaction, e.Agent)
	if err != nil {
		return err
	}
	switch {
	case h.guest:
		c.drop(h)
	case h.active() && !h.item.EndedAt.IsZero():
		c.fallSilent(h.item)
	case h.active():
		end := gateway.EndHandled
		if e.Pending && h.item.lane == email {
			end = gateway.EndPending
		}
		c.end(h.item, end)
	}
	return nil
}

// over notes how the customer's side ended. Colleagues on it are done.
func (c *Core) over(it *item, end gateway.End) {
	it.EndedAt, it.End = c.now, end
	for _, o := range slices.Clone(it.offers) {
		c.close(o, gateway.Withdrawn, CauseCustomerLeft)
	}
	c.dismiss(it)
	c.happened(it, gateway.Happening{What: HappenedEnded, Agent: it.Agent, Cause: string(end)})
}

// end closes the customer's side of an active interaction; its agent goes to wrap-up.
func (c *Core) end(it *item, end gateway.End) {
	c.over(it, end)
	c.beginWrapUp(it.active())
}

// held is the agent's part in an interaction.
func (c *Core) held(id gateway.InteractionID, by gateway.AgentID) (*hold, *gateway.Error) {
	it := c.items.at(id)
	if it == nil {
		if c.knows(id) {
			return nil, gateway.Conflict("finished", "the interaction is finished", nil)
		}
		return nil, unknownInteraction()
	}
	h := it.heldBy(by)
	if h == nil {
		return nil, gateway.Forbidden("not_yours", "you do not hold this interaction")
	}
	c.turn.asker, c.turn.subject = h.agent, it
	return h, nil
}
