package api

import (
	"context"
	"sync"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/lazy"
	"github.com/vaxelhq/vaxel/gateway/roster"
)

// namesFor is how long names may be behind when a hint was lost.
const namesFor = 10 * time.Second

// names are what queues and agents are called, kept because every list shows them.
type names struct {
	roster  *roster.Store
	reading *lazy.Together[struct{}, nameList] // of all of them, by one for everybody who asks

	mu      sync.Mutex // guards what follows
	at      time.Time
	last    nameList
	changes int // of the roster, as far as we have heard
}

func newNames(people *roster.Store) *names {
	n := &names{roster: people}
	n.reading = lazy.NewTogether(n.renew)
	return n
}

type nameList struct {
	queues map[gateway.QueueID]roster.Label
	closed map[gateway.QueueID]bool                     // out of use
	asks   map[gateway.QueueID]map[gateway.Channel]bool // whether a wrap-up is the agent's to ask for
	agents map[gateway.AgentID]agentName
	codes  map[reason]roster.Label
}

// reason is a status code of those that an administrator keeps.
type reason struct {
	intent gateway.Intent
	code   string
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

// get gives the names as read within namesFor. After that they are read anew meanwhile;
// nobody waits for it but who comes after a change that we have heard of, or after a pause.
func (n *names) get(ctx context.Context) (nameList, error) {
	n.mu.Lock()
	last, age := n.last, time.Since(n.at)
	n.mu.Unlock()
	if age < namesFor {
		return last, nil
	}
	if age < 2*namesFor {
		n.reading.Begin(ctx, struct{}{})
		return last, nil
	}
	found, err := n.reading.Get(ctx, struct{}{})
	return found[struct{}{}], err
}

// renew reads the names and keeps them, unless they may be of before a change.
func (n *names) renew(ctx context.Context, _ []struct{}) (map[struct{}]nameList, error) {
	n.mu.Lock()
	changes := n.changes
	n.mu.Unlock()
	list, err := n.read(ctx)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.changes == changes {
		n.last, n.at = list, time.Now()
	}
	return map[struct{}]nameList{{}: list}, nil
}

// read takes in those who have left too: finished interactions quote them.
func (n *names) read(ctx context.Context) (nameList, error) {
	list := nameList{queues: map[gateway.QueueID]roster.Label{}, closed: map[gateway.QueueID]bool{}, asks: map[gateway.QueueID]map[gateway.Channel]bool{}, agents: map[gateway.AgentID]agentName{}, codes: map[reason]roster.Label{}}
	queues, err := n.roster.Queues(ctx, roster.QueueFilter{Former: true})
	if err != nil {
		return list, err
	}
	for _, q := range queues {
		list.queues[q.ID], list.closed[q.ID] = q.Name, !q.Active
		list.asks[q.ID] = map[gateway.Channel]bool{}
		for c, p := range q.Channels {
			list.asks[q.ID][c] = p.WrapUp.Mode == gateway.WrapUpOptional
		}
	}
	codes, err := n.roster.AllStatusCodes(ctx)
	if err != nil {
		return list, err
	}
	for _, c := range codes {
		list.codes[reason{c.Intent, c.Code}] = c.Name
	}
	agents, err := n.roster.Known(ctx)
	for _, a := range agents {
		list.agents[a.ID] = agentName{a.Name, a.Language, a.Queues, a.Group, !a.Active}
	}
	return list, err
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
