// Package names knows what queues and agents are called, for every list that shows them.
//
// What it gives is at most ten seconds old when a hint of a change was lost, and else of after
// the last change that this node has heard of. However many ask at once, the roster is read
// for them together.
package names

import (
	"context"
	"sync"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/lazy"
	"github.com/vaxelhq/vaxel/gateway/roster"
)

// Fresh is how long names may be behind when a hint was lost.
const Fresh = 10 * time.Second

// Roster is where names are read; who has left and what is out of use is known there too.
type Roster interface {
	Queues(ctx context.Context, f roster.QueueFilter) ([]roster.Queue, error)
	AllStatusCodes(ctx context.Context) ([]roster.StatusCode, error)
	Known(ctx context.Context) ([]roster.Known, error)
}

// Cache keeps the names between two changes of the roster. Make one with New.
type Cache struct {
	roster  Roster
	reading *lazy.Together[struct{}, List] // of all of them, by one for everybody who asks

	mu      sync.Mutex // guards what follows
	at      time.Time
	last    List
	changes int // of the roster, as far as we have heard
}

// New makes a cache, empty yet.
func New(people Roster) *Cache {
	c := &Cache{roster: people}
	c.reading = lazy.NewTogether(c.renew)
	return c
}

// List is the names of one reading. It is everybody's, so nobody changes it.
type List struct {
	Closed map[gateway.QueueID]bool                     // out of use
	Asks   map[gateway.QueueID]map[gateway.Channel]bool // whether a wrap-up is the agent's to ask for
	Agents map[gateway.AgentID]Agent

	queues map[gateway.QueueID]roster.Label
	codes  map[reason]roster.Label
}

// Agent is what boards and lists show of an agent.
type Agent struct {
	Name, Language string
	Queues         []gateway.QueueID // where the agent works now
	Group          gateway.GroupID
	Left           bool // works here no more
}

// reason is a status code of those that an administrator keeps.
type reason struct {
	intent gateway.Intent
	code   string
}

// Get gives the names as read within Fresh. After that they are read anew meanwhile;
// nobody waits for it but who comes after a change that we have heard of, or after a pause.
func (c *Cache) Get(ctx context.Context) (List, error) {
	c.mu.Lock()
	last, age := c.last, time.Since(c.at)
	c.mu.Unlock()
	if age < Fresh {
		return last, nil
	}
	if age < 2*Fresh {
		c.reading.Begin(ctx, struct{}{})
		return last, nil
	}
	found, err := c.reading.Get(ctx, struct{}{})
	return found[struct{}{}], err
}

// renew reads the names and keeps them, unless they may be of before a change.
func (c *Cache) renew(ctx context.Context, _ []struct{}) (map[struct{}]List, error) {
	c.mu.Lock()
	changes := c.changes
	c.mu.Unlock()
	list, err := c.read(ctx)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.changes == changes {
		c.last, c.at = list, time.Now()
	}
	return map[struct{}]List{{}: list}, nil
}

// read takes in those who have left too: finished interactions quote them.
func (c *Cache) read(ctx context.Context) (List, error) {
	list := List{
		Closed: map[gateway.QueueID]bool{}, Asks: map[gateway.QueueID]map[gateway.Channel]bool{}, Agents: map[gateway.AgentID]Agent{},
		queues: map[gateway.QueueID]roster.Label{}, codes: map[reason]roster.Label{},
	}
	queues, err := c.roster.Queues(ctx, roster.QueueFilter{Former: true})
	if err != nil {
		return list, err
	}
	for _, q := range queues {
		list.take(q)
	}
	codes, err := c.roster.AllStatusCodes(ctx)
	if err != nil {
		return list, err
	}
	for _, code := range codes {
		list.codes[reason{code.Intent, code.Code}] = code.Name
	}
	agents, err := c.roster.Known(ctx)
	for _, a := range agents {
		list.Agents[a.ID] = Agent{a.Name, a.Language, a.Queues, a.Group, !a.Active}
	}
	return list, err
}

func (l List) take(q roster.Queue) {
	l.queues[q.ID], l.Closed[q.ID] = q.Name, !q.Active
	l.Asks[q.ID] = map[gateway.Channel]bool{}
	for channel, p := range q.Channels {
		l.Asks[q.ID][channel] = p.WrapUp.Mode == gateway.WrapUpOptional
	}
}

// Forget makes the next Get read anew: the roster has changed, whatever the hint says.
func (c *Cache) Forget([]byte) {
	c.mu.Lock()
	c.at = time.Time{}
	c.changes++
	c.mu.Unlock()
}

// Agent is what an agent is called.
func (l List) Agent(id gateway.AgentID) string { return l.Agents[id].Name }

// Queue is what a queue is called in a language.
func (l List) Queue(id gateway.QueueID, language string) string {
	return l.queues[id].In(language)
}

// Code is what a status code is called in a language.
func (l List) Code(intent gateway.Intent, code, language string) string {
	return l.codes[reason{intent, code}].In(language)
}
