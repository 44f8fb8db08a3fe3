package voice

import (
	"context"
	"fmt"
	"slices"

	"github.com/vaxelhq/vaxel/channels/voice/media"
	"github.com/vaxelhq/vaxel/gateway"
)

// follows puts into sound what the floor says of those who talk: who has the customer,
// which colleagues are on it, and who hears whom.
func (c *Call) follows(ctx context.Context, i gateway.Interaction) {
	if at := slices.IndexFunc(c.others, func(l *Leg) bool { return l.agent == i.Agent }); at >= 0 {
		c.promote(ctx, at)
	}
	for _, l := range slices.Clone(c.others) {
		if !slices.Contains(i.Others, l.agent) {
			c.others = slices.DeleteFunc(c.others, func(o *Leg) bool { return o == l })
			c.part(ctx, l)
		}
	}
	if c.agent == nil || c.agent.agent != i.Agent {
		return
	}
	switch c.phase = i.Phase; c.phase {
	case gateway.PhaseTalking, gateway.PhaseHold:
		c.dropOutside(ctx, "dropped")
		c.setHold(ctx, c.phase == gateway.PhaseHold)
	case gateway.PhaseConsult, gateway.PhaseConference:
	}
	c.swapped = c.swapped && c.phase == gateway.PhaseConsult && len(c.partners()) > 0
	c.rearrange(ctx)
}

// promote gives the customer to a colleague who was asked; the agent is done.
func (c *Call) promote(ctx context.Context, at int) {
	old, next := c.agent, c.others[at]
	c.others = slices.Delete(c.others, at, at+1)
	c.agent, c.row.Agent, c.onHold = next, next.agent, false
	if err := c.turn(ctx, talking, nil); err != nil {
		c.v.log.Error("write that a call has changed hands", "call", c.row.ID, "err", err)
	}
	if old != nil {
		c.part(ctx, old)
	}
}

// arrange lets those hear each other who are to. What is so already stays untouched.
func (c *Call) arrange() {
	if c.agent == nil || c.customer == nil {
		return
	}
	want := c.wanted()
	if c.heard.same(want) {
		return
	}
	c.heard = want
	for _, l := range c.legs() {
		if l.stream != nil && l.up {
			l.stream.Part()
		}
	}
	music, line2 := want.music, want.line2
	switch {
	case want.mixed != nil:
		media.Join(want.mixed...)
	case !music:
		media.Bridge(c.customer.stream, c.agent.stream)
	case line2 != nil:
		media.Bridge(c.agent.stream, line2.stream)
	case c.phase == gateway.PhaseConsult:
		c.agent.stream.Play(c.v.sounds.ringing, true, nil)
	default:
		c.agent.stream.Play(c.v.sounds.silence, true, nil)
	}
	if want.aside != nil {
		want.aside.stream.Play(c.v.sounds.music(), true, nil)
	}
	if music {
		c.customer.stream.Play(c.v.sounds.music(), true, nil)
	}
}

// hearing is who hears whom: customer and agent each other, unless one of the others is set.
type hearing struct {
	agent *Leg
	music bool            // for the customer
	line2 *Leg            // whom the agent hears meanwhile
	aside *Leg            // line 2 while it hears music
	mixed []*media.Stream // everybody
}

func (h hearing) same(o hearing) bool {
	return h.agent == o.agent && h.music == o.music && h.line2 == o.line2 && h.aside == o.aside && slices.Equal(h.mixed, o.mixed)
}

// wanted is who should hear whom, from what the floor says and from who is there.
func (c *Call) wanted() hearing {
	w, on := hearing{agent: c.agent}, c.partners()
	switch {
	case c.phase == gateway.PhaseConference && len(on) > 0:
		w.mixed = []*media.Stream{c.customer.stream, c.agent.stream}
		for _, l := range on {
			w.mixed = append(w.mixed, l.stream)
		}
	case c.phase == gateway.PhaseConsult && c.swapped && len(on) > 0:
		w.aside = on[len(on)-1]
	case c.phase == gateway.PhaseConsult:
		w.music = true
		if n := len(on); n > 0 {
			w.line2 = on[n-1]
		}
	default:
		w.music = c.onHold
	}
	return w
}

// handOver leaves the customer to the colleague on line 2, a conference to who came first,
// and says whether the floor agrees.
func (c *Call) handOver(ctx context.Context) bool {
	key := fmt.Sprintf("voice/call/%d/hand_over/%d", c.row.ID, c.row.Agent)
	var cmd gateway.Command = gateway.TransferLines{Interaction: c.row.Interaction, Agent: c.row.Agent}
	next := len(c.others) - 1
	if c.phase == gateway.PhaseConference && len(c.rings) == 0 {
		cmd, next = gateway.DropLine{Interaction: c.row.Interaction, Agent: c.row.Agent}, 0
	}
	if _, err := c.v.try(ctx, c.v.cfg.Patience.Accept, key, cmd); err != nil {
		c.v.log.Warn("leave a customer to a colleague", "interaction", c.row.Interaction, "err", err)
		return false
	}
	c.promote(ctx, next)
	if len(c.others) == 0 {
		c.phase = gateway.PhaseTalking
	}
	c.arrange()
	return true
}

// colleagueLeft is a colleague hanging up; agent and customer go on.
func (c *Call) colleagueLeft(ctx context.Context, l *Leg) {
	c.others = slices.DeleteFunc(c.others, func(o *Leg) bool { return o == l })
	c.arrange()
	c.left(ctx, l.agent)
}

// left tells the floor that a colleague's phone is gone.
func (c *Call) left(ctx context.Context, a gateway.AgentID) {
	key := fmt.Sprintf("voice/call/%d/left/%d/%d", c.row.ID, a, c.rev)
	cmd := gateway.DropLine{Interaction: c.row.Interaction, Agent: a}
	c.v.calls.Go(func() {
		if _, err := c.v.try(ctx, c.v.cfg.Patience.Accept, key, cmd); err != nil {
			c.v.log.Warn("tell the floor that a colleague has left", "interaction", cmd.Interaction, "agent", a, "err", err)
		}
	})
}
