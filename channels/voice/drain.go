package voice

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

const (
	causeDrain   = "drain_killed"
	drainedTells = 10 * time.Second // for the last sentence
)

// Refuse has calls from outside refused with 503, so that their trunk tries another node
// (RFC 3261 §21.5.4), or taken again. Calls that are here go on.
func (v *Voice) Refuse(on bool) { v.refusing.Store(on) }

// Remaining are the calls that are here, and the interactions of those who wait or talk.
func (v *Voice) Remaining() (calls int, serving []gateway.InteractionID) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.open), slices.Collect(maps.Keys(v.active))
}

// EndAll ends the calls whose customers wait or talk: they are told, and called back. It
// gives how many they were.
func (v *Voice) EndAll() (count int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for c := range v.open {
		c.post(c.drained)
		count++
	}
	return count
}

// drained ends a call because its node has to stop.
func (c *Call) drained(ctx context.Context) {
	if c.done || c.row.State != waiting && c.row.State != talking {
		return // over soon by itself, or by the stop
	}
	if err := c.promise(ctx); err != nil {
		c.v.log.Error("promise a callback", "call", c.row.ID, "err", err)
	}
	c.v.log.Warn("a call is ended by the drain", "call", c.row.ID, "interaction", c.row.Interaction)
	end := func(ctx context.Context) {
		c.leave(ctx, gateway.Leave{End: gateway.EndSystemFailure, Callback: c.row.Callback}, causeDrain)
	}
	c.customer.stream.Play(c.v.sounds.say("promised", c.row.Language), false, func() { c.post(end) })
	c.after(drainedTells, end)
}
