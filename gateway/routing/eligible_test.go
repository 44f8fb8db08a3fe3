package routing

import (
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// The rules written once more, from the plan and the state and with no index: what the
// property test holds the core against.

// eligible is the admission matrix written anew, from the plan and with no index. It
// looks past the offer that is out to the agent.
func (d *day) eligible(a *agent, it *item) bool {
	var p gateway.AgentPlan
	for _, ap := range d.core.plan.Agents {
		if ap.ID == a.id {
			p = ap
		}
	}
	if a.intent != gateway.IntentAvailable || a.next != "" || !a.live || !slices.Contains(p.Channels, it.Channel) {
		return false
	}
	needs, queues := d.wants(it)
	m, member := membership(p, queues)
	if !member || max(it.reached, 0) < m.Delay.Duration() {
		return false
	}
	for _, need := range needs {
		if !slices.ContainsFunc(p.Skills, func(s gateway.SkillLevel) bool { return s.Skill == need.Skill && s.Level >= need.Level }) {
			return false
		}
	}
	phone := it.Channel == gateway.Voice || it.Channel == gateway.Callback
	if phone && (!p.Phone || a.down || a.blocked.After(d.core.now)) {
		return false
	}
	units, same := 0, 0
	for _, h := range a.holds {
		live := it.Channel == gateway.Voice || it.Channel == gateway.Chat
		if !h.parked && (!live || !d.interruptible(h)) {
			units += h.cost
		}
		if h.item.Channel == it.Channel {
			same++
		}
		if !h.active() && (h.item.Channel != gateway.Chat || it.Channel != gateway.Chat) {
			return false
		}
	}
	most, ok := p.Caps[it.Channel]
	if usual, said := d.core.plan.Caps[it.Channel]; !ok && said {
		most = usual
	} else if !ok {
		most = gateway.DefaultCap(it.Channel)
	}
	cost, ok := d.core.plan.Costs[it.Channel]
	if !ok {
		cost = gateway.Cost(it.Channel)
	}
	for _, dec := range it.declined {
		if dec.Agent == a.id && dec.Until.After(d.core.now) {
			return false
		}
	}
	return units+cost <= 100 && same < most
}

// interruptible says whether a call or chat may park what the agent holds.
func (d *day) interruptible(h *hold) bool {
	for _, q := range d.core.plan.Queues {
		if q.ID == h.queue.id && h.active() && !h.guest && (h.item.Channel == gateway.Email || h.item.Channel == gateway.Voicemail) {
			return q.Channels[h.item.Channel].Interruptible
		}
	}
	return false
}

// wants is what the item needs and whose members may take it, worked out anew.
func (d *day) wants(it *item) (needs []gateway.SkillLevel, queues []gateway.QueueID) {
	needs, queues = it.needs, []gateway.QueueID{it.Queue}
	i := slices.IndexFunc(d.core.plan.Queues, func(q gateway.QueuePlan) bool { return q.ID == it.Queue })
	if i < 0 {
		return needs, queues
	}
	steps := slices.Clone(d.core.plan.Queues[i].Steps)
	slices.SortStableFunc(steps, func(a, b gateway.Step) int { return int(a.After - b.After) })
	for _, s := range steps {
		if s.After.Duration() > it.reached || len(s.Channels) > 0 && !slices.Contains(s.Channels, it.Channel) {
			continue
		}
		var left []gateway.SkillLevel
		for _, n := range needs {
			if s.Do == gateway.DropSkills || s.Do == gateway.DropSkill && n.Skill == s.Skill {
				continue
			}
			if s.Do == gateway.LowerSkills {
				n.Level = max(1, n.Level-max(s.By, 1))
			}
			left = append(left, n)
		}
		if needs = left; s.Do == gateway.AddQueue {
			queues = append(queues, s.Queue)
		}
	}
	return needs, queues
}

// membership is the one that counts for an item of these queues: the first, the item's
// own queue before others.
func membership(p gateway.AgentPlan, queues []gateway.QueueID) (gateway.Membership, bool) {
	for _, q := range queues {
		for _, m := range p.Memberships {
			if m.Queue == q && m.Enabled {
				return m, true
			}
		}
	}
	return gateway.Membership{}, false
}

// sticky says whether the agent who had it last still goes before others.
func (d *day) sticky(it *item) bool {
	for _, q := range d.core.plan.Queues {
		if s, ok := q.Sticky[it.Channel]; ok && q.ID == it.Queue {
			return d.core.now.Sub(it.entered) <= s.Duration()
		}
	}
	if it.Channel == gateway.Email {
		return d.core.now.Sub(it.entered) <= 4*time.Hour
	}
	return d.core.now.Sub(it.entered) <= 20*time.Second
}

// checkTurns holds the offers of an event against whose turn it was, in order vcc: nobody was
// asked for one queue's while they could have had another's that was next. Whatever waits after
// an event has waited while all its offers were made.
func (d *day) checkTurns(served turns, effects []Effect) {
	if d.core.plan.Order != gateway.PriorityTurn {
		return
	}
	var id gateway.InteractionID
	var now turns
	for _, e := range effects {
		o, ok := e.(OfferCreated)
		if !ok || o.Offer.Kind != gateway.OfferQueue {
			continue
		}
		it := d.core.items.at(o.Offer.Interaction)
		if it.ID != id {
			id, now = it.ID, served
			served[it.Band] = it.Queue
		}
		for other := range d.core.items.all() {
			if other.bucket != nil && other.Band == it.Band && it.Band != gateway.BandByAge && other.Queue != it.Queue &&
				next(now[it.Band], other.Queue) < next(now[it.Band], it.Queue) && d.eligible(d.core.agents[o.Offer.Agent], other) {
				d.Fatalf("turn: agent %v is offered %v of queue %v, after queue %v it was queue %v's turn, where %v waits",
					o.Offer.Agent, it.ID, it.Queue, now[it.Band], other.Queue, other.ID)
			}
		}
	}
	if served != d.core.turns {
		d.Fatalf("turn: served last are %v, want %v", d.core.turns, served)
	}
}

// next is how far a queue is from its turn after another: they go round by number.
func next(last, q gateway.QueueID) gateway.QueueID {
	if q > last {
		return q - last
	}
	return q - last + 1000
}

// ahead says whether one item goes before another in the order of the plan. Whose turn it
// was among the queues of a band is for checkTurns.
func (d *day) ahead(a, b *item) bool {
	order := d.core.plan.Order
	if a.Band != b.Band {
		return a.Band > b.Band
	}
	if order == gateway.PriorityTurn && a.Band != gateway.BandByAge && a.Queue != b.Queue {
		return false
	}
	x, y := a.DueAt, b.DueAt
	if order == gateway.FirstCome || order == gateway.PriorityTurn {
		x, y = a.ArrivedAt, b.ArrivedAt
	}
	return x.Before(y) || x.Equal(y) && a.Seq < b.Seq
}

func (d *day) better(b, a *agent, it *item) bool {
	rank := func(a *agent) (level, skills int) {
		for _, p := range d.core.plan.Agents {
			if p.ID != a.id {
				continue
			}
			needs, queues := d.wants(it)
			m, _ := membership(p, queues)
			level = m.Level
			for _, need := range needs {
				for _, s := range p.Skills {
					if s.Skill == need.Skill {
						skills += s.Level
					}
				}
			}
		}
		return level, skills
	}
	bl, bs := rank(b)
	al, as := rank(a)
	s := it.queue.strategy
	if s == gateway.SkillFirst && bs != as {
		return bs > as
	}
	if bl != al && s != gateway.LeastBusy {
		return bl > al
	}
	if bs != as && s != gateway.LeastBusy && s != gateway.RoundRobin {
		return bs > as
	}
	if s == gateway.RoundRobin {
		return b.asked.Before(d.asked[a.id]) || b.asked.Equal(d.asked[a.id]) && b.id < a.id
	}
	if b.units() != a.units() {
		return b.units() < a.units()
	}
	if !b.idleFrom.Equal(a.idleFrom) {
		return b.idleFrom.Before(a.idleFrom)
	}
	return b.id < a.id
}
