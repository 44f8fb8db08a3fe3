package e2e

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

var (
	chaosWidgets = flag.Int("chaos.widgets", 8, "how many widgets TestChaosWidgets opens")
	chaosFaults  = flag.Int("chaos.faults", 12, "how many faults TestChaosWidgets makes")
)

// TestChaosWidgets has many widgets write through a network that cuts, freezes and swallows,
// to a server that is killed. Sent is stored is shown: in order, none twice, none missing, on
// the customers' side and, of the chats that the agent holds, on the agent's.
func TestChaosWidgets(t *testing.T) {
	dice := rand.New(rand.NewPCG(chaosSeedOf(t), 2)) // chance that can be repeated
	v := newVaxel(t, widget)
	v.start()
	v.agent.signIn()
	c := v.agent.openConsole()
	v.agent.available()
	line := newBadLine(t, strings.TrimPrefix(v.base, "http://"))
	guests := make([]*visitor, *chaosWidgets)
	said := make([]int, len(guests))
	for n := range guests {
		guests[n] = v.visitThrough("http://" + line.Addr().String())
		guests[n].say("form", 0, map[string]any{"name": fmt.Sprintf("Guest %d", n), "text": "Hej 0"})
	}
	for _, g := range guests {
		v.wait("its chat", g.allSaid)
	}
	held := map[gateway.InteractionID]bool{}
	v.wait("chats with the agent", func() bool { c.takeAll(held); return len(held) >= min(3, len(guests)) })
	answers := 0
	for range *chaosFaults {
		for n, g := range guests {
			if dice.IntN(4) == 0 {
				said[n]++
				g.say("msg", said[n], map[string]any{"text": fmt.Sprintf("Hej %d", said[n])})
			}
		}
		killed := v.fault(dice, line)
		answers++
		for id := range held {
			v.agent.persist(http.MethodPost, "/interactions/"+id.String()+"/messages", map[string]any{"client_id": fmt.Sprintf("a%d", answers), "text": fmt.Sprintf("Svar %d", answers)})
		}
		if killed {
			v.wait("readiness", v.ready)
		}
	}
	lines := 0
	for n, g := range guests {
		v.wait("acknowledgement", g.allSaid)
		want := numbered("me: Hej", 0, said[n])
		v.wait("all of it in the widget", func() bool { return slices.Equal(only(g.texts(), "me:"), want) })
		if got := only(g.texts(), "agent:"); len(got) > 0 {
			v.wait("the agent's lines", func() bool { return slices.Equal(only(g.texts(), "agent:"), numbered("agent: Svar", 1, answers)) })
		}
		g.wantWhole()
		lines += 1 + said[n]
	}
	if n := v.number(`select count(*) from entry where kind = 'message' and author_kind = 'customer'`); n != lines {
		t.Errorf("got %d lines stored, want the %d that were sent", n, lines)
	}
	if n := v.number(`select count(*) from interaction`); n != len(guests) {
		t.Errorf("got %d interactions, want %d", n, len(guests))
	}
}

// fault makes one, by chance; it says whether the server was killed and started again.
func (v *vaxel) fault(dice *rand.Rand, line *badLine) (killed bool) {
	v.t.Helper()
	pause := time.Duration(dice.IntN(300)) * time.Millisecond
	switch dice.IntN(8) {
	case 0:
		v.kill()
		v.run("")
		return true
	case 1, 2:
		line.each(1, (*wire).cut)
	case 3, 4:
		line.each(0.3, func(w *wire) { w.freeze(pause) })
	case 5:
		line.each(0.3, func(w *wire) { w.halfOpen(pause) })
	default:
		line.each(0.2, (*wire).cut)
	}
	return false
}

func numbered(prefix string, from, to int) (list []string) {
	for n := from; n <= to; n++ {
		list = append(list, fmt.Sprintf("%s %d", prefix, n))
	}
	return list
}

func only(texts []string, prefix string) (list []string) {
	for _, s := range texts {
		if strings.HasPrefix(s, prefix) {
			list = append(list, s)
		}
	}
	return list
}
