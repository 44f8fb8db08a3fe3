package collaborate_test

import (
	"strings"
	"testing"
)

// Whoever hears of a consent before the tab that gave it has gone on does not take it for
// another tab's.
func TestTheOwnYesIsNoOtherTabs(t *testing.T) {
	h := newHouse(t)
	n := h.start()
	n.ask(h.chat())
	page := n.page(m{"token": "karin"})
	page.hears("state", m{"state": "asked"})
	h.set(func() {
		h.carry = func(subject string, give func()) {
			give()
			if strings.HasSuffix(subject, ".state") {
				<-t.Context().Done() // the answer's own goroutine stands still
			}
		}
	})
	page.send(m{"t": "share", "on": true})
	pass := page.hears("state", m{"state": "shared"})["pass"]
	n.page(m{"pass": pass}).hears("state", m{"state": "shared", "pass": pass})
}

// A consent that was in another transaction's way keeps the pass that the browser gets.
func TestTheSecondTrysPassIsGood(t *testing.T) {
	h := newHouse(t)
	n := h.start()
	n.ask(h.chat())
	page := n.page(m{"token": "karin"})
	page.hears("state", m{"state": "asked"})
	h.set(func() { h.busy = 1 })
	page.send(m{"t": "share", "on": true})
	pass := page.hears("state", m{"state": "shared"})["pass"]
	n.page(m{"pass": pass}).hears("state", m{"state": "shared"})
}
