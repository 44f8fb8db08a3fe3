package voice_test

import (
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/gateway"
)

const abroad = "+46701112233"

// alone is how the floor tells of an agent whose line 2 nobody of the house is on.
func alone(id gateway.InteractionID, phase gateway.Phase, rev int64) gateway.Interaction {
	i := gateway.Interaction{ID: id, State: gateway.StateActive, Phase: phase, Agent: anna, Queue: queue, Rev: rev, Outside: phase != gateway.PhaseTalking}
	if phase == gateway.PhaseConsult {
		i.Line2 = gateway.Line2Outside
	}
	return i
}

// conflict holds an error to a refusal's code.
func conflict(t *testing.T, err error, code string) {
	t.Helper()
	if e := (*gateway.Error)(nil); !asError(err, &e) || e.Code != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

// consultOutside has anna, who talks to a customer, call a number on line 2.
func (h *house) consultOutside(elsewhere *phonetest.Phone, id gateway.InteractionID) *phonetest.Call {
	h.t.Helper()
	if err := h.Consult(h.t.Context(), anna, id, "+46 70-111 22 33"); err != nil {
		h.t.Fatal(err)
	}
	waitFor(h, "the floor is told", func(cmd gateway.Consult) bool { return cmd.Interaction == id && cmd.Agent == anna && cmd.Outside })
	h.change(alone(id, gateway.PhaseConsult, 5))
	o := elsewhere.Next()
	if !has(o.To(), "0701112233") || !has(o.From(), "+46812345") {
		h.t.Errorf("called %s from %s", o.To(), o.From())
	}
	return o
}

// An agent asks somebody outside while the customer hears music, and comes back. What the
// dial plan does not allow is not called, and the floor not told.
func TestConsultOutside(t *testing.T) {
	t.Parallel()
	h, elsewhere := outsideHouse(t)
	customer, agent, c, a, id := h.talk()
	for _, number := range []string{"+1900555", "112", "", "sip:x@evil", "+4670\r\nX: "} {
		conflict(t, h.Consult(t.Context(), anna, id, number), "not_in_dial_plan")
		conflict(t, h.TransferOutside(t.Context(), anna, id, number), "not_in_dial_plan")
	}
	conflict(t, h.Consult(t.Context(), bo, id, abroad), "not_talking")
	conflict(t, h.TransferLines(t.Context(), anna, id), "no_line")
	conflict(t, h.TalkOn(t.Context(), anna, id, 2), "no_line")
	if len(h.told()) != 1 || elsewhere.Calls() != 0 {
		t.Fatalf("told %+v", h.told()) // the agent's answer only
	}
	o := h.consultOutside(elsewhere, id)
	o.Ring()
	phonetest.Wait(t, "the agent hears it ring", func() bool { return agent.Sound.Ear.Hears(425) })
	conflict(t, h.TransferLines(t.Context(), anna, id), "line_rings")
	conflict(t, h.TalkOn(t.Context(), anna, id, 1), "line_rings")
	conflict(t, h.TransferOutside(t.Context(), anna, id, abroad), "line_in_use")
	conflict(t, h.Consult(t.Context(), anna, id, "+46702222222"), "line_in_use")
	if err := h.Consult(t.Context(), anna, id, abroad); err != nil || elsewhere.Calls() != 1 {
		t.Errorf("asked twice: %v, called %d times", err, elsewhere.Calls())
	}
	o.Answer()
	phonetest.Talk(t, "the two talk", agent, elsewhere)
	phonetest.Wait(t, "the customer hears music", func() bool { return customer.Sound.Ear.Hears(toneMusic) })
	a.Info('7')
	phonetest.Wait(t, "line 2 gets the key", func() bool { return elsewhere.Sound.Pressed() == "7" })
	lines, err := h.Lines(t.Context(), anna)
	if err != nil || len(lines) != 2 || !lines[1].Outside || lines[1].Number != abroad || lines[1].State != "talking" || lines[0].Outside {
		t.Errorf("lines %+v, %v", lines, err)
	}
	h.swaps(customer, agent, elsewhere, id)
	h.change(alone(id, gateway.PhaseTalking, 7))
	phonetest.Wait(t, "line 2 is hung up", o.Gone)
	phonetest.Talk(t, "agent and customer talk on", customer, agent)
	c.Bye()
	phonetest.Wait(t, "the agent is hung up", a.Gone)
	h.ends()
}

// swaps has anna talk to the customer while line 2 hears music, and back.
func (h *house) swaps(customer, agent, other *phonetest.Phone, id gateway.InteractionID) {
	h.t.Helper()
	for _, p := range []struct {
		line      int
		to, aside *phonetest.Phone
		state     string
	}{{1, customer, other, "talking"}, {2, other, customer, "held"}} {
		for range 2 { // twice is once
			if err := h.TalkOn(h.t.Context(), anna, id, p.line); err != nil {
				h.t.Fatal(err)
			}
		}
		phonetest.Talk(h.t, "they talk", p.to, agent)
		phonetest.Wait(h.t, "the other hears music", func() bool { return p.aside.Sound.Ear.Hears(toneMusic) })
		if lines, err := h.Lines(h.t.Context(), anna); err != nil || lines[0].State != p.state {
			h.t.Errorf("on line %d: lines %+v, %v", p.line, lines, err)
		}
	}
}

// The customer is given to line 2, by console or by hanging up, and talks there until one of
// them hangs up. The agent has nothing to do with it any more.
func TestTransferLinesOutside(t *testing.T) {
	for _, how := range []string{"by console", "by phone"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			h, elsewhere := outsideHouse(t)
			customer, _, c, a, id := h.talk()
			o := h.consultOutside(elsewhere, id)
			o.Answer()
			phonetest.Wait(t, "they hear the agent", func() bool { return elsewhere.Sound.Ear.Hears(1000) })
			if how == "by phone" {
				a.Bye()
			} else if err := h.TransferLines(t.Context(), anna, id); err != nil {
				t.Fatal(err)
			}
			waitFor(h, "the floor is told", func(cmd gateway.Leave) bool {
				return cmd.Interaction == id && cmd.End == gateway.EndTransferredExternal
			})
			h.change(gateway.Interaction{ID: id, State: gateway.StateWrapUp, End: gateway.EndTransferredExternal, Agent: anna, Queue: queue, Rev: 9})
			phonetest.Wait(t, "the agent is out", a.Gone)
			phonetest.Talk(t, "the others talk", customer, elsewhere)
			if lines, err := h.Lines(t.Context(), anna); err != nil || len(lines) != 1 || lines[0].State != "idle" {
				t.Errorf("lines %+v, %v", lines, err)
			}
			customer.Sound.Press('4')
			phonetest.Wait(t, "the key comes", func() bool { return elsewhere.Sound.Pressed() == "4" })
			o.Bye()
			phonetest.Wait(t, "the customer is hung up", c.Gone)
			if cause := h.ends(); cause != "outside_bye" {
				t.Errorf("ended by %s", cause)
			}
		})
	}
}

