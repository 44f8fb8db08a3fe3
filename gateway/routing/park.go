package routing

import (
	"slices"

	"github.com/vaxelhq/vaxel/gateway"
)

// Mail and voicemail may be interrupted where their queue says so: a call or chat that
// needs the room parks them. A parked interaction takes no units; it goes on by itself
// as soon as there is room again, the oldest first, or earlier when its agent says so.

// live says whether somebody is waiting at the other end, for whom work is interrupted.
func (l lane) live() bool { return l == voice || l == chat }

// parkable says whether the hold may give way to a call or a chat.
func (h *hold) parkable() bool {
	return h.active() && !h.parked && !h.guest && (h.item.lane == email || h.item.lane == voicemail) &&
		h.queue.service[h.item.lane].interruptible
}

// makeRoom parks what may be parked, the newest first, until the agent's work fits.
func (c *Core) makeRoom(a *agent) {
	for _, h := range slices.Backward(a.holds) {
		if a.units() <= capacity {
			return
		}
		if h.parkable() {
			h.parked = true
			c.settlePark(h, gateway.StateParked)
		}
	}
}

// resume lets what is parked go on where there is room.
func (c *Core) resume(a *agent) {
	for _, h := range a.holds {
		if h.parked && h.active() && a.units()+h.cost <= capacity {
			h.parked = false
			c.settlePark(h, gateway.StateActive)
		}
	}
}

// takeUp goes on by hand with what is parked. Beyond capacity, that is flagged like a pull.
// Said of what goes on already it changes nothing.
func (c *Core) takeUp(e gateway.TakeUp) *gateway.Error {
	h, err := c.lead(e.Interaction, e.Agent)
	if err != nil || !h.parked {
		return err
	}
	h.parked = false
	h.item.OverCapacity = h.item.OverCapacity || h.agent.units() > capacity
	c.settlePark(h, gateway.StateActive)
	return nil
}

// settlePark shows what has become of it: the interaction's state is Parked or Active, and
// its agent has other units in use.
func (c *Core) settlePark(h *hold, s gateway.State) {
	h.item.State = s
	c.touch(h.item)
	c.meet(h.agent)
}
