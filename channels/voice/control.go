package voice

import (
	"context"
	"fmt"

	"github.com/vaxelhq/vaxel/channels/voice/dialog"
	"github.com/vaxelhq/vaxel/channels/voice/dtmf"
	"github.com/vaxelhq/vaxel/gateway"
)

// Hold lets the customer hear music and the agent nothing.
func (v *Voice) Hold(ctx context.Context, agent gateway.AgentID, id gateway.InteractionID) error {
	return v.with(ctx, agent, id, func(ctx context.Context, c *Call) error {
		c.hold(ctx, true)
		return nil
	})
}

// Resume ends a hold.
func (v *Voice) Resume(ctx context.Context, agent gateway.AgentID, id gateway.InteractionID) error {
	return v.with(ctx, agent, id, func(ctx context.Context, c *Call) error {
		c.hold(ctx, false)
		return nil
	})
}

// Press sends keys to the customer's side, as if pressed on the agent's phone.
func (v *Voice) Press(ctx context.Context, agent gateway.AgentID, id gateway.InteractionID, keys string) error {
	for i := range len(keys) {
		if !dtmf.Valid(keys[i]) {
			return gateway.Invalid("bad_keys", "keys are the digits, * and #")
		}
	}
	return v.with(ctx, agent, id, func(_ context.Context, c *Call) error {
		for i := range len(keys) {
			c.customer.press(keys[i])
		}
		return nil
	})
}

// HangUp ends the call for both sides, as the agent's phone would.
func (v *Voice) HangUp(ctx context.Context, agent gateway.AgentID, id gateway.InteractionID) error {
	return v.inCall(ctx, agent, id, func(ctx context.Context, c *Call) error {
		c.agentLeft(ctx)
		return nil
	})
}

// with does something to the call in which an agent talks to a customer.
func (v *Voice) with(ctx context.Context, agent gateway.AgentID, id gateway.InteractionID, do func(context.Context, *Call) error) error {
	return v.inCall(ctx, agent, id, func(ctx context.Context, c *Call) error {
		if c.alone {
			return gateway.Conflict("already_ended", "the customer has hung up", nil)
		}
		return do(ctx, c)
	})
}

// inCall does something to the call that an agent talks in.
func (v *Voice) inCall(ctx context.Context, agent gateway.AgentID, id gateway.InteractionID, do func(context.Context, *Call) error) error {
	v.mu.Lock()
	c := v.active[id]
	v.mu.Unlock()
	if c == nil {
		return noCall()
	}
	return c.request(ctx, noCall(), func(ctx context.Context) error {
		if c.row.Agent != agent || c.row.State != talking && c.row.State != dialling {
			return gateway.Conflict("not_talking", "you do not talk in this call", nil)
		}
		return do(ctx, c)
	})
}

func noCall() error {
	return gateway.NotFound("no_call", "there is no call for this interaction here")
}

// hold lets the customer hear music, or talk on, and tells the floor.
func (c *Call) hold(ctx context.Context, on bool) {
	if c.row.State != talking || c.onHold == on || c.agent == nil || len(c.others) > 0 || c.outside != nil {
		return
	}
	c.setHold(ctx, on)
	c.holds++
	key := fmt.Sprintf("voice/call/%d/hold/%d", c.row.ID, c.holds)
	cmd := gateway.HoldLine{Interaction: c.row.Interaction, Agent: c.row.Agent, Hold: on}
	c.v.calls.Go(func() {
		if _, err := c.v.try(ctx, c.v.cfg.Patience.Accept, key, cmd); err != nil {
			c.v.log.Warn("tell the floor of a hold", "interaction", cmd.Interaction, "err", err)
		}
	})
}

func (c *Call) setHold(ctx context.Context, on bool) {
	if c.onHold == on {
		return
	}
	c.onHold = on
	c.arrange()
	if err := c.turn(ctx, talking, nil); err != nil {
		c.v.log.Warn("write a hold", "call", c.row.ID, "err", err)
	}
}

// phoneHeld is a hold key on a telephone. The agent's gives the customer music; the
// customer's needs nothing of us: they hear what they like.
func (c *Call) phoneHeld(ctx context.Context, l *Leg, held bool) {
	if l == c.agent {
		c.hold(ctx, held)
	}
}

// keyed is a key in the sound itself; in a bridge it has been passed on already, a
// conference mixes sound only.
func (c *Call) keyed(ctx context.Context, l *Leg, key byte) {
	switch {
	case c.heard.mixed != nil:
		c.passOn(l, key)
	case l == c.customer && key == '1' && c.callable && c.row.State == waiting:
		c.callMe(ctx)
	case l != c.customer || key != '#' || c.message == nil:
	case c.message.tape == nil:
		c.beep()
	default:
		c.endMessage(ctx, "key")
	}
}

// infoKey is a key by SIP INFO, which no bridge passes on.
func (c *Call) infoKey(ctx context.Context, l *Leg, key byte) {
	c.keyed(ctx, l, key)
	if c.heard.mixed == nil {
		c.passOn(l, key)
	}
}

// passOn presses a key at everybody who hears the leg.
func (c *Call) passOn(l *Leg, key byte) {
	for _, other := range c.hearers(l) {
		other.press(key)
	}
}

// parseInfo reads a key that a telephone sends as INFO.
func parseInfo(e dialog.Info) (byte, bool) {
	key, _, ok := dtmf.ParseInfo(e.ContentType, e.Body)
	return key, ok
}
