package voice

import (
	"context"
	"fmt"
	"slices"

	"github.com/vaxelhq/vaxel/gateway"
)

// offerKey tells one agent's offer from every other of the interaction.
type offerKey struct {
	no    int
	agent gateway.AgentID
}

// offered rings the agent's telephone. Offers of one number ring together; a newer number
// ends the older ones.
func (c *Call) offered(ctx context.Context, o gateway.Offer) {
	key := offerKey{o.No, o.Agent}
	newer := func(r *ring) bool { return r.offer.No > o.No }
	if c.asked[key] || c.row.State != waiting && c.row.State != talking || slices.ContainsFunc(c.rings, newer) {
		return
	}
	c.asked[key] = true
	for _, r := range slices.Clone(c.rings) {
		if r.offer.No < o.No {
			c.dropRing(ctx, r, "")
		}
	}
	c.call(ctx, o)
}

// fail tells the floor that the agent could not be rung.
func (c *Call) fail(ctx context.Context, r *ring, cause string) {
	if r.offer.No == 0 { // pulled by hand: back to where it came from
		c.tellFloor(ctx, fmt.Sprintf("return/%d", c.rev), gateway.Transfer{Interaction: c.row.Interaction, Agent: r.offer.Agent, ToQueue: c.row.Queue})
		return
	}
	var cmd gateway.Command = gateway.FailOffer{Interaction: c.row.Interaction, No: r.offer.No, Agent: r.offer.Agent, Cause: cause}
	if cause == "declined" {
		cmd = gateway.Decline{Interaction: c.row.Interaction, No: r.offer.No, Agent: r.offer.Agent, Code: gateway.CodeDeclined}
	}
	c.tellFloor(ctx, fmt.Sprintf("offer/%d/%d/fail", r.offer.No, r.offer.Agent), cmd)
	if cause == "unreachable" {
		c.v.calls.Go(func() { c.v.lost(ctx, r.offer.Agent) })
	}
	c.voicemailIfOverdue(ctx)
}

// offerClosed stops ringing. Our own acceptance closes the offer too.
func (c *Call) offerClosed(ctx context.Context, o gateway.Offer) {
	c.asked[offerKey{o.No, o.Agent}] = true
	r := c.ringFor(o.Agent)
	if r == nil || r.offer.No != o.No || r.asking {
		return // while we ask, the floor's answer decides
	}
	if o.Outcome == gateway.Accepted { // by other means than the phone; picking it up is the rest
		r.offer.No = 0
		return
	}
	c.dropRing(ctx, r, string(o.Outcome))
	c.voicemailIfOverdue(ctx)
}
