// Package consoles knows whose consoles are open on this node, and tells the floor when an
// agent's first one came or last one went.
//
// It writes nothing per ping. What the floor could not be told is told again a heartbeat
// later, and everything when there is a new leader.
package consoles

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// Heartbeat is how often a console shows that it is there, and the floor is told what it was
// not told before.
const Heartbeat = 5 * time.Second

// Console is one open socket of an agent. An embedded Heard gives it the last two.
type Console interface {
	comparable
	Agent() gateway.AgentID // 0: who signed in is no agent
	Hear()                  // notes that it is there
	LastHeard() time.Time
}

// Commands is the floor, as far as it is told of consoles.
type Commands interface {
	Do(ctx context.Context, key string, cmd gateway.Command) (gateway.Answer, error)
}

// Open are the consoles that are open. Make one with New.
type Open[C Console] struct {
	commands Commands
	process  string // this one, for the floor to know when it dies
	log      *slog.Logger
	dirty    chan struct{} // holds one hint

	mu     sync.Mutex // guards what follows
	closed bool
	inside sync.WaitGroup // sockets that are served; Add under mu
	open   map[C]struct{}
	count  map[gateway.AgentID]int
	told   map[gateway.AgentID]bool
	heard  map[gateway.AgentID]time.Time // when a console that went was last heard of
}

// New makes one without consoles. The process is named as no other has ever been.
func New[C Console](commands Commands, process string, log *slog.Logger) *Open[C] {
	return &Open[C]{
		commands: commands, process: process, log: log, dirty: make(chan struct{}, 1), open: map[C]struct{}{},
		count: map[gateway.AgentID]int{}, told: map[gateway.AgentID]bool{}, heard: map[gateway.AgentID]time.Time{},
	}
}

// Enter lets a socket in unless the door is closed; Leave must follow.
func (o *Open[C]) Enter() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.closed {
		o.inside.Add(1)
	}
	return !o.closed
}

// Leave says that a socket which entered is served no longer.
func (o *Open[C]) Leave() { o.inside.Done() }

// Close lets nobody in any more, and says whether somebody could before.
func (o *Open[C]) Close() bool { return o.setClosed(true) }

// Reopen lets sockets in again.
func (o *Open[C]) Reopen() { o.setClosed(false) }

func (o *Open[C]) setClosed(closed bool) (changed bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	changed = o.closed != closed
	o.closed = closed
	return changed
}

// Wait waits until every socket that entered has left. Close comes first.
func (o *Open[C]) Wait() { o.inside.Wait() }

// Join counts a console, whose caller is known by now, until it leaves.
func (o *Open[C]) Join(c C) (leave func()) {
	c.Hear()
	o.change(c, 1)
	return func() { o.change(c, -1) }
}

func (o *Open[C]) change(c C, by int) {
	agent, heard := c.Agent(), c.LastHeard()
	o.mu.Lock()
	if by > 0 {
		o.open[c] = struct{}{}
	} else {
		delete(o.open, c)
	}
	if agent != 0 {
		o.count[agent] += by
	}
	if by < 0 && heard.After(o.heard[agent]) {
		o.heard[agent] = heard
	}
	o.mu.Unlock()
	o.hint()
}

func (o *Open[C]) hint() {
	select {
	case o.dirty <- struct{}{}:
	default:
	}
}

// All are the consoles that are open now.
func (o *Open[C]) All() []C {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Collect(maps.Keys(o.open))
}

// Has says whether an agent has a console on this node.
func (o *Open[C]) Has(agent gateway.AgentID) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.count[agent] > 0
}

// Count is how many consoles are open, and of which agents.
func (o *Open[C]) Count() (open int, agents []gateway.AgentID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for agent, n := range o.count {
		if n > 0 {
			agents = append(agents, agent)
		}
	}
	return len(o.open), agents
}
