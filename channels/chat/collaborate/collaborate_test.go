package collaborate_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/vaxelhq/vaxel/channels/chat/collaborate"
	"github.com/vaxelhq/vaxel/gateway"
)

func (n *node) ask(i gateway.Interaction) collaborate.Session {
	n.h.t.Helper()
	s, err := n.Ask(n.h.t.Context(), i, 7, "Anna Berg")
	if err != nil {
		n.h.t.Fatal(err)
	}
	return s
}

func (n *node) look(s collaborate.Session) *end { return n.dial(fmt.Sprintf("/agent/%d", s.ID), nil) }

func (h *house) want(said string) {
	h.t.Helper()
	if got := h.happened(); got != said {
		h.t.Errorf("the conversation tells %q, want %q", got, said)
	}
}

// The page, the agent and what they do are passed on from one node to the other, each
// consent before what it allows.
func TestConsentComesFirst(t *testing.T) {
	h := newHouse(t)
	here, there := h.start(), h.start()
	s := here.ask(h.chat())
	if again := there.ask(h.chat()); again.ID != s.ID {
		t.Errorf("asked twice: got sessions %d and %d, want one", s.ID, again.ID)
	}
	agent, page := here.look(s), there.page(m{"token": "karin"})
	page.hears("state", m{"state": "asked", "agent": "Anna Berg"})
	page.send(m{"t": "events", "events": []int{1}, "whole": true}) // nobody has consented
	agent.send(m{"t": "act", "n": 1, "do": "click", "id": 5})
	agent.hears("error", m{"code": "no_control"})
	h.want("asked/agent")

	page.send(m{"t": "share", "on": true})
	pass := page.hears("state", m{"state": "shared"})["pass"]
	agent.hears("state", m{"state": "shared"})
	page.hears("snapshot", nil)
	page.send(m{"t": "page", "url": "https://shop.example/a?secret#x", "nodes": 6000})
	page.send(m{"t": "events", "events": []int{2}, "whole": true})
	agent.hears("page", m{"url": "https://shop.example/a", "large": true})
	if f := agent.hears("events", nil); fmt.Sprint(f["events"]) != "[2]" {
		t.Errorf("the agent sees %v, want what was shown after the consent", f)
	}
	agent.send(m{"t": "act", "n": 2, "do": "click", "id": 5})
	agent.hears("error", m{"code": "no_control"})
	agent.send(m{"t": "point", "x": 10, "y": 20})
	page.hears("point", m{"x": 10.0})

	if _, err := here.AskControl(t.Context(), s.ID, true); err != nil {
		t.Fatal(err)
	}
	page.hears("state", m{"control": "asked"})
	page.send(m{"t": "control", "on": true})
	agent.hears("state", m{"control": "given"})
	page.hears("state", m{"control": "given"})
	agent.send(m{"t": "act", "n": 3, "do": "fill", "id": 5, "value": "Lund"})
	page.hears("act", m{"n": 3.0, "value": "Lund"})
	page.send(m{"t": "acted", "n": 3, "ok": false, "why": "forbidden"})
	agent.hears("acted", m{"why": "forbidden"})

	// The next page of the website goes on with its pass; the one before is left.
	next := here.page(m{"pass": pass})
	next.hears("state", m{"state": "shared", "control": "given"})
	next.send(m{"t": "control", "on": false})
	agent.hears("state", m{"control": "off"})
	next.send(m{"t": "stop"})
	if code := next.closes(); code != 1000 {
		t.Errorf("the page is closed with %d, want 1000", code)
	}
	if code := agent.closes(); code != 1000 {
		t.Errorf("the agent is closed with %d, want 1000", code)
	}
	h.want("asked/agent shared/customer control_asked/agent control_given/customer control_ended/customer ended/customer")
}

