package voice_test

import (
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice"
	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/channels/voice/sdp"
	"github.com/vaxelhq/vaxel/gateway"
)

// The main job: a customer calls, waits with music, the agent's phone rings, answering
// accepts, they talk in different codings, keys pass, the customer hangs up.
func TestCall(t *testing.T) {
	t.Parallel()
	h := open(t, 60)
	customer, agent, c, a, id := h.talk()
	if from := a.From(); !has(from, "+46701234567") {
		t.Errorf("the agent's phone shows %q", from)
	}
	if h.arrived()[0].Channel != gateway.Voice || h.arrived()[0].From.Value != "+46701234567" || !h.arrived()[0].Alone || h.arrived()[0].Queue != queue {
		t.Errorf("arrived as %+v", h.arrived()[0])
	}
	customer.Sound.Press('4')
	phonetest.Wait(t, "the agent gets the key", func() bool { return agent.Sound.Pressed() == "4" })
	c.Info('5')
	phonetest.Wait(t, "the agent gets the key from an INFO", func() bool { return agent.Sound.Pressed() == "45" })
	c.Bye()
	waitFor(h, "the floor is told", func(cmd gateway.Leave) bool { return cmd.Interaction == id && cmd.End == "" })
	phonetest.Wait(t, "the agent's phone is hung up", a.Gone)
	if cause := h.ends(); cause != "customer_bye" {
		t.Errorf("ended by %s", cause)
	}
	if s := h.summary(); s.From != "+46701234567" || s.TalkMS <= 0 || s.Cause != "customer_bye" {
		t.Errorf("left behind %+v", s)
	}
	if n := customer.Sound.Gaps.Load() + agent.Sound.Gaps.Load(); n > 0 {
		t.Errorf("%d gaps in what was heard", n)
	}
}

// The caller's telephone offers nothing, as some exchanges do: our offer is in the 200 and
// their answer in the ACK (RFC 3264), and the sound goes where that says.
func TestCallerWithoutOffer(t *testing.T) {
	t.Parallel()
	h := open(t, 60)
	customer, agent := h.customer(440), h.deskphone(anna, 1000)
	customer.Bare = true
	c := customer.Dial(service, h.Addr())
	phonetest.Wait(t, "it is answered", c.Up)
	h.offer(h.interaction(), 1, anna)
	agent.Next().Answer()
	phonetest.Talk(t, "they talk", customer, agent)
	c.Bye()
	h.ends()
}

// Whoever is answered and then shows no sign of life, neither ACK nor sound, does not keep the
// agent who has picked up.
func TestCallerWhoIsNotThere(t *testing.T) {
	t.Parallel()
	h := open(t, 60, func(c *voice.Config) { c.Patience.Sign = time.Second })
	customer, agent := h.customer(440), h.deskphone(anna, 1000)
	customer.SwitchOff(true)
	customer.Dial(service, h.Addr())
	h.offer(h.interaction(), 1, anna)
	a := agent.Next()
	a.Answer()
	phonetest.Wait(t, "the agent is let go", a.Gone)
	if cause := h.ends(); cause != "customer_not_there" {
		t.Errorf("ended by %s", cause)
	}
}

func TestAgentHangsUp(t *testing.T) {
	t.Parallel()
	h := open(t, 60)
	_, _, c, a, id := h.talk()
	a.Bye()
	waitFor(h, "the floor is told", func(cmd gateway.EndInteraction) bool { return cmd.Interaction == id && cmd.Agent == anna })
	phonetest.Wait(t, "the customer is hung up", c.Gone)
	h.ends()
}

func TestEndedInConsole(t *testing.T) {
	t.Parallel()
	h := open(t, 60)
	_, _, c, a, id := h.talk()
	h.change(gateway.Interaction{ID: id, State: gateway.StateWrapUp, Agent: anna, Rev: 9})
	phonetest.Wait(t, "both are hung up", func() bool { return c.Gone() && a.Gone() })
	h.ends()
}

// The customer leaves while an agent's phone rings: it stops, and the call is abandoned.
func TestAbandon(t *testing.T) {
	t.Parallel()
	h := open(t, 60)
	_, _, c, a, o := h.ringing()
	phonetest.Wait(t, "the customer waits with sound", func() bool { return !c.Gone() })
	c.Bye()
	waitFor(h, "the floor is told", func(cmd gateway.Leave) bool { return cmd.Interaction == o.Interaction })
	phonetest.Wait(t, "the agent's phone stops", a.Gone)
	h.ends()
}

func TestBusyAgentThenAnother(t *testing.T) {
	t.Parallel()
	h := open(t, 60)
	first, second := h.deskphone(anna, 1000), h.deskphone(bo, 1300)
	customer, c, id := h.calls(440)
	o := h.offer(id, 1, anna)
	first.Next().Reject(486)
	waitFor(h, "the offer has failed", func(cmd gateway.FailOffer) bool { return cmd.No == 1 && cmd.Agent == anna && cmd.Cause == "busy" })
	h.closeOffer(o, gateway.Failed)
	h.offer(id, 2, bo)
	second.Next().Answer()
	phonetest.Wait(t, "the second agent is heard", func() bool { return customer.Sound.Ear.Hears(1300) })
	if first.Calls() != 1 {
		t.Errorf("the first agent was rung %d times", first.Calls())
	}
	c.Bye()
	h.ends()
}

