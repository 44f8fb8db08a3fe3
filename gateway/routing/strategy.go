package routing

import (
	"cmp"

	"github.com/vaxelhq/vaxel/gateway"
)

// ringMost is at how many phones a call rings at once.
const ringMost = 8

// compare says which of two standings goes first in the queue, 0 if only the agents
// themselves can tell.
func (q *queue) compare(s, t standing) int {
	level, skills := cmp.Compare(t.level, s.level), cmp.Compare(t.skills, s.skills)
	switch q.strategy {
	case gateway.SkillFirst:
		return cmp.Or(skills, level)
	case gateway.RoundRobin:
		return level
	case gateway.LeastBusy:
		return 0
	case gateway.LongestIdle, gateway.RingAll:
	}
	return cmp.Or(level, skills)
}

// sooner says which of two agents of equal standing is asked first.
func (q *queue) sooner(a, b *agent) bool {
	if q.strategy != gateway.RoundRobin {
		return placeBefore(a, b)
	}
	if d := a.asked.Compare(b.asked); d != 0 {
		return d < 0
	}
	return a.id < b.id
}

// first is who of a pool's ready agents is asked first. The heap is in the order of
// all strategies but round_robin, which looks at each.
func (q *queue) first(ready heap[*seat], may func(*agent) bool) (best *agent) {
	if q.strategy != gateway.RoundRobin {
		if s, ok := ready.first(func(s *seat) bool { return may(s.agent) }); ok {
			return s.agent
		}
		return nil
	}
	for _, s := range ready.s {
		if may(s.agent) && (best == nil || q.sooner(s.agent, best)) {
			best = s.agent
		}
	}
	return best
}

// ringsAll says whether the item is offered to several agents at once.
func (it *item) ringsAll() bool {
	return it.lane == voice && it.queue.strategy == gateway.RingAll
}

// bestAgents are those whom the item is offered to: one, or those whose phones ring
// together, the best first.
func (c *Core) bestAgents(it *item) []*agent {
	agents, most := c.chosen[:0], 1
	if it.ringsAll() {
		most = ringMost
	}
	for len(agents) < most {
		a := c.bestAgent(it, agents)
		if a == nil {
			break
		}
		agents = append(agents, a)
	}
	c.chosen = agents
	return agents
}