// Of a customer's tabs the first that consents is seen, and a pass is good for nobody else's
// session and for no ended one.
func TestOneTabIsShown(t *testing.T) {
	h := newHouse(t)
	n := h.start()
	s := n.ask(h.chat())
	one, two := n.page(m{"token": "karin"}), n.page(m{"token": "karin"})
	one.hears("state", m{"state": "asked"})
	two.hears("state", m{"state": "asked"})
	one.send(m{"t": "share", "on": true})
	pass := one.hears("state", m{"state": "shared"})["pass"]
	two.hears("state", m{"state": "ended", "cause": "elsewhere"})
	if _, err := n.End(t.Context(), s.ID, collaborate.ByAgent); err != nil {
		t.Fatal(err)
	}
	one.hears("state", m{"state": "ended", "cause": "agent"})
	late := n.page(m{"pass": pass})
	late.hears("error", m{"code": "no_collaboration"})
	if code := late.closes(); code != 4001 {
		t.Errorf("an old pass is closed with %d, want 4001", code)
	}
	n.page(m{"token": "somebody"}).hears("error", m{"code": "no_collaboration"})
	h.want("asked/agent shared/customer ended/agent")
}

// Somebody on the telephone types what the agent reads out, once; whoever tries codes is braked.
func TestCode(t *testing.T) {
	h := newHouse(t)
	n := h.start()
	s := n.ask(h.call())
	if len(s.Code) != 6 {
		t.Fatalf("got the code %q, want six digits", s.Code)
	}
	from := http.Header{"Origin": {"https://shop.example"}, "X-Test-Source": {"192.0.2.7"}}
	wrong := "000000"
	if s.Code == wrong {
		wrong = "000001"
	}
	for range 10 {
		c := n.dial("/w/collaborate", from)
		c.send(m{"t": "hello", "code": wrong, "lang": "sv"})
		if f := c.hears("error", m{"code": "unknown_code"}); !strings.HasPrefix(f["detail"].(string), "Ingen väntar") {
			t.Errorf("a Swede hears %q", f["detail"])
		}
	}
	c := n.dial("/w/collaborate", from)
	c.send(m{"t": "hello", "code": s.Code})
	c.hears("error", m{"code": "too_many_codes"})

	page := n.page(m{"code": s.Code})
	if pass := page.hears("state", m{"state": "asked", "agent": "Anna Berg"})["pass"]; pass == nil {
		t.Error("the caller's browser has no pass")
	}
	n.page(m{"code": s.Code}).hears("error", m{"code": "unknown_code"})
	page.send(m{"t": "share", "on": true})
	page.hears("state", m{"state": "shared"})
	h.want("asked/agent shared/customer")
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.entries {
		if e.Conversation != 11 || e.Channel != gateway.Voice {
			t.Errorf("%+v is not on the call's conversation", e)
		}
	}
}

// A piece that is lost on the way costs a new picture, and nothing that builds on it is shown.
func TestLossCostsANewPicture(t *testing.T) {
	h := newHouse(t)
	n := h.start()
	s := n.ask(h.chat())
	agent, page := n.look(s), n.page(m{"token": "karin"})
	page.send(m{"t": "share", "on": true})
	page.hears("snapshot", nil)
	large := strings.Repeat("x", 700<<10) // several pieces
	page.send(m{"t": "events", "events": []string{large}, "whole": true})
	if f := agent.hears("events", m{"whole": true}); len(f["events"].([]any)[0].(string)) != len(large) {
		t.Error("a frame of several pieces came apart")
	}
	h.mu.Lock()
	h.lose = 1
	h.mu.Unlock()
	page.send(m{"t": "events", "events": []string{"lost " + large}})
	page.send(m{"t": "events", "events": []string{"builds on it"}})
	page.hears("snapshot", nil)
	agent.hears("lost", nil)
	page.send(m{"t": "events", "events": []string{"new picture"}, "whole": true})
	page.send(m{"t": "events", "events": []string{"and on"}})
	for _, want := range []string{"[new picture]", "[and on]"} {
		if got := fmt.Sprint(agent.hears("events", nil)["events"]); got != want {
			t.Errorf("the agent sees %s, want %s", got, want)
		}
	}
}

