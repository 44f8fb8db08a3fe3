package routing

import (
	"cmp"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// admit puts an arrival in the queue. One whose case has an open interaction of the
// same channel joins that; after a wrap-up has begun it opens a new one, and the agent
// who had the case last is asked first.
func (c *Core) admit(adm gateway.Admission) *gateway.Error {
	l, err := admissible(adm)
	if err != nil {
		return err
	}
	if c.knows(adm.Interaction) {
		return nil // said twice
	}
	if it := c.joins(adm); it != nil {
		c.emit(Joined{Reserved: adm.Interaction, Interaction: it.ID})
		return nil
	}
	it := c.newItem(adm, l)
	it.ArrivedAt = c.arrival(adm.ArrivedAt)
	if it.Preferred == 0 {
		it.Preferred = c.lastAgent(adm.Case)
	}
	q := c.queue(adm.Queue)
	c.open(it, q.due(l, it.ArrivedAt).Add(-credit(adm.Credit)))
	c.greet(it)
	if len(it.queue.members) == 0 {
		c.emit(Alerted{Kind: gateway.AlertNobody, Interaction: it.ID, Queue: it.Queue})
	}
	c.receive(it)
	return nil
}

// credit is how much earlier, or later, than others a customer is due.
func credit(s gateway.Seconds) time.Duration {
	if s < 0 {
		return -planned(-s)
	}
	return planned(s)
}

func admissible(adm gateway.Admission) (lane, *gateway.Error) {
	l, ok := laneOf(adm.Channel)
	if !ok {
		return 0, gateway.Invalid("unknown_channel", "an interaction comes by voice, chat, email, voicemail or callback")
	}
	if adm.Interaction <= 0 {
		return 0, gateway.Invalid("no_interaction_id", "reserve the interaction's id first")
	}
	return l, nil
}

// arrival is when a customer came: never after now, so that waiting is never negative.
func (c *Core) arrival(at time.Time) time.Time {
	if at = moment(at); at.Before(c.now) && at.Year() >= 1970 {
		return at
	}
	return c.now
}

// open enters an interaction into the books.
func (c *Core) open(it *item, due time.Time) {
	c.seq++
	it.Seq, it.DueAt, it.entered = c.seq, due, c.now
	it.await(it.ArrivedAt)
	it.queue = c.queue(it.Queue)
	it.Band = it.queue.band
	c.items.set(it.ID, it)
	c.file(it)
	c.touch(it)
}

func (c *Core) knows(id gateway.InteractionID) bool {
	if c.items.at(id) != nil {
		return true
	}
	_, gone := c.gone.byID[id]
	return gone
}

// joins is the open interaction that an arrival belongs to.
func (c *Core) joins(adm gateway.Admission) *item {
	if adm.Alone || adm.Case == 0 {
		return nil
	}
	for it := c.cases.at(adm.Case); it != nil; it = it.younger {
		if it.open() && it.Channel == adm.Channel {
			return it
		}
	}
	return nil
}

// lastAgent is who had the case last, as far as routing remembers.
func (c *Core) lastAgent(id gateway.CaseID) gateway.AgentID {
	if id == 0 {
		return 0
	}
	var last gateway.AgentID
	for it := c.cases.at(id); it != nil; it = it.younger {
		last = cmp.Or(it.confidant(), last)
	}
	if last != 0 {
		return last
	}
	return c.gone.agent(id)
}

// confidant is who had the interaction, or, where the caller was sent to voicemail, who
// should have.
func (it *item) confidant() gateway.AgentID {
	if it.End == gateway.EndVoicemail {
		return cmp.Or(it.Preferred, it.Agent)
	}
	return it.Agent
}

// begin opens an interaction that an agent starts. A call makes the agent busy: what
// was being offered goes to somebody else, and wrap-ups wait until it is over.
func (c *Core) begin(e gateway.Begin) *gateway.Error {
	l, err := admissible(e.Admission)
	if err != nil {
		return err
	}
	a, err := c.agent(e.Agent)
	if err != nil {
		return err
	}
	if c.knows(e.Interaction) {
		return gateway.Conflict("repeated", "an interaction with this id has begun before", nil)
	}
	if err := working(a, l); err != nil {
		return err
	}
	if l.phone() && a.busy() {
		return refused("agent_busy", "finish or transfer what you hold before you dial", a)
	}
	if l.phone() && a.offer != nil {
		c.withdraw(a.offer, CauseAgentStatus)
	}
	it := c.newItem(e.Admission, l)
	it.ArrivedAt, it.Outbound, it.needs, it.wants = c.now, true, nil, nil
	c.open(it, c.now)
	if l.phone() {
		c.pauseWrapUps(a)
	}
	c.take(it, a, howOutbound)
	c.turn.subject = it
	return nil
}

// working refuses what an agent who is not at work, or may not use the channel, wants to do.
func working(a *agent, l lane) *gateway.Error {
	switch {
	case a.intent == gateway.IntentLoggedOut:
		return refused("agent_logged_out", "log in first", a)
	case a.intent == gateway.IntentOnBreak && len(a.holds) == 0:
		return refused("agent_on_break", "end the break first", a)
	case !a.profile.lanes.has(l):
		return gateway.Forbidden("channel_not_allowed", "this agent does not handle "+string(l.channel()))
	}
	return nil
}

// refused is a conflict that shows how the agent stands.
func refused(code, detail string, a *agent) *gateway.Error {
	return gateway.Conflict(code, detail, a.Presence())
}
