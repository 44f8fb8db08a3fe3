package chat_test

import (
	"slices"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// A visitor who does not answer the agent is asked once whether they are there, whichever
// node they are connected to, and then let go with an end of its own.
func TestSilentVisitor(t *testing.T) {
	h := newHouse(t)
	first, second := h.start(), h.start()
	c := first.dial(t)
	c.begin("Hej")
	h.join(conversation)
	c.line("joined")
	h.reply(conversation, "Vilket ordernummer?")
	c.line("Vilket ordernummer?")
	start := time.Now()
	want := []string{"Hej", "Vilket ordernummer?"}
	first.SweepSilent(t.Context(), start.Add(4*time.Minute))
	if got := h.texts(conversation); !slices.Equal(got, want) {
		t.Errorf("after 4 minutes there is %q", got)
	}
	want = append(want, "Är du kvar? Skriv något, annars avslutas chatten om en stund.")
	for _, after := range []time.Duration{6 * time.Minute, 7 * time.Minute} {
		first.SweepSilent(t.Context(), start.Add(after))
	}
	c.line(want[2])
	if l := c.lines[len(c.lines)-1]; l.From != "system" || l.Name != "Nordvind" {
		t.Errorf("asked by %+v", l)
	}
	c.resume(second)
	second.SweepSilent(t.Context(), start.Add(8*time.Minute))
	if got := h.texts(conversation); !slices.Equal(got, want) {
		t.Errorf("after 8 minutes there is %q, want %q", got, want)
	}
	second.SweepSilent(t.Context(), start.Add(11*time.Minute))
	c.line("ended")
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.commands) != 1 || h.commands[0] != (gateway.Leave{Interaction: 100, End: gateway.EndSilent}) {
		t.Errorf("told the floor %+v", h.commands)
	}
}

// Who waits for a line of the agent's is not silent.
func TestWaitingForTheAgentIsNoSilence(t *testing.T) {
	h := newHouse(t)
	n := h.start()
	c := n.dial(t)
	c.begin("Hej")
	n.SweepSilent(t.Context(), time.Now().Add(time.Hour))
	h.join(conversation)
	c.line("joined")
	n.SweepSilent(t.Context(), time.Now().Add(2*time.Hour))
	if got := h.texts(conversation); len(got) != 1 {
		t.Errorf("there is %q", got)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.commands) != 0 {
		t.Errorf("told the floor %+v", h.commands)
	}
}
