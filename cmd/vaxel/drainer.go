package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/api"
	"github.com/vaxelhq/vaxel/gateway/bus"
)

const (
	drainLook    = time.Second
	noticeAgain  = 15 * time.Second // notices are not stored: who has just come hears the next one
	noticeBefore = 15 * time.Minute // a planned drain
	tellHeld     = 5 * time.Second  // what a node holds that works on
)

// Phases of a drain as agents hear of it.
const (
	phasePlanned = "planned"
	phaseNotice  = "notice"
	phaseFinal   = "final"
	phaseOver    = "over"
)

// drainer empties this node while its row says so: what can move goes to other nodes that
// do the same work, calls finish here. Alone, a node only refuses new calls until its
// deadline; the rest ends with its stop. What the node holds stands in its row all along.
//
//	working ─▶ planned ─▶ draining ─▶ final ─▶ past the deadline ─▶ (stopped)
//	   ▲          └──────────┴──────────┴─────────────┘ undrained, or planned for later
type drainer struct {
	*house

	drain *bus.Drain                 // as last seen, planned or under way
	away  bool                       // it is under way
	told  map[gateway.AgentID]string // whom it concerns, and the phase they know
	again time.Time
	over  *deadline   // nil before it
	said  bus.Remains // as last written, at
	at    time.Time
}

// deadline is the work of a drain's end.
type deadline struct {
	found   bus.Held                 // what was still here
	noted   bool                     // in the audit log
	offline map[gateway.AgentID]bool // whom it concerns, and whether they work offline, or will
}

// Run looks whenever the row was read, and once a second while there is a drain, until ctx ends.
func (d *drainer) Run(ctx context.Context) error {
	again := time.NewTimer(0)
	defer again.Stop()
	d.told = map[gateway.AgentID]string{}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-d.nodes.Looked():
		case <-again.C:
		}
		d.look(ctx, d.nodes.Draining())
		if d.drain != nil {
			again.Reset(drainLook)
		}
	}
}

func (d *drainer) look(ctx context.Context, now *bus.Drain) {
	switch {
	case now.Begun():
		d.work(ctx, now)
	case d.away, now == nil && d.drain != nil:
		d.undo()
	case now != nil:
		d.plan(ctx, now)
	}
	d.write(ctx)
}

// plan is one look at a drain that is to come: those whom it will concern hear of it a
// quarter of an hour before.
func (d *drainer) plan(ctx context.Context, now *bus.Drain) {
	d.see(now)
	var concerned []gateway.AgentID
	if time.Until(now.Since) <= noticeBefore {
		concerned = d.concerned(ctx)
	}
	d.notify(phasePlanned, concerned)
}

// see notes what the drain is now. Of another one than before nothing is written yet: the row
// has lost what was said of the first.
func (d *drainer) see(now *bus.Drain) {
	if d.drain == nil || !d.drain.Since.Equal(now.Since) {
		d.at = time.Time{}
	}
	d.drain = now
}

// work is one look at a drain that goes on. All of it may be done again: whom it concerns is told
// once a phase, and the deadline ends calls once, unless it is moved.
func (d *drainer) work(ctx context.Context, now *bus.Drain) {
	if !d.away {
		d.log.Info("this node is drained", "deadline", now.Deadline, "other_routers", d.nodes.Peers(roleRouter),
			"other_channels", d.nodes.Peers(roleChannels), "other_gateways", d.nodes.Peers(roleGateway))
	}
	d.see(now)
	d.away = true
	d.give(true)
	phase := phaseNotice
	if time.Now().After(now.Final) {
		phase = phaseFinal
	}
	concerned := d.concerned(ctx)
	d.notify(phase, concerned)
	if time.Now().After(now.Deadline) {
		d.end(ctx, concerned)
	} else {
		d.over = nil
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
// wherever their console is, and everybody here who is not sent elsewhere.
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

// notify tells whom it concerns of the phase when they don't know yet, and now and then
// again, and whom it concerns no more that it is over.
func (d *drainer) notify(phase string, concerned []gateway.AgentID) {
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
		n.Since, n.Deadline = d.drain.Since, d.drain.Deadline
	}
	d.feed.Announce(gateway.NewEvent(gateway.TopicAgent(agent), "drain.notice", 0, n))
}

// end is one look past the deadline: whom it concerns works offline from now on, or when
// the work in hand is done, and calls are ended, once. What could not be done is tried again
// at the next look.
func (d *drainer) end(ctx context.Context, concerned []gateway.AgentID) {
	first := d.over == nil
	if first {
		d.over = &deadline{found: d.held(), offline: map[gateway.AgentID]bool{}}
		d.log.Info("the drain's deadline has passed", "held", d.over.found)
	}
	for _, agent := range concerned {
		if !d.over.offline[agent] {
			d.over.offline[agent] = false // until it is done, also when their call has ended meanwhile
		}
	}
	d.sendOffline(ctx)
	if first && d.voice != nil {
		d.voice.EndAll()
	}
	d.report(ctx)
}

// sendOffline sets the agents working offline who are not yet.
func (d *drainer) sendOffline(ctx context.Context) {
	for agent, done := range d.over.offline {
		if done {
			continue
		}
		cmd := gateway.SetStatus{Agent: agent, Intent: gateway.IntentWorkingOffline, Code: gateway.CodeDrain, Supervisor: true}
		_, err := d.commands.Do(ctx, "", cmd)
		if err != nil {
			d.log.Warn("set an agent working offline for the drain", "agent", agent, "err", err)
		}
		if errors.Is(err, gateway.ErrTryAgain) {
			return // nor will the next be
		}
		d.over.offline[agent] = err == nil || errors.Is(err, gateway.ErrNotFound) // who is not there needs it not
	}
}

// report notes in the audit log what was still here at the deadline: the row goes with the
// node.
func (d *drainer) report(ctx context.Context) {
	if d.over.noted {
		return
	}
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		return access.Audit(ctx, tx, access.System, "node.drain_deadline", "node:"+d.config.Node, d.over.found)
	})
	if err != nil {
		d.log.Warn("note what was here at the drain's deadline", "err", err)
	}
	d.over.noted = err == nil
}

// write says in the row what the node holds: at once while it is drained, else now and then.
func (d *drainer) write(ctx context.Context) {
	r := d.remains()
	if r == d.said && !d.at.IsZero() || !d.away && time.Since(d.at) < tellHeld {
		return
	}
	if err := d.nodes.Remain(ctx, r); err != nil {
		if ctx.Err() == nil {
			d.log.Warn("say what is here", "err", err)
		}
		return
	}
	d.said, d.at = r, time.Now()
}

func (d *drainer) held() bus.Held {
	h := bus.Held{Leads: d.router.Works(), Mailboxes: d.mail.Works(), Visitors: d.chat.Visitors()}
	h.Consoles, _ = d.api.Consoles()
	if d.voice != nil {
		h.Calls, _ = d.voice.Remaining()
	}
	return h
}

func (d *drainer) remains() bus.Remains {
	r := bus.Remains{Held: d.held()}
	r.Done = d.away && r.Held == bus.Held{}
	if d.over != nil {
		r.Deadline = &d.over.found
		if d.voice != nil {
			r.Killed = d.voice.Killed()
		}
	}
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
