package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/BurntSushi/toml"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

// simPlan is what is to be otherwise than it was. Agents, queues and skills are called by
// name or by number. What is not named stays.
type simPlan struct {
	Order          string     `toml:"order"`
	MissKeepsPlace *bool      `toml:"miss_keeps_place"`
	Agents         []simAgent `toml:"agent"`
	Queues         []simQueue `toml:"queue"`
	Hires          []simHire  `toml:"hire"`
}

// simAgent is an agent who knows or does something else, or is not there.
type simAgent struct {
	Name   string         `toml:"name"`
	Absent bool           `toml:"absent"`
	Queues map[string]int `toml:"queues"` // membership level; 0 leaves the queue
	Skills map[string]int `toml:"skills"` // 0 loses the skill
	Caps   map[string]int `toml:"caps"`   // by channel
}

// simHire is more agents, who work whenever the one they are like does.
type simHire struct {
	Like  string `toml:"like"`
	Count int    `toml:"count"`
}

// simQueue is a queue that is worked otherwise.
type simQueue struct {
	Name         string         `toml:"name"`
	Band         *int           `toml:"band"`
	Strategy     string         `toml:"strategy"`
	Target       map[string]int `toml:"target"`        // seconds, by channel
	OfferTimeout map[string]int `toml:"offer_timeout"` // the same
	WrapUp       map[string]int `toml:"wrap_up"`       // seconds of a timed one; 0: none
}

func loadSimPlan(path string) (p simPlan, err error) {
	if path == "" {
		return p, nil
	}
	meta, err := toml.DecodeFile(path, &p)
	if err != nil {
		return p, fmt.Errorf("read the plan %s: %w", path, plainly(err))
	}
	if err := unknownKeysOf[simPlan](meta.Undecoded()); err != nil {
		return p, fmt.Errorf("read the plan %s: %w", path, err)
	}
	return p, nil
}

// changed says whether the plan changes anything.
func (p simPlan) changed() bool {
	return p.Order != "" || p.MissKeepsPlace != nil || len(p.Agents)+len(p.Queues)+len(p.Hires) > 0
}

// simulation is a plan with numbers for names.
type simulation struct {
	simPlan
	who    called
	agents map[gateway.AgentID]simAgent
	queues map[gateway.QueueID]simQueue
	like   map[gateway.AgentID]gateway.AgentID // of those hired
}

// resolve finds out whom the plan means; all that it can't find is told together.
func (p simPlan) resolve(who called) (*simulation, error) {
	s := &simulation{
		simPlan: p, who: who,
		agents: map[gateway.AgentID]simAgent{}, queues: map[gateway.QueueID]simQueue{}, like: map[gateway.AgentID]gateway.AgentID{},
	}
	var errs []error
	oneOf := func(what, value string, allowed ...string) {
		if value != "" && !slices.Contains(allowed, value) {
			errs = append(errs, fmt.Errorf("%s: %q is none; did you mean %q?", what, value, nearest(value, allowed)))
		}
	}
	oneOf("order", p.Order, string(gateway.EarliestDue), string(gateway.FirstCome), string(gateway.PriorityTurn))
	for _, q := range p.Queues {
		id, err := find(who.queues, "queue", q.Name)
		errs = append(errs, err)
		s.queues[id] = q
		oneOf("queue.strategy", q.Strategy, string(gateway.LongestIdle), string(gateway.SkillFirst), string(gateway.RoundRobin), string(gateway.LeastBusy), string(gateway.RingAll))
		for _, by := range []map[string]int{q.Target, q.OfferTimeout, q.WrapUp} {
			errs = append(errs, channels(by))
		}
	}
	for _, a := range p.Agents {
		id, err := find(who.agents, "agent", a.Name)
		errs = append(errs, err, channels(a.Caps))
		s.agents[id] = a
		for name := range a.Queues {
			_, err := find(who.queues, "queue", name)
			errs = append(errs, err)
		}
		for name := range a.Skills {
			_, err := find(who.skills, "skill", name)
			errs = append(errs, err)
		}
	}
	return s, errors.Join(append(errs, s.hire())...)
}

// hire numbers the new agents above all others.
func (s *simulation) hire() error {
	next := gateway.AgentID(0)
	for id := range s.who.agents {
		next = max(next, id)
	}
	for _, h := range s.Hires {
		id, err := find(s.who.agents, "agent", h.Like)
		if err != nil {
			return err
		}
		if h.Count < 1 {
			return fmt.Errorf("hire: count: one at least like %s", h.Like)
		}
		for range h.Count {
			next++
			s.like[next] = id
		}
	}
	return nil
}

func channels(by map[string]int) error {
	known := make([]string, len(gateway.Channels))
	for n, c := range gateway.Channels {
		known[n] = string(c)
	}
	for _, c := range sortedKeys(by) {
		if !slices.Contains(known, c) {
			return fmt.Errorf("%q is no channel; did you mean %q?", c, nearest(c, known))
		}
		if by[c] < 0 {
			return fmt.Errorf("%s: %d is less than nothing", c, by[c])
		}
	}
	return nil
}

