package main

import (
	"context"
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/api"
	"github.com/vaxelhq/vaxel/gateway/bus"
)

const (
	drainLook   = time.Second
	noticeAgain = 15 * time.Second // notices are not stored: who has just come hears the next one
)

// Phases of a drain as agents hear of it.
const (
	phaseNotice = "notice"
	phaseFinal  = "final"
	phaseOver   = "over"
)

// drainer empties this node while its row says so: what can move goes to other nodes that
// do the same work, calls finish here. Alone, a node only refuses new calls until its
// deadline; the rest ends with its stop.
//
//	working ─▶ draining ─▶ final ─▶ past the deadline ─▶ (stopped)
//	   ▲          └──────────┴─────────────┘ undrained
type drainer struct {
	*house

	drain *bus.Drain                 // that is under way
	ended bool                       // the deadline's work is done
	told  map[gateway.AgentID]string // whom it concerns, and the phase they know
	again time.Time
	said  bus.Remains // as last written
}

// Run looks at the row once a second until ctx ends.
func (d *drainer) Run(ctx context.Context) error {
	tick := time.NewTicker(drainLook)
	defer tick.Stop()
	d.told = map[gateway.AgentID]string{}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		now := d.nodes.Draining()
		switch {
		case now != nil:
			d.work(ctx, now)
		case d.drain != nil:
			d.undo()
		}
	}
}

// work is one look at a drain that goes on. All of it may be done again: whom it concerns is told
// once a phase, and the deadline ends calls once, unless it is moved.
func (d *drainer) work(ctx context.Context, now *bus.Drain) {
	if d.drain == nil {
		d.log.Info("this node is drained", "deadline", now.Deadline, "other_routers", d.nodes.Peers(roleRouter),
			"other_channels", d.nodes.Peers(roleChannels), "other_gateways", d.nodes.Peers(roleGateway))
	}
	fresh := d.drain == nil
	d.drain = now
	d.give(true)
	concerned := d.concerned(ctx)
	d.notify(concerned)
	if over := time.Now().After(now.Deadline); over && !d.ended {
		d.end(ctx, concerned)
		d.ended = true
	} else if !over {
		d.ended = false
	}
	if r := d.remains(); fresh || r != d.said {
		if err := d.nodes.Remain(ctx, r); err != nil {
			d.log.Warn("say what remains here", "err", err)
			return
		}
		d.said = r
	}
}

// give hands away what another node can take, or takes it up again.
func (d *drainer) give(away bool) {
	d.router.Want(!away || d.nodes.Peers(roleRouter) == 0)
	d.mail.Want(!away || d.nodes.Peers(roleChannels) == 0)
	moves := away && d.nodes.Peers(roleGateway) > 0
	d.visitors.Want(!moves)
	if d.redirects.Swap(moves) != moves && d.config.does(roleGateway) {
		d.api.Redirect(moves)
	}
	if d.voice != nil {
		d.voice.Refuse(away)
	}
}

// concerned are the agents who lose something when the node stops: those with a call here,
// wherever their console is, and everybody here if there is nowhere to go.
func (d *drainer) concerned(ctx context.Context) (list []gateway.AgentID) {
	if d.voice != nil {
		_, serving := d.voice.Remaining()
		for _, id := range serving {
			if i, err := d.floor.Interaction(ctx, id); err == nil && i.Agent != 0 && i.State == gateway.StateActive {
				list = append(list, append(i.Others, i.Agent)...)
			}
		}
	}
	if !d.redirects.Load() {
		_, here := d.api.Consoles()
		list = append(list, here...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// notify tells whom it concerns when they don't know yet, and now and then again.
func (d *drainer) notify(concerned []gateway.AgentID) {
	phase := phaseNotice
	if time.Now().After(d.drain.Final) {
		phase = phaseFinal
	}
	again := time.Now().After(d.again)
	if again {
		d.again = time.Now().Add(noticeAgain)
	}
	for _, agent := range concerned {
		if d.told[agent] != phase || again {
			d.told[agent] = phase
			d.tellDrain(agent, phase)
		}
	}
	for agent := range d.told {
		if !slices.Contains(concerned, agent) {
			d.tellDrain(agent, phaseOver)
			delete(d.told, agent)
		}
	}
}

// tellDrain reaches the agent's consoles on whichever node.
func (d *drainer) tellDrain(agent gateway.AgentID, phase string) {
	n := api.DrainNotice{Phase: phase, Node: d.config.Node}
	if phase != phaseOver {
		n.Deadline = d.drain.Deadline
	}
	d.feed.Announce(gateway.NewEvent(gateway.TopicAgent(agent), "drain.notice", 0, n))
}

// end is the deadline: whom it concerns works offline from now on, or when the work in
// hand is done, and calls are ended.
func (d *drainer) end(ctx context.Context, concerned []gateway.AgentID) {
	for _, agent := range concerned {
		cmd := gateway.SetStatus{Agent: agent, Intent: gateway.IntentWorkingOffline, Code: gateway.CodeDrain, Supervisor: true}
		if _, err := d.commands.Do(ctx, "", cmd); err != nil {
			d.log.Warn("set an agent working offline for the drain", "agent", agent, "err", err)
		}
	}
	if d.voice != nil {
		d.voice.EndAll()
	}
	d.log.Info("the drain's deadline has passed", "remains", d.remains())
}

func (d *drainer) remains() bus.Remains {
	r := bus.Remains{Leads: d.router.Works(), Mailboxes: d.mail.Works(), Visitors: d.chat.Visitors()}
	r.Consoles, _ = d.api.Consoles()
	if d.voice != nil {
		r.Calls, _ = d.voice.Remaining()
		if d.ended {
			r.Killed = d.voice.Killed()
		}
	}
	r.Done = r.Calls+r.Visitors+r.Consoles == 0 && !r.Leads && !r.Mailboxes
	return r
}

// undo lets the node work on.
func (d *drainer) undo() {
	for agent := range d.told {
		d.tellDrain(agent, phaseOver)
	}
	d.give(false)
	d.log.Info("this node works on")
	*d = drainer{house: d.house, told: map[gateway.AgentID]string{}}
}
