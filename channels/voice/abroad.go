package voice

import (
	"context"
	"fmt"
	"slices"

	"github.com/vaxelhq/vaxel/channels/voice/dialog"
	"github.com/vaxelhq/vaxel/gateway"
)

// Somebody outside may be on line 2, in a conference with colleagues too, or be given the
// customer: a number that the dial plan allows, as if the agent had dialled it. The floor
// knows that somebody outside is there; who it is, is known here only.

// Consult calls a number on line 2 for the agent who talks in the call, while the customer
// hears music. It returns once it is being called. Asked again for the same number while
// line 2 has it, nothing happens.
func (v *Voice) Consult(ctx context.Context, agent gateway.AgentID, id gateway.InteractionID, number string) error {
	route, dialled, err := v.Allowed(number)
	if err != nil {
		return err
	}
	return v.with(ctx, agent, id, func(ctx context.Context, c *Call) error {
		return c.consultOutside(ctx, Number(number), route.invitation(dialled))
	})
}

// TransferLines gives the customer to somebody outside who talks on line 2, for four hours
// at most; the interaction ends, the agent goes to wrap-up.
func (v *Voice) TransferLines(ctx context.Context, agent gateway.AgentID, id gateway.InteractionID) error {
	return v.with(ctx, agent, id, func(ctx context.Context, c *Call) error { return c.giveOutside(ctx) })
}

// TransferOutside sends the customer to a number without talking first. The interaction
// ends; a customer whom nobody answers there leaves a message.
func (v *Voice) TransferOutside(ctx context.Context, agent gateway.AgentID, id gateway.InteractionID, number string) error {
	if _, _, err := v.Allowed(number); err != nil {
		return err
	}
	return v.with(ctx, agent, id, func(ctx context.Context, c *Call) error { return c.sendAway(ctx, Number(number)) })
}

// TalkOn lets the agent talk on line 1, to the customer, or on line 2, while the other hears
// music. A conference has no such choice.
func (v *Voice) TalkOn(ctx context.Context, agent gateway.AgentID, id gateway.InteractionID, line int) error {
	return v.with(ctx, agent, id, func(ctx context.Context, c *Call) error {
		switch {
		case c.phase == gateway.PhaseConference:
			return gateway.Conflict("lines_joined", "everybody hears everybody; drop a line first", nil)
		case c.phase != gateway.PhaseConsult:
			return noLine()
		}
		if _, second := c.lines(); second == nil {
			return lineRings()
		}
		c.swapped = line == 1
		c.rearrange(ctx)
		return nil
	})
}

func noLine() error {
	return gateway.Conflict("no_line", "nobody is on line 2; consult somebody first", nil)
}

func lineRings() error {
	return gateway.Conflict("line_rings", "line 2 has not answered yet; wait, or drop it and transfer without talking first", nil)
}

func lineInUse() error {
	return gateway.Conflict("line_in_use", "line 2 is in use; drop it first", nil)
}

// say gives the floor a command about the lines, and does at once what it has decided. The
// key stays until there is an answer: what was done and not heard of is not done twice.
func (c *Call) say(ctx context.Context, cmd gateway.Command) error {
	answer, err := c.v.try(ctx, c.v.cfg.Patience.Accept, c.key(fmt.Sprintf("lines/%d/%T", c.said, cmd)), cmd)
	if err == nil || refused(err) {
		c.said++
	}
	if i := answer.Interaction; err == nil && i != nil && i.Rev > c.rev {
		c.rev = i.Rev
		c.changed(ctx, *i)
	}
	return err
}

