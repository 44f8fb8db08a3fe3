package e2e

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

var (
	chaosKills = flag.Int("chaos.kills", 3, "how often TestChaos kills the process, and how many cycles TestChaosNodes does")
	chaosSeed  = flag.Uint64("chaos.seed", 0, "of TestChaos and TestChaosNodes; 0 takes one from the clock and prints it")
)

func chaosSeedOf(t *testing.T) uint64 {
	t.Helper()
	seed := *chaosSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano()) // any number will do
	}
	t.Logf("seed %d: repeat with -chaos.seed %d", seed, seed)
	return seed
}

// TestChaos kills the process at random moments while customers and an agent write to
// each other. What was acknowledged is shown on both sides, in order, once.
func TestChaos(t *testing.T) {
	dice := rand.New(rand.NewPCG(chaosSeedOf(t), 1)) // chance that can be repeated
	v := newVaxel(t, widget)
	v.start()
	v.agent.signIn()
	c := v.agent.openConsole()
	v.agent.available()
	guests := make([]*visitor, 3)
	held := map[gateway.InteractionID]bool{}
	for n := range guests {
		guests[n] = v.visit()
		guests[n].say("form", 0, map[string]any{"name": fmt.Sprintf("Guest %d", n), "text": "Hej 0"})
		v.wait("one more chat", func() bool { c.takeAll(held); return len(held) > n })
	}
	for n := 1; n <= *chaosKills; n++ {
		for _, g := range guests {
			g.say("msg", n, map[string]any{"text": fmt.Sprintf("Hej %d", n)})
		}
		timer := time.AfterFunc(time.Duration(dice.IntN(400))*time.Millisecond, v.kill)
		for id := range held {
			v.agent.call(http.MethodPost, "/interactions/"+id.String()+"/messages", map[string]any{"client_id": fmt.Sprintf("a%d", n), "text": fmt.Sprintf("Svar %d", n)}, nil)
		}
		v.wait("the kill", v.dead)
		timer.Stop()
		v.run("")
		for id := range held {
			v.agent.persist(http.MethodPost, "/interactions/"+id.String()+"/messages", map[string]any{"client_id": fmt.Sprintf("a%d", n), "text": fmt.Sprintf("Svar %d", n)})
		}
		for _, g := range guests {
			v.wait("acknowledgement", g.allSaid)
		}
	}
	for n, g := range guests {
		v.wait("all of it in the widget", func() bool { return len(g.texts()) >= 1+2**chaosKills })
		wantInOrder(t, n, g.texts())
		if len(g.faults) > 0 {
			t.Errorf("guest %d: %v", n, g.faults)
		}
	}
	for id := range held {
		c.finish(t, id)
	}
	if n := v.number(`select count(*) from interaction`); n != len(guests) {
		t.Errorf("got %d interactions, want %d", n, len(guests))
	}
	if n := v.number(`select count(*) from entry where kind = 'message'`); n != len(guests)*(1+2**chaosKills) {
		t.Errorf("got %d lines stored, want %d", n, len(guests)*(1+2**chaosKills))
	}
	checkFloor(t, v.pool)
}

// wantInOrder holds that each side's lines are all there, once, in the order they were said.
func wantInOrder(t *testing.T, guest int, texts []string) {
	t.Helper()
	for _, side := range []struct {
		prefix string
		first  int
	}{{"me: Hej", 0}, {"agent: Svar", 1}} {
		var want, got []string
		for n := side.first; n <= *chaosKills; n++ {
			want = append(want, fmt.Sprintf("%s %d", side.prefix, n))
		}
		for _, text := range texts {
			if len(text) >= len(side.prefix) && text[:len(side.prefix)] == side.prefix {
				got = append(got, text)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("guest %d is shown %q, want %q", guest, got, want)
		}
	}
}

// takeAll accepts what is offered and notes what the agent holds.
func (c *console) takeAll(held map[gateway.InteractionID]bool) {
	if o, ok := c.offer(); ok {
		c.a.call(http.MethodPost, "/offers/"+o.Interaction.String()+"/"+itoa(int64(o.No))+"/accept", nil, nil)
	}
	var mine struct{ Items []gateway.Interaction }
	c.a.call(http.MethodGet, "/interactions?scope=mine", nil, &mine)
	for _, i := range mine.Items {
		if i.State == gateway.StateActive {
			held[i.ID] = true
		}
	}
}
