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
// may put another plan in the place of each recorded one. Agents accept what they are
// offered after the time that was recorded for the episode; customers who gave up do so
// again at the same moment, unless they have been answered; nobody else's patience ends.
func (r Recording) Play(change func(gateway.Plan) gateway.Plan, hear func(Logged, Result)) {
	p := player{
		core: New(), hear: hear, wakes: r.Wakes, episodes: map[gateway.InteractionID]*Episode{},
		script: heap[scripted]{less: scriptBefore, moved: func(scripted, int) {}},
	}
	for i := range r.Episodes {
		c := &r.Episodes[i]
		p.episodes[c.Admit.Interaction] = c
		p.plan(c.At, c.Admit)
		if c.Patience >= 0 {
			p.plan(c.At.Add(c.Patience), givesUp{c.Admit.Interaction})
		}
	}
	for _, l := range r.Acts {
		if e, ok := l.Event.(Configure); ok && change != nil {
			l.Event = Configure{change(e.Plan)}
		}
		p.plan(l.At, l.Event)
	}
	p.run()
}

// player is one simulated day.
type player struct {
	core     *Core
	hear     func(Logged, Result)
	seq      int64 // of what was heard
	episodes map[gateway.InteractionID]*Episode
	script   heap[scripted]
	wrote    int
	wakeAt   time.Time
	wakes    []time.Time // of the recording
}

// scripted is one line of the script: what somebody does, and when.
type scripted struct {
	at    time.Time
	no    int
	event Event
}

// givesUp is a customer who leaves if there has been no answer.
type givesUp struct{ interaction gateway.InteractionID }

// scriptBefore puts the plan before people, and people in the order in which they were written.
func scriptBefore(a, b scripted) bool {
	if d := a.at.Compare(b.at); d != 0 {
		return d < 0
	}
	_, x := a.event.(Configure)
	_, y := b.event.(Configure)
	if x != y {
		return x
	}
	return a.no < b.no
}

func (p *player) plan(at time.Time, ev Event) {
	p.wrote++
	p.script.push(scripted{at, p.wrote, ev})
}

func (p *player) run() {
	for len(p.script.s) > 0 {
		next := p.script.s[0]
		if due := p.due(); !due.IsZero() && !due.After(next.at) {
			p.apply(due, Wake{})
			continue
		}
		p.script.remove(0)
		if g, ok := next.event.(givesUp); ok {
			if i, waits := p.core.Interaction(g.interaction); !waits || !i.AcceptedAt.IsZero() {
				continue
			}
			next.event = gateway.Leave{Interaction: g.interaction}
		}
		p.apply(next.at, next.event)
	}
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
func (p *player) apply(at time.Time, ev Event) {
	res := p.core.Apply(at, ev)
	p.wakeAt = res.WakeAt
	p.seq++
	p.hear(Logged{p.seq, at, ev}, res)
	for _, e := range res.Effects {
		switch e := e.(type) {
		case OfferCreated:
			p.plan(at.Add(known(p.of(e.Offer.Interaction).Answer, usualAnswer)), gateway.Accept{
				Interaction: e.Offer.Interaction, No: e.Offer.No, Agent: e.Offer.Agent, ByPhone: true,
			})
		case InteractionChanged:
			p.follow(at, *e.Interaction)
		}
	}
}

// follow writes the end of a talk that has just begun and of a wrap-up that has.
func (p *player) follow(at time.Time, i gateway.Interaction) {
	c := p.of(i.ID)
	switch {
	case i.State == gateway.StateActive && i.AcceptedAt.Equal(at):
		p.plan(at.Add(known(c.Talk, usualTalk)), gateway.EndInteraction{Interaction: i.ID, Agent: i.Agent})
	case i.State == gateway.StateWrapUp && i.EndedAt.Equal(at):
		if codes, need := p.codes(i, c); need || c.WrapUp >= 0 {
			p.plan(at.Add(known(c.WrapUp, usualAfter)), gateway.Finish{Interaction: i.ID, Agent: i.Agent, Codes: codes})
		}
	}
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