func TestAgentDeclinesByPhone(t *testing.T) {
	t.Parallel()
	h := open(t, 60)
	agent := h.deskphone(anna, 1000)
	_, c, id := h.calls(440)
	h.offer(id, 1, anna)
	agent.Next().Reject(603)
	waitFor(h, "the offer is declined", func(cmd gateway.Decline) bool { return cmd.No == 1 && cmd.Agent == anna })
	c.Bye()
	h.ends()
}

// An agent without a phone, and one whose phone is not there.
func TestUnreachableAgent(t *testing.T) {
	t.Parallel()
	h := open(t, 60)
	h.set(func() { h.phones[bo] = []string{"tel:5", "sip:bo@nowhere.invalid"} })
	_, c, id := h.calls(440)
	h.offer(id, 1, anna)
	waitFor(h, "no phone", func(cmd gateway.FailOffer) bool { return cmd.Agent == anna && cmd.Cause == "no_phone" })
	h.offer(id, 2, bo)
	waitFor(h, "unreachable", func(cmd gateway.FailOffer) bool { return cmd.Agent == bo && cmd.Cause == "unreachable" })
	c.Bye()
	h.ends()
}

func TestMissedOfferStopsRinging(t *testing.T) {
	t.Parallel()
	h := open(t, 60)
	_, _, c, a, o := h.ringing()
	h.closeOffer(o, gateway.Missed)
	phonetest.Wait(t, "the CANCEL comes", a.Canceled)
	c.Bye()
	h.ends()
}

// The agent picks up a moment too late: three short tones, and a BYE that says so.
func TestOfferGone(t *testing.T) {
	t.Parallel()
	h := open(t, 60)
	h.set(func() {
		h.decide = func(cmd gateway.Command) error {
			if _, ok := cmd.(gateway.Accept); ok {
				return gone()
			}
			return nil
		}
	})
	agent := h.deskphone(anna, 1000)
	customer, c, id := h.calls(440)
	h.offer(id, 1, anna)
	a := agent.Next()
	a.Answer()
	phonetest.Wait(t, "the phone is hung up", a.Gone)
	if !has(a.Reason(), "Call completed elsewhere") || agent.Sound.Received.Load() < 20 {
		t.Errorf("Reason %q after %d packets", a.Reason(), agent.Sound.Received.Load())
	}
	if c.Gone() || customer.Sound.Ear.Hears(1000) {
		t.Error("the customer notices")
	}
	c.Bye()
	h.ends()
}

// The floor can't be reached while the agent waits: they are let go, the customer stays.
func TestFloorSilent(t *testing.T) {
	t.Parallel()
	h := open(t, 60)
	h.set(func() {
		h.decide = func(cmd gateway.Command) error {
			if _, ok := cmd.(gateway.Accept); ok {
				return &gateway.Error{Kind: gateway.KindTryAgain, Code: "no_leader"}
			}
			return nil
		}
	})
	agent := h.deskphone(anna, 1000)
	_, c, id := h.calls(440)
	h.offer(id, 1, anna)
	a := agent.Next()
	a.Answer()
	phonetest.Wait(t, "the agent is let go", a.Gone)
	if c.Gone() {
		t.Error("the customer is gone, too")
	}
	c.Bye()
	h.ends()
}

func TestTransfer(t *testing.T) {
	t.Parallel()
	h := open(t, 60)
	customer, _, c, a, id := h.talk()
	other := h.deskphone(bo, 1300)
	h.change(gateway.Interaction{ID: id, State: gateway.StateOffered, Queue: queue, Agent: anna, Rev: 5})
	h.offer(id, 2, bo)
	phonetest.Wait(t, "the first agent is hung up", a.Gone)
	b := other.Next()
	b.Answer()
	phonetest.Talk(t, "the second agent talks", customer, other)
	c.Bye()
	phonetest.Wait(t, "the second agent is hung up", b.Gone)
	h.ends()
}

// Pulled from the board: the agent has it already, and their phone rings.
func TestPull(t *testing.T) {
	t.Parallel()
	h := open(t, 60)
	agent := h.deskphone(anna, 1000)
	customer, c, id := h.calls(440)
	h.change(gateway.Interaction{ID: id, State: gateway.StateActive, Agent: anna, Queue: queue, Rev: 3})
	agent.Next().Answer()
	phonetest.Talk(t, "they talk", customer, agent)
	c.Bye()
	h.ends()
}

