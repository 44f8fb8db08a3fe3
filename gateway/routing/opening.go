package routing

import (
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// Opening is what one may be told who thinks of coming to a queue: nothing is promised.
type Opening struct {
	Open  bool          `json:"open"`           // newcomers are let wait for somebody who is available
	Until time.Time     `json:"until,omitzero"` // when the calendar changes that; zero when it does not say
	Wait  time.Duration `json:"wait"`           // expected, in whole minutes; 0 when somebody is free, and when not open
}

// Opening says whether a newcomer of a channel would be let wait in a queue at a moment, or
// in the one that it would send them on to. The moment may be later than the last event: a
// queue closes by itself. An unknown queue is not open.
func (c *Core) Opening(id gateway.QueueID, ch gateway.Channel, at time.Time) (o Opening) {
	l, ok := laneOf(ch)
	q := c.queues[id]
	if !ok || q == nil {
		return Opening{}
	}
	if k := q.calendar; k != nil {
		o.Until = k.change(at)
	}
	for range maxHops {
		next, agents := c.entrance(q, l, at)
		if next == nil && agents > 0 {
			o.Open = true
			if q.ready[l] == 0 {
				o.Wait = q.expected(l, q.waiting[l]+1, agents)
			}
			return o
		}
		if next == nil {
			break
		}
		q = next
	}
	if q.calendar != nil && q.calendar.open(at) {
		o.Until = time.Time{} // not the calendar's doing
	}
	return o
}

// entrance is where a queue would send a newcomer on to at once, nil for nowhere, and how
// many could take them where they stay: none when the queue says goodbye, or is closed.
func (c *Core) entrance(q *queue, l lane, at time.Time) (next *queue, agents int) {
	why, steps := c.entry(q, l, at)
	if why == "" && !c.staffed(q, l) {
		steps = q.service[l].unstaffed
	}
	i := slices.IndexFunc(steps, func(s gateway.Step) bool {
		return s.After <= 0 && decisive(s.Do) && (s.Do != gateway.Move || s.Queue != q.id && c.planned(s.Queue))
	})
	switch {
	case i >= 0 && steps[i].Do == gateway.Move:
		return c.queue(steps[i].Queue), 0
	case i >= 0 || why == "queue_closed":
		return nil, 0
	}
	return nil, q.available(l)
}

// available counts the members who handle the lane and are at work, busy or not.
func (q *queue) available(l lane) (n int) {
	for _, m := range q.members {
		if !m.lanes.has(l) {
			continue
		}
		for _, a := range m.agents {
			if a.routable() {
				n++
			}
		}
	}
	return n
}
