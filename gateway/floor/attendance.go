package floor

import (
	"cmp"
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// attendance is on which nodes agents have consoles, as those have told this leader. A
// new leader begins with none: it asks everybody to tell again (SubjectLed), and routing
// gives consoles a minute to return.
type attendance map[gateway.AgentID]map[string]time.Time

// newNode is how long a node that has told may be unknown to ours: they look every 2 s.
const newNode = 15 * time.Second

// note keeps what one node tells and gives what it comes to: an agent is gone when no
// node has a console any more.
func (t attendance) note(now time.Time, c gateway.Consoles) gateway.Consoles {
	if c.Node == "" {
		return c
	}
	if c.Live {
		if t[c.Agent] == nil {
			t[c.Agent] = map[string]time.Time{}
		}
		t[c.Agent][c.Node] = now
	} else {
		t.leave(c.Agent, c.Node)
	}
	return gateway.Consoles{Agent: c.Agent, Live: len(t[c.Agent]) > 0}
}

// miss lets go of the consoles of nodes that died, and gives the agents who had no other.
func (t attendance) miss(now time.Time, nodes Nodes) (gone []gateway.Consoles) {
	if nodes == nil {
		return nil
	}
	for agent, on := range t {
		for run, since := range on {
			if !nodes.Alive(run) && now.Sub(since) > newNode {
				t.leave(agent, run)
			}
		}
		if len(t[agent]) == 0 {
			gone = append(gone, gateway.Consoles{Agent: agent})
		}
	}
	slices.SortFunc(gone, func(a, b gateway.Consoles) int { return cmp.Compare(a.Agent, b.Agent) })
	return gone
}

func (t attendance) leave(agent gateway.AgentID, run string) {
	delete(t[agent], run)
	if len(t[agent]) == 0 {
		delete(t, agent)
	}
}
