package voice_test

import (
	"testing"

	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/gateway"
)

const boHz = 1700 // unlike whoever is outside

// crowd is a call of a customer, two agents in conference, and somebody outside whom the
// first agent has on line 2.
type crowd struct {
	*house
	customer, agent, other, elsewhere *phonetest.Phone
	c, a, b, o                        *phonetest.Call
	id                                gateway.InteractionID
	rev                               int64
}

func newCrowd(t *testing.T) *crowd {
	t.Helper()
	h, elsewhere := outsideHouse(t)
	w := &crowd{house: h, elsewhere: elsewhere, rev: 6}
	w.customer, w.agent, w.c, w.a, w.id = h.talk()
	w.other, w.b = h.consult(w.id)
	w.other.Sound.Say(boHz)
	h.change(asked(w.id, gateway.PhaseConference))
	w.hear("the three hear each other", w.customer, w.agent, w.other)
	if err := h.Consult(t.Context(), anna, w.id, abroad); err != nil {
		t.Fatal(err)
	}
	waitFor(h, "the floor is told", func(cmd gateway.Consult) bool { return cmd.Outside })
	w.now(gateway.Interaction{Phase: gateway.PhaseConsult, Line2: gateway.Line2Outside, Agent: anna, Others: []gateway.AgentID{bo}, Outside: true})
	w.o = elsewhere.Next()
	return w
}

// now is what the floor says next.
func (w *crowd) now(i gateway.Interaction) {
	w.rev++
	i.ID, i.State, i.Queue, i.Rev = w.id, gateway.StateActive, queue, w.rev
	w.change(i)
}

// hear waits until each of the phones hears all the others.
func (w *crowd) hear(what string, phones ...*phonetest.Phone) {
	w.t.Helper()
	says := map[*phonetest.Phone]int{w.customer: 440, w.agent: 1000, w.other: boHz, w.elsewhere: 1300}
	phonetest.Wait(w.t, what, func() bool {
		for _, p := range phones {
			for _, q := range phones {
				if p != q && p.Sound.Ear.Part(says[q]) < 0.12 {
					return false
				}
			}
		}
		return true
	})
}

// music waits until the phones hear music.
func (w *crowd) music(what string, phones ...*phonetest.Phone) {
	w.t.Helper()
	phonetest.Wait(w.t, what, func() bool {
		for _, p := range phones {
			if !p.Sound.Ear.Hears(toneMusic) {
				return false
			}
		}
		return true
	})
}

// Two agents and somebody outside are on one call: asked alone while the others hear music,
// then heard by all. The agent leaves it to the colleague, whose line the outside is then.
func TestConferenceWithOutside(t *testing.T) {
	t.Parallel()
	w := newCrowd(t)
	w.o.Answer()
	w.hear("agent and line 2 talk", w.agent, w.elsewhere)
	w.music("the others hear music", w.customer, w.other)
	if err := w.TalkOn(t.Context(), anna, w.id, 1); err != nil {
		t.Fatal(err)
	}
	w.hear("the three talk", w.customer, w.agent, w.other)
	w.music("line 2 hears music", w.elsewhere)
	w.now(gateway.Interaction{Phase: gateway.PhaseConference, Agent: anna, Others: []gateway.AgentID{bo}, Outside: true})
	w.hear("all hear all", w.customer, w.agent, w.other, w.elsewhere)
	w.customer.Sound.Press('4')
	phonetest.Wait(t, "all get the key", func() bool {
		return w.agent.Sound.Pressed() == "4" && w.other.Sound.Pressed() == "4" && w.elsewhere.Sound.Pressed() == "4"
	})
	w.a.Bye()
	waitFor(w.house, "the agent leaves it", func(cmd gateway.DropLine) bool { return cmd.Agent == anna && !cmd.Outside })
	w.now(gateway.Interaction{Phase: gateway.PhaseConference, Agent: bo, Outside: true})
	w.hear("the three who are left talk", w.customer, w.other, w.elsewhere)
	phonetest.Wait(t, "the colleague has both lines", func() bool { // written after the floor was told
		lines, err := w.Lines(t.Context(), bo)
		return err == nil && len(lines) == 2 && lines[1].Outside && lines[1].Number == abroad
	})
	w.o.Bye()
	waitFor(w.house, "the outside is gone", func(cmd gateway.DropLine) bool { return cmd.Agent == bo && cmd.Outside })
	w.now(gateway.Interaction{Phase: gateway.PhaseTalking, Agent: bo})
	phonetest.Talk(t, "two talk on", w.customer, w.other)
	w.c.Bye()
	phonetest.Wait(t, "the colleague is hung up", w.b.Gone)
	w.ends()
}

// The agent hangs up with somebody outside on line 2 and a colleague on line 1: who has
// answered stays with those who stay, who has not is called no more.
func TestAgentLeavesOutsideAndColleague(t *testing.T) {
	for _, answered := range []bool{true, false} {
		t.Run(map[bool]string{true: "answered", false: "ringing"}[answered], func(t *testing.T) {
			t.Parallel()
			w := newCrowd(t)
			if answered {
				w.o.Answer()
				w.hear("agent and line 2 talk", w.agent, w.elsewhere)
			} else {
				w.o.Ring()
				w.music("the others hear music", w.customer, w.other)
			}
			w.a.Bye()
			if answered {
				waitFor(w.house, "the lines are joined", func(cmd gateway.JoinLines) bool { return cmd.Agent == anna })
				waitFor(w.house, "the agent leaves", func(cmd gateway.DropLine) bool { return cmd.Agent == anna && !cmd.Outside })
				w.now(gateway.Interaction{Phase: gateway.PhaseConference, Agent: bo, Outside: true})
				w.hear("the three who are left talk", w.customer, w.other, w.elsewhere)
			} else {
				waitFor(w.house, "line 2 is dropped", func(cmd gateway.DropLine) bool { return cmd.Agent == anna && cmd.Outside })
				phonetest.Wait(t, "it rings no more", w.o.Canceled)
				w.now(gateway.Interaction{Phase: gateway.PhaseTalking, Agent: bo})
				phonetest.Talk(t, "two talk on", w.customer, w.other)
			}
			w.c.Bye()
			if answered {
				w.hear("they talk on without the customer", w.other, w.elsewhere)
				w.o.Bye()
			}
			phonetest.Wait(t, "the colleague is hung up", w.b.Gone)
			w.ends()
		})
	}
}
