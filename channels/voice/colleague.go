package voice

import (
	"context"
	"fmt"
	"slices"

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
	if !i.EndedAt.IsZero() && !c.alone {
		return // the customer has gone; it is the telephone that says so
	}
	if c.phase, c.line2 = i.Phase, i.Line2; !i.Outside {
		c.dropOutside(ctx, "dropped")
	}
	if c.lonely(ctx) {
		return
	}
	if c.phase == gateway.PhaseTalking || c.phase == gateway.PhaseHold {
		c.setHold(ctx, c.phase == gateway.PhaseHold)
	}
	_, second := c.lines()
	c.swapped = c.swapped && second != nil
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
	if c.outside != nil {
		c.outside.agent = next.agent
		c.v.legPassed(ctx, c.outside)
	}
}

// handOver leaves the customer to the colleague on line 2, a conference to who came first,
// and says whether the floor agrees.
func (c *Call) handOver(ctx context.Context) bool {
	c.bringIn(ctx)
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
	if c.phase, c.line2 = gateway.PhaseTalking, ""; len(c.others) > 0 || c.outside != nil {
		c.phase = gateway.PhaseConference
	}
	c.arrange()
	return true
}

// bringIn leaves somebody outside, whom the agent has on line 2, to those who stay: they are
// in the conference, or hung up if they have not answered.
func (c *Call) bringIn(ctx context.Context) {
	switch {
	case c.outside == nil || c.line2 != gateway.Line2Outside:
	case !c.outside.up:
		c.dropOutside(ctx, "dropped")
		c.freeLine2(ctx)
	case c.say(ctx, gateway.JoinLines{Interaction: c.row.Interaction, Agent: c.row.Agent}) == nil:
		c.phase, c.line2 = gateway.PhaseConference, ""
	}
}

// colleagueLeft is a colleague hanging up; agent and customer go on.
func (c *Call) colleagueLeft(ctx context.Context, l *Leg) {
	c.others = slices.DeleteFunc(c.others, func(o *Leg) bool { return o == l })
	if c.lonely(ctx) {
		return
	}
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
