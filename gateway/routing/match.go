package routing

import (
	"slices"

	"github.com/vaxelhq/vaxel/gateway"
)

// settle offers until no waiting item is left that a free, eligible agent could take.
// Before the event there was none, so only agents that may have gained room and items
// that may have gained agents need be looked at.
func (c *Core) settle() {
	for _, a := range c.turn.agents {
		c.refresh(a)
	}
	slices.SortFunc(c.turn.freed, func(a, b *agent) int {
		if placeBefore(a, b) {
			return -1
		}
		return 1
	})
	for i := 0; i < len(c.turn.freed); i++ {
		c.feed(c.turn.freed[i])
	}
	slices.SortFunc(c.turn.entered, func(a, b *item) int {
		if a.key.before(b.key) {
			return -1
		}
		return 1
	})
	for _, it := range c.turn.entered {
		c.hand(it)
	}
}

// feed looks for work for an agent. The best item for this agent may have a better agent.
func (c *Core) feed(a *agent) {
	a.freed = false
	for a.open != 0 {
		it := c.bestItem(a)
		if it == nil {
			return
		}
		c.propose(it, c.bestAgent(it), gateway.OfferQueue, it.queue.service[it.lane].timeout)
	}
}

// hand looks for an agent for an item.
func (c *Core) hand(it *item) {
	it.dirty = false
	if it.bucket == nil {
		return
	}
	if a := c.bestAgent(it); a != nil {
		c.propose(it, a, gateway.OfferQueue, it.queue.service[it.lane].timeout)
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
	for _, q := range a.profile.queues {
		for _, b := range q.filled {
			s := b.standing[a.profile.index]
			if !s.fits || !a.open.has(b.lane) {
				continue
			}
			if it, ok := b.tiers[s.tier].first(may); ok && (best == nil || it.key.before(best.key)) {
				best = it
			}
		}
	}
	return best
}

// bestAgent is the agent who should take the item: the preferred one while that is
// sticky, then by membership, skill, least load, longest idle; nil if there is none.
func (c *Core) bestAgent(it *item) *agent {
	b := it.bucket
	if b.queue.ready[b.lane] == 0 {
		return nil
	}
	if a := c.agents[it.Preferred]; a != nil && c.can(a, it) &&
		c.now.Sub(it.entered) <= b.queue.service[b.lane].sticky {
		return a
	}
	may := func(a *agent) bool { return !it.coolingFor(a, c.now) }
	for _, rank := range b.ranks {
		var best *agent
		for _, p := range rank {
			if b.standing[p.index].tier >= it.ripe {
				continue
			}
			if a, ok := p.ready[b.lane].first(may); ok && (best == nil || placeBefore(a, best)) {
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
		it.bucket.standing[a.profile.index].tier < it.ripe && !it.coolingFor(a, c.now)
}

// fits says whether the agent is one of those who may take the item at all.
func (it *item) fits(a *agent) bool {
	if a.profile == nil || !a.profile.lanes.has(it.lane) || !slices.Contains(a.profile.queues, it.queue) {
		return false
	}
	return !slices.ContainsFunc(it.needs, func(s gateway.SkillLevel) bool { return a.profile.level(s.Skill) < s.Level })
}

// routable says whether the agent is there for queued work, busy or not.
func (a *agent) routable() bool {
	return a.intent == gateway.IntentAvailable && a.next == "" && a.live
}

// allDeclined says whether everyone who could take the item has just refused it.
func (c *Core) allDeclined(it *item) (some bool) {
	for _, rank := range it.bucket.ranks {
		for _, p := range rank {
			for _, a := range p.agents {
				if a.routable() && !it.coolingFor(a, c.now) {
					return false
				}
				some = some || a.routable()
			}
		}
	}
	return some
}
