package routing

import (
	"iter"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// Logged is one event of the routing log.
type Logged struct {
	Seq   int64
	At    time.Time
	Event Event
}

// Replay applies a log and gives each event with what it does. A change, if there is one,
// stands between the log and the core: it may put another plan into a Configure, leave
// events out by giving nil, or alter them. The core is the caller's, restored from a
// snapshot or new; afterwards it is where the log ends.
func (c *Core) Replay(log iter.Seq[Logged], change func(Logged) Event) iter.Seq2[Logged, Result] {
	return func(yield func(Logged, Result) bool) {
		for l := range log {
			if change != nil {
				l.Event = change(l)
			}
			if l.Event == nil {
				continue
			}
			if !yield(l, c.Apply(l.At, l.Event)) {
				return
			}
		}
	}
}

// Why replays a log and explains every decision about one interaction at the moment when
// it was made, the decisions to let it wait too. The core becomes what the log makes of it.
func (c *Core) Why(log iter.Seq[Logged], id gateway.InteractionID) (all []Explanation) {
	var edits []Edit // since the decision before
	c.watch = func(it *item, chosen []*agent) {
		if it.ID == id {
			e := c.explain(it, chosen)
			e.Edits, edits = edits, nil
			all = append(all, e)
		}
	}
	defer func() { c.watch = nil }()
	c.Replay(log, func(l Logged) Event {
		if plan, ok := l.Event.(Configure); ok && c.items.at(id) != nil {
			edits = append(edits, c.edit(c.items.at(id), l.At, plan.Plan)...)
		}
		return l.Event
	})(func(Logged, Result) bool { return true })
	return all
}
