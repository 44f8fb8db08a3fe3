package voice

import (
	"context"
	"encoding/json"

	"github.com/vaxelhq/vaxel/gateway"
)

// decided handles what the floor tells. Everything comes at least once, early or late.
func (c *Call) decided(ctx context.Context, e gateway.Event) {
	switch e.Type {
	case "offer.created", "offer.closed":
		var o gateway.Offer
		if json.Unmarshal(e.Data, &o) != nil || o.Interaction != c.row.Interaction {
			return
		}
		if o.Outcome != "" {
			c.offerClosed(ctx, o)
		} else {
			c.offered(ctx, o)
		}
	case "interaction.step":
		var s stepTaken
		if json.Unmarshal(e.Data, &s) == nil && s.Interaction == c.row.Interaction {
			c.stepped(ctx, s.Step)
		}
	case "interaction.changed":
		var i gateway.Interaction
		if json.Unmarshal(e.Data, &i) == nil && i.ID == c.row.Interaction && i.Rev > c.rev {
			c.rev = i.Rev
			c.changed(ctx, i)
		}
	}
}

// changed follows an interaction that others move: ended in the console, transferred,
// pulled from the board.
func (c *Call) changed(ctx context.Context, i gateway.Interaction) {
	moved := i.Queue != 0 && i.Queue != c.row.Queue
	if moved {
		c.row.Queue = i.Queue
	}
	switch {
	case i.State == gateway.StateWrapUp, i.State == gateway.StateFinished:
		c.endedByFloor(ctx, i.End)
		return
	case c.row.State == dialling:
		c.stillTheirs(ctx, i)
		return
	}
	switch i.State { //nolint:exhaustive // what is parked has no call
	case gateway.StateWaiting, gateway.StateOffered:
		switch {
		case c.row.State == talking && c.agent != nil:
			c.backToQueue(ctx)
		case c.row.State == waiting && moved:
			c.wait(ctx)
		}
	case gateway.StateActive:
		atPhone := c.agent != nil && c.agent.up && c.agent.agent == i.Agent || c.ringFor(i.Agent) != nil
		switch {
		case c.row.State == talking:
			c.follows(ctx, i)
		case c.row.State == waiting && !atPhone:
			c.dropRings(ctx, "pulled")
			c.call(ctx, gateway.Offer{Interaction: i.ID, Agent: i.Agent})
		}
	}
}

// stillTheirs ends a call that is not answered yet once its interaction is somebody else's:
// nobody is to be called for an agent who has given it away. What is told from before the
// agent took it, which may come late, has nobody who accepted it.
func (c *Call) stillTheirs(ctx context.Context, i gateway.Interaction) {
	if !i.AcceptedAt.IsZero() && (i.State != gateway.StateActive || i.Agent != c.row.Agent) {
		c.leave(ctx, gateway.Leave{}, "given_away")
	}
}

// endedByFloor does what somebody in a console, or a step of the queue, has decided. Who
// is to go where we can't send them leaves a message, rather than nothing.
func (c *Call) endedByFloor(ctx context.Context, end gateway.End) {
	switch c.row.State {
	case waiting:
		c.dropRings(ctx, string(end))
		switch end { //nolint:exhaustive // all others are goodbyes
		case gateway.EndVoicemail, gateway.EndForm:
			c.takeMessage(ctx)
		case gateway.EndTransferredExternal:
			c.sendOutside(ctx)
		case gateway.EndClosed:
			c.farewell(ctx, "sorry", causeClosed)
		case gateway.EndCallback:
			c.farewell(ctx, "promised", causeCallback)
		default:
			c.leave(ctx, gateway.Leave{}, "ended_by_floor")
		}
	case talking, dialling:
		if end == gateway.EndTransferredExternal && (c.outside != nil || c.elsewhere != "") {
			c.givenAway(ctx)
			return
		}
		c.leave(ctx, gateway.Leave{}, "ended_in_console")
	case arriving, voicemail, outside, leaving, ended:
	}
}

// backToQueue parts a customer from an agent who has transferred them.
func (c *Call) backToQueue(ctx context.Context) {
	c.row.Agent, c.callable, c.elsewhere = 0, false, "" // the queue's steps begin anew
	c.dropOutside(ctx, "transferred")
	c.release(ctx, waiting)
	c.customer.stream.Play(c.v.sounds.music(), true, nil)
	if !c.row.Outbound {
		c.wait(ctx)
	}
}

// part hangs up on an agent who has no more to do with the call.
func (c *Call) part(ctx context.Context, l *Leg) {
	l.bye(`SIP;cause=200;text="Transferred"`)
	c.v.legEnded(ctx, l, "transferred")
}
