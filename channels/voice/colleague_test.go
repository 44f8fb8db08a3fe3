package voice_test

import (
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/gateway"
)

// consult has anna, who talks to a customer, ask bo.
func (h *house) consult(id gateway.InteractionID) (other *phonetest.Phone, b *phonetest.Call) {
	h.t.Helper()
	other = h.deskphone(bo, 1300)
	h.change(gateway.Interaction{ID: id, State: gateway.StateActive, Phase: gateway.PhaseConsult, Line2: gateway.Line2Colleague, Agent: anna, Queue: queue, Rev: 5})
	o := gateway.Offer{Interaction: id, No: 2, Agent: bo, Kind: gateway.OfferConsult, Channel: gateway.Voice}
	h.tell(gateway.NewEvent(gateway.TopicInteraction(id), "offer.created", 2, o))
	b = other.Next()
	b.Ring()
	b.Answer()
	waitFor(h, "the colleague accepts", func(cmd gateway.Accept) bool { return cmd.No == 2 && cmd.Agent == bo && cmd.ByPhone })
	return other, b
}

// asked is how the floor tells of it.
func asked(id gateway.InteractionID, phase gateway.Phase) gateway.Interaction {
	i := gateway.Interaction{ID: id, State: gateway.StateActive, Phase: phase, Agent: anna, Others: []gateway.AgentID{bo}, Queue: queue, Rev: 6}
	if phase == gateway.PhaseConsult {
		i.Line2 = gateway.Line2Colleague
	}
	return i
}

// An agent asks a colleague while the customer hears music, comes back, and talks on.
func TestConsult(t *testing.T) {
	t.Parallel()
	h := open(t, 60)
	customer, agent, c, a, id := h.talk()
	other, b := h.consult(id)
	h.change(asked(id, gateway.PhaseConsult))
	phonetest.Talk(t, "the agents talk", agent, other)
	a.Info('7')
	phonetest.Wait(t, "the colleague gets the key", func() bool { return other.Sound.Pressed() == "7" })
	if keys := customer.Sound.Pressed(); keys != "" {
		t.Errorf("the customer got %q", keys)
	}
	phonetest.Wait(t, "the customer hears neither", func() bool { return customer.Sound.Ear.Part(1000) < 0.1 && customer.Sound.Ear.Part(1300) < 0.1 })
	h.change(gateway.Interaction{ID: id, State: gateway.StateActive, Phase: gateway.PhaseTalking, Agent: anna, Queue: queue, Rev: 7})
	phonetest.Wait(t, "the colleague is hung up", b.Gone)
	phonetest.Talk(t, "agent and customer talk on", customer, agent)
	c.Bye()
	phonetest.Wait(t, "the agent is hung up", a.Gone)
	h.ends()
}

// The customer hangs up while the agent asks a colleague: the two talk on, and the floor hears
// twice of it, until one of them hangs up. Nothing else can be done with the call any more.
func TestCustomerLeavesColleagues(t *testing.T) {
	for _, how := range []string{"agent", "colleague", "console"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			h := open(t, 60)
			_, agent, c, a, id := h.talk()
			other, b := h.consult(id)
			h.change(asked(id, gateway.PhaseConsult))
			phonetest.Talk(t, "the agents talk", agent, other)
			c.Bye()
			waitFor(h, "the floor is told that the customer has left", func(cmd gateway.Leave) bool { return cmd.Interaction == id && cmd.TalkOn })
			left := asked(id, gateway.PhaseColleagues)
			left.Rev, left.EndedAt, left.End = 7, time.Now(), gateway.EndHandled
			h.change(left)
			phonetest.Talk(t, "the agents talk on", agent, other)
			conflict(t, h.Press(t.Context(), anna, id, "1"), "already_ended")
			conflict(t, h.Hold(t.Context(), anna, id), "already_ended")
			if lines, err := h.Lines(t.Context(), anna); err != nil || len(lines) != 1 || lines[0].State != "talking" || lines[0].Number != "" {
				t.Errorf("lines %+v, %v", lines, err)
			}
			switch how {
			case "agent":
				a.Bye()
			case "colleague":
				b.Bye()
			case "console":
				if err := h.HangUp(t.Context(), anna, id); err != nil {
					t.Fatal(err)
				}
			}
			waitFor(h, "the floor is told that they are done", func(cmd gateway.Leave) bool { return cmd.Interaction == id && !cmd.TalkOn })
			phonetest.Wait(t, "both are hung up", func() bool { return (how == "agent" || a.Gone()) && (how == "colleague" || b.Gone()) })
			if cause := h.ends(); cause != "customer_bye" {
				t.Errorf("ended by %s", cause)
			}
		})
	}
}

// A floor that refuses to let them talk on hears an ordinary end, and everybody is hung up.
func TestCustomerLeavesColleaguesRefused(t *testing.T) {
	t.Parallel()
	h := open(t, 60)
	_, agent, c, a, id := h.talk()
	other, b := h.consult(id)
	h.change(asked(id, gateway.PhaseConsult))
	phonetest.Talk(t, "the agents talk", agent, other)
	h.set(func() {
		h.decide = func(cmd gateway.Command) error {
			if l, ok := cmd.(gateway.Leave); ok && l.TalkOn {
				return &gateway.Error{Kind: gateway.KindInternal, Code: "internal", Detail: "could not be stored"}
			}
			return nil
		}
	})
	c.Bye()
	waitFor(h, "the floor is told of the end", func(cmd gateway.Leave) bool { return cmd.Interaction == id && !cmd.TalkOn })
	phonetest.Wait(t, "both are hung up", func() bool { return a.Gone() && b.Gone() })
	if cause := h.ends(); cause != "customer_bye" {
		t.Errorf("ended by %s", cause)
	}
}

