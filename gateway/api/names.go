package api

import (
	"context"
	"sync"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/roster"
)

// namesFor is how long names may be behind when a hint was lost.
const namesFor = 10 * time.Second

const agentPage = 1000

// names are what queues and agents are called, kept because every list shows them.
type names struct {
	roster *roster.Store

	mu      sync.Mutex // guards what follows
	at      time.Time
	last    nameList
	changes int // of the roster, as far as we have heard
}

type nameList struct {
	queues map[gateway.QueueID]roster.Label
	closed map[gateway.QueueID]bool // out of use
	agents map[gateway.AgentID]agentName
}

// agentName is what boards and lists show of an agent.
type agentName struct {
	Name, Language string
	Queues         []gateway.QueueID // where the agent works now
	Group          gateway.GroupID
	Left           bool // works here no more
}

func memberOf(a roster.Agent) []gateway.QueueID {
	var out []gateway.QueueID
	for _, m := range a.Memberships {
		if m.Enabled && a.Active {
			out = append(out, m.Queue)
		}
	}
	return out
}

// get gives the names as read within namesFor, or reads them. Two who ask at once may both read:
// that costs less than waiting for each other.
func (n *names) get(ctx context.Context) (nameList, error) {
	n.mu.Lock()
	last, fresh, changes := n.last, time.Since(n.at) < namesFor, n.changes
	n.mu.Unlock()
	if fresh {
		return last, nil
	}
	list, err := n.read(ctx)
	if err != nil {
		return list, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.changes == changes { // else what was read may be of before the change
		n.last, n.at = list, time.Now()
	}
	return list, nil
}

// read takes in those who have left too: finished interactions quote them.
func (n *names) read(ctx context.Context) (nameList, error) {
	list := nameList{queues: map[gateway.QueueID]roster.Label{}, closed: map[gateway.QueueID]bool{}, agents: map[gateway.AgentID]agentName{}}
	queues, err := n.roster.Queues(ctx, roster.QueueFilter{Former: true})
	if err != nil {
		return list, err
	}
	for _, q := range queues {
		list.queues[q.ID], list.closed[q.ID] = q.Name, !q.Active
	}
	for after := gateway.AgentID(0); ; {
		agents, err := n.roster.Agents(ctx, roster.AgentFilter{Former: true, After: after, Limit: agentPage})
		for _, a := range agents {
			list.agents[a.ID] = agentName{a.Name, a.Language, memberOf(a), a.Group, !a.Active}
			after = a.ID
		}
		if err != nil || len(agents) < agentPage {
			return list, err
		}
	}
}

// forget makes the next get read anew: the roster has changed.
func (n *names) forget([]byte) {
	n.mu.Lock()
	n.at = time.Time{}
	n.changes++
	n.mu.Unlock()
}

// queue is what a queue is called in a language.
func (l nameList) queue(id gateway.QueueID, language string) string {
	return l.queues[id].In(language)
}

// people are agents with their names.
func (l nameList) people(ids []gateway.AgentID) []Person {
	out := make([]Person, len(ids))
	for n, id := range ids {
		out[n] = Person{id, l.agents[id].Name}
	}
	return out
}