// Everybody hears everybody; line 2 hangs up, and the other two go on.
func TestJoinOutside(t *testing.T) {
	t.Parallel()
	h, elsewhere := outsideHouse(t)
	customer, agent, c, _, id := h.talk()
	o := h.consultOutside(elsewhere, id)
	h.change(alone(id, gateway.PhaseConference, 6))
	phonetest.Talk(t, "two talk until they answer", customer, agent)
	o.Answer()
	phonetest.Wait(t, "all hear all", func() bool {
		both := func(p *phonetest.Phone, hz1, hz2 int) bool {
			return p.Sound.Ear.Part(hz1) > 0.2 && p.Sound.Ear.Part(hz2) > 0.2
		}
		return both(customer, 1000, 1300) && both(agent, 440, 1300) && both(elsewhere, 440, 1000)
	})
	conflict(t, h.TalkOn(t.Context(), anna, id, 1), "lines_joined")
	customer.Sound.Press('4')
	phonetest.Wait(t, "both get the key", func() bool { return agent.Sound.Pressed() == "4" && elsewhere.Sound.Pressed() == "4" })
	o.Bye()
	waitFor(h, "the floor is told", func(cmd gateway.DropLine) bool { return cmd.Interaction == id && cmd.Agent == anna })
	h.change(alone(id, gateway.PhaseTalking, 7))
	phonetest.Talk(t, "two talk on", customer, agent)
	c.Bye()
	h.ends()
}

// Who is called refuses: line 2 is free again.
func TestConsultOutsideInVain(t *testing.T) {
	t.Parallel()
	h, elsewhere := outsideHouse(t)
	customer, agent, c, _, id := h.talk()
	h.consultOutside(elsewhere, id).Reject(486)
	waitFor(h, "the floor is told", func(cmd gateway.DropLine) bool { return cmd.Interaction == id && cmd.Agent == anna })
	h.change(alone(id, gateway.PhaseTalking, 7))
	phonetest.Talk(t, "they talk again", customer, agent)
	if lines, err := h.Lines(t.Context(), anna); err != nil || len(lines) != 2 || lines[1].State != "failed" || lines[1].Failure != gateway.FailedBusy || lines[1].Number != abroad {
		t.Errorf("lines %+v, %v", lines, err)
	}
	o := h.consultOutside(elsewhere, id)
	if lines, err := h.Lines(t.Context(), anna); err != nil || len(lines) != 2 || lines[1].State != "ringing" || lines[1].Failure != "" {
		t.Errorf("asked again: lines %+v, %v", lines, err)
	}
	o.Reject(404)
	phonetest.Wait(t, "there is no such number", func() bool {
		lines, err := h.Lines(t.Context(), anna)
		return err == nil && len(lines) == 2 && lines[1].Failure == gateway.FailedUnknown
	})
	c.Bye()
	h.ends()
}

