package voice_test

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice"
	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/gateway"
)

// dialHouse has a trunk that takes Swedish mobile numbers, and the phone behind it.
func dialHouse(t *testing.T, change ...func(*voice.Config)) (h *house, agent, customer *phonetest.Phone) {
	t.Helper()
	customer = phonetest.NewPhone(t, "customer", g711.A, 440)
	plan := func(c *voice.Config) {
		c.DialPlan = []voice.Route{
			{Prefix: "+4670", Through: customer.Addr(), Strip: 3, Add: "0", From: "+46812345"},
			{Prefix: "+46709", Through: netip.AddrPort{}},
		}
	}
	h = open(t, 60, append([]func(*voice.Config){plan}, change...)...)
	return h, h.deskphone(anna, 1000), customer
}

// dialled has the agent dial the customer and pick up their own phone.
func (h *house) dialled(agent *phonetest.Phone) *phonetest.Call {
	h.t.Helper()
	if err := h.Dial(h.t.Context(), outbound("+46701234567")); err != nil {
		h.t.Fatal(err)
	}
	a := agent.Next()
	a.Answer()
	return a
}

func outbound(number string) voice.Outbound {
	return voice.Outbound{Agent: anna, Number: number, Interaction: 50, Conversation: 51, Queue: queue}
}

// The agent's phone rings first, then the customer's; the agent hears it ring.
func TestDial(t *testing.T) {
	t.Parallel()
	h, agent, customer := dialHouse(t)
	if err := h.Dial(t.Context(), outbound("+46 70-123 45 67")); err != nil {
		t.Fatal(err)
	}
	a := agent.Next()
	if customer.Calls() != 0 {
		t.Error("the customer is called before the agent has answered")
	}
	a.Answer()
	c := customer.Next()
	if to := c.To(); !has(to, "0701234567") || !has(c.From(), "+46812345") {
		t.Errorf("called %s from %s", to, c.From())
	}
	c.Ring()
	phonetest.Wait(t, "the agent hears it ring", func() bool { return agent.Sound.Ear.Hears(425) })
	c.Answer()
	phonetest.Talk(t, "they talk", agent, customer)
	c.Bye()
	waitFor(h, "the floor is told", func(cmd gateway.Leave) bool { return cmd.Interaction == 50 })
	phonetest.Wait(t, "the agent is hung up", a.Gone)
	h.ends()
	if s := h.summary(); !s.Outbound || s.To != "0701234567" || s.TalkMS <= 0 {
		t.Errorf("left behind %+v", s)
	}
}

// A queue's call rings an agent's number through the dial plan; one that the plan doesn't
// allow is passed over.
func TestAgentByNumber(t *testing.T) {
	t.Parallel()
	h, _, mobile := dialHouse(t)
	h.set(func() { h.phones[anna] = []string{"+1900555", "+46701112233"} })
	customer := h.customer(1300)
	c := customer.Dial(service, h.Addr())
	h.offer(h.interaction(), 1, anna)
	a := mobile.Next()
	if !has(a.To(), "0701112233") || !has(a.From(), "+46812345") {
		t.Errorf("called %s from %s", a.To(), a.From())
	}
	a.Answer()
	phonetest.Talk(t, "they talk", customer, mobile)
	c.Bye()
	h.ends()
}

// Whoever dials is rung at their next phone when the first is not there.
func TestDialFromNextPhone(t *testing.T) {
	t.Parallel()
	h, agent, customer := dialHouse(t)
	h.set(func() { h.phones[anna] = []string{"sip:anna@nowhere.invalid", agent.URI()} })
	a := h.dialled(agent)
	c := customer.Next()
	c.Answer()
	phonetest.Talk(t, "they talk", agent, customer)
	a.Bye()
	h.ends()
}

func TestDialBusyCustomer(t *testing.T) {
	t.Parallel()
	h, agent, customer := dialHouse(t)
	a := h.dialled(agent)
	customer.Next().Reject(486)
	phonetest.Wait(t, "the agent hears the busy tone", func() bool { return agent.Sound.Ear.Hears(425) })
	phonetest.Wait(t, "the agent is hung up", a.Gone)
	if cause := h.ends(); cause != "customer_sip_486" {
		t.Errorf("ended by %s", cause)
	}
	if sum := h.summary(); sum.Failure != gateway.FailedBusy || sum.TalkMS != 0 {
		t.Errorf("left behind %+v", sum)
	}
}

// A customer whom another node calls already is not called twice.
func TestDialledElsewhere(t *testing.T) {
	t.Parallel()
	h, agent, customer := dialHouse(t)
	const call = `
		insert into call (node, outbound, state, from_number, to_number, queue_id, interaction_id)
		values ('other', true, 'dialling', '', '', 1, 50)`
	if _, err := h.pool.Exec(t.Context(), call); err != nil {
		t.Fatal(err)
	}
	if err := h.Dial(t.Context(), outbound("+46701234567")); err != nil {
		t.Fatal(err)
	}
	if agent.Calls() != 0 || customer.Calls() != 0 {
		t.Errorf("the agent is called %d times, the customer %d", agent.Calls(), customer.Calls())
	}
	if _, err := h.pool.Exec(t.Context(), `update call set state = 'ended', ended_at = now()`); err != nil {
		t.Fatal(err)
	}
	h.dialled(agent)
	customer.Next() // the next try rings
}