func (c *Call) consultOutside(ctx context.Context, number string, inv dialog.Invitation) error {
	switch {
	case c.row.State != talking:
		return gateway.Conflict("not_talking", "the customer has not answered yet", nil)
	case c.outside != nil && c.outside.address == number:
		return nil
	case c.outside != nil:
		return lineInUse()
	}
	if err := c.say(ctx, gateway.Consult{Interaction: c.row.Interaction, Agent: c.row.Agent, Outside: true}); err != nil {
		return err
	}
	l := &Leg{call: c, role: "outside", agent: c.row.Agent, address: number, trunk: true}
	if err := c.place(ctx, l, inv); err != nil {
		c.v.log.Warn("call somebody on line 2", "call", c.row.ID, "err", err)
		c.freeLine2(ctx)
		return &gateway.Error{Kind: gateway.KindTryAgain, Code: "not_placed", Detail: "the call could not be placed; try again in a moment"}
	}
	c.outside, c.phase, c.line2 = l, gateway.PhaseConsult, gateway.Line2Outside
	c.arrange()
	c.after(c.v.cfg.Patience.Ring, func(ctx context.Context) {
		if c.outside == l && !l.up {
			l.failure = gateway.FailedNoAnswer
			c.outsideFailed(ctx, "no_answer")
		}
	})
	return nil
}

// line2Answered lets the agent talk to whom they have called, or everybody if the lines were
// joined meanwhile.
func (c *Call) line2Answered(ctx context.Context, l *Leg) {
	c.v.legUp(ctx, l)
	c.arrange()
	c.hint(c.row.Agent, "connected")
}

// freeLine2 tells the floor that nobody outside is on line 2 any more.
func (c *Call) freeLine2(ctx context.Context) {
	if err := c.say(ctx, gateway.DropLine{Interaction: c.row.Interaction, Agent: c.row.Agent, Outside: true}); err != nil {
		c.v.log.Warn("tell the floor that line 2 is free", "interaction", c.row.Interaction, "err", err)
	}
}

// dropOutside hangs up on line 2.
func (c *Call) dropOutside(ctx context.Context, cause string) {
	if l := c.outside; l != nil {
		c.outside = nil
		l.bye(`SIP;cause=16;text="Normal call clearing"`)
		c.v.legEnded(ctx, l, cause)
	}
}

// giveOutside ends the interaction and leaves the customer to whom line 2 has.
func (c *Call) giveOutside(ctx context.Context) error {
	switch {
	case c.outside == nil:
		return noLine()
	case !c.outside.up:
		return lineRings()
	}
	if err := c.say(ctx, gateway.Leave{Interaction: c.row.Interaction, End: gateway.EndTransferredExternal}); err != nil {
		return err
	}
	c.givenAway(ctx)
	return nil
}

// sendAway ends the interaction and calls somebody else for the customer.
func (c *Call) sendAway(ctx context.Context, number string) error {
	switch {
	case c.row.State != talking:
		return gateway.Conflict("not_talking", "the customer has not answered yet", nil)
	case c.outside != nil || len(c.others) > 0 || len(c.rings) > 0:
		return lineInUse()
	}
	c.elsewhere = number // what the floor tells may be ahead of its answer
	if err := c.say(ctx, gateway.Leave{Interaction: c.row.Interaction, End: gateway.EndTransferredExternal}); err != nil {
		if refused(err) {
			c.elsewhere = ""
		}
		return err
	}
	c.givenAway(ctx)
	return nil
}

// givenAway does what the floor has decided: the agents are out, the customer talks to line
// 2 or is brought to the number. It may be told twice.
func (c *Call) givenAway(ctx context.Context) {
	if c.row.State != talking || c.agent == nil {
		return
	}
	if c.outside != nil && c.outside.up {
		c.unfollow()
		c.release(ctx, outside)
		c.withOutside()
		return
	}
	c.release(ctx, waiting)
	c.goOutside(ctx)
}

// release lets the agents go; the customer goes on in another state.
func (c *Call) release(ctx context.Context, to callState) {
	old := append(slices.Clone(c.others), c.agent)
	c.agent, c.others, c.onHold, c.phase, c.line2, c.heard = nil, nil, false, "", "", hearing{}
	c.customer.stream.Part()
	if err := c.turn(ctx, to, nil); err != nil {
		c.v.log.Error("write that agents have left a call", "call", c.row.ID, "err", err)
		c.row.State = to
	}
	for _, l := range old {
		c.part(ctx, l)
	}
}
