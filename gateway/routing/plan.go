package routing

import (
	"cmp"
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// queue is one queue's plan, resolved, with what waits and runs in it. A queue that
// the plan does not know has the usual service and no members: what waits there is
// not lost, and can be pulled or transferred.
type queue struct {
	id       gateway.QueueID
	band     int
	service  [laneCount]service
	maxWait  time.Duration
	maxLen   int
	strategy gateway.Strategy
	calendar *calendar // nil: always open
	members  []member
	buckets  map[string]*bucket
	filled   []*bucket // those with items that its members may take, other queues' too
	waiting  [laneCount]int
	ready    [laneCount]int // members with somebody ready
	busy     [laneCount]int // in progress
	handled  [laneCount]average
}

// service is how a queue works one channel.
type service struct {
	target        time.Duration
	timeout       time.Duration
	sticky        time.Duration
	clock         gateway.TargetClock
	interruptible bool
	decline       gateway.DeclinePolicy
	wrap          gateway.WrapUpPlan

	steps, unstaffed, closed, full []gateway.Step // by time
}

// usual is the service of a channel that the plan says nothing of.
func usual(l lane) service {
	s := service{clock: gateway.DefaultClock(l.channel()), sticky: 20 * time.Second, decline: gateway.DeclineSoft, wrap: gateway.WrapUpPlan{Mode: gateway.WrapUpNone}}
	switch l {
	case voice, callback:
		s.target, s.timeout, s.decline = 20*time.Second, 20*time.Second, gateway.DeclineVCC
		s.wrap = gateway.WrapUpPlan{Mode: gateway.WrapUpTimed, Seconds: 30}
	case chat:
		s.target, s.timeout = time.Minute, 30*time.Second
		s.wrap = gateway.WrapUpPlan{Mode: gateway.WrapUpTimed, Seconds: 15}
	case voicemail:
		s.target, s.timeout = 2*time.Hour, time.Minute
	case email, laneCount:
		s.target, s.timeout, s.sticky = 4*time.Hour, time.Minute, 4*time.Hour
	}
	return s
}

// The bounds of an offer's time-out.
const (
	minTimeout = 15 * time.Second
	maxTimeout = 60 * time.Second
	maxPlanned = 30 * 24 * time.Hour // no duration of a plan is longer
)

func planned(s gateway.Seconds) time.Duration {
	return gateway.Seconds(min(max(s, 0), gateway.Seconds(maxPlanned/time.Second))).Duration()
}

// plan takes on how the plan wants the queue worked.
func (q *queue) plan(p gateway.QueuePlan) {
	q.band, q.maxWait, q.maxLen = min(max(p.Band, 0), 9), planned(p.MaxWait), p.MaxLen
	q.strategy = p.Strategy
	for l := range laneCount {
		s := usual(l)
		if w, ok := p.Channels[l.channel()]; ok {
			s.target, s.interruptible = planned(w.Target), w.Interruptible
			if w.Clock != "" {
				s.clock = w.Clock
			}
			if w.OfferTimeout > 0 {
				s.timeout = min(max(planned(w.OfferTimeout), minTimeout), maxTimeout)
			}
			if w.Decline != "" {
				s.decline = w.Decline
			}
			if w.WrapUp.Mode != "" {
				s.wrap = w.WrapUp
			} else {
				s.wrap.Codes, s.wrap.Lists, s.wrap.CodeRequired = w.WrapUp.Codes, w.WrapUp.Lists, w.WrapUp.CodeRequired
			}
		}
		if sticky, ok := p.Sticky[l.channel()]; ok {
			s.sticky = planned(sticky)
		}
		s.steps, s.unstaffed = stepsFor(p.Steps, l.channel()), stepsFor(p.OnUnstaffed, l.channel())
		s.closed, s.full = stepsFor(p.OnClosed, l.channel()), stepsFor(p.OnFull, l.channel())
		q.service[l] = s
	}
}

// due is when what arrived then must be answered.
func (q *queue) due(l lane, arrived time.Time) time.Time {
	s := &q.service[l]
	if q.calendar != nil && s.clock == gateway.CalendarClock {
		return q.calendar.add(arrived, s.target)
	}
	return arrived.Add(s.target)
}

// queue is the queue with the id, made if it is new.
func (c *Core) queue(id gateway.QueueID) *queue {
	q, ok := c.queues[id]
	if !ok {
		q = &queue{id: id}
		q.reset()
		c.queues[id] = q
	}
	return q
}

// reset makes q a queue that no plan knows, with nothing indexed.
func (q *queue) reset() {
	q.plan(gateway.QueuePlan{Band: 5})
	q.members, q.calendar = nil, nil
	q.buckets, q.filled = map[string]*bucket{}, nil
	q.waiting, q.ready = [laneCount]int{}, [laneCount]int{}
}

// configure replaces the plan. Agents that are gone from it lose what they hold; offers
// that no longer fit are withdrawn.
func (c *Core) configure(p gateway.Plan) {
	p = sortedPlan(p)
	for _, a := range slices.Clone(c.roster) {
		if !slices.ContainsFunc(p.Agents, func(ap gateway.AgentPlan) bool { return ap.ID == a.id }) {
			c.expel(a)
		}
	}
	c.plan = p
	for _, ap := range p.Agents {
		if c.agents[ap.ID] == nil {
			c.hire(newAgent(ap.ID))
		}
	}
	c.index()
	for it := range c.items.all() {
		c.turn.retime = append(c.turn.retime, &it.timer)
	}
	for _, a := range c.roster {
		c.meet(a)
		if o := a.offer; o != nil && o.Kind == gateway.OfferQueue && !o.item.fits(a) {
			c.withdraw(o, CauseSupervisor)
		}
	}
}

// Plans says whether the plan has the queue.
func (c *Core) Plans(id gateway.QueueID) bool {
	_, ok := slices.BinarySearchFunc(c.plan.Queues, id, func(q gateway.QueuePlan, id gateway.QueueID) int { return cmp.Compare(q.ID, id) })
	return ok
}

func sortedPlan(p gateway.Plan) gateway.Plan {
	p.Queues, p.Agents, p.Calendars = slices.Clone(p.Queues), slices.Clone(p.Agents), slices.Clone(p.Calendars)
	slices.SortStableFunc(p.Queues, func(a, b gateway.QueuePlan) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortStableFunc(p.Agents, func(a, b gateway.AgentPlan) int { return cmp.Compare(a.ID, b.ID) })
	p.Queues = slices.CompactFunc(p.Queues, func(a, b gateway.QueuePlan) bool { return a.ID == b.ID })
	p.Agents = slices.CompactFunc(p.Agents, func(a, b gateway.AgentPlan) bool { return a.ID == b.ID })
	return p
}

func (c *Core) hire(a *agent) {
	c.agents[a.id] = a
	i, _ := slices.BinarySearchFunc(c.roster, a.id, func(o *agent, id gateway.AgentID) int { return cmp.Compare(o.id, id) })
	c.roster = slices.Insert(c.roster, i, a)
}

// expel takes an agent off the floor; what they hold goes back to its queue.
func (c *Core) expel(a *agent) {
	c.clear(a, CauseSupervisor)
	c.intend(a, gateway.IntentLoggedOut, "")
	a.live, a.lost, a.blocked = false, time.Time{}, time.Time{}
	if a.open != 0 {
		a.leave()
	}
	a.profile, a.seats, a.sits = nil, nil, nil
	delete(c.agents, a.id)
	c.roster = slices.DeleteFunc(c.roster, func(o *agent) bool { return o == a })
}

// index builds anew what makes matching quick: profiles, members, buckets. It changes
// no state.
func (c *Core) index() {
	for _, q := range c.queues {
		q.reset()
	}
	calendars := map[gateway.CalendarID]*calendar{}
	for _, p := range c.plan.Calendars {
		calendars[p.ID] = newCalendar(p)
	}
	for _, p := range c.plan.Queues {
		q := c.queue(p.ID)
		q.plan(p)
		q.calendar = calendars[p.Calendar]
	}
	c.profiles, c.demands = nil, map[string]*demand{}
	known := map[string]*profile{}
	for _, ap := range c.plan.Agents {
		c.agents[ap.ID].join(c.profile(known, ap), ap.Skills)
	}
	c.demand("", nil)
	for it := range c.items.all() {
		if it.bucket != nil {
			c.place(it)
		} else if len(it.offers) > 0 {
			c.widen(it)
		}
	}
}