// The customer is queued again meanwhile: line 2 is hung up.
func TestConsultOutsideEnds(t *testing.T) {
	t.Parallel()
	h, elsewhere := outsideHouse(t)
	_, _, c, a, id := h.talk()
	o := h.consultOutside(elsewhere, id)
	o.Answer()
	phonetest.Wait(t, "they hear the agent", func() bool { return elsewhere.Sound.Ear.Hears(1000) })
	h.change(gateway.Interaction{ID: id, State: gateway.StateWaiting, Queue: queue, Rev: 7})
	phonetest.Wait(t, "both are hung up", func() bool { return a.Gone() && o.Gone() })
	c.Bye()
	h.ends()
}

// The customer hangs up while line 2 only rings: everybody is hung up. Once somebody has
// answered there, the agent talks on with them.
func TestCustomerLeavesOutside(t *testing.T) {
	for _, answered := range []bool{true, false} {
		t.Run(map[bool]string{true: "answered", false: "ringing"}[answered], func(t *testing.T) {
			t.Parallel()
			h, elsewhere := outsideHouse(t)
			_, agent, c, a, id := h.talk()
			o := h.consultOutside(elsewhere, id)
			o.Ring()
			if answered {
				o.Answer()
				phonetest.Wait(t, "they hear the agent", func() bool { return elsewhere.Sound.Ear.Hears(1000) })
			}
			c.Bye()
			waitFor(h, "the floor is told", func(cmd gateway.Leave) bool { return cmd.Interaction == id && cmd.TalkOn == answered })
			if answered {
				h.change(gateway.Interaction{ID: id, State: gateway.StateActive, Phase: gateway.PhaseColleagues, Agent: anna, Queue: queue, Outside: true, EndedAt: time.Now(), End: gateway.EndHandled, Rev: 7})
				phonetest.Talk(t, "they talk on", agent, elsewhere)
				o.Bye()
				waitFor(h, "the floor is told that they are done", func(cmd gateway.Leave) bool { return cmd.Interaction == id && !cmd.TalkOn })
			}
			phonetest.Wait(t, "the agent is hung up", a.Gone)
			if cause := h.ends(); cause != "customer_bye" {
				t.Errorf("ended by %s", cause)
			}
		})
	}
}

// The customer is sent on without talking first: they are brought there, or leave a message.
func TestTransferOutside(t *testing.T) {
	for _, how := range []string{"answered", "refused"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			h, elsewhere := outsideHouse(t)
			customer, _, c, a, id := h.talk()
			if err := h.TransferOutside(t.Context(), anna, id, abroad); err != nil {
				t.Fatal(err)
			}
			waitFor(h, "the floor is told", func(cmd gateway.Leave) bool {
				return cmd.Interaction == id && cmd.End == gateway.EndTransferredExternal
			})
			phonetest.Wait(t, "the agent is out", a.Gone)
			o := elsewhere.Next()
			if how == "refused" {
				o.Reject(486)
				hears(t, customer, "the greeting", toneVoicemail)
				c.Bye()
				h.ends()
				return
			}
			hears(t, customer, "that they are connected", toneOutside)
			o.Answer()
			phonetest.Talk(t, "they talk", customer, elsewhere)
			c.Bye()
			phonetest.Wait(t, "the other is hung up", o.Gone)
			if cause := h.ends(); cause != "customer_bye" {
				t.Errorf("ended by %s", cause)
			}
		})
	}
}

// A transfer that did not come about leaves no number behind: when the customer is queued
// again and a step sends them on, they are brought where the step says.
func TestTransferOutsideInVain(t *testing.T) {
	for how, failure := range map[string]*gateway.Error{
		"refused":    {Kind: gateway.KindConflict, Code: "not_talking"},
		"unanswered": {Kind: gateway.KindTryAgain, Code: "try_again"},
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			h, elsewhere := outsideHouse(t)
			_, _, c, a, id := h.talk()
			h.set(func() { h.decide = func(gateway.Command) error { return failure } })
			conflict(t, h.TransferOutside(t.Context(), anna, id, abroad), failure.Code)
			h.set(func() { h.decide = nil })
			h.change(gateway.Interaction{ID: id, State: gateway.StateWaiting, Queue: queue, Rev: 7})
			phonetest.Wait(t, "the agent is out", a.Gone)
			h.change(gateway.Interaction{ID: id, State: gateway.StateFinished, End: gateway.EndTransferredExternal, Queue: queue, Rev: 8})
			h.step(id, gateway.Step{Do: gateway.ToExternal, To: "+46702222222"}, "")
			if o := elsewhere.Next(); !has(o.To(), "0702222222") {
				t.Errorf("called %s", o.To())
			}
			c.Bye()
			h.ends()
		})
	}
}
