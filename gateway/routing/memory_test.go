package routing

import (
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
)

// The memory of finished interactions is bounded; who had a case last is forgotten only
// with the last interaction of the case.
func TestMemoryForgets(t *testing.T) {
	m := newMemory()
	m.add(memo{ID: 1, Case: 1, Agent: 7})
	m.add(memo{ID: 2, Case: 2, Agent: 8})
	for i := range gateway.InteractionID(remembered - 1) {
		m.add(memo{ID: 100 + i, Case: 2, Agent: 9})
	}
	if _, ok := m.of(1); ok || m.agent(1) != 0 {
		t.Error("the oldest interaction, or its agent, is still remembered")
	}
	if _, ok := m.of(2); !ok || m.agent(2) != 9 {
		t.Errorf("case 2 was last agent %v's, want 9", m.agent(2))
	}
	m.add(memo{ID: 3})
	if _, ok := m.of(2); ok || m.agent(2) != 9 || len(m.memos()) != remembered || len(m.byID) != remembered {
		t.Errorf("%d memos, %d by id, agent %v", len(m.memos()), len(m.byID), m.agent(2))
	}
}

// The heap finds the smallest that is allowed, however many smaller ones are not.
func TestHeapFirst(t *testing.T) {
	h := heap[int]{less: func(a, b int) bool { return a < b }, moved: func(int, int) {}}
	for i := range 50 {
		h.push(i * 37 % 50)
	}
	for least := range 50 {
		if got, ok := h.first(func(n int) bool { return n >= least }); !ok || got != least {
			t.Fatalf("got %d %v, want %d", got, ok, least)
		}
	}
	if got, ok := h.first(func(int) bool { return false }); ok {
		t.Errorf("got %d, want none", got)
	}
}