// The customer is given to the colleague who was asked: by the console, or by hanging up.
func TestTransferLines(t *testing.T) {
	for _, how := range []string{"by console", "by phone"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			h := open(t, 60)
			customer, _, c, a, id := h.talk()
			other, b := h.consult(id)
			h.change(asked(id, gateway.PhaseConsult))
			phonetest.Wait(t, "the colleague hears the agent", func() bool { return other.Sound.Ear.Hears(1000) })
			if how == "by phone" {
				a.Bye()
				waitFor(h, "the floor is told", func(cmd gateway.TransferLines) bool { return cmd.Interaction == id && cmd.Agent == anna })
			}
			h.change(gateway.Interaction{ID: id, State: gateway.StateActive, Phase: gateway.PhaseTalking, Agent: bo, Queue: queue, Rev: 7})
			phonetest.Talk(t, "colleague and customer talk", customer, other)
			phonetest.Wait(t, "the agent is out", a.Gone)
			if err := h.Hold(t.Context(), bo, id); err != nil {
				t.Errorf("the colleague does not have the call: %v", err)
			}
			b.Bye()
			waitFor(h, "the floor is told", func(cmd gateway.EndInteraction) bool { return cmd.Interaction == id && cmd.Agent == bo })
			phonetest.Wait(t, "the customer is hung up", c.Gone)
			h.ends()
		})
	}
}

// Everybody hears everybody; the colleague leaves, and the other two go on.
func TestConference(t *testing.T) {
	t.Parallel()
	h := open(t, 60)
	customer, agent, c, _, id := h.talk()
	other, b := h.consult(id)
	h.change(asked(id, gateway.PhaseConference))
	phonetest.Wait(t, "all hear all", func() bool {
		both := func(p *phonetest.Phone, hz1, hz2 int) bool {
			return p.Sound.Ear.Part(hz1) > 0.2 && p.Sound.Ear.Part(hz2) > 0.2
		}
		return both(customer, 1000, 1300) && both(agent, 440, 1300) && both(other, 440, 1000)
	})
	customer.Sound.Press('4')
	phonetest.Wait(t, "both agents get the key", func() bool { return agent.Sound.Pressed() == "4" && other.Sound.Pressed() == "4" })
	b.Info('5')
	phonetest.Wait(t, "the others get the colleague's", func() bool { return agent.Sound.Pressed() == "45" && customer.Sound.Pressed() == "5" })
	b.Bye()
	waitFor(h, "the floor is told", func(cmd gateway.DropLine) bool { return cmd.Interaction == id && cmd.Agent == bo })
	h.change(gateway.Interaction{ID: id, State: gateway.StateActive, Phase: gateway.PhaseTalking, Agent: anna, Queue: queue, Rev: 7})
	phonetest.Talk(t, "two talk on", customer, agent)
	c.Bye()
	h.ends()
}

// Who has the conference hangs up: the colleague who came first has the customer.
func TestOwnerLeavesConference(t *testing.T) {
	t.Parallel()
	h := open(t, 60)
	customer, _, c, a, id := h.talk()
	other, b := h.consult(id)
	h.change(asked(id, gateway.PhaseConference))
	phonetest.Wait(t, "the colleague hears the customer too", func() bool { return other.Sound.Ear.Part(440) > 0.2 })
	a.Bye()
	waitFor(h, "the floor is told", func(cmd gateway.DropLine) bool { return cmd.Interaction == id && cmd.Agent == anna })
	h.change(gateway.Interaction{ID: id, State: gateway.StateActive, Phase: gateway.PhaseTalking, Agent: bo, Queue: queue, Rev: 7})
	phonetest.Talk(t, "colleague and customer talk", customer, other)
	c.Bye()
	phonetest.Wait(t, "the colleague is hung up", b.Gone)
	h.ends()
}

// Offers of one number ring together; who picks up first has the call, the other phone
// stops.
func TestRingAll(t *testing.T) {
	t.Parallel()
	h := open(t, 60)
	first, second := h.deskphone(anna, 1000), h.deskphone(bo, 1300)
	customer, c, id := h.calls(440)
	toAnna := h.offer(id, 1, anna)
	toBo := h.offer(id, 1, bo)
	a, b := first.Next(), second.Next()
	a.Ring()
	b.Ring()
	b.Answer()
	waitFor(h, "the answer accepts", func(cmd gateway.Accept) bool { return cmd.No == 1 && cmd.Agent == bo })
	h.closeOffer(toAnna, gateway.Withdrawn)
	h.closeOffer(toBo, gateway.Accepted)
	phonetest.Wait(t, "the other phone stops", a.Gone)
	phonetest.Talk(t, "they talk", customer, second)
	c.Bye()
	h.ends()
}

// A hold is told to the floor, and done when the floor tells of one.
func TestHoldIsTold(t *testing.T) {
	t.Parallel()
	h := open(t, 60)
	customer, _, c, a, id := h.talk()
	if err := h.Hold(t.Context(), anna, id); err != nil {
		t.Fatal(err)
	}
	waitFor(h, "the floor is told", func(cmd gateway.HoldLine) bool { return cmd.Interaction == id && cmd.Agent == anna && cmd.Hold })
	phonetest.Wait(t, "the customer hears music", func() bool { return customer.Sound.Ear.Part(1000) < 0.1 })
	h.change(gateway.Interaction{ID: id, State: gateway.StateActive, Phase: gateway.PhaseTalking, Agent: anna, Queue: queue, Rev: 9})
	phonetest.Wait(t, "they talk again", func() bool { return customer.Sound.Ear.Hears(1000) })
	c.Bye()
	phonetest.Wait(t, "the agent is hung up", a.Gone)
	h.ends()
}
