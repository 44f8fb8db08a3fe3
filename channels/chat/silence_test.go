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
	t.Parallel()
	h := newHouse(t)
	first, second := h.start(), h.start()
	c := first.dial(t)
	c.begin("Hej")
	h.join(conversation)
	c.line("joined")
	h.reply("Vilket ordernummer?")
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

// told is what the floor was told.
func (h *house) told() []gateway.Command {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.commands)
}

// Who waits for a line of the agent's is not silent. It is the agent who is: after five
// minutes the floor hears of the oldest line that is not answered.
func TestWaitingForTheAgentIsNoSilence(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.start()
	c := n.dial(t)
	c.begin("Hej")
	h.join(conversation)
	c.line("joined")
	h.reply("Ja?")
	c.line("Ja?")
	for _, cid := range []string{"m-1", "m-2"} {
		c.send(m{"t": "msg", "cid": cid, "text": "Hallå?"})
		c.until("ack")
	}
	start := time.Now()
	n.SweepSilent(t.Context(), start.Add(4*time.Minute))
	if got := h.told(); len(got) != 0 {
		t.Errorf("after 4 minutes: told the floor %+v", got)
	}
	n.SweepSilent(t.Context(), start.Add(6*time.Minute))
	if got, want := h.told(), []gateway.Command{gateway.Silence{Interaction: 100, Pos: 4}}; !slices.Equal(got, want) {
		t.Errorf("told the floor %+v, want %+v", got, want)
	}
	h.reply("På väg.")
	c.line("På väg.")
	n.SweepSilent(t.Context(), start.Add(8*time.Minute))
	if got := h.told(); len(got) != 1 {
		t.Errorf("answered, but told the floor %+v", got)
	}
}

// As long as nobody has the chat, nobody is silent.
func TestWaitingInTheQueueIsNoSilence(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.start()
	n.dial(t).begin("Hej")
	n.SweepSilent(t.Context(), time.Now().Add(time.Hour))
	if got, texts := h.told(), h.texts(conversation); len(got) != 0 || len(texts) != 1 {
		t.Errorf("told the floor %+v; there is %q", got, texts)
	}
}
