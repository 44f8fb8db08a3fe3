package floor

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

// Day is a stretch of the log: what happened, and what is needed to decide it anew.
type Day struct {
	routing.Recording
	Until    time.Time
	Happened Course
	Events   int
}

// Course is one way in which a day went, recorded or simulated.
type Course struct {
	routing.Figures
	Staff
	ends map[gateway.InteractionID]ending
}

// ending is what a day came to for one interaction.
type ending struct {
	agent    gateway.AgentID
	accepted time.Time
	end      gateway.End
}

// Staff is what agents' time went to. Occupancy is Busy by Staffed.
type Staff struct {
	Busy    time.Duration // in an interaction or its wrap-up
	Staffed time.Duration // signed in and not on a break
}

// Occupancy is the share of the staffed time that was busy; 0 without any.
func (s Staff) Occupancy() float64 { return float64(s.Busy) / float64(max(s.Staffed, 1)) }

// Day reads a stretch of the log: all of it is held in memory, a few hundred bytes an
// event. Nothing is changed. One at a time on each node.
func (f *Floor) Day(ctx context.Context, from, until time.Time) (*Day, error) {
	select {
	case f.playing <- struct{}{}:
		defer func() { <-f.playing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	s, err := f.since(ctx, from)
	if err != nil {
		return nil, err
	}
	var log []routing.Logged
	for l := range s.events(ctx, until) {
		if l.At.Before(from) {
			s.core.Apply(l.At, l.Event)
		} else {
			log = append(log, l)
		}
	}
	if s.err != nil {
		return nil, fmt.Errorf("read the day: %w", s.err)
	}
	return newDay(s.core, log, until)
}

// newDay replays the log twice from one state: for what happened, and for what is needed
// to play it again.
func newDay(core *routing.Core, log []routing.Logged, until time.Time) (*Day, error) {
	start, err := core.Snapshot()
	if err != nil {
		return nil, err
	}
	again, err := routing.Restore(start)
	if err != nil {
		return nil, err
	}
	d := &Day{Recording: routing.Record(again, slices.Values(log)), Until: until, Events: len(log)}
	w := newWitness(until)
	if len(d.Acts) > 0 {
		w.find(core, d.Acts[0])
	}
	for l, res := range core.Replay(slices.Values(log), nil) {
		w.hear(l, res)
	}
	d.Happened = w.course()
	for n := range d.Episodes {
		w.unended(&d.Episodes[n])
	}
	return d, nil
}

// Simulate decides the day anew under another plan; nil changes nothing.
func (d *Day) Simulate(change func(gateway.Plan) gateway.Plan) Course {
	w := newWitness(d.Until)
	d.Play(change, w.hear)
	return w.course()
}

// Differs counts the interactions that did not come to the same: the agent, the moment of
// the answer, the end.
func (c Course) Differs(from Course) (n int) {
	for id, e := range c.ends {
		if from.ends[id] != e {
			n++
		}
	}
	for id := range from.ends {
		if _, both := c.ends[id]; !both {
			n++
		}
	}
	return n
}

// Interactions is how many there were.
func (c Course) Interactions() int { return len(c.ends) }

// witness listens to a day until its end.
type witness struct {
	Course
	until  time.Time
	states map[gateway.InteractionID]gateway.Interaction
	shown  map[gateway.AgentID]gateway.Status
	since  map[gateway.AgentID]time.Time
}

func newWitness(until time.Time) *witness {
	return &witness{
		Course: Course{Figures: routing.Figures{}, ends: map[gateway.InteractionID]ending{}}, until: until,
		states: map[gateway.InteractionID]gateway.Interaction{},
		shown:  map[gateway.AgentID]gateway.Status{}, since: map[gateway.AgentID]time.Time{},
	}
}

// find notes how the agents are when the day begins.
func (w *witness) find(core *routing.Core, first routing.Logged) {
	configured, ok := first.Event.(routing.Configure)
	for n := 0; ok && n < len(configured.Plan.Agents); n++ {
		if p, there := core.Presence(configured.Plan.Agents[n].ID); there {
			w.shown[p.Agent], w.since[p.Agent] = p.Status, first.At
		}
	}
}

// hear takes one event of the day and what came of it; what lies after its end is not the
// day's.
func (w *witness) hear(l routing.Logged, res routing.Result) {
	if l.At.After(w.until) {
		return
	}
	w.Hear(l, res)
	for _, e := range res.Effects {
		switch e := e.(type) {
		case routing.InteractionChanged:
			i := *e.Interaction
			w.states[i.ID], w.ends[i.ID] = i, ending{i.Agent, i.AcceptedAt, i.End}
		case routing.PresenceChanged:
			w.spend(e.Presence.Agent, l.At)
			w.shown[e.Presence.Agent] = e.Presence.Status
		}
	}
}

// spend counts an agent's time up to a moment.
func (w *witness) spend(id gateway.AgentID, at time.Time) {
	spent := at.Sub(w.since[id])
	switch w.shown[id] {
	case gateway.Busy, gateway.WrapUp:
		w.Busy += spent
		w.Staffed += spent
	case gateway.Available, gateway.Offered, gateway.WorkingOffline:
		w.Staffed += spent
	case gateway.OnBreak, gateway.LoggedOut, "":
	}
	w.since[id] = at
}

// course closes the books at the day's end.
func (w *witness) course() Course {
	for id := range w.shown {
		w.spend(id, w.until)
	}
	return w.Course
}

// unended lets go on what went on when the day was over.
func (w *witness) unended(e *routing.Episode) {
	const long = 365 * 24 * time.Hour
	switch i := w.states[e.Admit.Interaction]; {
	case i.State == gateway.StateActive || i.State == gateway.StateParked:
		e.Talk = long
	case i.State == gateway.StateWrapUp && e.WrapUp < 0:
		e.WrapUp = long
	}
}
