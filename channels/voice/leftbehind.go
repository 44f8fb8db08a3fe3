package voice

import (
	"context"
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/media"
	"github.com/vaxelhq/vaxel/gateway"
)

// Whom a customer leaves behind: the agent, and whoever the agent has asked and who has
// answered. They hear each other until the agent hangs up, or nobody else is left. The floor
// is told twice: that the interaction has ended, and that they are done.

// customerLeft ends the call, or leaves the others to each other.
func (c *Call) customerLeft(ctx context.Context, cause string) {
	if c.row.State != talking || c.agent == nil || !c.agent.up || len(c.company()) == 0 {
		c.leave(ctx, gateway.Leave{}, "customer_"+cause)
		return
	}
	refusal, told := c.command(ctx, "customer_left", gateway.Leave{Interaction: c.row.Interaction, TalkOn: true})
	switch {
	case !told:
		c.stay() // the next start ends it
		return
	case refusal != nil: // nobody is kept busy by a call that the floor does not know of
		c.leave(ctx, gateway.Leave{}, "customer_"+cause)
		return
	}
	c.alone, c.swapped, c.onHold, c.phase, c.line2 = true, false, false, gateway.PhaseColleagues, ""
	c.talked = time.Now()
	c.dropRings(ctx, "customer_left")
	c.arrange()
	c.row.Cause = "customer_" + cause
	if err := c.turn(ctx, talking, nil); err != nil {
		c.v.log.Warn("write that a customer has left", "call", c.row.ID, "err", err)
	}
}

// company are those who have answered, beside customer and agent.
func (c *Call) company() []*Leg {
	all := slices.Clone(c.others)
	if c.outside != nil && c.outside.up {
		all = append(all, c.outside)
	}
	return all
}

// lonely ends the call once the agent has nobody to talk to any more.
func (c *Call) lonely(ctx context.Context) bool {
	if !c.alone || len(c.company()) > 0 {
		return false
	}
	c.leave(ctx, gateway.Leave{}, c.row.Cause)
	return true
}

// arrangeAlone lets those hear each other whom the customer has left behind.
func (c *Call) arrangeAlone() {
	want, on := hearing{agent: c.agent}, c.company()
	if len(on) == 1 {
		want.line2 = on[0]
	} else {
		for _, l := range append(on, c.agent) {
			want.mixed = append(want.mixed, l.stream)
		}
	}
	if c.heard.same(want) {
		return
	}
	c.heard = want
	for _, l := range append(on, c.agent) {
		l.stream.Part()
	}
	if want.line2 != nil {
		media.Bridge(c.agent.stream, want.line2.stream)
		return
	}
	media.Join(want.mixed...)
}
