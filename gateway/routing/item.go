package routing

import (
	"cmp"
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// item is an interaction and what routing alone knows of it.
type item struct {
	// What the collector must look at stands first.
	gateway.Interaction
	queue    *queue
	older    *item                // the one before it of the same case
	younger  *item                // and the one after it
	needs    []gateway.SkillLevel // by skill, as it came
	wants    []gateway.SkillLevel // what is left of them after the steps
	also     []*queue             // whose members may take it as well, after the steps
	declined []cooldown
	offers   []*offer  // those that are out, all with the same number
	closed   []string  // how each before it closed, for those who answer too late
	from     *origin   // a blind transfer that may come back
	holds    []*hold   // who has it, and who had it and is still in wrap-up
	bucket   *bucket   // while waiting
	places   []int     // where, in each of the bucket's tiers that it is in
	entered  time.Time // when it last began to wait; an offer that came to nothing does not count
	base     time.Time // from when its queue's steps and delays count
	forgive  time.Time // every agent has declined: then the cooldowns are forgotten
	one      struct {  // room for what is mostly one
		hold  [1]*hold
		offer [1]*offer
	}
	timer timer

	lane     lane
	reached  time.Duration // up to which time since base the steps are done
	hops     int           // moves between queues in this turn
	tries    int           // offers since somebody last had it
	ripe     int           // how many of the bucket's tiers it is in
	effect   int           // index of its effect in this turn, -1 none
	few      [2]int        // room for places: most buckets have one tier or two
	key      key
	alone    bool
	returned bool // the customer had left before and got the old place
	warned   bool // supervisors know that it waits too long
	called   bool // a callback whose customer has been called
	dirty    bool
}

type (
	// cooldown keeps an item from an agent who has just refused it.
	cooldown struct {
		Agent gateway.AgentID `json:"agent"`
		Until time.Time       `json:"until"`
	}
	// origin is where a blind transfer came from, and whom it was meant for.
	origin struct{ agent, to gateway.AgentID }
)

// How long an item is not offered to somebody again.
const (
	declineCooldown  = 60 * time.Second
	failCooldown     = 30 * time.Second
	transferCooldown = 10 * time.Minute
	forgiveAfter     = 15 * time.Second // if everybody has declined
)

// mostSpare is how many forgotten items are kept to be used again: nothing else that the
// core makes is as large.
const mostSpare = 1000

// newItem is not in its queue yet: where it waits, and when it is due, is the caller's to say.
func (c *Core) newItem(adm gateway.Admission, l lane) *item {
	it := c.reused()
	*it = item{
		Interaction: gateway.Interaction{
			ID: adm.Interaction, Channel: adm.Channel, Queue: adm.Queue, Case: adm.Case,
			Conversation: adm.Conversation, Customer: adm.Customer, Preferred: adm.Preferred,
			State: gateway.StateWaiting,
		},
		lane: l, needs: sortedSkills(adm.Skills), alone: adm.Alone, effect: -1,
	}
	it.timer = timer{item: it, i: -1}
	it.places = it.few[:0]
	return it
}

// reused is an item that was forgotten in an earlier turn, or a new one.
func (c *Core) reused() *item {
	n := len(c.spare) - 1
	if n < 0 {
		return new(item)
	}
	it := c.spare[n]
	c.spare[n] = nil
	c.spare = c.spare[:n]
	return it
}

// roomy is a list that will mostly hold one: the first is put where there is room for it.
func roomy[T any](list []T, room *[1]T) []T {
	if list == nil {
		return room[:0]
	}
	return list
}

// cool keeps it from a until the given time.
func (it *item) cool(a gateway.AgentID, until time.Time) {
	it.declined = slices.DeleteFunc(it.declined, func(d cooldown) bool { return d.Agent == a })
	it.declined = append(it.declined, cooldown{a, until})
}

// coolingFor says whether a has refused it a short while ago.
func (it *item) coolingFor(a *agent, now time.Time) bool {
	for _, d := range it.declined {
		if d.Agent == a.id && d.Until.After(now) {
			return true
		}
	}
	return false
}

// thaw drops the cooldowns that are over and says whether there were any.
func (it *item) thaw(now time.Time) bool {
	n := len(it.declined)
	if !it.forgive.IsZero() && !it.forgive.After(now) {
		it.declined, it.forgive = nil, time.Time{}
	}
	it.declined = slices.DeleteFunc(it.declined, func(d cooldown) bool { return !d.Until.After(now) })
	if len(it.declined) == 0 {
		it.forgive = time.Time{}
	}
	return len(it.declined) < n
}

// active is the hold of the agent who has it now, nil if nobody has.
func (it *item) active() *hold {
	for _, h := range it.holds {
		if h.active() && !h.guest {
			return h
		}
	}
	return nil
}

// heldBy is a's newest part in it, nil if a has none.
func (it *item) heldBy(a gateway.AgentID) *hold {
	for _, h := range slices.Backward(it.holds) {
		if h.agent.id == a {
			return h
		}
	}
	return nil
}

// offerTo is the offer that is out to an agent, nil if there is none.
func (it *item) offerTo(a gateway.AgentID) *offer {
	for _, o := range it.offers {
		if o.agent.id == a {
			return o
		}
	}
	return nil
}

// open says whether an arrival of the same case and channel joins it.
func (it *item) open() bool {
	return !it.alone && it.EndedAt.IsZero() && it.State != gateway.StateFinished
}

// deadline is when time next does something to it; zero never.
func (it *item) deadline() (at time.Time) {
	for _, o := range it.offers {
		sooner(&at, o.ExpiresAt)
	}
	if it.bucket != nil {
		sooner(&at, it.forgive)
		for _, d := range it.declined {
			sooner(&at, d.Until)
		}
		sooner(&at, it.nextStep())
		if most := it.queue.maxWait; most > 0 && !it.warned {
			sooner(&at, it.entered.Add(most))
		}
	}
	for _, h := range it.holds {
		sooner(&at, h.deadline())
	}
	return at
}

// fireItem does what time has done to it.
func (c *Core) fireItem(it *item) {
	for _, o := range slices.Clone(it.offers) {
		if !o.ExpiresAt.After(c.now) {
			c.miss(o)
		}
	}
	if it.bucket != nil {
		c.grow(it)
	}
	if it.bucket != nil {
		c.alarm(it)
	}
	for _, h := range slices.Clone(it.holds) {
		c.fireHold(h)
	}
}

// grow lets more agents see an item: those who refused it long enough ago, and those
// whom its waiting has come to.
func (c *Core) grow(it *item) {
	thawed := it.thaw(c.now)
	here, wider := c.advance(it)
	if !here {
		return
	}
	if wider {
		c.unqueue(it)
		c.place(it)
	}
	if c.ripen(it) || wider || thawed {
		c.enter(it)
	}
}

// alarm tells supervisors, once, of an item that waits longer than its queue allows.
func (c *Core) alarm(it *item) {
	if most := it.queue.maxWait; most > 0 && !it.warned && !it.entered.Add(most).After(c.now) {
		it.warned = true
		c.emit(Alerted{Kind: gateway.AlertMaxWait, Interaction: it.ID, Queue: it.Queue})
	}
}

// sortedSkills names each skill once, at the highest level asked for, by id: items that need
// the same share a bucket.
func sortedSkills(skills []gateway.SkillLevel) []gateway.SkillLevel {
	skills = slices.Clone(skills)
	slices.SortFunc(skills, func(a, b gateway.SkillLevel) int {
		if a.Skill != b.Skill {
			return cmp.Compare(a.Skill, b.Skill)
		}
		return cmp.Compare(b.Level, a.Level)
	})
	return slices.CompactFunc(skills, func(a, b gateway.SkillLevel) bool { return a.Skill == b.Skill })
}
