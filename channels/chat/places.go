package chat

import (
	"context"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

const (
	placeEvery    = 15 * time.Second // how often those who wait hear of their place
	placeSoon     = time.Second      // until the first place is known
	goneTooLong   = 5 * time.Minute  // a visitor who waits and is away this long has left
	silentTooLong = 10 * time.Minute // the same while an agent serves them
	sweepBeat     = 5                // seconds; all sweeps are at multiples of it
	sweepSeconds  = 30
	rollSeconds   = 600 // a multiple of sweepSeconds
)

// queued notes that the visitor waits now; their place follows within a second.
func (v *session) queued() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.phase, v.place, v.placed = phaseQueued, Place{Interaction: v.place.Interaction}, time.Time{}
	v.out.tell(v.queueFrameLocked())
}

// waits gives the conversation of a visitor whose place is due.
func (v *session) waits(now time.Time) (gateway.ConversationID, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	every := placeEvery
	if v.place.Position == 0 {
		every = placeSoon
	}
	return v.visitor.Conversation, v.phase == phaseQueued && v.visitor.Conversation != 0 && now.Sub(v.placed) >= every
}

// tellPlaces tells those who wait where they stand: one question for all of them.
func (s *Server) tellPlaces(ctx context.Context, now time.Time) {
	waiting := map[gateway.ConversationID]*session{}
	var list []gateway.ConversationID
	for _, v := range s.all() {
		if c, due := v.waits(now); due {
			waiting[c] = v
			list = append(list, c)
		}
	}
	if len(list) == 0 {
		return
	}
	places, err := s.Board.Places(ctx, list)
	if err != nil {
		s.Log.Warn("places not read", "err", err)
		return
	}
	for c, v := range waiting {
		if p, ok := places[c]; ok {
			v.setPlace(p, now)
		}
	}
}

// setPlace tells a place, unless it is of the past: it was read without a lock.
func (v *session) setPlace(p Place, now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.phase != phaseQueued || phaseOf(p.State) != phaseQueued {
		return // answered meanwhile; the stream says so
	}
	v.place, v.placed = p, now
	v.out.tell(v.queueFrameLocked())
}

// sweepGone lets those go who left while they waited, and some time later those who were
// being served: an agent must not be asked to answer nobody. First it notes who is here: a
// visitor may have come to this node before the old one saw them go, and a node that died
// saw nobody go, which is what the roll is called for.
func (s *Server) sweepGone(ctx context.Context, now time.Time) {
	if now.Unix()%sweepSeconds != 0 {
		return
	}
	err := s.callRoll(ctx, now)
	if err == nil {
		err = s.setHere(ctx, s.here()...)
	}
	if err == nil {
		err = s.mindAway(ctx, now)
	}
	if err != nil {
		s.Log.Warn("gone visitors still wait", "err", err)
	}
}

// callRoll calls it at this node's first sweep, and every ten minutes.
func (s *Server) callRoll(ctx context.Context, now time.Time) error {
	if s.called.Load() && now.Unix()%rollSeconds != 0 {
		return nil
	}
	err := s.rollCall(ctx)
	s.called.Store(err == nil)
	return err
}

// here gives those connected to this node who have written.
func (s *Server) here() (list []tokenHash) {
	for _, v := range s.all() {
		if v.conversation() != 0 {
			list = append(list, v.token)
		}
	}
	return list
}

// over says whether a visitor who is away so long has left.
func (p Place) over(away time.Duration) bool {
	switch p.State {
	case gateway.StateWaiting:
		return away >= goneTooLong
	case gateway.StateActive:
		return away >= silentTooLong
	case gateway.StateOffered, gateway.StateParked, gateway.StateWrapUp, gateway.StateFinished:
		return false
	}
	return false
}
