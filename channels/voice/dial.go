package voice

import (
	"context"
	"fmt"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/dialog"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/crash"
)

// Outbound is a call that an agent makes. Its interaction has been begun on the floor.
type Outbound struct {
	Agent        gateway.AgentID
	Number       string
	Interaction  gateway.InteractionID
	Conversation gateway.ConversationID
	Queue        gateway.QueueID
	Language     string
}

// Dial rings the agent's phone and then the number. It returns once the agent's phone is
// being rung; a number outside the dial plan, and an agent without a phone, are refused.
// An interaction that has its call here already is not called again.
func (v *Voice) Dial(ctx context.Context, o Outbound) error {
	route, number, err := v.Allowed(o.Number)
	if err != nil {
		return err
	}
	phones, err := v.rooms.Phones.Phones(ctx, o.Agent)
	if err != nil {
		return fmt.Errorf("look up the phones of agent %d: %w", o.Agent, err)
	}
	if len(phones) == 0 {
		return gateway.Conflict("no_phone", "you have no phone that can be rung; add one under your settings", nil)
	}
	if v.calling(o.Interaction) {
		return nil
	}
	c := newCall(v, callRow{
		Outbound: true, State: dialling, From: route.From, To: number, Queue: o.Queue, Language: o.Language,
		Interaction: o.Interaction, Conversation: o.Conversation, Agent: o.Agent,
	})
	c.route = route
	if !v.begin(ctx, c) {
		return &gateway.Error{Kind: gateway.KindTryAgain, Code: "stopping", Detail: "this server is stopping; try again in a moment"}
	}
	started := make(chan error, 1)
	c.post(func(ctx context.Context) { started <- c.dial(ctx, phones) })
	select {
	case err := <-started:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// dial rings the agent's first phone; the others follow if it can't be reached.
func (c *Call) dial(ctx context.Context, phones []string) error {
	c.agent = &Leg{call: c, role: "agent", agent: c.row.Agent, address: phones[0]}
	if err := c.v.openCall(ctx, &c.row, nil); err != nil {
		c.done = true
		return err
	}
	c.follow(c.row.Interaction)
	if err := c.place(ctx, c.agent, dialog.Invitation{To: phones[0], From: c.row.To, Name: "Växel"}); err != nil {
		c.leave(ctx, gateway.Leave{}, "no_phone")
		return gateway.Conflict("phone_unreachable", "your phone can't be rung; check its address under your settings", nil)
	}
	crash.At("call.ringing")
	leg := c.agent
	c.after(c.v.cfg.Patience.Ring, func(ctx context.Context) {
		if c.agent == leg && !leg.up && c.row.State == dialling {
			c.leave(ctx, gateway.Leave{}, "agent_no_answer")
		}
	})
	return nil
}

// dialAnswered goes on: after the agent the customer is called, after the customer they talk.
func (c *Call) dialAnswered(ctx context.Context, l *Leg) {
	c.v.legUp(ctx, l)
	if l == c.customer {
		if err := c.turn(ctx, talking, nil); err != nil {
			c.v.log.Error("write that a call is answered", "call", c.row.ID, "err", err)
		}
		c.bridge()
		c.after(mediaCheck, c.stillThere)
		return
	}
	c.agent.stream.Play(c.v.sounds.ringing, true, nil)
	to := fmt.Sprintf("sip:%s@%s", c.row.To, c.route.Through)
	c.customer = &Leg{call: c, role: "customer", address: to, trunk: true}
	if err := c.place(ctx, c.customer, dialog.Invitation{To: to, From: c.route.From, Through: c.route.Through}); err != nil {
		c.v.log.Warn("call a customer", "call", c.row.ID, "err", err)
		c.dialRejected(ctx, c.customer, 503)
	}
}

// dialRejected ends a call whose agent, or customer, can't be had. The agent hears why.
func (c *Call) dialRejected(ctx context.Context, l *Leg, status int) {
	if l != c.customer || !c.agent.up {
		c.leave(ctx, gateway.Leave{}, fmt.Sprintf("agent_sip_%d", status))
		return
	}
	c.agent.stream.Play(c.v.sounds.busy, true, nil)
	c.after(2*time.Second, func(ctx context.Context) { c.leave(ctx, gateway.Leave{}, fmt.Sprintf("customer_sip_%d", status)) })
}
