package routing

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/vaxelhq/vaxel/gateway"
)

// A recorded day that is played again with nothing changed comes to the same: also one of
// declines, misses, failures, transfers, consultations, pulls, calls out and callbacks.
func TestPlayReproducesDrawnDays(t *testing.T) {
	days := rapid.Custom(drawDay)
	for seed := range 600 {
		log := days.Example(seed)
		want, got := outcomes{}, outcomes{}
		for l, res := range New().Replay(slices.Values(log), nil) {
			want.hear(l, res)
		}
		Record(New(), slices.Values(log)).Play(nil, got.hear)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("day %d went another way:\n%.2000s", seed, diff)
		}
	}
}

// drawDay draws the log of a day on which the floor is never late.
func drawDay(t *rapid.T) (log []Logged) {
	d, states := newDay(t), 0
	d.states = &states
	wake := func() {
		for !d.wakeAt.IsZero() && !d.wakeAt.After(d.now) {
			d.applyAt(d.wakeAt, Wake{})
		}
	}
	d.apply(Configure{drawPlan(t)})
	d.opens()
	for range between(t, "events", 20, 80) {
		d.now = d.now.Add(time.Duration(oneOf(t, "seconds", []int{0, 1, 4, 16, 61})) * time.Second)
		wake()
		d.apply(d.drawEvent())
	}
	wake()
	for n, body := range d.log {
		ev, err := UnmarshalEvent(body)
		if err != nil {
			t.Fatal(err)
		}
		log = append(log, Logged{int64(n + 1), d.times[n], ev})
	}
	return log
}

// outcomes are what became of each interaction and each offer, and each status that was shown.
type outcomes map[any]any

func (o outcomes) hear(_ Logged, res Result) {
	for _, e := range res.Effects {
		switch e := e.(type) {
		case InteractionChanged:
			o[e.Interaction.ID] = *e.Interaction
		case OfferCreated:
			o[keyOf(e.Offer)] = e.Offer
		case OfferClosed:
			o[keyOf(e.Offer)] = e.Offer
		case PresenceChanged:
			o[shown{e.Presence.Agent, e.Presence.Rev}] = *e.Presence
		}
	}
}

// shown is an agent's status of a revision.
type shown struct {
	agent gateway.AgentID
	rev   int64
}