// find gives the number of what is called so, or the number itself.
func find[id ~int64](names map[id]string, what, name string) (id, error) {
	known := make([]string, 0, len(names))
	for n, called := range names {
		if called == name || strconv.FormatInt(int64(n), 10) == name {
			return n, nil
		}
		known = append(known, called)
	}
	slices.Sort(known)
	return 0, fmt.Errorf("there is no %s %q; did you mean %q?", what, name, nearest(name, known))
}

// staff gives the day the new agents: they sign in and out with whom they are like.
func (s *simulation) staff(acts []routing.Logged) []routing.Logged {
	var all []routing.Logged
	for _, l := range acts {
		all = append(all, l)
		for _, id := range slices.Sorted(maps.Keys(s.like)) {
			switch e := l.Event.(type) {
			case gateway.SetStatus:
				if e.Agent == s.like[id] {
					e.Agent = id
					all = append(all, routing.Logged{At: l.At, Event: e})
				}
			case gateway.Consoles:
				if e.Agent == s.like[id] {
					e.Agent = id
					all = append(all, routing.Logged{At: l.At, Event: e})
				}
			}
		}
	}
	return all
}

// change puts what is to be otherwise into a plan of the day.
func (s *simulation) change(p gateway.Plan) gateway.Plan {
	if s.Order != "" {
		p.Order = gateway.Order(s.Order)
	}
	if s.MissKeepsPlace != nil {
		p.MissKeepsPlace = *s.MissKeepsPlace
	}
	p.Queues, p.Agents = slices.Clone(p.Queues), slices.Clone(p.Agents)
	for n, q := range p.Queues {
		if c, ok := s.queues[q.ID]; ok {
			p.Queues[n] = c.over(q)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(s.like)) {
		if n := slices.IndexFunc(p.Agents, func(a gateway.AgentPlan) bool { return a.ID == s.like[id] }); n >= 0 {
			like := p.Agents[n]
			like.ID = id
			p.Agents = append(p.Agents, like)
		}
	}
	p.Agents = slices.DeleteFunc(p.Agents, func(a gateway.AgentPlan) bool { return s.agents[a.ID].Absent })
	for n, a := range p.Agents {
		if c, ok := s.agents[a.ID]; ok {
			p.Agents[n] = s.rework(a, c)
		}
	}
	return p
}

// over gives the queue's plan with what the file changes; the recorded one is left alone. A
// wrap-up of 0 seconds is none.
func (c simQueue) over(q gateway.QueuePlan) gateway.QueuePlan {
	if c.Band != nil {
		q.Band = *c.Band
	}
	if c.Strategy != "" {
		q.Strategy = gateway.Strategy(c.Strategy)
	}
	q.Channels = maps.Clone(q.Channels)
	for channel, way := range q.Channels {
		if s, ok := c.Target[string(channel)]; ok {
			way.Target = gateway.Seconds(s)
		}
		if s, ok := c.OfferTimeout[string(channel)]; ok {
			way.OfferTimeout = gateway.Seconds(s)
		}
		if s, ok := c.WrapUp[string(channel)]; ok {
			way.WrapUp.Mode, way.WrapUp.Seconds = gateway.WrapUpTimed, gateway.Seconds(s)
			if s == 0 {
				way.WrapUp.Mode = gateway.WrapUpNone
			}
		}
		q.Channels[channel] = way
	}
	return q
}

// rework does the same for an agent. Level 0 takes a queue or skill away.
func (s *simulation) rework(a gateway.AgentPlan, c simAgent) gateway.AgentPlan {
	a.Memberships, a.Skills, a.Caps = slices.Clone(a.Memberships), slices.Clone(a.Skills), maps.Clone(a.Caps)
	for name, level := range c.Queues {
		id, _ := find(s.who.queues, "queue", name) // resolve has found it
		a.Memberships = slices.DeleteFunc(a.Memberships, func(m gateway.Membership) bool { return m.Queue == id })
		if level > 0 {
			a.Memberships = append(a.Memberships, gateway.Membership{Queue: id, Enabled: true, Level: level})
		}
	}
	for name, level := range c.Skills {
		id, _ := find(s.who.skills, "skill", name)
		a.Skills = slices.DeleteFunc(a.Skills, func(k gateway.SkillLevel) bool { return k.Skill == id })
		if level > 0 {
			a.Skills = append(a.Skills, gateway.SkillLevel{Skill: id, Level: level})
		}
	}
	for channel, most := range c.Caps {
		if a.Caps == nil {
			a.Caps = map[gateway.Channel]int{}
		}
		a.Caps[gateway.Channel(channel)] = most
	}
	return a
}
