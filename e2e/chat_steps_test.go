package e2e

import (
	"net/http"
	"testing"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/roster"
)

// TestVisitorsMoveUp: who waits in the chat is told their place, also after the server has
// died, and moves up when the one before gives up.
func TestVisitorsMoveUp(t *testing.T) {
	t.Parallel()
	v := newVaxel(t, widget)
	v.start()
	v.agent.signIn()
	c := v.agent.openConsole()
	first, second := v.visit(), v.visit()
	for n, guest := range []*visitor{first, second} {
		guest.say("form", 0, map[string]any{"name": "Karin", "text": "Hej"})
		v.wait("a place in the queue", func() bool { return guest.stands() == n+1 })
	}
	v.kill()
	for _, guest := range []*visitor{first, second} {
		guest.mu.Lock()
		guest.place = 0
		guest.mu.Unlock()
	}
	v.start()
	v.wait("the same places", func() bool { return first.stands() == 1 && second.stands() == 2 })
	first.say("end", 1, nil)
	v.wait("the second to be next", func() bool { return second.stands() == 1 })
	v.agent.available()
	c.finish(t, c.accept(t))
	first.wantWhole()
	second.wantWhole()
}

// TestStoryChatCallMeBack: the queue offers who waits in the chat a callback; the server
// dies, the visitor is offered it still, leaves a number, and an agent is offered the
// callback at the place that the chat had.
func TestStoryChatCallMeBack(t *testing.T) {
	t.Parallel()
	v := newVaxel(t, telephony(freePort(t, "udp"), 60)+widget)
	v.plan(func(q *roster.Queue) { q.Steps = []gateway.Step{{After: 1, Do: gateway.OfferCallback}} })
	v.agent.setPhone(phonetest.NewPhone(t, "anna", g711.A, agentHz).URI())
	v.start()
	guest := v.visit()
	guest.say("form", 0, map[string]any{"name": "Karin", "text": "Ring mig hellre"})
	v.wait("an offered callback", guest.mayBeCalled)
	guest.mu.Lock()
	guest.offer = false
	guest.mu.Unlock()
	v.kill()
	v.start()
	v.wait("a callback that is still offered", guest.mayBeCalled)
	guest.say("callback", 1, map[string]any{"phone": "070-174 06 05"})
	v.wait("a promise", func() bool { return guest.cause() == "callback" })
	guest.wantWhole()
	const kept = `
		select count(*)
		from interaction b
		join interaction c on c.conversation = b.conversation
		where b.channel = 'callback' and c.channel = 'chat' and c.ended = 'callback'
		and b.arrived_at = c.arrived_at and b.due_at = c.due_at`
	if n := v.number(kept); n != 1 {
		t.Errorf("got %d callbacks at the place of their chat, want 1", n)
	}
	v.agent.signIn()
	c := v.agent.openConsole()
	v.agent.available()
	id := c.accept(t)
	var i gateway.Interaction
	v.agent.must(http.MethodGet, "/interactions/"+id.String(), nil, &i)
	if i.Channel != gateway.Callback {
		t.Errorf("the agent was offered a %s", i.Channel)
	}
	c.finish(t, id)
	if n := v.number(`select count(*) from support_case`); n != 1 {
		t.Errorf("got %d cases, want 1", n)
	}
}

// TestStoryChatLeavesALetter: the queue is full, nobody works there, or it took too long:
// the visitor is asked to write, and what they write is a mail on a case of its own that
// an agent answers.
func TestStoryChatLeavesALetter(t *testing.T) {
	t.Parallel()
	form := []gateway.Step{{Do: gateway.ToForm}}
	for name, plan := range map[string]func(*roster.Queue){
		"full":     func(q *roster.Queue) { q.MaxLen, q.OnFull = 1, form },
		"nobody":   func(q *roster.Queue) { q.OnUnstaffed = form },
		"too long": func(q *roster.Queue) { q.Steps = []gateway.Step{{After: 1, Do: gateway.ToForm}} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := newVaxel(t, widget)
			v.plan(plan)
			v.start()
			if name == "full" {
				v.visit().say("form", 0, map[string]any{"text": "Jag väntar"})
				v.wait("a visitor who waits", func() bool { return v.number(`select count(*) from interaction where state = 'waiting'`) == 1 })
			}
			guest := v.visit()
			guest.say("form", 0, map[string]any{"text": "Hallå?"})
			v.wait("the form", func() bool { return guest.cause() == "form" })
			guest.say("letter", 1, map[string]any{"text": "Skriv hellre till mig.", "email": "anna@kund.example"})
			v.wait("a stored letter", guest.allSaid)
			guest.wantWhole()
			v.agent.answersLetter()
		})
	}
}

// answersLetter takes what there is until it is the letter.
func (a *agent) answersLetter() {
	a.v.t.Helper()
	a.signIn()
	c := a.openConsole()
	a.available()
	for taken := gateway.Chat; taken != gateway.Email; {
		id := c.accept(a.v.t)
		var i gateway.Interaction
		a.must(http.MethodGet, "/interactions/"+id.String(), nil, &i)
		taken = i.Channel
		c.finish(a.v.t, id)
	}
	if n := a.v.number(`select count(*) from interaction m join interaction c using (case_id) where m.channel = 'email' and c.channel = 'chat'`); n != 0 {
		a.v.t.Error("the letter is on the case of a chat")
	}
}

// TestStorySilentVisitor: the agent has answered, the visitor says nothing more: the chat
// ends by itself, as such, and the agent wraps it up.
func TestStorySilentVisitor(t *testing.T) {
	t.Parallel()
	v := newVaxel(t, "[chat]\nnudge_after = 1\nsilent_after = 2\n"+widget)
	v.start()
	v.agent.signIn()
	c := v.agent.openConsole()
	v.agent.available()
	guest := v.visit()
	guest.say("form", 0, map[string]any{"text": "Hej"})
	id := c.accept(t)
	v.agent.must(http.MethodPost, "/interactions/"+id.String()+"/messages", map[string]any{"text": "Vilket ordernummer?"}, nil)
	v.wait("the end of a silent chat", func() bool {
		return v.number(`select count(*) from interaction where ended = 'silent' and state = 'wrap_up'`) == 1
	})
	c.finish(t, id)
	if n := v.number(`select count(*) from interaction where ended = 'silent' and state = 'finished' and cardinality(codes) = 1`); n != 1 {
		t.Error("the chat did not keep its end")
	}
	guest.wantWhole()
}
