// Package routing decides who is offered what. It is the pure core of the floor: an
// event and its time go in, effects come out, and the same events always give the same
// effects and the same bytes of state.
//
// It has no clock, no goroutine, no I/O and no chance. Time comes with the event; the
// core says in WakeAt when it next wants a Wake. A refused command changes nothing, so
// it needs no place in the log. After each event no waiting interaction is left that a
// free, eligible agent could take.
//
//	             ┌──────────── declined, missed, withdrawn, failed ───────────┐
//	             ▼                                                            │
//	Admit ──► waiting ──► offered ──► active ──► wrap_up ──► finished         │
//	             │           ├────────────────────────────────────────────────┘
//	             │           │            └─► offered (to an agent), waiting (to a queue)
//	             └───────────┴─► finished: abandoned, short_abandon, voicemail, closed
//
// Nobody is offered anything without a console: SetStatus alone is not enough, a
// Consoles event must have said that the agent is there.
//
// How it stays fast with 100,000 waiting: whatever waits lies in buckets, one for each
// queue, channel and set of skills, and only the head of a bucket need be looked at;
// agents who are equals for a bucket share a pool, and only the head of its heap need be looked
// at; and after an event only those who may have gained something are matched (settle).
// All of that is derived: a snapshot holds what cannot be (snapshot.go), and the property
// tests hold the indexes against the rules written once more without any.
//
// An event is one turn: the handlers change state and note what they have touched; settle
// makes offers; flush turns what was touched into effects, one for each thing, with its
// state after the turn.
package routing

import (
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// Version is the number of these rules. It stands beside each logged event: events are
// replayed only by the version that decided them; another starts from a snapshot.
const Version = 8

// Core is the floor's whole state. It belongs to one goroutine.
type Core struct {
	now        time.Time // of the latest event; never goes back
	seq        int64     // of the latest interaction
	plan       gateway.Plan
	turns      turns // of the queues in each band
	agents     map[gateway.AgentID]*agent
	roster     []*agent // the same, by id
	queues     map[gateway.QueueID]*queue
	items      table[gateway.InteractionID, item]
	cases      table[gateway.CaseID, item] // the oldest that is not forgotten of a case
	spare      []*item                     // forgotten, to be used again
	slabs      slabs
	gone       memory
	departures departures
	timers     timers
	profiles   []*profile
	demands    map[string]*demand

	turn       turn
	watch      func(it *item, chosen []*agent) // sees each search for an agent, before its offer
	candidates heap[candidate]                 // empty between events
	chosen     []*agent                        // used again by each search
}

// turn is what one event has done so far.
type turn struct {
	effects []Effect
	items   []*item  // changed, in the order of their first change
	agents  []*agent // perhaps changed
	retime  []*timer // to be set anew
	freed   []*agent // may have gained room
	entered []*item  // may have gained agents
	asker   *agent   // of a command: whose state the answer shows
	subject *item
	later   bool
}

// clear begins a new turn. What was told is the caller's, the lists are used again.
func (t *turn) clear() {
	clear(t.effects)
	clear(t.items)
	clear(t.agents)
	clear(t.freed)
	clear(t.entered)
	*t = turn{effects: t.effects[:0], items: t.items[:0], agents: t.agents[:0], freed: t.freed[:0], entered: t.entered[:0]}
}

// New is an empty floor: it knows nobody until a Configure event.
func New() *Core {
	return &Core{
		agents: map[gateway.AgentID]*agent{},
		queues: map[gateway.QueueID]*queue{},
		items:  newTable[gateway.InteractionID, item](),
		cases:  newTable[gateway.CaseID, item](),
		gone:   newMemory(),
		timers: newTimers(),

		candidates: heap[candidate]{less: candidateBefore, moved: func(candidate, int) {}},
	}
}

// Apply decides what an event does. Times are kept in UTC and whole microseconds; an
// event that claims to be older than the one before it happens at that one's time.
func (c *Core) Apply(at time.Time, ev Event) Result {
	before := c.now
	if at = moment(at); at.After(c.now) {
		c.now = at
	}
	if err := c.handle(ev); err != nil {
		c.now = before
		c.turn.clear()
		return Result{Err: err, WakeAt: c.timers.next()}
	}
	c.settle()
	return c.flush()
}

// moment is a time as the core keeps it.
func moment(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// touch says that it has changed. Its effect stands where the first change was and
// carries the state after the last one.
func (c *Core) touch(it *item) {
	if it.effect < 0 {
		it.effect = len(c.turn.effects)
		c.emit(nil)
		c.turn.items = append(c.turn.items, it)
	}
}

// meet says that what a shows or may be offered has perhaps changed.
func (c *Core) meet(a *agent) {
	if !a.met {
		a.met = true
		c.turn.agents = append(c.turn.agents, a)
	}
}

// emit adds an effect. Effects stand in the order in which they happened.
func (c *Core) emit(e Effect) {
	c.turn.effects = append(c.turn.effects, e)
}

// flush turns what has changed into effects and timers.
func (c *Core) flush() Result {
	ans := gateway.Answer{Later: c.turn.later, At: c.now}
	for _, it := range c.turn.items {
		it.Rev++
		told := c.slabs.interactions.of(it.Interaction)
		c.turn.effects[it.effect] = InteractionChanged{told}
		if it == c.turn.subject {
			ans.Interaction = told
		}
		it.effect, it.hops = -1, 0
		c.timers.set(&it.timer, it.deadline())
		c.forget(it)
	}
	for _, a := range c.turn.agents {
		a.met = false
		a.unattended(c.now)
		if a.show(c.now) {
			told := c.slabs.presences.of(a.shown)
			c.emit(PresenceChanged{told})
			if a == c.turn.asker {
				ans.Presence = told
			}
		}
		c.timers.set(&a.timer, a.deadline())
	}
	for _, t := range c.turn.retime {
		c.timers.set(t, t.deadline())
	}
	if a := c.turn.asker; a != nil && ans.Presence == nil {
		ans.Presence = a.copy()
	}
	if it := c.turn.subject; it != nil && ans.Interaction == nil {
		ans.Interaction = it.copy()
	}
	r := Result{Effects: c.slabs.effects.list(c.turn.effects), Answer: ans, WakeAt: c.timers.next()}
	c.turn.clear()
	return r
}

// copy is the interaction as it is told.
func (it *item) copy() *gateway.Interaction {
	told := it.Interaction
	return &told
}

// copy is the presence as it is told.
func (a *agent) copy() *gateway.Presence {
	told := a.shown
	return &told
}

// forget lets go of an interaction that nobody holds any more.
func (c *Core) forget(it *item) {
	if it.State != gateway.StateFinished || len(it.holds) > 0 {
		return
	}
	c.items.drop(it.ID)
	c.unfile(it)
	c.gone.add(it.memo())
	if len(c.spare) < mostSpare {
		c.spare = append(c.spare, it)
	}
}

// happened puts a line on the conversation's timeline, if there is one yet.
func (c *Core) happened(it *item, h gateway.Happening) {
	if it.Conversation == 0 {
		return
	}
	c.emit(Happened{Interaction: it.ID, Conversation: it.Conversation, Channel: it.Channel, Happening: h})
}