// Who calls back in vain keeps the callback: the floor hears that nobody was reached, and of
// no end. Once somebody has answered, the end is one.
func TestDialledBack(t *testing.T) {
	for _, answered := range []bool{true, false} {
		t.Run(map[bool]string{true: "answered", false: "refused"}[answered], func(t *testing.T) {
			t.Parallel()
			h, agent, customer := dialHouse(t)
			o := outbound("+46701234567")
			o.Keeps = true
			if err := h.Dial(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			agent.Next().Answer()
			c := customer.Next()
			if answered {
				c.Answer()
				phonetest.Talk(t, "they talk", agent, customer)
				c.Bye()
				waitFor(h, "the floor is told of the end", func(cmd gateway.Leave) bool { return cmd.Interaction == 50 })
			} else {
				c.Reject(603)
				waitFor(h, "the floor is told that nobody was reached", func(cmd gateway.Unreached) bool { return cmd.Interaction == 50 && cmd.Agent == anna })
			}
			h.ends()
			if did(h, func(gateway.Unreached) bool { return true }) == answered || did(h, func(gateway.Leave) bool { return true }) != answered {
				t.Errorf("told %+v", h.told())
			}
		})
	}
}

func TestDialAgentGivesUp(t *testing.T) {
	t.Parallel()
	h, agent, customer := dialHouse(t)
	a := h.dialled(agent)
	c := customer.Next()
	c.Ring()
	phonetest.Wait(t, "it rings", func() bool { return agent.Sound.Ear.Hears(425) })
	a.Bye()
	phonetest.Wait(t, "the customer's phone stops", c.Canceled)
	h.ends()
}

func TestDialAgentDoesNotAnswer(t *testing.T) {
	t.Parallel()
	h, agent, customer := dialHouse(t, func(c *voice.Config) { c.Patience.Ring = 2 * time.Second })
	if err := h.Dial(t.Context(), outbound("+46701234567")); err != nil {
		t.Fatal(err)
	}
	a := agent.Next()
	a.Ring()
	phonetest.Wait(t, "it stops", a.Canceled)
	if cause := h.ends(); cause != "agent_no_answer" || customer.Calls() != 0 {
		t.Errorf("ended by %s, customer called %d times", cause, customer.Calls())
	}
}

func TestDialPlan(t *testing.T) {
	t.Parallel()
	h, _, customer := dialHouse(t)
	for number, code := range map[string]string{
		"+46709123456": "not_in_dial_plan", // denied by the longer prefix
		"+1900555":     "not_in_dial_plan",
		"112":          "not_in_dial_plan",
		"":             "not_in_dial_plan",
		"sip:x@evil":   "not_in_dial_plan",
		"+4670\r\nX: ": "not_in_dial_plan",
	} {
		var e *gateway.Error
		if err := h.Dial(t.Context(), outbound(number)); !errors.As(err, &e) || e.Code != code {
			t.Errorf("%q: got %v, want %s", number, err, code)
		}
	}
	o := outbound("+46701234567")
	o.Agent = bo
	var e *gateway.Error
	if err := h.Dial(t.Context(), o); !errors.As(err, &e) || e.Code != "no_phone" {
		t.Errorf("without a phone: %v", err)
	}
	if customer.Calls() != 0 {
		t.Error("somebody was called")
	}
	// With no plan at all nobody is called, nor does a call from outside go out again.
	closed := open(t, 60)
	if err := closed.Dial(t.Context(), outbound("+46701234567")); !errors.As(err, &e) || e.Code != "not_in_dial_plan" {
		t.Errorf("without a plan: %v", err)
	}
	c := h.customer(440).Dial("+46701234567", h.Addr())
	phonetest.Wait(t, "404", func() bool { return c.Status() == 404 })
	if customer.Calls() != 0 {
		t.Error("a call from outside was routed out")
	}
}

// A callback that is given away while it is dialled, or taken, is nobody's to be rung for: the
// phones stop. What is told late, from before the agent had it, stops nothing.
func TestDialledAndGivenAway(t *testing.T) {
	for name, given := range map[string]gateway.Interaction{
		"to a queue":     {State: gateway.StateWaiting},
		"to a colleague": {State: gateway.StateOffered},
		"taken":          {State: gateway.StateActive, Agent: bo},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, agent, customer := dialHouse(t)
			o := outbound("+46701234567")
			o.Keeps = true
			if err := h.Dial(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			h.change(gateway.Interaction{ID: 50, Rev: 1, Queue: queue, State: gateway.StateOffered})
			a := agent.Next()
			a.Answer()
			c := customer.Next()
			c.Ring()
			h.change(gateway.Interaction{ID: 50, Rev: 2, Queue: queue, State: gateway.StateActive, Agent: anna, AcceptedAt: time.Now()})
			phonetest.Wait(t, "the agent hears it ring", func() bool { return agent.Sound.Ear.Hears(425) })
			if a.Gone() || c.Canceled() {
				t.Error("it stopped for what was told late")
			}
			given.ID, given.Rev, given.Queue, given.AcceptedAt = 50, 3, queue, time.Now()
			h.change(given)
			phonetest.Wait(t, "both phones stop", func() bool { return a.Gone() && c.Canceled() })
			if cause := h.ends(); cause != "given_away" {
				t.Errorf("ended by %s", cause)
			}
			if did(h, func(gateway.Leave) bool { return true }) {
				t.Errorf("told %+v", h.told())
			}
		})
	}
}
