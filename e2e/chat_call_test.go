package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/gateway"
)

// TestStoryVisitorAsksToBeCalled: a visitor who does not chat leaves a number and a time. The wish is
// on a case at once; when its time has come, over a kill, an agent is offered it once and calls:
// her phone rings first, then the customer's.
func TestStoryVisitorAsksToBeCalled(t *testing.T) {
	t.Parallel()
	out := phonetest.NewPhone(t, "customer", g711.Mu, outsideHz)
	v := newVaxel(t, telephony(freePort(t, "udp"), 60)+dialPlan(out)+widget)
	desk := phonetest.NewPhone(t, "anna", g711.A, agentHz)
	v.agent.setPhone(desk.URI())
	v.start()
	_, err := v.pool.Exec(t.Context(), `update widget set form = form || '{"callback": "always"}'`)
	must(t, err)
	v.agent.signIn()
	c := v.agent.openConsole()
	v.agent.available()
	guest := v.visit()
	guest.say("callback", 0, map[string]any{"phone": outsideNo, "name": "Karin", "text": "Fakturan", "due": time.Now().Add(time.Hour).UnixMilli()})
	v.wait("a wish that is stored", guest.allSaid)
	if cases, work := v.number(`select count(*) from support_case`), v.number(`select count(*) from interaction`); cases != 1 || work != 0 {
		t.Errorf("%d cases and %d interactions before the time, want a case", cases, work)
	}
	v.kill()
	_, err = v.pool.Exec(t.Context(), `update call_wish set due_at = now()`)
	must(t, err)
	v.start()
	guest.say("callback", 0, map[string]any{"phone": outsideNo})
	id := c.accept(t)
	var i gateway.Interaction
	v.agent.must(http.MethodGet, "/interactions/"+id.String(), nil, &i)
	if i.Channel != gateway.Callback {
		t.Fatalf("the agent was offered a %s", i.Channel)
	}
	v.agent.must(http.MethodPost, "/interactions/"+id.String()+"/call-back", nil, nil)
	desk.Next().Answer()
	theirs := out.Next()
	if !strings.Contains(theirs.To(), "+46701112233@") {
		t.Errorf("called %s", theirs.To())
	}
	theirs.Answer()
	phonetest.Wait(t, "they hear each other", func() bool { return desk.Sound.Ear.Hears(outsideHz) && out.Sound.Ear.Hears(agentHz) })
	theirs.Bye()
	c.finish(t, id)
	if n := v.number(`select count(*) from interaction where channel = 'callback'`); n != 1 {
		t.Errorf("%d callbacks, want the one", n)
	}
}

// TestStoryNobodyIsCalledWhoseCaseIsClosed: a visitor has asked to be called later; an agent who sees the
// wish deals with it and closes the case. When the time has come nobody is offered the call, and the case says why.
func TestStoryNobodyIsCalledWhoseCaseIsClosed(t *testing.T) {
	t.Parallel()
	v := newVaxel(t, widget)
	v.start()
	_, err := v.pool.Exec(t.Context(), `update widget set form = form || '{"callback": "always"}'`)
	must(t, err)
	v.agent.signIn()
	guest := v.visit()
	guest.say("callback", 0, map[string]any{"phone": outsideNo, "name": "Karin", "due": time.Now().Add(time.Hour).UnixMilli()})
	v.wait("a wish that is stored", guest.allSaid)
	var cases struct {
		Items []struct{ ID string }
	}
	v.agent.must(http.MethodGet, "/cases", nil, &cases)
	if len(cases.Items) != 1 {
		t.Fatalf("%d cases, want that of the wish", len(cases.Items))
	}
	for _, state := range []string{"open", "closed"} {
		v.agent.must(http.MethodPatch, "/cases/"+cases.Items[0].ID, map[string]any{"state": state}, nil)
	}
	_, err = v.pool.Exec(t.Context(), `update call_wish set due_at = now()`)
	must(t, err)
	v.wait("the call is off", func() bool {
		return v.number(`select count(*) from entry where body->>'what' = 'call_off'`) == 1
	})
	if work, open := v.number(`select count(*) from interaction`), v.number(`select count(*) from support_case where state <> 'closed'`); work != 0 || open != 0 {
		t.Errorf("%d interactions and %d open cases, want none", work, open)
	}
}

// TestStoryACallbackEndsWithItsCase: a visitor who waits would rather be called and keeps the place; somebody
// deals with it otherwise and closes the case. Nobody is offered the call any more, and the visitor is told.
func TestStoryACallbackEndsWithItsCase(t *testing.T) {
	t.Parallel()
	v := newVaxel(t, widget)
	v.start()
	_, err := v.pool.Exec(t.Context(), `update widget set form = form || '{"callback": "always"}'`)
	must(t, err)
	v.agent.signIn()
	guest := v.visit()
	guest.say("form", 0, map[string]any{"text": "Var är paketet?", "name": "Karin"})
	v.wait("a chat that waits", func() bool {
		return v.number(`select count(*) from interaction where channel = 'chat' and state = 'waiting'`) == 1
	})
	guest.say("callback", 1, map[string]any{"phone": outsideNo})
	v.wait("a callback in its place", func() bool {
		return v.number(`select count(*) from interaction where channel = 'callback' and state = 'waiting'`) == 1
	})
	var cases struct {
		Items []struct{ ID string }
	}
	v.agent.must(http.MethodGet, "/cases", nil, &cases)
	if len(cases.Items) != 1 {
		t.Fatalf("%d cases, want one", len(cases.Items))
	}
	v.agent.must(http.MethodPatch, "/cases/"+cases.Items[0].ID, map[string]any{"state": "closed"}, nil)
	v.wait("a callback that has ended with it", func() bool {
		return v.number(`select count(*) from interaction where channel = 'callback' and state = 'finished' and ended = 'settled'`) == 1
	})
	v.wait("the visitor is told", func() bool {
		guest.mu.Lock()
		defer guest.mu.Unlock()
		return slices.ContainsFunc(guest.shown, func(l chatLine) bool { return l.What == "ended" && l.Cause == "settled" })
	})
	if open := v.number(`select count(*) from interaction where state <> 'finished'`); open != 0 {
		t.Errorf("%d interactions are open, want none", open)
	}
}
