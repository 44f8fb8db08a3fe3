package floor

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

// waitsShown is how many moments of vain search are told of one interaction, the latest.
const waitsShown = 100

// Decision is one offer of an interaction with what routing saw when it made it, or a
// moment at which it could be offered to nobody.
type Decision struct {
	routing.Explanation
	// Offers are what became of it: several where several phones rang, none of a vain
	// search. One without candidates was not chosen by routing, a colleague named the agent; or
	// it is one of a queue whose log is forgotten.
	Offers []gateway.Offer `json:"offers" nullable:"false"`
}

// Why explains every offer of an interaction from the log, also after it has ended: the
// core of that time is restored from the snapshot before it and given the same events
// again. Of those who waited it tells each search that found other reasons than the one
// before. One at a time on each node: a long wait is a long log.
func (f *Floor) Why(ctx context.Context, id gateway.InteractionID) ([]Decision, error) {
	i, err := f.Interaction(ctx, id)
	if err != nil {
		return nil, err
	}
	offers, err := f.offersOf(ctx, id)
	if err != nil {
		return nil, err
	}
	select {
	case f.playing <- struct{}{}:
		defer func() { <-f.playing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	s, err := f.sinceEntry(ctx, i.Seq)
	if err != nil {
		return nil, err
	}
	until := f.now().Add(skew)
	if !i.FinishedAt.IsZero() {
		until = i.FinishedAt
	}
	all := s.core.Why(s.events(ctx, until), id)
	if s.err != nil {
		return nil, fmt.Errorf("explain interaction %d: %w", id, s.err)
	}
	return decisions(all, offers), nil
}

// offersOf are all offers of an interaction, in the order in which they were made.
func (f *Floor) offersOf(ctx context.Context, id gateway.InteractionID) ([]gateway.Offer, error) {
	return f.offers(ctx, `where interaction = $1 order by no, agent`, id)
}

// decisions puts together what was seen and what was offered, by time.
func decisions(seen []routing.Explanation, offers []gateway.Offer) []Decision {
	byNo := map[int][]gateway.Offer{}
	for _, o := range offers {
		byNo[o.No] = append(byNo[o.No], o)
	}
	var list []Decision
	for _, e := range distinct(seen) {
		list = append(list, Decision{e, byNo[e.OfferNo]})
		delete(byNo, e.OfferNo)
	}
	for no, named := range byNo {
		o := named[0]
		list = append(list, Decision{routing.Explanation{At: o.CreatedAt.UTC(), Interaction: o.Interaction, Queue: o.Queue, OfferNo: no}, named})
	}
	slices.SortStableFunc(list, func(a, b Decision) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.OfferNo, b.OfferNo))
	})
	return list
}

// distinct leaves out vain searches that found what the one before had found, and all but
// the latest of the others.
func distinct(seen []routing.Explanation) (out []routing.Explanation) {
	vain := 0
	for n, e := range slices.Backward(seen) {
		if e.OfferNo == 0 {
			if vain == waitsShown || n > 0 && len(e.Edits) == 0 && seen[n-1].OfferNo == 0 && slices.EqualFunc(seen[n-1].Candidates, e.Candidates, sameVerdict) {
				continue
			}
			vain++
		}
		out = append(out, e)
	}
	slices.Reverse(out)
	return out
}

func sameVerdict(a, b routing.Candidate) bool { return a.Agent == b.Agent && a.Rule == b.Rule }
