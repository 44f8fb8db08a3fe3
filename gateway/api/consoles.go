package api

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/floor"
)

var errStopping = errors.New("stopping")

// consoles knows whose consoles are open on this node, and tells the floor when an
// agent's first one came or last one went. It writes nothing per ping.
type consoles struct {
	commands *floor.Client
	process  string // this one, for the floor to know when it dies
	log      *slog.Logger
	dirty    chan struct{} // holds one hint

	mu     sync.Mutex // guards what follows
	closed bool
	inside sync.WaitGroup // sockets that are served; Add under mu
	open   map[*console]struct{}
	count  map[gateway.AgentID]int
	told   map[gateway.AgentID]bool
	heard  map[gateway.AgentID]time.Time // when a console that went was last heard of
}

func newConsoles(commands *floor.Client, process string, log *slog.Logger) *consoles {
	return &consoles{
		commands: commands, process: process, log: log, dirty: make(chan struct{}, 1),
		open: map[*console]struct{}{}, count: map[gateway.AgentID]int{}, told: map[gateway.AgentID]bool{}, heard: map[gateway.AgentID]time.Time{},
	}
}

// enter lets a socket in unless the server stops; leave must follow.
func (cs *consoles) enter() bool {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if !cs.closed {
		cs.inside.Add(1)
	}
	return !cs.closed
}

func (cs *consoles) leave() { cs.inside.Done() }

// close lets nobody in any more.
func (cs *consoles) close() {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.closed = true
}

func (cs *consoles) join(c *console) (leave func()) {
	c.hear()
	cs.change(c, 1)
	return func() { cs.change(c, -1) }
}

func (cs *consoles) change(c *console, by int) {
	cs.mu.Lock()
	if by > 0 {
		cs.open[c] = struct{}{}
	} else {
		delete(cs.open, c)
	}
	if c.by.Agent != 0 {
		cs.count[c.by.Agent] += by
	}
	if heard := c.lastHeard(); by < 0 && heard.After(cs.heard[c.by.Agent]) {
		cs.heard[c.by.Agent] = heard
	}
	cs.mu.Unlock()
	cs.hint()
}

func (cs *consoles) hint() {
	select {
	case cs.dirty <- struct{}{}:
	default:
	}
}

// run tells the floor until ctx ends. What could not be told is told again.
func (cs *consoles) run(ctx context.Context) {
	retry := time.NewTicker(heartbeat)
	defer retry.Stop()
	for {
		select {
		case <-cs.dirty:
		case <-retry.C:
		case <-ctx.Done():
			return
		}
		cs.tell(ctx, cs.untold())
	}
}

// tellAtOnce is how many commands may be under way: they share the floor's batches.
const tellAtOnce = 32

// tell says what changed to the floor, tellAtOnce agents at a time. What the floor did not take
// is not noted as told, so the next round says it again.
func (cs *consoles) tell(ctx context.Context, news map[gateway.AgentID]bool) {
	var group errgroup.Group
	group.SetLimit(tellAtOnce)
	for agent, live := range news {
		group.Go(func() error {
			_, err := cs.commands.Do(ctx, "", gateway.Consoles{Agent: agent, Live: live, Node: cs.process, Silent: cs.silent(agent, live)})
			if err != nil && !errors.Is(err, gateway.ErrNotFound) {
				if ctx.Err() == nil {
					cs.log.Warn("tell the floor of consoles", "agent", agent, "err", err)
				}
				return nil // told again soon
			}
			cs.mu.Lock()
			cs.told[agent] = live
			cs.mu.Unlock()
			return nil
		})
	}
	_ = group.Wait()
}

// silent is for how long nothing has been heard of an agent whose last console went.
func (cs *consoles) silent(agent gateway.AgentID, live bool) gateway.Seconds {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	heard := cs.heard[agent]
	if live || heard.IsZero() {
		return 0
	}
	return gateway.Seconds(time.Since(heard) / time.Second)
}

// untold is what the floor does not know yet.
func (cs *consoles) untold() map[gateway.AgentID]bool {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	out := map[gateway.AgentID]bool{}
	for agent, n := range cs.count {
		live := n > 0
		if cs.told[agent] != live {
			out[agent] = live
		}
		if !live && !cs.told[agent] {
			delete(cs.count, agent)
			delete(cs.told, agent)
			delete(cs.heard, agent)
		}
	}
	return out
}

// forget makes run tell everything again, at once: the floor has a new leader, who offers
// nothing to an agent before it knows of a console.
func (cs *consoles) forget([]byte) {
	cs.mu.Lock()
	clear(cs.told)
	cs.mu.Unlock()
	cs.hint()
}

// farewell is how long closing sockets may take; their clients have that long to agree.
const farewell = 3 * time.Second

// Run keeps the floor told of consoles, and consoles of boards, ends those whose callers may be
// here no longer, forgets old answers, and ends what nobody looks on at any more, until ctx ends; then it closes every socket with "restarting" and waits for them.
func (s *Server) Run(ctx context.Context) error {
	defer s.Bus.Subscribe(floor.SubjectBoard, s.boardTick)()
	defer s.Bus.Subscribe(floor.SubjectPlan, s.names.forget)()
	defer s.Bus.Subscribe(floor.SubjectLed, s.consoles.forget)()
	var aside sync.WaitGroup
	aside.Go(func() { s.forgetAnswers(ctx) })
	aside.Go(func() { s.tellBoards(ctx) })
	aside.Go(func() { s.endLapsed(ctx) })
	aside.Go(func() { s.askStill(ctx) })
	defer aside.Wait()
	s.consoles.run(ctx)
	s.consoles.close()
	close(s.stopping)
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		s.consoles.inside.Wait()
	}()
	limit := time.NewTimer(farewell)
	defer limit.Stop()
	select {
	case <-gone:
	case <-limit.C: // a client that does not answer is cut off with the listener
	}
	return nil
}
