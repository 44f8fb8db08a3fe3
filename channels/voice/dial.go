package voice

import (
	"context"
	"errors"
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
	Keeps        bool // the agent has the interaction already, and keeps it if the customer does not answer
}

// MayDial refuses what Dial would refuse, before there is anything for the call to leave behind.
func (v *Voice) MayDial(ctx context.Context, agent gateway.AgentID, number string) error {
	if _, _, err := v.Allowed(number); err != nil {
		return err
	}
	_, err := v.ownPhones(ctx, agent, "")
	return err
}

// Dial rings the agent's phone and then the number. It returns once the agent's phone is
// being rung; a number outside the dial plan, and an agent without a phone, are refused.
// An interaction that has its call already, here or at another node, is not called again.
func (v *Voice) Dial(ctx context.Context, o Outbound) error {
	route, number, err := v.Allowed(o.Number)
	if err != nil {
		return err
	}
	phones, err := v.ownPhones(ctx, o.Agent, number)
	if err != nil {
		return err
	}
	if v.calling(o.Interaction) {
		return nil
	}
	c := newCall(v, callRow{
		Outbound: true, State: dialling, From: route.From, To: number, Queue: o.Queue, Language: o.Language,
		Interaction: o.Interaction, Conversation: o.Conversation, Agent: o.Agent, Keeps: o.Keeps,
	})
	c.route = route
	stopping := &gateway.Error{Kind: gateway.KindTryAgain, Code: "stopping", Detail: "this server is stopping; try again in a moment"}
	if !v.begin(ctx, c) {
		return stopping
	}
	return c.request(ctx, stopping, func(ctx context.Context) error { return c.dial(ctx, phones) })
}

// way is how a telephone is called.
type way struct {
	address string
	to      dialog.Invitation
	trunk   bool
}

// ownPhones are those of an agent's phones that can be rung, showing whom they will call: a
// number or an address at a trunk only within the dial plan. Where they are is asked here,
// before there is a call that would wait for it.
func (v *Voice) ownPhones(ctx context.Context, agent gateway.AgentID, number string) (ways []way, err error) {
	phones, err := v.rooms.Phones.Phones(ctx, agent)
	if err != nil {
		return nil, fmt.Errorf("look up the phones of agent %d: %w", agent, err)
	}
	if len(phones) == 0 {
		return nil, gateway.Conflict("no_phone", "you have no phone that can be rung; add one under your settings", nil)
	}
	why := errPhoneUnreachable
	for _, p := range phones {
		to, trunk, err := v.invitation(ctx, p, number, "Växel")
		if e := (*gateway.Error)(nil); errors.As(err, &e) {
			why = gateway.Conflict(errPhoneUnreachable.Code, errPhoneUnreachable.Detail+": "+e.Detail, nil)
		}
		if err == nil {
			ways = append(ways, way{p, to, trunk})
		}
	}
	if len(ways) == 0 {
		return nil, why
	}
	return ways, nil
}

var errPhoneUnreachable = gateway.Conflict("phone_unreachable", "your phone can't be rung; check its address under your settings", nil)

// dial rings the agent's first phone; the others follow if it can't be reached.
func (c *Call) dial(ctx context.Context, phones []way) error {
	switch err := c.v.openCall(ctx, &c.row, nil); {
	case errors.Is(err, errCalled):
		c.done = true
		return nil
	case err != nil:
		c.done = true
		return err
	}
	c.follow(c.row.Interaction)
	c.phones = phones
	if !c.dialNext(ctx) {
		c.leave(ctx, gateway.Leave{}, "no_phone")
		return errPhoneUnreachable
	}
	return nil
}

// dialNext rings the agent's next phone, if there is one that can be called.
func (c *Call) dialNext(ctx context.Context) bool {
	for len(c.phones) > 0 {
		phone := c.phones[0]
		c.phones = c.phones[1:]
		leg := &Leg{call: c, role: "agent", agent: c.row.Agent, address: phone.address, trunk: phone.trunk}
		if err := c.place(ctx, leg, phone.to); err != nil {
			c.v.log.Warn("ring an agent's phone", "agent", c.row.Agent, "err", err)
			continue
		}
		c.agent = leg
		crash.At("call.ringing")
		c.after(c.v.cfg.Patience.Ring, func(ctx context.Context) {
			if c.agent == leg && !leg.up && c.row.State == dialling {
				c.leave(ctx, gateway.Leave{}, "agent_no_answer")
			}
		})
		return true
	}
	return false
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
	inv := c.route.invitation(c.row.To)
	c.customer = &Leg{call: c, role: "customer", address: inv.To, trunk: true}
	if err := c.place(ctx, c.customer, inv); err != nil {
		c.v.log.Warn("call a customer", "call", c.row.ID, "err", err)
		c.customer.failure = gateway.FailedNetwork
		c.dialRejected(ctx, c.customer, 503)
	}
}

// dialRejected ends a call whose agent, or customer, can't be had. The agent hears why.
func (c *Call) dialRejected(ctx context.Context, l *Leg, status int) {
	if l == c.agent && c.customer == nil && c.row.State == dialling && status != 487 && status != 603 && c.dialNext(ctx) {
		return
	}
	if l != c.customer || !c.agent.up {
		c.leave(ctx, gateway.Leave{}, fmt.Sprintf("agent_sip_%d", status))
		return
	}
	c.agent.stream.Play(c.v.sounds.busy, true, nil)
	c.after(2*time.Second, func(ctx context.Context) { c.leave(ctx, gateway.Leave{}, fmt.Sprintf("customer_sip_%d", status)) })
}
