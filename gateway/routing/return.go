package routing

import (
	"cmp"
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// returnWithin is how soon a customer who left the line may come back to the old place.
const returnWithin = 600 * time.Second

// departure is a customer who left before an answer.
type departure struct {
	Customer gateway.CustomerID `json:"customer"`
	Channel  gateway.Channel    `json:"channel"`
	Queue    gateway.QueueID    `json:"queue"`
	Arrived  time.Time          `json:"arrived"`
	Due      time.Time          `json:"due"`
	Left     time.Time          `json:"left"`
}

// who is the customer, as the channel knows them.
type who struct {
	customer gateway.CustomerID
	channel  gateway.Channel
}

// departures are those of the last ten minutes who have not come back, oldest first.
type departures struct {
	list []departure
	last map[who]departure
}

// left remembers a caller or visitor who has abandoned.
func (c *Core) left(it *item) {
	if it.Customer == 0 || !it.lane.live() || !it.AcceptedAt.IsZero() {
		return
	}
	d := &c.departures
	d.expire(c.now)
	d.add(departure{it.Customer, it.Channel, it.Queue, it.ArrivedAt, it.DueAt, c.now})
}

// add remembers the latest departure of a customer on a channel; an earlier one is forgotten.
func (d *departures) add(o departure) {
	if d.last == nil {
		d.last = map[who]departure{}
	}
	k := who{o.Customer, o.Channel}
	if old, ok := d.last[k]; ok {
		d.forget(old)
	}
	d.list, d.last[k] = append(d.list, o), o
}

// expire forgets who can't come back to the old place any more.
func (d *departures) expire(now time.Time) {
	for len(d.list) > 0 && d.list[0].Left.Add(returnWithin).Before(now) {
		delete(d.last, who{d.list[0].Customer, d.list[0].Channel})
		d.list = d.list[1:]
	}
}

// forget takes one out: the place has been given back, once.
func (d *departures) forget(o departure) {
	delete(d.last, who{o.Customer, o.Channel})
	d.list = slices.DeleteFunc(d.list, func(p departure) bool { return p == o })
}

// greet gives a customer who is back soon their old place: they are as old, and as due,
// as when they first came. The queue's steps begin anew.
func (c *Core) greet(it *item) {
	if it.Customer == 0 || len(c.departures.list) == 0 {
		return
	}
	d, ok := c.departures.last[who{it.Customer, it.Channel}]
	if !ok || d.Left.Add(returnWithin).Before(c.now) {
		return
	}
	c.departures.forget(d)
	if !d.Arrived.Before(it.ArrivedAt) {
		return
	}
	it.ArrivedAt, it.returned = d.Arrived, true
	due := it.queue.due(it.lane, it.ArrivedAt)
	if d.Queue == it.Queue {
		due = d.Due
	}
	if due.Before(it.DueAt) {
		it.DueAt = due
	}
	it.await(c.now)
}

// callMeBack ends a wait for a promise: a callback takes the customer's place.
func (c *Core) callMeBack(e gateway.CallBack) *gateway.Error {
	it := c.items.at(e.Interaction)
	switch {
	case it == nil && c.knows(e.Interaction):
		return gateway.Conflict("finished", "the interaction is finished", nil)
	case it == nil:
		return unknownInteraction()
	case e.Callback <= 0 || !it.lane.live():
		return gateway.Invalid("no_callback", "a call or a chat becomes a callback, under an id that was reserved for it")
	case c.knows(e.Callback):
		return gateway.Conflict("repeated", "an interaction with this id has begun before", nil)
	case it.active() != nil || !it.EndedAt.IsZero():
		return gateway.Conflict("not_waiting", "the interaction is no longer waiting", it.Interaction)
	}
	c.abandon(it, gateway.EndCallback)
	c.callBack(it, e.Callback)
	c.turn.subject = c.items.at(e.Callback)
	return nil
}

// reach notes whether the agent's phones can be reached at all.
func (c *Core) reach(e gateway.PhoneReach) *gateway.Error {
	a, err := c.agent(e.Agent)
	if err != nil {
		return err
	}
	a.down = !e.Reachable
	if e.Reachable {
		a.blocked = time.Time{}
	}
	c.meet(a)
	return nil
}

// mute says whether no call can be brought to the agent's phone now.
func (a *agent) mute() bool { return a.down || !a.blocked.IsZero() }

// since is when the customer's present wait began.
func (it *item) since() time.Time {
	if !it.AcceptedAt.IsZero() || it.returned {
		return it.entered
	}
	return it.ArrivedAt
}

// abandonment is the end of a customer who leaves unasked.
func (c *Core) abandonment(it *item, told gateway.End) gateway.End {
	if told == "" && c.now.Sub(it.since()) < shortWait {
		return gateway.EndShortAbandon
	}
	return cmp.Or(told, gateway.EndAbandoned)
}
