package routing

import "github.com/vaxelhq/vaxel/gateway"

// remembered is how many finished interactions are remembered, for those who answer
// late and for customers who come back.
const remembered = 10_000

// memo is what is remembered of one.
type memo struct {
	ID     gateway.InteractionID `json:"id"`
	Case   gateway.CaseID        `json:"case,omitempty"`
	Agent  gateway.AgentID       `json:"agent,omitempty"`
	Closed []string              `json:"closed,omitempty"` // how its offers closed
}

// memory is the latest finished interactions, oldest first.
type memory struct {
	memos  []memo
	byID   map[gateway.InteractionID]memo
	agents map[gateway.CaseID]gateway.AgentID // who had a case last
	count  map[gateway.CaseID]int
}

func newMemory() memory {
	return memory{
		byID:   map[gateway.InteractionID]memo{},
		agents: map[gateway.CaseID]gateway.AgentID{},
		count:  map[gateway.CaseID]int{},
	}
}

func (m *memory) add(o memo) {
	m.memos = append(m.memos, o)
	m.byID[o.ID] = o
	if o.Case != 0 && o.Agent != 0 {
		m.agents[o.Case] = o.Agent
		m.count[o.Case]++
	}
	if len(m.memos) > remembered {
		m.drop(m.memos[0])
		m.memos = m.memos[1:]
	}
}

func (m *memory) drop(o memo) {
	delete(m.byID, o.ID)
	if o.Case == 0 || o.Agent == 0 {
		return
	}
	if m.count[o.Case]--; m.count[o.Case] == 0 {
		delete(m.count, o.Case)
		delete(m.agents, o.Case)
	}
}

func (m *memory) of(id gateway.InteractionID) (memo, bool) {
	o, ok := m.byID[id]
	return o, ok
}
