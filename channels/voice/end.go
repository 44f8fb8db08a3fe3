package voice

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/crash"
)

// gone ends what a leg's end ends: the customer's the call, the agent's too, but not
// that of an agent who only rang.
func (c *Call) gone(ctx context.Context, l *Leg, cause string) {
	l.up = false
	l.stream.Close()
	c.v.legEnded(ctx, l, cause)
	r := c.ringOf(l)
	switch {
	case c.alone && l == c.customer: // it has gone already
	case c.row.State == outside || l == c.outside:
		c.outsideGone(ctx, l, cause)
	case l == c.customer && c.row.State == voicemail:
		c.endMessage(ctx, cause)
	case l == c.customer && c.row.State == leaving: // during the last sentence
		c.over(ctx, gateway.Leave{Interaction: c.row.Interaction}, c.row.Cause)
	case l == c.customer:
		c.customerLeft(ctx, cause)
	case r != nil:
		c.ringGone(ctx, r)
	case slices.Contains(c.others, l):
		c.colleagueLeft(ctx, l)
	case l == c.agent && c.row.State == talking:
		c.agentLeft(ctx)
	case l == c.agent:
		c.leave(ctx, gateway.Leave{}, "agent_"+cause)
	}
}

// agentLeft is the agent hanging up: on the customer, or leaving them to the colleague on
// line 2, as telephones do it.
func (c *Call) agentLeft(ctx context.Context) {
	if c.alone {
		c.leave(ctx, gateway.Leave{}, c.row.Cause)
		return
	}
	if len(c.others) > 0 && c.handOver(ctx) {
		return
	}
	if c.outside != nil && c.giveOutside(ctx) == nil {
		return
	}
	c.leaveBy(ctx, gateway.EndInteraction{Interaction: c.row.Interaction, Agent: c.row.Agent}, "agent_bye")
}

// leave tells the floor that the customer's side is over, and ends the call.
func (c *Call) leave(ctx context.Context, cmd gateway.Leave, cause string) {
	cmd.Interaction = c.row.Interaction
	c.leaveBy(ctx, c.kept(cmd), cause)
}

// kept is what the floor is told of an end: who called back in vain may try again.
func (c *Call) kept(end gateway.Leave) gateway.Command {
	if c.row.Keeps && c.row.Answered == nil {
		return gateway.Unreached{Interaction: c.row.Interaction, Agent: c.row.Agent}
	}
	return end
}

// leaveBy ends the call by a command of the caller's choice. The row says first that it is
// leaving, and why: a start after a kill then knows that the call had ended by itself.
func (c *Call) leaveBy(ctx context.Context, cmd gateway.Command, cause string) {
	if c.done || c.row.State == leaving {
		return
	}
	c.row.Cause = cause
	if err := c.turn(ctx, leaving, nil); err != nil {
		c.v.log.Error("write that a call is over", "call", c.row.ID, "err", err)
	}
	c.over(ctx, cmd, cause)
}

// over hangs up on everybody, tells the floor and ends the call.
func (c *Call) over(ctx context.Context, cmd gateway.Command, cause string) {
	if c.done {
		return
	}
	c.hangUp(cause)
	crash.At("call.leaving")
	if !c.tellFloor(ctx, "leave", cmd) {
		c.stay() // the next start tells it
		return
	}
	crash.At("call.left")
	c.finish(ctx, cause)
}

// hangUp ends every leg.
func (c *Call) hangUp(cause string) {
	for _, l := range c.legs() {
		l.bye(`SIP;cause=16;text="` + cause + `"`)
	}
}

// finish writes the end and what the call was, onto its conversation.
func (c *Call) finish(ctx context.Context, cause string) {
	defer c.stay()
	if c.row.ID == 0 {
		return
	}
	c.row.Cause = cause
	entries := c.summary()
	err := c.turn(ctx, ended, func(tx pgx.Tx) error {
		const legs = `
			update leg
			set ended_at = now(), cause = $2
			where call_id = $1
			and ended_at is null`
		if _, err := tx.Exec(ctx, legs, c.row.ID, cause); err != nil || len(entries) == 0 {
			return err
		}
		if err := c.v.rooms.Timeline.Append(ctx, tx, entries...); err != nil {
			return err
		}
		return c.v.rooms.Feed.Append(ctx, tx, gateway.MessageCreated(*entries[0]))
	})
	if err != nil {
		c.v.log.Error("write the end of a call", "call", c.row.ID, "err", err)
		return
	}
	for _, e := range entries {
		c.v.rooms.Feed.Announce(gateway.MessageCreated(*e))
	}
	crash.At("call.ended")
	c.log().Info("call ended", "cause", cause)
}

// cutOff is the node stopping: telephones are told, the rest is for the next start.
func (c *Call) cutOff() {
	if c.message != nil {
		if err := c.message.stop(); err != nil {
			c.v.log.Error("end a recording", "call", c.row.ID, "err", err)
		}
	}
	c.hangUp("server stopping")
	c.stay()
}

// stay ends the actor; the rows stay as they are. A timer of hours would keep the call in
// memory.
func (c *Call) stay() {
	c.unfollow()
	for t := range c.timers {
		t.Stop()
	}
	clear(c.timers)
	for _, l := range c.legs() {
		if l.stream != nil {
			l.stream.Close()
		}
	}
	c.done = true
}
