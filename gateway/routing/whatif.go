package routing

import (
	"cmp"
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// What people take where the recording does not say: nobody had to do it then.
const (
	usualAnswer = 4 * time.Second
	usualTalk   = 5 * time.Minute
	usualAfter  = 30 * time.Second // wrap-up that only a code can end
	lateness    = time.Second      // by which a floor may wake too late
)

// Play lets a new floor decide a recorded day anew and tells each result to hear. Change
// may put another plan in the place of each recorded one. As long as an interaction is
// offered to the same agents at the same moments, everybody does to it what they did, at
// the same moments. Once it goes another way, agents accept what they are offered after
// the time that was recorded for the episode; customers who gave up do so again at the
// same moment, unless they have been answered; nobody else's patience ends.
func (r Recording) Play(change func(gateway.Plan) gateway.Plan, hear func(Logged, Result)) {
	p := player{
		core: New(), hear: hear, wakes: r.Wakes, episodes: map[gateway.InteractionID]*Episode{},
		offers: r.Offers, astray: map[gateway.InteractionID]bool{},
		script: heap[scripted]{less: scriptBefore, moved: func(scripted, int) {}},
	}
	for i := range r.Episodes {
		c := &r.Episodes[i]
		p.episodes[c.Admit.Interaction] = c
		p.recorded(Logged{c.Seq, c.At, c.Admit})
		if c.Patience >= 0 {
			leave, ok := c.Leave.Event.(gateway.Leave)
			if !ok {
				leave.Interaction = c.Admit.Interaction
			}
			p.recorded(Logged{c.Leave.Seq, c.At.Add(c.Patience), givesUp{leave}})
		}
	}
	for _, l := range r.Acts {
		if e, ok := l.Event.(Configure); ok && change != nil {
			l.Event = Configure{change(e.Plan)}
		}
		p.recorded(l)
	}
	for _, l := range r.Deeds {
		p.recorded(Logged{l.Seq, l.At, deed{l.Event}})
	}
	p.run()
}

// player is one simulated day.
type player struct {
	core     *Core
	hear     func(Logged, Result)
	seq      int64 // of what was heard
	episodes map[gateway.InteractionID]*Episode
	offers   map[OfferKey]time.Time         // of the recording
	astray   map[gateway.InteractionID]bool // goes another way than recorded
	script   heap[scripted]
	wrote    int
	wakeAt   time.Time
	wakes    []time.Time // of the recording
}

// scripted is one line of the script: what somebody does, and when.
type scripted struct {
	at    time.Time
	seq   int64 // in the log; 0: it is not from there
	no    int
	event Event
}

// givesUp is a customer who leaves if there has been no answer.
type givesUp struct{ leave gateway.Leave }

// deed is what somebody did because of what was decided.
type deed struct{ event Event }

// scriptBefore keeps the order of the log; else it puts the plan before people, and people
// in the order in which they were written.
func scriptBefore(a, b scripted) bool {
	if d := a.at.Compare(b.at); d != 0 {
		return d < 0
	}
	if a.seq != 0 && b.seq != 0 && a.seq != b.seq {
		return a.seq < b.seq
	}
	_, x := a.event.(Configure)
	_, y := b.event.(Configure)
	if x != y {
		return x
	}
	return a.no < b.no
}

func (p *player) plan(at time.Time, ev Event) { p.recorded(Logged{At: at, Event: ev}) }

func (p *player) recorded(l Logged) {
	p.wrote++
	p.script.push(scripted{l.At, l.Seq, p.wrote, l.Event})
}

func (p *player) run() {
	for {
		if due := p.due(); !due.IsZero() && !due.After(p.until()) {
			p.apply(due, Wake{})
			continue
		}
		if len(p.script.s) == 0 {
			return
		}
		next := p.script.s[0]
		p.script.remove(0)
		switch e := next.event.(type) {
		case givesUp:
			if i, waits := p.core.Interaction(e.leave.Interaction); waits && i.AcceptedAt.IsZero() {
				p.apply(next.at, e.leave)
			}
		case deed:
			if id := about(e.event); !p.astray[id] && !p.apply(next.at, e.event) && id != 0 {
				p.stray(next.at, id)
			}
		default:
			p.apply(next.at, e)
		}
	}
}

// stray is for an interaction to which something cannot be done that was done: what is
// begun goes on for as long as it did.
func (p *player) stray(at time.Time, id gateway.InteractionID) {
	p.astray[id] = true
	if i, ok := p.core.Interaction(id); ok {
		p.follow(at, i)
	}
}

// until is when something is done next, else when the floor of the recording woke last.
func (p *player) until() (at time.Time) {
	switch {
	case len(p.script.s) > 0:
		at = p.script.s[0].at
	case len(p.wakes) > 0:
		at = p.wakes[len(p.wakes)-1]
	}
	return at
}

// due is when the floor wakes: if it did just after that time, as late as it did.
func (p *player) due() time.Time {
	i, _ := slices.BinarySearchFunc(p.wakes, p.wakeAt, time.Time.Compare)
	if i < len(p.wakes) && !p.wakeAt.IsZero() && p.wakes[i].Sub(p.wakeAt) < lateness {
		return p.wakes[i]
	}
	return p.wakeAt
}

// apply does what the script says and writes what follows from it.
func (p *player) apply(at time.Time, ev Event) (done bool) {
	res := p.core.Apply(at, ev)
	p.wakeAt = res.WakeAt
	p.seq++
	p.hear(Logged{p.seq, at, ev}, res)
	for _, e := range res.Effects {
		switch e := e.(type) {
		case OfferCreated:
			if was, ok := p.offers[keyOf(e.Offer)]; ok && was.Equal(at) && !p.astray[e.Offer.Interaction] {
				continue
			}
			p.astray[e.Offer.Interaction] = true
			p.plan(at.Add(known(p.of(e.Offer.Interaction).Answer, usualAnswer)), gateway.Accept{
				Interaction: e.Offer.Interaction, No: e.Offer.No, Agent: e.Offer.Agent, ByPhone: true,
			})
		case InteractionChanged:
			if i := *e.Interaction; p.astray[i.ID] && (i.AcceptedAt.Equal(at) || i.EndedAt.Equal(at)) {
				p.follow(at, i)
			}
		}
	}
	return res.Err == nil
}

// follow writes the end of a talk and of a wrap-up, which have just begun or go on.
func (p *player) follow(at time.Time, i gateway.Interaction) {
	c := p.of(i.ID)
	switch {
	case i.State == gateway.StateActive && i.EndedAt.IsZero():
		p.plan(later(at, i.AcceptedAt.Add(known(c.Talk, usualTalk))), gateway.EndInteraction{Interaction: i.ID, Agent: i.Agent})
	case i.State == gateway.StateWrapUp:
		if codes, need := p.codes(i, c); need || c.WrapUp >= 0 {
			p.plan(later(at, i.EndedAt.Add(known(c.WrapUp, usualAfter))), gateway.Finish{Interaction: i.ID, Agent: i.Agent, Codes: codes})
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// codes are those of the recording, or the first that the queue would take.
func (p *player) codes(i gateway.Interaction, c *Episode) (codes []gateway.CodeID, need bool) {
	plan := p.core.queue(i.Queue).service[p.core.items.at(i.ID).lane].wrap
	if !plan.CodeRequired || len(c.Codes) > 0 {
		return c.Codes, plan.CodeRequired
	}
	for _, l := range plan.Lists {
		if l.Required && len(l.Codes) > 0 {
			codes = append(codes, l.Codes[0])
		}
	}
	if len(codes) == 0 && len(plan.Codes) > 0 {
		codes = plan.Codes[:1]
	}
	return codes, true
}

var nobody = &Episode{Patience: -1, Answer: -1, Talk: -1, WrapUp: -1}

func (p *player) of(id gateway.InteractionID) *Episode { return cmp.Or(p.episodes[id], nobody) }

func known(recorded, usual time.Duration) time.Duration {
	if recorded >= 0 {
		return recorded
	}
	return usual
}

// Figures are what a day comes to, recorded or simulated, by queue and channel.
type Figures map[Counter]*Counted

// Counter is what is counted separately.
type Counter struct {
	Queue   gateway.QueueID
	Channel gateway.Channel
}

// Counted are the figures of one queue and channel.
type Counted struct {
	Answered  int
	InTime    int // of the answered: not later than they were due
	Abandoned int // without those who left at once
	waits     []time.Duration
	seen      map[gateway.InteractionID]bool
}

// Hear counts a result. It can be given to Play, or called with what Replay yields.
func (f Figures) Hear(_ Logged, res Result) {
	for _, e := range res.Effects {
		if e, ok := e.(InteractionChanged); ok {
			f.count(*e.Interaction)
		}
	}
}

func (f Figures) count(i gateway.Interaction) {
	at := Counter{i.Queue, i.Channel}
	c := f[at]
	if c == nil {
		c = &Counted{seen: map[gateway.InteractionID]bool{}}
		f[at] = c
	}
	switch {
	case c.seen[i.ID]:
	case !i.AcceptedAt.IsZero() && !i.Outbound:
		c.seen[i.ID] = true
		c.Answered++
		if !i.AcceptedAt.After(i.DueAt) {
			c.InTime++
		}
		c.waits = append(c.waits, i.AcceptedAt.Sub(i.ArrivedAt))
	case i.End == gateway.EndAbandoned:
		c.seen[i.ID] = true
		c.Abandoned++
	}
}

// Wait is the mean wait of the answered, and the longest.
func (c *Counted) Wait() (mean, longest time.Duration) {
	for _, w := range c.waits {
		mean += w
		longest = max(longest, w)
	}
	return mean / time.Duration(max(len(c.waits), 1)), longest
}

// Percentile is the wait that p of 100 answered do not exceed.
func (c *Counted) Percentile(p int) time.Duration {
	if len(c.waits) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(c.waits))
	return sorted[min(len(sorted)*p/100, len(sorted)-1)]
}

// ServiceLevel is the share of those answered in time among all who did not leave at once.
func (c *Counted) ServiceLevel() float64 {
	return float64(c.InTime) / float64(max(c.Answered+c.Abandoned, 1))
}
