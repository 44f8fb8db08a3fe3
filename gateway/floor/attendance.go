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
type attendance map[gateway.AgentID]*attended

// attended is where one agent has consoles, by node, with the time at which it told, and when
// those that went were last heard of.
type attended struct {
	on    map[string]time.Time
	heard time.Time
}

// newNode is how long a node that has told may be unknown to ours: they look every 2 s.
const newNode = 15 * time.Second

// note keeps what one node tells and gives what it comes to: an agent is gone when no
// node has a console any more.
func (t attendance) note(now time.Time, c gateway.Consoles) gateway.Consoles {
	if c.Node == "" {
		return c
	}
	if !c.Live {
		return t.leave(now, c)
	}
	if t[c.Agent] == nil {
		t[c.Agent] = &attended{on: map[string]time.Time{}}
	}
	t[c.Agent].on[c.Node] = now
	return gateway.Consoles{Agent: c.Agent, Live: true}
}

// leave takes a node's consoles out. The last that goes need not be the last that was heard of.
func (t attendance) leave(now time.Time, c gateway.Consoles) gateway.Consoles {
	at, heard := t[c.Agent], now.Add(-c.Silent.Duration())
	if at == nil {
		return gateway.Consoles{Agent: c.Agent, Silent: c.Silent}
	}
	if delete(at.on, c.Node); heard.After(at.heard) {
		at.heard = heard
	}
	if len(at.on) > 0 {
		return gateway.Consoles{Agent: c.Agent, Live: true}
	}
	// The entry stays: when this is decided anew, it comes to the same.
	return gateway.Consoles{Agent: c.Agent, Silent: gateway.Seconds(now.Sub(at.heard) / time.Second)}
}

// miss lets go of the consoles of nodes that died, and gives the agents who had no other. Their
// time without one counts from the last sign of the node, as if its death had been seen at once.
func (t attendance) miss(now time.Time, nodes Nodes) (gone []gateway.Consoles) {
	if nodes == nil {
		return nil
	}
	for agent, at := range t {
		for run, since := range at.on {
			if nodes.Alive(run) || now.Sub(since) <= newNode {
				continue
			}
			silent := gateway.Seconds(nodes.Silent(run) / time.Second)
			if c := t.leave(now, gateway.Consoles{Agent: agent, Node: run, Silent: silent}); !c.Live {
				gone = append(gone, c)
			}
		}
	}
	slices.SortFunc(gone, func(a, b gateway.Consoles) int { return cmp.Compare(a.Agent, b.Agent) })
	return gone
}
