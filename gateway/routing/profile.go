package routing

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// profile is what agents with the same plan have in common, but for their skills.
type profile struct {
	index   int
	lanes   lanes
	allowed lanes // also without the phone that they need
	caps    [laneCount]int
	costs   [laneCount]int
	timeout time.Duration // of offers; zero: the queue's
	phone   bool
	mailbox bool
	queues  []*queue // where membership is enabled
	agents  []*agent // by id
}

// member is a profile's place in a queue.
type member struct {
	*profile
	level int
	delay time.Duration
}

// profile is the one that the agent's plan belongs to: plans that read the same but for the
// agent's id and skills are one.
func (c *Core) profile(known map[string]*profile, ap gateway.AgentPlan) *profile {
	ap.ID, ap.Skills = 0, nil
	name, _ := json.Marshal(ap) // numbers and strings: cannot fail
	if p, ok := known[string(name)]; ok {
		return p
	}
	p := &profile{index: len(c.profiles), phone: ap.Phone, mailbox: ap.Mailbox}
	if ap.OfferTimeout > 0 {
		p.timeout = min(max(planned(ap.OfferTimeout), minTimeout), maxTimeout)
	}
	for l := range laneCount {
		p.costs[l], p.caps[l] = c.cost(l), gateway.DefaultCap(l.channel())
		if most, ok := c.plan.Caps[l.channel()]; ok {
			p.caps[l] = most
		}
		if most, ok := ap.Caps[l.channel()]; ok {
			p.caps[l] = most
		}
		if slices.Contains(ap.Channels, l.channel()) {
			p.allowed = p.allowed.with(l)
			if ap.Phone || !l.phone() {
				p.lanes = p.lanes.with(l)
			}
		}
	}
	for _, m := range ap.Memberships {
		if q := c.queue(m.Queue); m.Enabled && !slices.Contains(p.queues, q) {
			p.queues = append(p.queues, q)
			q.members = append(q.members, member{p, m.Level, planned(m.Delay)})
		}
	}
	known[string(name)] = p
	c.profiles = append(c.profiles, p)
	return p
}

// cost is how many units one of the channel takes.
func (c *Core) cost(l lane) int {
	if n, ok := c.plan.Costs[l.channel()]; ok {
		return min(max(n, 1), capacity)
	}
	return gateway.Cost(l.channel())
}

// join gives the agent a profile; the agent has a seat nowhere yet.
func (a *agent) join(p *profile, skills []gateway.SkillLevel) {
	a.profile, a.skills, a.open = p, skills, 0
	a.seats, a.sits = a.seats[:0], a.sits[:0]
	p.agents = append(p.agents, a)
}

// level is the agent's level in a skill, 0 if missing.
func (a *agent) level(s gateway.SkillID) int {
	for _, have := range a.skills {
		if have.Skill == s {
			return have.Level
		}
	}
	return 0
}

// refresh brings the ready heaps up to what the agent may be offered now.
func (c *Core) refresh(a *agent) {
	if a.profile == nil {
		return
	}
	open, at := a.admits(), place{a.units(), a.idleFrom}
	if open != a.open || at != a.place {
		a.leave()
		a.open, a.place = open, at
		a.enter()
	}
	if open != 0 && !a.freed {
		a.freed = true
		c.turn.freed = append(c.turn.freed, a)
	}
}

// admits is the admission matrix for queued work: the channels that a may be offered.
func (a *agent) admits() (open lanes) {
	if a.intent != gateway.IntentAvailable || a.next != "" || !a.live || a.offer != nil {
		return 0
	}
	for l := range laneCount {
		if a.profile.lanes.has(l) && a.wrapUpLets(l) && a.room(l) && (!l.phone() || !a.mute()) {
			open = open.with(l)
		}
	}
	return open
}

// wrapUpLets says whether the agent's wrap-ups let a channel in: that of a chat only
// other chats, that of anything else nothing.
func (a *agent) wrapUpLets(l lane) bool {
	for _, h := range a.holds {
		if !h.active() && (h.item.lane != chat || l != chat) {
			return false
		}
	}
	return true
}

// room says whether one more of the channel fits, beside what need not give way to it.
func (a *agent) room(l lane) bool {
	used := 0
	for _, h := range a.holds {
		if !l.live() || !h.parkable() {
			used += h.units()
		}
	}
	return used+a.profile.costs[l] <= capacity && a.count(l) < a.profile.caps[l]
}

// count is how many of a channel the agent holds.
func (a *agent) count(l lane) (n int) {
	for _, h := range a.holds {
		if h.item.lane == l {
			n++
		}
	}
	return n
}
