package voice

import (
	"context"
	"maps"
	"slices"

	"github.com/vaxelhq/vaxel/gateway"
)

const causeDrain = "drain_killed"

// Refuse has calls from outside refused with 503, so that their trunk tries another node
// (RFC 3261 §21.5.4), or taken again. Calls that are here go on.
func (v *Voice) Refuse(on bool) { v.refusing.Store(on) }

// Remaining are the calls that are here, and the interactions of those who wait or talk.
func (v *Voice) Remaining() (calls int, serving []gateway.InteractionID) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.open), slices.Collect(maps.Keys(v.active))
}

// EndAll ends the calls whose customers wait or talk: they are told, and called back. So are
// those that an agent is dialling, without a word. Who leaves a message, or was sent on to a
// telephone elsewhere, goes on and remains.
func (v *Voice) EndAll() {
	v.killed.Store(0)
	v.mu.Lock()
	defer v.mu.Unlock()
	for c := range v.open {
		c.post(c.drained)
	}
}

// Killed are the calls that the last EndAll has ended so far.
func (v *Voice) Killed() int { return int(v.killed.Load()) }

// drained ends a call because its node has to stop. The customer hears that they are called
// back once that is certain; if it is not in time they hear nothing, and are called all the
// same.
func (c *Call) drained(ctx context.Context) {
	switch {
	case c.done:
		return
	case c.row.State == dialling, c.alone:
		c.countDrained()
		c.leave(ctx, gateway.Leave{}, causeDrain)
		return
	case c.row.State == waiting && c.outside == nil, c.row.State == talking:
	default:
		c.log().Info("a call goes on past the drain's deadline", "state", string(c.row.State))
		return
	}
	c.countDrained()
	if !c.until("promise a callback", c.v.cfg.Patience.Accept, func() error { return c.tellEnd(ctx) }) {
		c.breakOff(ctx, causeDrain)
		return
	}
	c.unfollow()
	for _, l := range c.legs() {
		if l != c.customer {
			l.bye(`SIP;cause=16;text="` + causeDrain + `"`)
		}
	}
	c.farewell(ctx, "promised", causeDrain)
}

func (c *Call) countDrained() {
	c.v.killed.Add(1)
	c.v.log.Warn("a call is ended by the drain", "call", c.row.ID, "interaction", c.row.Interaction)
}
