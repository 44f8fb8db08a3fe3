package routing

import (
	"math"
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// QueueState is what a board shows of one queue.
type QueueState struct {
	Queue    gateway.QueueID        `json:"queue"`
	Channels []ChannelState         `json:"channels"`         // in the order of gateway.Channels
	Routable int                    `json:"routable"`         // members who are available, busy or not
	Ready    int                    `json:"ready"`            // of them, those who could be offered something now
	Agents   map[gateway.Status]int `json:"agents,omitempty"` // the members by status
}

// ChannelState is one channel of it.
type ChannelState struct {
	Channel      gateway.Channel `json:"channel"`
	Waiting      int             `json:"waiting"`
	WaitingSince time.Time       `json:"waiting_since,omitzero"` // arrival of the one that has waited longest
	InProgress   int             `json:"in_progress"`
	OldestDue    time.Time       `json:"oldest_due,omitzero"` // the earliest that something waiting must be answered
	WaitS        int64           `json:"wait_s,omitempty"`    // expected wait of a newcomer, whole minutes in seconds
	Shut         string          `json:"shut,omitempty"`      // why newcomers meet another rule: queue_closed, queue_full
}

// Place is where a waiting interaction stands.
type Place struct {
	Position int           `json:"position"` // 1 is next, among those that the same agents can take
	Wait     time.Duration `json:"wait"`     // expected, in whole minutes
}

// Presence is an agent as last told.
func (c *Core) Presence(id gateway.AgentID) (gateway.Presence, bool) {
	a := c.agents[id]
	if a == nil {
		return gateway.Presence{}, false
	}
	return a.Presence(), true
}

// Interaction is one that is not finished, or whose transferring agent is still in wrap-up.
func (c *Core) Interaction(id gateway.InteractionID) (gateway.Interaction, bool) {
	it := c.items.at(id)
	if it == nil {
		return gateway.Interaction{}, false
	}
	return it.Interaction, true
}

// Boards is the state of every queue of the plan, by id.
func (c *Core) Boards() []QueueState {
	all := make([]QueueState, 0, len(c.plan.Queues))
	seen := crews{}
	for _, q := range c.plan.Queues {
		s, _ := c.queueState(q.ID, seen)
		all = append(all, s)
	}
	return all
}

// earliest is the first arrival and the first due time of what waits in a bucket, which is
// never empty while it is among the filled.
func (b *bucket) earliest() (arrived, due time.Time) {
	first := entry{arrived: math.MaxInt64, due: math.MaxInt64}
	for i := range b.tiers[0].s {
		e := &b.tiers[0].s[i]
		first.arrived, first.due = min(first.arrived, e.arrived), min(first.due, e.due)
	}
	return time.UnixMicro(first.arrived).UTC(), time.UnixMicro(first.due).UTC()
}

// crew is what a board shows of a profile's agents.
type crew struct {
	routable, ready int
	statuses        map[gateway.Status]int
}

// crews are those that one board has counted: agents who are in twenty queues are looked at
// once for all of them.
type crews map[*profile]crew

func (seen crews) of(p *profile) crew {
	n, ok := seen[p]
	if ok {
		return n
	}
	n.statuses = map[gateway.Status]int{}
	for _, a := range p.agents {
		n.statuses[a.shown.Status]++
		if a.routable() {
			n.routable++
		}
		if a.open != 0 {
			n.ready++
		}
	}
	seen[p] = n
	return n
}

// QueueState is the state of one queue.
func (c *Core) QueueState(id gateway.QueueID) (QueueState, bool) { return c.queueState(id, crews{}) }

func (c *Core) queueState(id gateway.QueueID, seen crews) (QueueState, bool) {
	q := c.queues[id]
	if q == nil {
		return QueueState{}, false
	}
	s := QueueState{Queue: id, Agents: map[gateway.Status]int{}}
	for l := range laneCount {
		why, _ := c.entry(q, l, c.now)
		s.Channels = append(s.Channels, ChannelState{Channel: l.channel(), Waiting: q.waiting[l], InProgress: q.busy[l], Shut: why})
	}
	for _, b := range q.filled {
		if b.queue != q {
			continue // another queue's, whose members get help
		}
		arrived, due := b.earliest()
		sooner(&s.Channels[b.lane].WaitingSince, arrived)
		sooner(&s.Channels[b.lane].OldestDue, due)
	}
	var routable [laneCount]int
	for _, m := range q.members {
		n := seen.of(m.profile)
		s.Routable += n.routable
		s.Ready += n.ready
		for status, agents := range n.statuses {
			s.Agents[status] += agents
		}
		for l := range laneCount {
			if m.lanes.has(l) {
				routable[l] += n.routable
			}
		}
	}
	for l := range laneCount {
		if routable[l] > 0 && q.ready[l] == 0 {
			s.Channels[l].WaitS = int64(q.expected(l, q.waiting[l]+1, routable[l]).Seconds())
		}
	}
	return s, true
}

// expected is how long somebody at a position probably waits, in whole minutes.
func (q *queue) expected(l lane, position, agents int) time.Duration {
	wait := time.Duration(position) * q.handled[l].duration(l) / time.Duration(max(agents, 1))
	return (wait + time.Minute - 1).Truncate(time.Minute)
}

// Place says where a waiting interaction stands and how long it will probably wait.
func (c *Core) Place(id gateway.InteractionID) (Place, bool) {
	it := c.items.at(id)
	if it == nil || it.bucket == nil {
		return Place{}, false
	}
	p := Place{Position: 1}
	for _, o := range it.bucket.tiers[0].s {
		if o.before(it.key) {
			p.Position++
		}
	}
	agents := 0
	for _, p := range slices.Concat(it.bucket.ranks...) {
		for _, a := range p.agents {
			if a.routable() {
				agents++
			}
		}
	}
	p.Wait = it.queue.expected(it.lane, p.Position, agents)
	return p, true
}

// average is a mean that forgets: a sample weighs by the time since the one before, an
// hour makes it count half. Whole numbers, so that every machine gets the same.
type average struct {
	Samples int64     `json:"samples"`
	Millis  int64     `json:"millis"`
	At      time.Time `json:"at"`
}

func (m *average) add(d time.Duration, now time.Time) {
	ms := d.Milliseconds()
	if m.Samples++; m.Samples == 1 {
		m.Millis, m.At = ms, now
		return
	}
	hours := now.Sub(m.At).Milliseconds() * 500 / time.Hour.Milliseconds()
	weight := min(max(hours, 1000/min(m.Samples, 50)), 500) // of 1000
	m.Millis += (ms - m.Millis) * weight / 1000
	m.At = now
}

// duration is the mean; before the first sample what is usual.
func (m *average) duration(l lane) time.Duration {
	if m.Samples > 0 {
		return time.Duration(m.Millis) * time.Millisecond
	}
	switch l {
	case voice, callback:
		return 5 * time.Minute
	case chat:
		return 8 * time.Minute
	case email, voicemail, laneCount:
	}
	return 10 * time.Minute
}
