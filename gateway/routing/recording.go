package routing

import (
	"iter"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// Recording is a stretch of the log without its decisions: who came, what agents did of
// their own accord, how long things took. Played again under another plan it says what
// would probably have happened.
type Recording struct {
	Episodes []Episode
	Acts     []Logged // plans, statuses, consoles, phones
	Deeds    []Logged // what followed from decisions: done again as long as these are the same
	Offers   map[OfferKey]time.Time
	Wakes    []time.Time // when the floor woke: a clock is a little late
	// Unknown counts what is done again only as long as the decisions before it are the
	// same, because it was an answer to them: declined, missed, transferred …
	Unknown map[string]int
}

// OfferKey names an offer of a recording.
type OfferKey struct {
	Interaction gateway.InteractionID
	No          int
	Agent       gateway.AgentID
}

func keyOf(o gateway.Offer) OfferKey { return OfferKey{o.Interaction, o.No, o.Agent} }

// Episode is one customer's arrival and what it took. Times that the log does not tell
// are negative: of somebody who gave up nobody knows how long the talk would have been.
type Episode struct {
	At       time.Time
	Seq      int64 // in the log
	Admit    Admit
	Patience time.Duration // gives up after so long without an answer; negative: did not
	Leave    Logged        // how they gave up
	Answer   time.Duration // from the offer to its acceptance
	Talk     time.Duration
	WrapUp   time.Duration
	Codes    []gateway.CodeID
}

// recorder listens to a replay.
type recorder struct {
	Recording
	index   map[gateway.InteractionID]int
	offered map[gateway.InteractionID]time.Time
	now     map[gateway.InteractionID]gateway.Interaction
}

// Record replays a log and takes its decisions out. The core, new or restored from the
// snapshot before the log, becomes what the log makes of it. What was open at its start
// is not played again.
func Record(c *Core, log iter.Seq[Logged]) Recording {
	r := recorder{
		Recording: Recording{Unknown: map[string]int{}, Offers: map[OfferKey]time.Time{}}, index: map[gateway.InteractionID]int{},
		offered: map[gateway.InteractionID]time.Time{}, now: map[gateway.InteractionID]gateway.Interaction{},
	}
	r.start(c)
	for l, res := range c.Replay(log, nil) {
		if res.Err == nil {
			r.event(l)
			r.effects(l.At, res.Effects)
		}
	}
	return r.Recording
}

// start makes the floor as it was a part of the recording.
func (r *recorder) start(c *Core) {
	if len(c.roster) == 0 {
		return
	}
	act := func(ev Event) { r.Acts = append(r.Acts, Logged{At: c.now, Event: ev}) }
	act(Configure{c.plan})
	for _, a := range c.roster {
		if a.live {
			act(gateway.Consoles{Agent: a.id, Live: true})
		}
		if a.intent != gateway.IntentLoggedOut {
			act(gateway.SetStatus{Agent: a.id, Intent: a.intent, Code: a.code})
		}
	}
	if c.items.n > 0 {
		r.Unknown["Open at the start"] = c.items.n
	}
}

func (r *recorder) event(l Logged) {
	switch e := l.Event.(type) {
	case Admit:
		if r.episode(e.Interaction) != nil {
			r.Deeds = append(r.Deeds, l) // said twice
			break
		}
		r.index[e.Interaction] = len(r.Episodes)
		r.Episodes = append(r.Episodes, Episode{At: l.At, Seq: l.Seq, Admit: e, Patience: -1, Answer: -1, Talk: -1, WrapUp: -1})
	case Configure, gateway.SetStatus, gateway.Consoles, gateway.PhoneReach, Recover:
		r.Acts = append(r.Acts, l)
	case Wake:
		r.Wakes = append(r.Wakes, l.At)
	case gateway.Leave:
		i, open := r.now[e.Interaction]
		if c := r.episode(e.Interaction); c == nil || c.Patience >= 0 || !open || !i.AcceptedAt.IsZero() || !i.EndedAt.IsZero() {
			r.Deeds = append(r.Deeds, l) // whoever leaves twice has left, and so has who was sent away
		} else {
			c.Patience, c.Leave = l.At.Sub(c.At), l
		}
	case gateway.Accept:
		r.Deeds = append(r.Deeds, l)
		if c := r.episode(e.Interaction); c != nil && c.Answer < 0 {
			c.Answer = l.At.Sub(r.offered[e.Interaction])
		}
	case gateway.Finish:
		r.Deeds = append(r.Deeds, l)
		if c := r.episode(e.Interaction); c != nil {
			c.Codes = e.Codes
			if ended := r.now[e.Interaction].EndedAt; !ended.IsZero() {
				c.WrapUp = l.At.Sub(ended)
			}
		}
	case Regroup, gateway.Decline, gateway.FailOffer, gateway.TakeUp, gateway.Redial, gateway.Transfer, gateway.Consult, gateway.Pull, gateway.Begin, gateway.CallBack, gateway.ExtendWrapUp:
		r.Deeds = append(r.Deeds, l)
		r.Unknown[nameOf(e)]++
	default:
		r.Deeds = append(r.Deeds, l)
	}
}

func (r *recorder) effects(at time.Time, effects []Effect) {
	for _, e := range effects {
		switch e := e.(type) {
		case OfferCreated:
			r.offered[e.Offer.Interaction] = at
			r.Offers[keyOf(e.Offer)] = at
		case OfferClosed:
			if e.Offer.Outcome == gateway.Missed {
				r.Unknown["Missed"]++
			}
		case InteractionChanged:
			i := *e.Interaction
			if c := r.episode(i.ID); c != nil && !i.EndedAt.IsZero() && !i.AcceptedAt.IsZero() && c.Talk < 0 {
				c.Talk = i.EndedAt.Sub(i.AcceptedAt)
			}
			r.now[i.ID] = i
		}
	}
}

func (r *recorder) episode(id gateway.InteractionID) *Episode {
	if i, ok := r.index[id]; ok {
		return &r.Episodes[i]
	}
	return nil
}

func nameOf(ev Event) string {
	switch ev.(type) {
	case gateway.Decline:
		return "Declined"
	case gateway.FailOffer:
		return "Failed"
	case gateway.Transfer:
		return "Transferred"
	case gateway.Consult:
		return "Consulted"
	case gateway.Pull:
		return "Pulled"
	case gateway.Begin:
		return "Begun"
	case gateway.TakeUp:
		return "Taken up"
	case gateway.ExtendWrapUp:
		return "Extended"
	case Regroup:
		return "Regrouped"
	}
	return "Called back"
}

// about is the interaction that a deed is done to, none if whatever was decided allows it.
func about(ev Event) gateway.InteractionID {
	switch e := ev.(type) {
	case gateway.Accept:
		return e.Interaction
	case gateway.Decline:
		return e.Interaction
	case gateway.FailOffer:
		return e.Interaction
	case gateway.Leave:
		return e.Interaction
	case gateway.CallBack:
		return e.Interaction
	case gateway.EndInteraction:
		return e.Interaction
	case gateway.Finish:
		return e.Interaction
	case gateway.ExtendWrapUp:
		return e.Interaction
	case gateway.TakeUp:
		return e.Interaction
	case gateway.Touch:
		return e.Interaction
	case gateway.Silence:
		return e.Interaction
	case gateway.Redial:
		return e.Interaction
	case gateway.Unreached:
		return e.Interaction
	case gateway.Transfer:
		return e.Interaction
	case gateway.Consult:
		return e.Interaction
	case gateway.TransferLines:
		return e.Interaction
	case gateway.JoinLines:
		return e.Interaction
	case gateway.DropLine:
		return e.Interaction
	case gateway.HoldLine:
		return e.Interaction
	case gateway.Pull:
		return e.Interaction
	}
	return 0
}
