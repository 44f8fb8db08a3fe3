package collaborate_test

import (
	"strings"
	"testing"

	"github.com/vaxelhq/vaxel/channels/chat/collaborate"
)

// shown is a page that the customer of a chat shows to agent 7, and its pass.
func (n *node) shown() (s collaborate.Session, page *end, pass any) {
	n.h.t.Helper()
	s, page = n.ask(n.h.chat()), n.page(m{"token": "karin"})
	page.hears("state", m{"state": "asked"})
	page.send(m{"t": "share", "on": true})
	return s, page, page.hears("state", m{"state": "shared"})["pass"]
}

// An agent who lost the customer to another sees nothing more once that one asks, though
// nobody had noticed before.
func TestTheNextAgentsQuestionEndsIt(t *testing.T) {
	h := newHouse(t)
	here, there := h.start(), h.start()
	s, page, _ := here.shown()
	agent := there.look(s)
	agent.hears("state", m{"state": "shared"})
	h.set(func() { h.serving[0].Agent = 8 })
	next, err := there.Ask(t.Context(), h.chat(), 8, "Bo Ek")
	if err != nil || next.ID == s.ID {
		t.Fatalf("the next agent has got session %d (%v), want another than %d", next.ID, err, s.ID)
	}
	page.hears("state", m{"state": "ended", "cause": collaborate.Left})
	agent.hears("state", m{"state": "ended", "cause": collaborate.Left})
	here.page(m{"token": "karin"}).hears("state", m{"state": "asked", "agent": "Bo Ek"})
	h.want("asked/agent shared/customer ended/system asked/agent")
}

// Should the word of an end be lost, the page notices when it is next noted.
func TestAnEndIsNoticedWithoutItsWord(t *testing.T) {
	h := newHouse(t)
	n := h.start()
	s, page, _ := n.shown()
	h.set(func() {
		h.carry = func(subject string, give func()) {
			if !strings.HasSuffix(subject, ".state") {
				give()
			}
		}
	})
	if _, err := n.End(t.Context(), s.ID, collaborate.ByAgent); err != nil {
		t.Fatal(err)
	}
	page.send(m{"t": "page", "url": "https://shop.example/b", "nodes": 9})
	page.hears("state", m{"state": "ended", "cause": collaborate.ByAgent})
}

// An agent who lets go of the customer between two pages does not see the second one.
func TestThePageAfterAHandoverIsNotShown(t *testing.T) {
	h := newHouse(t)
	n := h.start()
	_, page, pass := n.shown()
	_ = page.ws.CloseNow()
	h.set(func() {
		h.watched = func() { h.set(func() { h.serving[0].Agent = 8 }) } // the page has been let in already
	})
	if f := n.page(m{"pass": pass}).hears("state", nil); f["state"] != "ended" || f["cause"] != collaborate.Left {
		t.Errorf("the page hears %v first, want the end", f)
	}
}
