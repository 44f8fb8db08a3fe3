package routing

import (
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// demand is a set of skills that items ask for, with the agents who have them. Few sets are
// asked for, however many agents have skills that nobody else has. The first demand is for
// none: there everybody has a seat.
type demand struct {
	index int
	pools []*pool
	of    [][]*pool // by profile
}

// pool are agents whom nothing tells apart for a demand but who is free: of one profile, and
// equally skilled. So the best of many equals is the head of a heap.
type pool struct {
	*profile
	demand *demand
	index  int // in the demand
	skills int // sum of the levels that are asked for
	agents []*agent
	ready  [laneCount]heap[*seat]
}

// seat is an agent's place in a pool, with the key that it has while the agent is ready.
type seat struct {
	agent *agent
	pool  *pool
	units int
	idle  int64          // microseconds
	at    [laneCount]int // in the heaps, -1 in none
}

// place is a ready agent's key: least units first, then longest idle, then id.
type place struct {
	units int
	idle  time.Time
}

// placeBefore is the order in which equally skilled agents are asked, total by the id.
func placeBefore(a, b *agent) bool {
	if a.place.units != b.place.units {
		return a.place.units < b.place.units
	}
	if d := a.place.idle.Compare(b.place.idle); d != 0 {
		return d < 0
	}
	return a.id < b.id
}

// seatBefore is placeBefore for seats that are taken.
func seatBefore(s, t *seat) bool {
	if s.units != t.units {
		return s.units < t.units
	}
	if s.idle != t.idle {
		return s.idle < t.idle
	}
	return s.agent.id < t.agent.id
}

// demand is the one for the skills, with seats for all who have them, made if it is new.
func (c *Core) demand(name string, wants []gateway.SkillLevel) *demand {
	d, ok := c.demands[name]
	if !ok {
		d = &demand{index: len(c.demands), of: make([][]*pool, len(c.profiles))}
		c.demands[name] = d
		for _, a := range c.roster {
			a.seats = append(a.seats, d.seat(a, wants))
		}
	}
	return d
}

// seat gives an agent one, nil to those without the skills, or without a plan.
func (d *demand) seat(a *agent, wants []gateway.SkillLevel) *seat {
	if a.profile == nil {
		return nil
	}
	sum := 0
	for _, need := range wants {
		have := a.level(need.Skill)
		if have < need.Level {
			return nil
		}
		sum += have
	}
	p := d.pool(a.profile, sum)
	s := &seat{agent: a, pool: p}
	for l := range s.at {
		s.at[l] = -1
	}
	p.agents = append(p.agents, a)
	a.sits = append(a.sits, s)
	s.take()
	return s
}

// pool is that of a profile's agents with so much skill.
func (d *demand) pool(of *profile, skills int) *pool {
	for _, p := range d.of[of.index] {
		if p.skills == skills {
			return p
		}
	}
	p := &pool{profile: of, demand: d, index: len(d.pools), skills: skills}
	for l := range laneCount {
		p.ready[l] = heap[*seat]{less: seatBefore, moved: func(s *seat, i int) { s.at[l] = i }}
	}
	d.pools, d.of[of.index] = append(d.pools, p), append(d.of[of.index], p)
	return p
}

// enter takes the agent's seats, in the heaps of the channels that it is open for.
func (a *agent) enter() {
	for _, s := range a.sits {
		s.take()
	}
}

// leave gives them up.
func (a *agent) leave() {
	for _, s := range a.sits {
		s.quit()
	}
}

func (s *seat) take() {
	s.units, s.idle = s.agent.place.units, s.agent.place.idle.UnixMicro()
	for l := range laneCount {
		if !s.agent.open.has(l) {
			continue
		}
		s.pool.ready[l].push(s)
		if len(s.pool.ready[l].s) == 1 {
			s.pool.announce(l, 1)
		}
	}
}

func (s *seat) quit() {
	for l := range laneCount {
		if s.at[l] < 0 {
			continue
		}
		s.pool.ready[l].remove(s.at[l])
		if len(s.pool.ready[l].s) == 0 {
			s.pool.announce(l, -1)
		}
	}
}

// announce counts, in each queue, the pools of everybody that have somebody ready: a queue
// with none is not searched.
func (p *pool) announce(l lane, d int) {
	if p.demand.index > 0 {
		return
	}
	for _, q := range p.queues {
		q.ready[l] += d
	}
}
