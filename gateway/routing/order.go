package routing

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// key is the one total order of waiting work: higher band, then earlier due, then
// earlier entry. It never changes while an item waits.
type key struct {
	band int
	due  int64 // microseconds
	seq  int64
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
	lane  lane
	// tiers[i] holds the items that have waited queue.delays[i]; tiers[0] all. Members
	// with a delay see only their tier.
	tiers    []heap[*item]
	standing []standing   // by profile index
	ranks    [][]*profile // those who can take its items, the best first, equals together
}

// standing is how well a profile's agents fit a bucket.
type standing struct {
	fits   bool
	level  int // of membership
	skills int // sum of the matched levels
	tier   int
}

// bucket is where an item of the queue waits, made if it is new.
func (c *Core) bucket(q *queue, it *item) *bucket {
	name := string(rune('0' + it.lane))
	var nameSb53 strings.Builder
	for _, s := range it.needs {
		nameSb53.WriteString(" " + s.Skill.String() + ":" + strconv.Itoa(s.Level))
	}
	name += nameSb53.String()
	b, ok := q.buckets[name]
	if !ok {
		b = c.newBucket(q, it)
		q.buckets[name] = b
	}
	return b
}

func (c *Core) newBucket(q *queue, it *item) *bucket {
	b := &bucket{queue: q, lane: it.lane, standing: make([]standing, len(c.profiles))}
	for t := range q.delays {
		b.tiers = append(b.tiers, heap[*item]{
			less:  func(a, b *item) bool { return a.key.before(b.key) },
			moved: func(it *item, i int) { it.places[t] = i },
		})
	}
	var fit []*profile
	for _, m := range q.members {
		s := standing{fits: m.lanes.has(it.lane), level: m.level, tier: slices.Index(q.delays, m.delay)}
		for _, need := range it.needs {
			have := m.profile.level(need.Skill)
			s.fits = s.fits && have >= need.Level
			s.skills += have
		}
		if b.standing[m.index] = s; s.fits {
			fit = append(fit, m.profile)
		}
	}
	b.rank(fit)
	return b
}

// rank sorts the profiles by membership level, then by skill.
func (b *bucket) rank(fit []*profile) {
	order := func(p, q *profile) int {
		s, t := b.standing[p.index], b.standing[q.index]
		if d := cmp.Compare(t.level, s.level); d != 0 {
			return d
		}
		return cmp.Compare(t.skills, s.skills)
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
	c.place(it)
	c.touch(it)
	c.alarm(it)
	c.enter(it)
}

// place puts an item into its bucket.
func (c *Core) place(it *item) {
	q := it.queue
	it.key = key{it.Band, it.DueAt.UnixMicro(), it.Seq}
	it.bucket = c.bucket(q, it)
	it.places, it.ripe = make([]int, len(it.bucket.tiers)), 0
	if len(it.bucket.tiers[0].s) == 0 {
		q.filled = append(q.filled, it.bucket)
	}
	q.waiting[it.lane]++
	c.ripen(it)
}

// ripen lets members with a delay see an item that has waited long enough.
func (c *Core) ripen(it *item) (more bool) {
	for it.ripe < len(it.places) && !it.ripens().After(c.now) {
		it.bucket.tiers[it.ripe].push(it)
		it.ripe++
		more = true
	}
	return more
}

// ripens is when more members may see the item; zero if all do.
func (it *item) ripens() time.Time {
	if it.ripe == len(it.places) {
		return time.Time{}
	}
	if it.ripe == 0 {
		return it.ArrivedAt
	}
	return it.ArrivedAt.Add(it.queue.delays[it.ripe])
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
		b.queue.filled = slices.DeleteFunc(b.queue.filled, func(o *bucket) bool { return o == b })
	}
}

// enter says that an item has come to wait, or may be offered to more agents.
func (c *Core) enter(it *item) {
	if !it.dirty {
		it.dirty = true
		c.turn.entered = append(c.turn.entered, it)
	}
}
