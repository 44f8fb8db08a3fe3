package routing

import (
	"slices"

	"github.com/vaxelhq/vaxel/gateway"
)

// remembered is how many finished interactions are remembered, for those who answer
// late and for customers who come back.
const remembered = 10_000

// memo is what is remembered of one.
type memo struct {
	ID     gateway.InteractionID `json:"id"`
	Case   gateway.CaseID        `json:"case,omitempty"`
	Agent  gateway.AgentID       `json:"agent,omitempty"`  // who had it, or whom its voicemail is for
	Closed []string              `json:"closed,omitempty"` // how its offers closed
	// Diverted is a call that was sent to voicemail unanswered, whose caller may yet leave
	// without a word, and Instead how it ends then.
	Diverted *gateway.Interaction `json:"diverted,omitempty"`
	Instead  gateway.End          `json:"instead,omitempty"`
}

// memory is the latest finished interactions.
type memory struct {
	ring  []memo // oldest first, from next on once it is full
	next  int
	byID  map[gateway.InteractionID]int // index in the ring
	cases map[gateway.CaseID]lastly
}

// lastly is who had a case last, and how many of the remembered are about it.
type lastly struct {
	agent gateway.AgentID
	count int
}

func newMemory() memory {
	return memory{byID: map[gateway.InteractionID]int{}, cases: map[gateway.CaseID]lastly{}}
}

// add remembers one more and forgets the oldest when there are enough.
func (m *memory) add(o memo) {
	if len(m.ring) < remembered {
		m.byID[o.ID] = len(m.ring)
		m.ring = append(m.ring, o)
	} else {
		m.drop(m.ring[m.next])
		m.byID[o.ID], m.ring[m.next] = m.next, o
		m.next = (m.next + 1) % remembered
	}
	if o.Case != 0 && o.Agent != 0 {
		m.cases[o.Case] = lastly{o.Agent, m.cases[o.Case].count + 1}
	}
}

// drop takes an interaction out of the indexes; its place in the ring is used again.
func (m *memory) drop(o memo) {
	delete(m.byID, o.ID)
	if o.Case == 0 || o.Agent == 0 {
		return
	}
	if l := m.cases[o.Case]; l.count > 1 {
		m.cases[o.Case] = lastly{l.agent, l.count - 1}
	} else {
		delete(m.cases, o.Case)
	}
}

// regroup remembers what was of one case as another's.
func (m *memory) regroup(from, into gateway.CaseID) {
	delete(m.cases, from)
	delete(m.cases, into)
	for n := range m.ring {
		o := &m.ring[(m.next+n)%len(m.ring)]
		if o.Case == from {
			o.Case = into
		}
		if o.Case == into && o.Agent != 0 {
			m.cases[into] = lastly{o.Agent, m.cases[into].count + 1}
		}
	}
}

// of is what is remembered of an interaction, not ok if nothing is.
func (m *memory) of(id gateway.InteractionID) (memo, bool) {
	i, ok := m.byID[id]
	if !ok {
		return memo{}, false
	}
	return m.ring[i], true
}

// settle forgets that the end of an interaction may be amended.
func (m *memory) settle(id gateway.InteractionID) {
	o := &m.ring[m.byID[id]]
	o.Diverted, o.Instead = nil, ""
}

// agent is who had a case last, none if that is forgotten.
func (m *memory) agent(id gateway.CaseID) gateway.AgentID { return m.cases[id].agent }

// memos are all that is remembered, oldest first.
func (m *memory) memos() []memo { return append(slices.Clone(m.ring[m.next:]), m.ring[:m.next]...) }
