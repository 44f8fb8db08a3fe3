package routing

import (
	"slices"

	"github.com/vaxelhq/vaxel/gateway"
)

// candidate is an item that may have found an agent: one that has entered, or the best
// for an agent who may have gained room.
type candidate struct {
	item  *item
	agent *agent // nil if the item has entered
}

// candidateBefore is the order of the items; of one item, its own entry goes before agents,
// and those by id. Two equal candidates are one.
func candidateBefore(a, b candidate) bool {
	if a.item != b.item {
		return a.item.key.before(b.item.key)
	}
	return a.agent != nil && (b.agent == nil || a.agent.id < b.agent.id)
}

// settle offers until no waiting item is left that a free, eligible agent could take.
// Before the event there was none, so only agents that may have gained room and items
// that may have gained agents need be looked at, in the order in which items are due. It
// ends: each round makes an offer, which takes an item or an agent away, or drops a
// candidate.
func (c *Core) settle() {
	for _, a := range c.turn.agents {
		c.resume(a)
		c.refresh(a)
	}
	for _, a := range c.turn.freed {
		a.freed = false
		c.seek(a)
	}
	for _, it := range c.turn.entered {
		if it.dirty = false; it.bucket != nil {
			c.candidates.push(candidate{item: it})
		}
	}
	for len(c.candidates.s) > 0 {
		next := c.candidates.s[0]
		c.candidates.remove(0)
		handed := next.item
		if next.item.bucket != nil {
			handed = c.inTurn(next.item)
			c.hand(handed)
		}
		if next.agent != nil {
			c.seek(next.agent)
		} else if handed != next.item {
			c.candidates.push(next) // another's turn came before
		}
	}
}

// seek looks for work for an agent and lines it up with the others' finds: the item may yet
// go to somebody better.
func (c *Core) seek(a *agent) {
	if a.open == 0 {
		return
	}
	if it := c.bestItem(a); it != nil {
		c.candidates.push(candidate{it, a})
	}
}

// hand looks for an agent for an item. Who asked for it need not be the best.
func (c *Core) hand(it *item) {
	agents := c.bestAgents(it)
	if c.watch != nil {
		c.watch(it, agents)
	}
	if len(agents) > 0 {
		c.turns.take(it)
		timeout := it.queue.service[it.lane].timeout
		if own := agents[0].profile.timeout; own > 0 && len(agents) == 1 {
			timeout = own
		}
		for _, a := range agents {
			a.asked = c.now
		}
		c.propose(it, gateway.OfferQueue, timeout, agents...)
		return
	}
	if len(it.declined) > 0 && it.forgive.IsZero() && c.allDeclined(it) {
		it.forgive = c.now.Add(forgiveAfter)
		c.timers.set(&it.timer, it.deadline())
	}
}

// bestItem is the first in order of all that the agent could take, nil if there is none.
func (c *Core) bestItem(a *agent) (best *item) {
	may := func(it *item) bool { return !it.coolingFor(a, c.now) }
	turns := c.plan.Order == gateway.PriorityTurn
	for _, q := range a.profile.queues {
		for _, b := range q.filled {
			s := b.standingOf(a)
			if !s.fits || !a.open.has(b.lane) {
				continue
			}
			line := &b.tiers[s.tier]
			if len(line.s) == 0 || best != nil && !turns && best.key.before(line.s[0].key) {
				continue
			}
			if it := line.first(may); it != nil && (best == nil || c.precedes(it, best)) {
				best = it
			}
		}
	}
	return best
}

// bestAgent is the agent who should take the item: the preferred one while that is
// sticky, then the first by the queue's strategy; nil if there is none but those taken.
func (c *Core) bestAgent(it *item, taken []*agent) *agent {
	b := it.bucket
	if !b.ready() {
		return nil
	}
	if it.Preferred != 0 && c.now.Sub(it.entered) <= b.queue.service[b.lane].sticky {
		if a := c.agents[it.Preferred]; a != nil && c.can(a, it) && !slices.Contains(taken, a) {
			return a
		}
	}
	may := func(a *agent) bool { return !it.coolingFor(a, c.now) && !slices.Contains(taken, a) }
	return b.best(it.ripe, may)
}

// best is the first whom the bucket's items may be offered to, of those who may see what
// has ripened so far.
func (b *bucket) best(ripe int, may func(*agent) bool) *agent {
	for _, rank := range b.ranks {
		var best *agent
		for _, p := range rank {
			if b.standing[p.index].tier >= ripe {
				continue
			}
			if a := b.queue.first(p.ready[b.lane], may); a != nil && (best == nil || b.queue.sooner(a, best)) {
				best = a
			}
		}
		if best != nil {
			return best
		}
	}
	return nil
}

// can says whether a waiting item may be offered to an agent now.
func (c *Core) can(a *agent, it *item) bool {
	return a.open.has(it.lane) && it.fits(a) &&
		it.bucket.standingOf(a).tier < it.ripe && !it.coolingFor(a, c.now)
}

// fits says whether the agent is one of those who may take the item at all.
func (it *item) fits(a *agent) bool {
	if a.profile == nil || !a.profile.lanes.has(it.lane) {
		return false
	}
	if !slices.ContainsFunc(a.profile.queues, func(q *queue) bool { return q == it.queue || slices.Contains(it.also, q) }) {
		return false
	}
	return !slices.ContainsFunc(it.wants, func(s gateway.SkillLevel) bool { return a.level(s.Skill) < s.Level })
}

// routable says whether the agent is there for queued work, busy or not.
func (a *agent) routable() bool {
	return a.intent == gateway.IntentAvailable && a.next == "" && a.live
}

// allDeclined says whether everyone who could take the item has just refused it. Whose phone
// cannot be had could not.
func (c *Core) allDeclined(it *item) (some bool) {
	for _, rank := range it.bucket.ranks {
		for _, p := range rank {
			for _, a := range p.agents {
				if !a.routable() || it.lane.phone() && a.mute() {
					continue
				}
				if !it.coolingFor(a, c.now) {
					return false
				}
				some = true
			}
		}
	}
	return some
}
