package routing

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// profile is what agents with the same plan have in common, so that the best of many
// equals is the head of a heap.
type profile struct {
	index   int
	lanes   lanes
	allowed lanes // also without the phone that they need
	caps    [laneCount]int
	costs   [laneCount]int
	skills  []gateway.SkillLevel
	timeout time.Duration // of offers; zero: the queue's
	phone   bool
	mailbox bool
	queues  []*queue // where membership is enabled
	agents  []*agent // by id
	ready   [laneCount]heap[*agent]
}

// member is a profile's place in a queue.
type member struct {
	*profile
	level int
	delay time.Duration
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

// profile is the one that the agent's plan belongs to: plans that read the same but for the
// agent's id are one.
func (c *Core) profile(known map[string]*profile, ap gateway.AgentPlan) *profile {
	ap.ID = 0
	name, _ := json.Marshal(ap) // numbers and strings: cannot fail
	if p, ok := known[string(name)]; ok {
		return p
	}
	p := &profile{index: len(c.profiles), skills: ap.Skills, phone: ap.Phone, mailbox: ap.Mailbox}
	if ap.OfferTimeout > 0 {
		p.timeout = min(max(planned(ap.OfferTimeout), minTimeout), maxTimeout)
	}
	for l := range laneCount {
		p.ready[l] = heap[*agent]{less: placeBefore, moved: func(a *agent, i int) { a.ready[l] = i }}
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

// join gives the agent a profile; the agent is in none of its heaps yet.
func (a *agent) join(p *profile) {
	a.profile, a.open = p, 0
	for l := range a.ready {
		a.ready[l] = -1
	}
	p.agents = append(p.agents, a)
}

// level is the agent's level in a skill, 0 if missing.
func (p *profile) level(s gateway.SkillID) int {
	for _, have := range p.skills {
		if have.Skill == s {
			return have.Level
		}
	}
	return 0
}

// enter puts an agent into the heaps of the channels it is open for.
func (p *profile) enter(a *agent) {
	for l := range laneCount {
		if !a.open.has(l) {
			continue
		}
		p.ready[l].push(a)
		if len(p.ready[l].s) == 1 {
			p.announce(l, 1)
		}
	}
}

// leave takes it out of them.
func (p *profile) leave(a *agent) {
	for l := range laneCount {
		if a.ready[l] < 0 {
			continue
		}
		p.ready[l].remove(a.ready[l])
		if len(p.ready[l].s) == 0 {
			p.announce(l, -1)
		}
	}
}

// announce counts, in each queue, the profiles that have somebody ready: a queue with none
// is not searched.
func (p *profile) announce(l lane, d int) {
	for _, q := range p.queues {
		q.ready[l] += d
	}
}

// refresh brings the ready heaps up to what the agent may be offered now.
func (c *Core) refresh(a *agent) {
	if a.profile == nil {
		return
	}
	open, at := a.admits(), place{a.units(), a.idleFrom}
	if open != a.open || at != a.place {
		a.profile.leave(a)
		a.open, a.place = open, at
		a.profile.enter(a)
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
