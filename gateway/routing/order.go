package routing

import (
	"slices"
	"strconv"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// key is the one total order of waiting work, so that equal histories give equal queues: higher band, then earlier due (or, in
// orders that go by age, earlier arrival), then earlier entry. It never changes while an item waits.
type key struct {
	band int
	due  int64 // microseconds
	seq  int64 // of entry: no two are equal
}

func (k key) before(o key) bool {
	if k.band != o.band {
		return k.band > o.band
	}
	if k.due != o.due {
		return k.due < o.due
	}
	return k.seq < o.seq
}

// bucket holds the items that the same agents can take: those of one queue, one
// channel and one requirement. Only its head need be looked at.
type bucket struct {
	queue *queue
	also  []*queue
	lane  lane
	// tiers[i] holds the items that have waited delays[i]; tiers[0] all. Members with a
	// delay see only their tier.
	delays   []time.Duration // ascending from 0
	tiers    []line
	demand   *demand
	standing []standing // by pool
	ranks    [][]*pool  // those who can take its items, the best first, equals together
}

// standing is how well a pool's agents fit a bucket.
type standing struct {
	fits   bool
	level  int // of membership
	skills int // sum of the matched levels
	tier   int
}

// bucket is where an item of the queue waits, made if it is new. Its name is spelled from
// all that decides who can take it.
func (c *Core) bucket(q *queue, it *item) *bucket {
	name := spell(append(make([]byte, 0, 64), byte('0'+it.lane)), it.wants)
	for _, o := range it.also {
		name = strconv.AppendInt(append(name, '+'), int64(o.id), 10)
	}
	b, ok := q.buckets[string(name)]
	if !ok {
		b = c.newBucket(q, it)
		q.buckets[string(name)] = b
	}
	return b
}

// spell adds the skills that are wanted to a name.
func spell(name []byte, wants []gateway.SkillLevel) []byte {
	for _, s := range wants {
		name = strconv.AppendInt(append(name, ' '), int64(s.Skill), 10)
		name = strconv.AppendInt(append(name, ':'), int64(s.Level), 10)
	}
	return name
}

// standingOf is how well an agent fits, nothing for one without the skills.
func (b *bucket) standingOf(a *agent) (s standing) {
	if seat := a.seats[b.demand.index]; seat != nil {
		s = b.standing[seat.pool.index]
	}
	return s
}

// members are the bucket's agents by profile: those of its queue, then of the others.
func (b *bucket) members() []member {
	all := slices.Clone(b.queue.members)
	for _, q := range b.also {
		for _, m := range q.members {
			if !slices.ContainsFunc(all, func(o member) bool { return o.profile == m.profile }) {
				all = append(all, m)
			}
		}
	}
	return all
}

// newBucket works out once who can take such items and how well they fit. It is thrown away
// with the plan, not kept up to date.
func (c *Core) newBucket(q *queue, it *item) *bucket {
	d := c.demand(string(spell(nil, it.wants)), it.wants)
	b := &bucket{queue: q, also: it.also, lane: it.lane, delays: []time.Duration{0}, demand: d, standing: make([]standing, len(d.pools))}
	members := b.members()
	for _, m := range members {
		b.delays = append(b.delays, m.delay)
	}
	slices.Sort(b.delays)
	b.delays = slices.Compact(b.delays)
	for t := range b.delays {
		b.tiers = append(b.tiers, line{tier: t})
	}
	var fit []*pool
	for _, m := range members {
		tier := slices.Index(b.delays, m.delay)
		for _, p := range d.of[m.index] {
			if m.lanes.has(it.lane) {
				b.standing[p.index] = standing{fits: true, level: m.level, skills: p.skills, tier: tier}
				fit = append(fit, p)
			}
		}
	}
	b.rank(fit)
	return b
}

// rank sorts the pools as the queue's strategy wants it.
func (b *bucket) rank(fit []*pool) {
	order := func(p, q *pool) int {
		return b.queue.compare(b.standing[p.index], b.standing[q.index])
	}
	slices.SortStableFunc(fit, order)
	for i, p := range fit {
		if i == 0 || order(fit[i-1], p) != 0 {
			b.ranks = append(b.ranks, nil)
		}
		b.ranks[len(b.ranks)-1] = append(b.ranks[len(b.ranks)-1], p)
	}
}

// enqueue makes an item wait in its queue, at the place that its key gives it.
func (c *Core) enqueue(it *item) {
	it.State = gateway.StateWaiting
	it.thaw(c.now)
	c.touch(it)
	if here, _ := c.advance(it); !here {
		return
	}
	c.place(it)
	c.alarm(it)
	c.enter(it)
}

// place puts an item into its bucket.
func (c *Core) place(it *item) {
	q := it.queue
	c.widen(it)
	it.key = c.keyOf(it)
	it.bucket = c.bucket(q, it)
	it.places, it.ripe = slices.Grow(it.places[:0], len(it.bucket.tiers))[:len(it.bucket.tiers)], 0
	if len(it.bucket.tiers[0].s) == 0 {
		q.filled = append(q.filled, it.bucket)
		for _, o := range it.also {
			o.filled = append(o.filled, it.bucket)
		}
	}
	q.waiting[it.lane]++
	c.ripen(it)
}

// ripen lets members with a delay see an item that has waited long enough.
func (c *Core) ripen(it *item) (more bool) {
	for it.ripe < len(it.places) && it.bucket.delays[it.ripe] <= it.reached {
		it.bucket.tiers[it.ripe].push(it)
		it.ripe++
		more = true
	}
	return more
}

// unqueue takes an item out of its queue.
func (c *Core) unqueue(it *item) {
	b := it.bucket
	for t := range it.ripe {
		b.tiers[t].remove(it.places[t])
	}
	it.bucket = nil
	b.queue.waiting[it.lane]--
	if len(b.tiers[0].s) == 0 {
		is := func(o *bucket) bool { return o == b }
		b.queue.filled = slices.DeleteFunc(b.queue.filled, is)
		for _, q := range b.also {
			q.filled = slices.DeleteFunc(q.filled, is)
		}
	}
}

// ready says whether anybody who may take the bucket's items is ready.
func (b *bucket) ready() bool {
	return b.queue.ready[b.lane] > 0 || slices.ContainsFunc(b.also, func(q *queue) bool { return q.ready[b.lane] > 0 })
}

// enter says that an item has come to wait, or may be offered to more agents: settle will
// look for one at the end of the turn, when all that the event does has been done.
func (c *Core) enter(it *item) {
	if !it.dirty {
		it.dirty = true
		c.turn.entered = append(c.turn.entered, it)
	}
}
