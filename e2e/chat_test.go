package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
)

const widget = `
[[widget]]
key = "shop"
name = "Cyklar"
queue = "Support"
`

// TestKillChat: the process is killed at each point of a chat's way. What was said is
// shown on both sides, in order, once.
func TestKillChat(t *testing.T) {
	points := slices.Concat(receivePoints, verbs, []string{
		"timeline.committing:1", "timeline.committed:1", "timeline.committing:3", "timeline.committed:3", "timeline.committed:5",
	})
	t.Parallel()
	walk(t, points, func(t *testing.T, point string) { //nolint:thelper // the test itself
		v := newVaxel(t, widget)
		v.startCrashing(point)
		v.agent.signIn()
		c := v.agent.openConsole()
		v.agent.available()
		guest := v.visit("shop")
		guest.say("form", 0, map[string]any{"name": "Karin", "text": "Hej 0"})
		guest.say("msg", 1, map[string]any{"text": "Hej 1"})
		id := c.accept(t)
		var want []string
		for n := range 2 {
			want = append(want, fmt.Sprintf("me: Hej %d", n))
		}
		for n := 2; n < 6; n++ {
			guest.say("msg", n, map[string]any{"text": fmt.Sprintf("Hej %d", n)})
			v.wait("acknowledgement", guest.allSaid)
			v.agent.persist(http.MethodPost, "/interactions/"+id.String()+"/messages", map[string]any{"client_id": fmt.Sprintf("a%d", n), "text": fmt.Sprintf("Svar %d", n)})
			want = append(want, fmt.Sprintf("me: Hej %d", n), fmt.Sprintf("agent: Svar %d", n))
		}
		v.wait("all of it in the widget", func() bool { return len(guest.texts()) >= len(want) })
		c.finish(t, id)
		v.wantCrashed()
		v.wantOne(gateway.Chat, len(want))
		guest.wantWhole()
		if got := guest.texts(); !slices.Equal(got, want) {
			t.Errorf("the widget shows %q, want %q", got, want)
		}
		var second struct{ Items []gateway.Entry }
		var i gateway.Interaction
		v.agent.must(http.MethodGet, "/interactions/"+id.String(), nil, &i)
		v.agent.must(http.MethodGet, "/conversations/"+i.Conversation.String()+"/entries", nil, &second)
		var read []string
		for _, e := range second.Items {
			switch {
			case e.Kind == gateway.EntryEvent:
			case e.Author.Kind == gateway.ByCustomer:
				read = append(read, "me: "+e.Text)
			default:
				read = append(read, "agent: "+e.Text)
			}
		}
		if !slices.Equal(read, want) {
			t.Errorf("a second reader reads %q, want %q", read, want)
		}
	})
}
