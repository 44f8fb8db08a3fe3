package routing

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/vaxelhq/vaxel/gateway"
)

// The invariants of the routing rules, held over random houses and random days. The
// numbers are those of the specification: I1 one owner, I2 one offer per agent, I3
// units, I4 only the eligible, I5 nobody waits for a free agent, I6 a place is never
// worse, I7 one end, I8 replay is equal byte for byte, I9 the statuses that were told of an
// agent add up to the time logged in, I10 one outcome per offer, I11 a refused command
// changes nothing, and neither does an answer to an offer that is closed, I12 nothing
// vanishes, also when a floor is restored.
//
// Each run visits 200,000 states, with -short 3,000: events that were refused lead to none. One that failed says how to see it
// again; -rapid.seed repeats a whole run.
func TestInvariants(t *testing.T) {
	states := 0
	aDay := func(rt *rapid.T) {
		d := newDay(rt)
		d.states = &states
		d.apply(Configure{drawPlan(rt)})
		d.opens()
		for range between(rt, "events", 1, 120) {
			d.pass()
			d.apply(d.drawEvent())
			if between(rt, "restore", 0, 31) == 0 {
				d.restore()
			}
		}
		d.replay()
	}
	if flag.Lookup("rapid.seed").Value.String() != "0" {
		rapid.Check(t, aDay)
		return
	}
	want := *wantStates
	if testing.Short() {
		want = min(want, 3000)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for run := seed; states < want && !t.Failed(); run++ {
		if err := flag.Set("rapid.seed", strconv.FormatUint(run, 10)); err != nil {
			t.Fatal(err)
		}
		rapid.Check(t, aDay)
	}
	if err := flag.Set("rapid.seed", "0"); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d states kept the invariants", states)
}

var wantStates = flag.Int("states", usualStates, "how many random states TestInvariants visits at least")

// day is a core at work, a twin restored from one of its snapshots, the log, and what
// was told so far.
type day struct {
	*rapid.T
	core, twin *Core
	now        time.Time
	log        [][]byte
	times      []time.Time
	states     *int
	wakeAt     time.Time
	nextID     gateway.InteractionID
	offers     map[[3]int64]gateway.Offer
	items      map[gateway.InteractionID]gateway.Interaction
	presences  map[gateway.AgentID]gateway.Presence
	worked     map[gateway.AgentID]time.Duration // logged in, by intent
	told       map[gateway.AgentID]time.Duration // in any status but logged out, as it was told
	spans      map[gateway.AgentID]time.Duration // the same by Since, without the span that goes on
	asked      map[gateway.AgentID]time.Time     // when last, before this event
	moved      []gateway.InteractionID           // by a step of this event
}

func newDay(t *rapid.T) *day {
	return &day{
		T: t, core: New(), now: time.Date(2024, 5, 6, 8, 0, 0, 0, time.UTC), nextID: 1,
		offers: map[[3]int64]gateway.Offer{}, items: map[gateway.InteractionID]gateway.Interaction{},
		presences: map[gateway.AgentID]gateway.Presence{},
		worked:    map[gateway.AgentID]time.Duration{}, told: map[gateway.AgentID]time.Duration{}, spans: map[gateway.AgentID]time.Duration{},
	}
}

// pass lets time go by, waking the floor in time or late.
func (d *day) pass() {
	long := 0
	if between(d.T, "long", 0, 49) == 0 {
		long = oneOf(d.T, "seconds", []int{61, 700})
	}
	d.now = d.now.Add(time.Duration(long)*time.Second + time.Duration(oneOf(d.T, "seconds", []int{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 7, 7, 16, 31}))*time.Second)
	late := rapid.Bool().Draw(d.T, "late")
	for i := 0; !d.wakeAt.IsZero() && !d.wakeAt.After(d.now); i++ {
		at := d.wakeAt
		if late {
			at = d.now
		}
		d.applyAt(at, Wake{})
		if late && i > 3 || i > 1000 {
			d.Fatalf("woken for ever")
		}
	}
}

func (d *day) apply(ev Event) { d.applyAt(d.now, ev) }

func (d *day) applyAt(at time.Time, ev Event) {
	picture := d.core.Picture()
	var before []byte
	if *d.states%8 == 0 {
		before = snapshotOf(d.T, d.core)
	}
	d.asked = map[gateway.AgentID]time.Time{}
	for _, a := range d.core.roster {
		d.asked[a.id] = a.asked
	}
	b := d.expect(ev)
	served := d.core.turns
	data, err := MarshalEvent(ev)
	if err != nil {
		d.Fatal(err)
	}
	d.log, d.times = append(d.log, data), append(d.times, at)
	clock := d.clockIn()
	r := d.core.Apply(at, ev)
	d.wakeAt = r.WakeAt
	if before != nil {
		if later, err := picture.Snapshot(); err != nil || !bytes.Equal(before, later) {
			d.Fatalf("%T has reached a picture that was taken before: %v", ev, err)
		}
	}
	if d.twin != nil {
		same(d.T, "effects of the twin", d.twin.Apply(at, reread(d.T, data)), r)
	}
	d.meets(b, ev, r)
	if r.Err != nil {
		changed := !reflect.DeepEqual(picture.inOrder(), d.core.Picture().inOrder()) || before != nil && !bytes.Equal(before, snapshotOf(d.T, d.core))
		if len(r.Effects) > 0 || changed {
			d.Fatalf("%T was refused (%v) and changed something", ev, r.Err)
		}
		return
	}
	*d.states++
	clock()
	d.moved = nil
	for _, e := range r.Effects {
		if s, ok := e.(StepTaken); ok && s.Step.Do == gateway.Move {
			d.moved = append(d.moved, s.Interaction)
		}
	}
	for _, e := range r.Effects {
		d.hear(e)
	}
	d.check(r.Effects)
	d.checkTurns(served, r.Effects)
}

// clockIn notes who is logged in and what was told of them; the function that it gives
// counts the time that has passed since.
func (d *day) clockIn() func() {
	from := d.core.now
	var in, shown []gateway.AgentID
	for _, a := range d.core.roster {
		if a.intent != gateway.IntentLoggedOut {
			in = append(in, a.id)
		}
	}
	for id, p := range d.presences {
		if p.Status != gateway.LoggedOut {
			shown = append(shown, id)
		}
	}
	return func() {
		for _, id := range in {
			d.worked[id] += d.core.now.Sub(from)
		}
		for _, id := range shown {
			d.told[id] += d.core.now.Sub(from)
		}
	}
}

// checkTime holds I9: what was told of an agent, moment by moment and by the beginnings of
// the statuses, adds up to the time that they were logged in.
func (d *day) checkTime() {
	for id, p := range d.presences {
		spans := d.spans[id]
		if p.Status != gateway.LoggedOut {
			spans += d.core.now.Sub(p.Since)
		}
		if d.told[id] != d.worked[id] || spans != d.worked[id] {
			d.Fatalf("I9: agent %v was logged in for %v, told %v, by beginnings %v", id, d.worked[id], d.told[id], spans)
		}
	}
}

// hear follows the effects as the floor's tables would.
func (d *day) hear(e Effect) {
	switch e := e.(type) {
	case OfferCreated:
		k := [3]int64{int64(e.Offer.Interaction), int64(e.Offer.No), int64(e.Offer.Agent)}
		if _, twice := d.offers[k]; twice {
			d.Fatalf("I10: offer %v is made twice", k)
		}
		d.offers[k] = e.Offer
	case OfferClosed:
		k := [3]int64{int64(e.Offer.Interaction), int64(e.Offer.No), int64(e.Offer.Agent)}
		if o, ok := d.offers[k]; !ok || o.Outcome != "" || e.Offer.Outcome == "" {
			d.Fatalf("I10: offer %v closes as %q after %q (made: %v)", k, e.Offer.Outcome, o.Outcome, ok)
		}
		d.offers[k] = e.Offer
	case InteractionChanged:
		d.changed(*e.Interaction)
	case PresenceChanged:
		d.shown(*e.Presence)
	case nil:
		d.Fatal("an effect is missing")
	}
}

// shown holds I9: each status begins when the one before it ends. Being offered something
// counts as the status under it.
func (d *day) shown(p gateway.Presence) {
	under := func(p gateway.Presence) string {
		if p.Status == gateway.Offered {
			return string(p.Intent)
		}
		return string(p.Status)
	}
	old, known := d.presences[p.Agent]
	d.presences[p.Agent] = p
	if known && old.Status != gateway.LoggedOut {
		d.spans[p.Agent] += p.Since.Sub(old.Since)
	}
	since := p.Since.Equal(d.core.now)
	if known && p.Rev > 1 && under(old) == under(p) { // who is hired again begins anew
		since = p.Since.Equal(old.Since)
	}
	if !since {
		d.Fatalf("I9: agent %v is %s since %v at %v, was %s since %v", p.Agent, p.Status, p.Since, d.core.now, old.Status, old.Since)
	}
}

func (d *day) changed(i gateway.Interaction) {
	old, known := d.items[i.ID]
	d.items[i.ID] = i
	if !known {
		return
	}
	if i.Rev != old.Rev+1 {
		d.Fatalf("revision %d after %d", i.Rev, old.Rev)
	}
	if i.DueAt.After(old.DueAt) || i.Seq != old.Seq || !i.ArrivedAt.Equal(old.ArrivedAt) || i.Customer != old.Customer {
		d.Fatalf("I6: place is worse: %+v after %+v", i, old)
	}
	if i.Queue == old.Queue && !slices.Contains(d.moved, i.ID) && old.State != gateway.StateActive && old.State != gateway.StateParked && (i.Band != old.Band || !i.DueAt.Equal(old.DueAt)) {
		d.Fatalf("I6: key changed without a transfer: %+v after %+v", i, old)
	}
	amended := old.End == gateway.EndVoicemail && old.AcceptedAt.IsZero() && (i.End == gateway.EndAbandoned || i.End == gateway.EndShortAbandon)
	if old.End != "" && (i.End != old.End && !amended || !i.EndedAt.Equal(old.EndedAt)) {
		d.Fatalf("I7: ended twice: %+v after %+v", i, old)
	}
	if old.State == gateway.StateFinished && (i.State != gateway.StateFinished || !i.FinishedAt.Equal(old.FinishedAt)) {
		d.Fatalf("I7: finished twice: %+v after %+v", i, old)
	}
}

func (d *day) check(effects []Effect) {
	c := d.core
	open := map[gateway.AgentID]int{}
	for k, o := range d.offers {
		if o.Outcome != "" {
			continue
		}
		open[o.Agent]++
		it := c.items.at(gateway.InteractionID(k[0]))
		if it == nil || it.offerTo(o.Agent) == nil || it.offerTo(o.Agent).Offer != o || c.agents[o.Agent].offer != it.offerTo(o.Agent) {
			d.Fatalf("I10: offer %v is out and the core does not know", k)
		}
	}
	for id, i := range d.items {
		if it := c.items.at(id); it == nil && (i.State != gateway.StateFinished || i.End == "") {
			d.Fatalf("I7: interaction %v vanished: %+v", id, i)
		} else if it != nil && !reflect.DeepEqual(it.Interaction, i) {
			d.Fatalf("interaction %v changed silently:\n%+v\n%+v", id, it.Interaction, i)
		}
	}
	for id, n := range open {
		if n > 1 {
			d.Fatalf("I2: %d offers to agent %v", n, id)
		}
	}
	for it := range c.items.all() {
		d.checkItem(it)
	}
	for _, a := range c.roster {
		d.checkAgent(a)
	}
	d.checkOffers(effects)
	d.checkIndex()
	d.checkCases()
	d.checkTime()
	d.checkWhy()
}

func (d *day) checkItem(it *item) {
	active, guests := 0, []gateway.AgentID(nil)
	for _, h := range it.holds {
		if h.active() && h.guest {
			guests = append(guests, h.agent.id)
		} else if h.active() {
			active++
			if it.Agent != h.agent.id {
				d.Fatalf("I1: interaction %v is agent %v's, held by %v", it.ID, it.Agent, h.agent.id)
			}
		}
		d.checkTaken(h)
		if !slices.Contains(h.agent.holds, h) {
			d.Fatalf("agent %v does not know of holding %v", h.agent.id, it.ID)
		}
	}
	want := map[gateway.State][3]bool{ // waits, is offered, is active
		gateway.StateWaiting: {true, false, false}, gateway.StateOffered: {false, true, false},
		gateway.StateActive: {false, false, true}, gateway.StateParked: {false, false, true}, gateway.StateWrapUp: {}, gateway.StateFinished: {},
	}[it.State]
	if got := [3]bool{it.bucket != nil, len(it.offers) > 0 && it.offers[0].Kind != gateway.OfferConsult, active == 1}; active > 1 || got != want {
		d.Fatalf("I1: interaction %v is %s and %v, %d active", it.ID, it.State, got, active)
	}
	if !slices.Equal(guests, it.Others) || len(guests) > 0 && active != 1 || (it.Phase != "") && active != 1 {
		d.Fatalf("I1: interaction %v (%s) has guests %v, tells %v, phase %s", it.ID, it.State, guests, it.Others, it.Phase)
	}
	consults := it.Phase == gateway.PhaseConsult
	if (it.Line2 != "") != consults || it.Line2 == gateway.Line2Outside && !it.Outside || it.Line2 == gateway.Line2Colleague && len(it.offers)+len(guests) == 0 ||
		it.Outside && active != 1 || it.Phase == gateway.PhaseConference && it.company() == 0 ||
		active == 1 && !consults && it.company() > 0 && it.Phase != gateway.PhaseConference && it.Phase != gateway.PhaseColleagues ||
		(it.Phase == gateway.PhaseColleagues) != (active == 1 && !it.EndedAt.IsZero()) || it.Phase == gateway.PhaseColleagues && it.company() == 0 || it.company() > mostGuests {
		d.Fatalf("interaction %v: phase %s, line 2 %q, guests %v, outside %v, %d offers", it.ID, it.Phase, it.Line2, guests, it.Outside, len(it.offers))
	}
	if (it.End == "") != it.EndedAt.IsZero() || (it.State == gateway.StateFinished) == it.FinishedAt.IsZero() {
		d.Fatalf("I7: interaction %+v", it.Interaction)
	}
	if at := it.deadline(); !at.Equal(timerAt(&it.timer)) {
		d.Fatalf("interaction %v (%s): timer at %v, deadline %v", it.ID, it.State, timerAt(&it.timer), at)
	}
	if it.bucket == nil {
		return
	}
	for _, a := range d.core.roster {
		if a.offer == nil && d.eligible(a, it) {
			d.Fatalf("I5: %v waits while agent %v is free", it.ID, a.id)
		}
	}
}

func timerAt(t *timer) time.Time {
	if t.i < 0 {
		return time.Time{}
	}
	return t.at()
}

func (d *day) checkAgent(a *agent) {
	over := false
	for _, h := range a.holds {
		over = over || h.item.OverCapacity
		if h.parked && h.active() && (h.item.State != gateway.StateParked || a.units()+h.cost <= 100) {
			d.Fatalf("agent %v: %v (%s) stays parked beside %d units", a.id, h.item.ID, h.item.State, a.units())
		}
	}
	if a.units() > 100 && !over {
		d.Fatalf("I3: agent %v holds %d units", a.id, a.units())
	}
	if !a.live && a.lost.IsZero() && (len(a.holds) > 0 || a.intent == gateway.IntentAvailable) {
		d.Fatalf("agent %v has no console, and nothing waits for one", a.id)
	}
	if at := a.deadline(); !at.Equal(timerAt(&a.timer)) {
		d.Fatalf("agent %v: timer at %v, deadline %v", a.id, timerAt(&a.timer), at)
	}
	if s := a.status(); s != a.shown.Status || a.intent != a.shown.Intent || a.units() != a.shown.Units || a.live != a.shown.Live {
		d.Fatalf("agent %v shows %+v, is %s", a.id, a.shown, s)
	}
}

// checkOffers holds each queue offer made by this event against I4, the order of
// waiting work and the order of agents.
func (d *day) checkOffers(effects []Effect) {
	for _, e := range effects {
		o, ok := e.(OfferCreated)
		if !ok || o.Offer.Kind != gateway.OfferQueue {
			continue
		}
		it := d.core.items.at(o.Offer.Interaction)
		if it == nil || it.OfferNo != o.Offer.No || it.offerTo(o.Offer.Agent) == nil {
			continue
		}
		a := d.core.agents[o.Offer.Agent]
		if len(it.offers) > 1 && (it.lane != voice || it.queue.strategy != gateway.RingAll || len(it.offers) > 8) {
			d.Fatalf("I2: %v is offered to %d agents", it.ID, len(it.offers))
		}
		if !d.eligible(a, it) {
			d.Fatalf("I4: %v is offered to agent %v", it.ID, a.id)
		}
		for other := range d.core.items.all() {
			if other.bucket != nil && d.ahead(other, it) && d.eligible(a, other) {
				d.Fatalf("order: agent %v is offered %v before %v", a.id, it.ID, other.ID)
			}
		}
		if d.sticky(it) && it.Preferred == a.id {
			continue
		}
		for _, b := range d.core.roster {
			if d.sticky(it) && it.Preferred == b.id && b.offer == nil && d.eligible(b, it) {
				d.Fatalf("choice: %v is offered to agent %v, agent %v had it last", it.ID, a.id, b.id)
			}
			if b.offer == nil && d.eligible(b, it) && d.better(b, a, it) {
				d.Fatalf("choice: %v is offered to agent %v, agent %v was better", it.ID, a.id, b.id)
			}
		}
	}
}

// checkWhy holds the explanations against eligibility: who is free is free by both.
func (d *day) checkWhy() {
	for it := range d.core.items.all() {
		id := it.ID
		e, ok := d.core.Explain(id)
		if ok != (it.bucket != nil || len(it.offers) > 0) {
			d.Fatalf("%v (%s) is explained: %v", id, it.State, ok)
		}
		for _, v := range e.Candidates {
			if a := d.core.agents[v.Agent]; v.Rule == "" || v.Chosen != (it.offerTo(a.id) != nil) || !v.Chosen && v.Free != (a.offer == nil && d.eligible(a, it)) {
				d.Fatalf("%v: agent %v is %+v", id, v.Agent, v)
			}
		}
	}
}

// checkIndex holds the counters and heaps against the state that they follow from.
func (d *day) checkIndex() {
	for _, q := range d.core.queues {
		var waiting, busy, ready [laneCount]int
		filled := 0
		for it := range d.core.items.all() {
			if it.bucket != nil && it.bucket.queue != it.queue {
				d.Fatalf("interaction %v waits in another queue's bucket", it.ID)
			}
			if it.bucket != nil && it.queue == q {
				waiting[it.lane]++
			}
			for _, h := range it.holds {
				if h.active() && !h.guest && h.queue == q {
					busy[it.lane]++
				}
			}
		}
		for _, m := range q.members {
			for l := range laneCount {
				if slices.ContainsFunc(m.agents, func(a *agent) bool { return a.open.has(l) }) {
					ready[l]++
				}
			}
		}
		for _, o := range d.core.queues {
			for _, b := range o.buckets {
				if len(b.tiers[0].s) > 0 && (o == q || slices.Contains(b.also, q)) {
					filled++
				}
			}
		}
		for _, b := range q.filled {
			var arrived, due time.Time
			for _, e := range b.tiers[0].s {
				sooner(&arrived, e.item.ArrivedAt)
				sooner(&due, e.item.DueAt)
			}
			if a, at := b.earliest(); !a.Equal(arrived) || !at.Equal(due) {
				d.Fatalf("queue %v: boards show %v, due %v; what waits came %v, due %v", q.id, a, at, arrived, due)
			}
		}
		if waiting != q.waiting || busy != q.busy || ready != q.ready || filled != len(q.filled) {
			d.Fatalf("queue %v: counts %v %v %v %d, are %v %v %v %d", q.id, q.waiting, q.busy, q.ready, len(q.filled), waiting, busy, ready, filled)
		}
	}
	for _, a := range d.core.roster {
		if open := a.admits(); open != a.open {
			d.Fatalf("agent %v is open for %b, indexed %b", a.id, open, a.open)
		}
		for _, s := range a.sits {
			for l := range laneCount {
				if at := s.at[l]; (at >= 0) != a.open.has(l) || at >= 0 && s.pool.ready[l].s[at] != s {
					d.Fatalf("agent %v is open for %b and sits at %v", a.id, a.open, s.at)
				}
			}
		}
	}
}

// restore starts a twin from a snapshot; from now on both must do the same.
func (d *day) restore() {
	data := snapshotOf(d.T, d.core)
	twin, err := Restore(data)
	if err != nil {
		d.Fatal(err)
	}
	if again := snapshotOf(d.T, twin); !bytes.Equal(data, again) {
		d.Fatalf("I8: restored\n%s\nfrom\n%s", again, data)
	}
	d.twin = twin
}

// replay does the whole day again from the log.
func (d *day) replay() {
	c := New()
	for i, data := range d.log {
		c.Apply(d.times[i], reread(d.T, data))
	}
	want := snapshotOf(d.T, d.core)
	if got := snapshotOf(d.T, c); !bytes.Equal(got, want) {
		d.Fatalf("I8: replayed\n%s\nwant\n%s", got, want)
	}
	if d.twin != nil && !bytes.Equal(snapshotOf(d.T, d.twin), want) {
		d.Fatalf("I8: the restored twin went another way")
	}
}

func reread(t *rapid.T, data []byte) Event {
	ev, err := UnmarshalEvent(data)
	if err != nil {
		t.Fatal(err)
	}
	return ev
}

func snapshotOf(t *rapid.T, c *Core) []byte {
	data, err := c.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func same(t *rapid.T, what string, got, want Result) {
	g, gerr := json.Marshal(got)
	w, werr := json.Marshal(want)
	if err := errors.Join(gerr, werr); err != nil || !bytes.Equal(g, w) {
		t.Fatalf("%s (%v):\n%s\nwant\n%s", what, err, g, w)
	}
}