// An agent whose browser does not read is given a new picture later; the customer waits for nobody.
func TestASlowAgentIsPassedBy(t *testing.T) {
	h := newHouse(t)
	n := h.start()
	s := n.ask(h.chat())
	agent, page := n.look(s), n.page(m{"token": "karin"})
	page.send(m{"t": "share", "on": true})
	page.hears("snapshot", nil)
	page.send(m{"t": "events", "events": []string{"first"}, "whole": true})
	agent.hears("events", nil)
	part := strings.Repeat("y", 1<<20)
	for range 14 { // more than its queue and the network's buffers, within what a page may send at once
		page.send(m{"t": "events", "events": []string{part}})
	}
	page.send(m{"t": "events", "events": []string{"last"}, "whole": true})
	for {
		f := agent.hears("events", nil)
		if fmt.Sprint(f["events"]) == "[last]" {
			return
		}
	}
}

// What nobody does anything in ends by itself, and so does what the agent serves no longer.
func TestEndsByItself(t *testing.T) {
	h := newHouse(t)
	n := h.start()
	for cause, meddle := range map[string]func(s collaborate.Session){
		collaborate.Unanswered: func(s collaborate.Session) {
			n.exec(`update collaboration set asked_at = now() - interval '11 minutes' where id = $1`, s.ID)
		},
		collaborate.Gone: func(s collaborate.Session) {
			n.exec(`update collaboration set state = 'shared', seen_at = now() - interval '3 minutes' where id = $1`, s.ID)
		},
		collaborate.Left: func(collaborate.Session) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.serving[0].Agent = 8
		},
	} {
		s := n.ask(h.chat())
		meddle(s)
		if err := n.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s, err := n.Session(t.Context(), s.ID); err != nil || s.State != collaborate.Ended || s.Cause != cause {
			t.Errorf("got %s because of %q (%v), want ended because of %q", s.State, s.Cause, err, cause)
		}
		h.mu.Lock()
		h.serving[0].Agent = 7
		h.mu.Unlock()
	}
}

func (n *node) exec(sql string, args ...any) {
	n.h.t.Helper()
	if _, err := n.h.pool.Exec(n.h.t.Context(), sql, args...); err != nil {
		n.h.t.Fatal(err)
	}
}

// The end of a chat ends what is shown at once.
func TestTheChatsEndEndsIt(t *testing.T) {
	h := newHouse(t)
	n := h.start()
	s := n.ask(h.chat())
	page := n.page(m{"token": "karin"})
	page.send(m{"t": "share", "on": true})
	page.hears("state", m{"state": "shared"})
	h.mu.Lock()
	h.serving = h.serving[1:]
	h.mu.Unlock()
	feed{h}.Announce(gateway.MessageCreated(gateway.Entry{Conversation: s.Conversation, Kind: gateway.EntryEvent, Body: []byte(`{"what":"ended"}`)}))
	page.hears("state", m{"state": "ended", "cause": "left"})
}

// A page that is too large is shown to nobody, and both sides hear why.
func TestTooLarge(t *testing.T) {
	h := newHouse(t)
	n := h.start()
	s := n.ask(h.chat())
	agent, page := n.look(s), n.page(m{"token": "karin"})
	page.send(m{"t": "share", "on": true})
	page.hears("state", m{"state": "shared"})
	page.send(m{"t": "page", "url": "https://shop.example/", "nodes": 20_001})
	page.hears("state", m{"state": "ended", "cause": "too_large"})
	agent.hears("state", m{"state": "ended", "cause": "too_large"})
}

// Junk and foreign pages are closed with a code that says why.
func TestJunk(t *testing.T) {
	n := newHouse(t).start()
	origin := http.Header{"Origin": {"https://shop.example"}}
	for _, c := range []struct {
		say    string
		header http.Header
		want   int
	}{
		{`{"t":"hello","key":"shop","token":"karin"}`, http.Header{"Origin": {"https://thief.example"}}, 4003},
		{`{"t":"events"}`, origin, 1007},
		{`nonsense`, origin, 1007},
		{`{"t":"hello","key":"` + strings.Repeat("x", 5000) + `"}`, origin, 1009},
		{`{"t":"hello","key":"shop"}`, origin, 4001},
	} {
		e := n.dial("/w/collaborate", c.header)
		if err := e.ws.Write(t.Context(), 1, []byte(c.say)); err != nil {
			t.Fatal(err)
		}
		if code := e.closes(); int(code) != c.want {
			t.Errorf("%.40s is closed with %d, want %d", c.say, code, c.want)
		}
	}
}

