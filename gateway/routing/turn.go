package routing

import "github.com/vaxelhq/vaxel/gateway"

// turns is, for each band, the queue that was last served: in order vcc the queues of a
// band take turns.
type turns [10]gateway.QueueID

func (t *turns) take(it *item) { t[it.Band] = it.Queue }

// after says whether queue a has its turn before queue b: they go round by id.
func (t *turns) after(band int, a, b gateway.QueueID) bool {
	if last := t[band]; (a > last) != (b > last) {
		return a > last
	}
	return a < b
}

// precedes says which of two items an agent is offered first.
func (c *Core) precedes(a, b *item) bool {
	if c.plan.Order == gateway.PriorityTurn && a.Band == b.Band && a.Band != gateway.BandByAge && a.Queue != b.Queue {
		return c.turns.after(a.Band, a.Queue, b.Queue)
	}
	return a.key.before(b.key)
}

// inTurn is what is handed out when an item has found agents: in order vcc itself only where
// nothing that they could take has its turn before. Whoever is the best for what another asked
// for may work in queues that the other does not.
func (c *Core) inTurn(it *item) *item {
	if c.plan.Order != gateway.PriorityTurn {
		return it
	}
	for {
		first := it
		for _, a := range c.bestAgents(it) {
			if other := c.bestItem(a); other != nil && c.precedes(other, first) {
				first = other
			}
		}
		if first == it {
			return it
		}
		it = first
	}
}

// keyOf is the item's place in the order of the plan.
func (c *Core) keyOf(it *item) key {
	at := it.DueAt
	if c.plan.Order == gateway.FirstCome || c.plan.Order == gateway.PriorityTurn {
		at = it.ArrivedAt
	}
	return key{it.Band, at.UnixMicro(), it.Seq}
}