// A phone that was picked up but sends nothing: the next agent is asked.
func TestSilentPhone(t *testing.T) {
	t.Parallel()
	h := open(t, 60, func(c *voice.Config) { c.Patience.Sound = 200 * time.Millisecond })
	customer, first, second := h.customer(440), h.deskphone(anna, 1000), h.deskphone(bo, 1300)
	first.Sound.Say(-1)
	c := customer.Dial(service, h.Addr())
	id := h.interaction()
	h.offer(id, 1, anna)
	a := first.Next()
	a.Answer()
	waitFor(h, "the offer has failed", func(cmd gateway.FailOffer) bool {
		return cmd.Interaction == id && cmd.No == 1 && cmd.Agent == anna && cmd.Cause == "media"
	})
	h.change(gateway.Interaction{ID: id, State: gateway.StateWaiting, Queue: queue, Rev: 4})
	phonetest.Wait(t, "the silent phone is hung up", a.Gone)
	h.offer(id, 2, bo)
	second.Next().Answer()
	phonetest.Talk(t, "they talk", customer, second)
	c.Bye()
	h.ends()
}

func TestHold(t *testing.T) {
	t.Parallel()
	h := open(t, 60)
	customer, agent, c, a, id := h.talk()
	quiet := func() bool { return !customer.Sound.Ear.Hears(1000) && agent.Sound.Received.Load() > 0 }
	a.Hold(sdp.SendOnly)
	phonetest.Wait(t, "the hold is answered", func() bool { return a.Direction() == sdp.RecvOnly })
	phonetest.Wait(t, "the customer hears music", quiet)
	a.Hold(sdp.SendRecv)
	phonetest.Talk(t, "they talk again", customer, agent)
	if err := h.Hold(t.Context(), anna, id); err != nil {
		t.Fatal(err)
	}
	phonetest.Wait(t, "the customer hears music again", quiet)
	if err := h.Hold(t.Context(), bo, id); err == nil {
		t.Error("somebody else may hold the call")
	}
	if err := h.Resume(t.Context(), anna, id); err != nil {
		t.Fatal(err)
	}
	phonetest.Wait(t, "they talk again", func() bool { return customer.Sound.Ear.Hears(1000) })
	if err := h.Press(t.Context(), anna, id, "12"); err != nil {
		t.Fatal(err)
	}
	phonetest.Wait(t, "the customer gets the keys", func() bool { return customer.Sound.Pressed() == "12" })
	if err := h.HangUp(t.Context(), anna, id); err != nil {
		t.Fatal(err)
	}
	phonetest.Wait(t, "both are hung up", func() bool { return c.Gone() && a.Gone() })
	h.ends()
}

// Accepted in the console while the phone rings: picking it up is the rest.
func TestAcceptedElsewhere(t *testing.T) {
	t.Parallel()
	h := open(t, 60)
	agent := h.deskphone(anna, 1000)
	customer, c, id := h.calls(440)
	o := h.offer(id, 1, anna)
	a := agent.Next()
	a.Ring()
	shows := func(state string) {
		t.Helper()
		lines, err := h.Lines(t.Context(), anna)
		if err != nil || len(lines) != 1 || lines[0].State != state || state != "idle" && (lines[0].Interaction != id || lines[0].Number != "+46701234567") {
			t.Errorf("the console shows %+v, want %s; %v", lines, state, err)
		}
	}
	shows("ringing")
	h.closeOffer(o, gateway.Accepted)
	h.change(gateway.Interaction{ID: id, State: gateway.StateActive, Agent: anna, Queue: queue, Rev: 3})
	a.Answer()
	phonetest.Talk(t, "they talk", customer, agent)
	if did(h, func(gateway.Accept) bool { return true }) || agent.Calls() != 1 {
		t.Errorf("the floor was asked again, or the phone rang %d times", agent.Calls())
	}
	shows("talking")
	if err := h.Hold(t.Context(), anna, id); err != nil {
		t.Fatal(err)
	}
	shows("held")
	c.Bye()
	h.ends()
	shows("idle")
}

// The server stops while an agent's phone rings: it stops, too.
func TestStopWhileItRings(t *testing.T) {
	t.Parallel()
	h := open(t, 60)
	_, _, c, a, _ := h.ringing()
	h.stop()
	phonetest.Wait(t, "both telephones are told", func() bool { return c.Gone() && a.Canceled() })
}

// The server stops while they talk: both telephones are told at once, and the next
// start ends the call for the floor.
func TestStop(t *testing.T) {
	t.Parallel()
	h := open(t, 60)
	_, _, c, a, id := h.talk()
	h.stop()
	phonetest.Wait(t, "both telephones are told", func() bool { return c.Gone() && a.Gone() })
	h.run(h.cfg, 0)
	waitFor(h, "the call has failed", func(cmd gateway.Leave) bool {
		return cmd.Interaction == id && cmd.End == gateway.EndSystemFailure && cmd.Callback != 0
	})
	if cause := h.ends(); cause != "system_failure" {
		t.Errorf("ended by %s", cause)
	}
}