// An agent who acts faster than a page follows is told so.
func TestActsAreBraked(t *testing.T) {
	h := newHouse(t)
	n := h.start()
	s := n.ask(h.chat())
	agent, page := n.look(s), n.page(m{"token": "karin"})
	page.send(m{"t": "share", "on": true})
	page.hears("state", m{"state": "shared"})
	if _, err := n.AskControl(t.Context(), s.ID, true); err != nil {
		t.Fatal(err)
	}
	page.send(m{"t": "control", "on": true})
	agent.hears("state", m{"control": "given"})
	for range 200 {
		agent.send(m{"t": "act", "do": "click", "id": 5})
	}
	agent.hears("error", m{"code": "too_fast"})
	agent.send(m{"t": "act", "do": "submit", "id": 5})
	agent.hears("error", m{"code": "unknown_act"})
}

// Whoever asks, answers and ends at the same moment: the session moves by one of them at a time.
func TestManyAtOnce(t *testing.T) {
	h := newHouse(t)
	n := h.start()
	s := n.ask(h.chat())
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { _, _ = n.Ask(t.Context(), h.chat(), 7, "Anna Berg") })
		all.Go(func() { _, _ = n.End(t.Context(), s.ID, collaborate.ByAgent) })
	}
	all.Wait()
	got := strings.Fields(h.happened())
	for i, what := range got {
		if want := []string{"asked/agent", "ended/agent"}[i%2]; i < 2 && what != want {
			t.Errorf("%v, want asked and ended in turn", got)
		}
	}
}

// Administrators may switch it off, and what they set is held to.
func TestSettings(t *testing.T) {
	h := newHouse(t)
	n := h.start()
	set := func(s collaborate.Settings) (err error) {
		tx, err := h.pool.Begin(t.Context())
		if err != nil {
			return err
		}
		defer tx.Rollback(t.Context()) //nolint:errcheck // committed
		if _, err = collaborate.Set(t.Context(), tx, s); err != nil {
			return err
		}
		return tx.Commit(t.Context())
	}
	s := n.ask(h.chat())
	if err := set(collaborate.Settings{Enabled: true, Mask: []string{" #balance ", ""}, Rev: 1}); err != nil {
		t.Fatal(err)
	}
	if got, err := n.Settings(t.Context()); err != nil || len(got.Mask) != 1 || got.Mask[0] != "#balance" || got.Rev != 2 {
		t.Errorf("got %+v, %v", got, err)
	}
	if err := set(collaborate.Settings{Rev: 1}); !errors.Is(err, gateway.ErrConflict) {
		t.Errorf("a stale change gets %v, want a conflict", err)
	}
	if err := set(collaborate.Settings{Block: []string{strings.Repeat("a", 201)}}); !errors.Is(err, gateway.ErrInvalid) {
		t.Errorf("a long selector gets %v, want a refusal", err)
	}
	if _, err := n.AskControl(t.Context(), s.ID, true); !errors.Is(err, gateway.ErrForbidden) {
		t.Errorf("control that is switched off gets %v", err)
	}
	if err := set(collaborate.Settings{}); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Ask(t.Context(), h.chat(), 7, "Anna Berg"); !errors.Is(err, gateway.ErrForbidden) {
		t.Errorf("asking while it is switched off gets %v", err)
	}
	mail := h.chat()
	mail.Channel = gateway.Email
	if err := set(collaborate.Settings{Enabled: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Ask(t.Context(), mail, 7, "Anna Berg"); !errors.Is(err, gateway.ErrConflict) {
		t.Errorf("asking in a mail gets %v", err)
	}
}
