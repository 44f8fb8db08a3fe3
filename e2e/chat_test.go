package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"testing"

	"github.com/vaxelhq/vaxel/channels/chat"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/kb"
)

const widget = `
[[widget]]
key = "shop"
name = "Cyklar"
queue = "Support"
`

// site is the website of a shop: a page with the widget on it.
func site(t *testing.T, v *vaxel) *httptest.Server {
	t.Helper()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/favicon.ico" {
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Cyklar</title><h1>Cyklar</h1><script async src="%s/w/v1.js" data-key="shop"></script></html>`, v.base)
	}))
	t.Cleanup(page.Close)
	_, err := chat.NewStore(v.pool).SaveWidget(t.Context(), chat.Widget{Key: "shop", Name: "Cyklar", Queue: v.queue, Origins: []string{page.URL}})
	must(t, err)
	return page
}

// publish puts an article into the knowledge base.
func (v *vaxel) publish(shortcut, title, answer string) {
	v.t.Helper()
	store := kb.New(v.pool, mute{}, kb.Config{Dir: v.t.TempDir(), PublicURL: v.base}, slog.New(slog.DiscardHandler))
	_, err := store.Create(v.t.Context(), "test", kb.Article{Category: "returns", Wordings: map[string]kb.Wording{
		"en": {Shortcut: shortcut, Title: title, Answer: answer, Status: kb.Published},
	}})
	must(v.t, err)
}

type mute struct{ quiet }

func (mute) Subscribe(string, func([]byte)) func() { return func() {} }

// TestStoryChat: a customer in Chromium asks through the widget, an agent answers, gives
// an FAQ link by its shortcut, which the customer opens, and ends with a code.
func TestStoryChat(t *testing.T) {
	t.Parallel()
	v := newVaxel(t, "")
	v.publish("returns", "Returns and refunds", "You have **30 days**.")
	page := site(t, v)
	v.start()
	v.agent.signIn()
	c := v.agent.openConsole()
	v.agent.available()
	browser := exec.CommandContext(t.Context(), "node", "customer.mjs", page.URL)
	var said, complained bytes.Buffer
	browser.Stdout, browser.Stderr = &said, &complained
	must(t, browser.Start())
	ended := make(chan error, 1)
	go func() { ended <- browser.Wait() }()

	id := c.accept(t)
	at := "/interactions/" + id.String()
	v.agent.hears(t, id, "Order 20991.", ended, &complained)
	v.agent.must(http.MethodPost, at+"/messages", map[string]any{"text": "You may. Here is how:"}, nil)
	v.agent.must(http.MethodPost, at+"/articles", map[string]any{"shortcut": "/returns"}, nil)
	v.agent.hears(t, id, "Thank you!", ended, &complained)
	c.finish(t, id)
	if err := <-ended; err != nil {
		t.Fatalf("the customer's browser: %v\n%s", err, &complained)
	}
	var shown []string
	must(t, json.Unmarshal(said.Bytes(), &shown))
	if want := []string{"May I return a jacket?", "Order 20991.", "You may. Here is how:", "Thank you!"}; !slices.Equal(shown, want) {
		t.Errorf("the widget shows %q, want %q", shown, want)
	}
	v.wantOne(gateway.Chat, 5)
	v.agent.wantHandled(1)
}

// hears waits until the customer has said so, unless their browser has ended.
func (a *agent) hears(t *testing.T, id gateway.InteractionID, text string, ended chan error, complained fmt.Stringer) {
	t.Helper()
	var i gateway.Interaction
	a.must(http.MethodGet, "/interactions/"+id.String(), nil, &i)
	a.v.wait(text, func() bool {
		select {
		case err := <-ended:
			t.Fatalf("the customer's browser: %v\n%s", err, complained)
		default:
		}
		var entries struct{ Items []gateway.Entry }
		a.call(http.MethodGet, "/conversations/"+i.Conversation.String()+"/entries", nil, &entries)
		return slices.ContainsFunc(entries.Items, func(e gateway.Entry) bool { return e.Text == text })
	})
}

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
		guest := v.visit()
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
