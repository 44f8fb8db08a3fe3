package chat

import (
	"context"
	"errors"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

const (
	placeEvery   = 15 * time.Second // how often those who wait hear of their place
	placeSoon    = time.Second      // until the first place is known
	goneTooLong  = 5 * time.Minute  // a visitor who waits and is away this long has left
	sweepSeconds = 30
)

// queued notes that the visitor waits now; their place follows within a second.
func (v *session) queued() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.phase, v.place.Position, v.placed = phaseQueued, 0, time.Time{}
	v.out.tell(frameOut{T: "queue", Phase: phaseQueued})
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

func (v *session) setPlace(p Place, now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.phase != phaseQueued || phaseOf(p.State) != phaseQueued {
		return // answered meanwhile; the stream says so
	}
	v.place, v.placed = p, now
	v.out.tell(frameOut{T: "queue", Phase: phaseQueued, Position: p.Position, Wait: seconds(p.Wait)})
}

// sweepGone lets those go who left while they waited: an agent must not be asked to
// answer nobody. Whoever is being served is the agent's to end. First it notes who is
// here: a visitor may have come to this node before the old one saw them go.
func (s *Server) sweepGone(ctx context.Context, now time.Time) {
	if now.Unix()%sweepSeconds != 0 {
		return
	}
	var here []tokenHash
	for _, v := range s.all() {
		if v.conversation() != 0 {
			here = append(here, v.token)
		}
	}
	err := s.setHere(ctx, here...)
	if err == nil {
		err = s.letGo(ctx, now.Add(-goneTooLong))
	}
	if err != nil {
		s.Log.Warn("gone visitors still wait", "err", err)
	}
}

// letGo takes those out of the queue who went before a time. Who is offered or served
// stays noted as gone: the next sweep finds them if they wait again.
func (s *Server) letGo(ctx context.Context, before time.Time) error {
	gone, err := s.gone(ctx, before)
	if err != nil || len(gone) == 0 {
		return err
	}
	places, err := s.Board.Places(ctx, gone)
	if err != nil {
		return err
	}
	var missed []gateway.ConversationID
	var errs []error
	for _, c := range gone {
		p, open := places[c]
		if open && p.State == gateway.StateWaiting {
			err := s.leave(ctx, p.Interaction)
			open, errs = err != nil, append(errs, err)
		}
		if !open {
			missed = append(missed, c)
		}
	}
	return errors.Join(append(errs, s.setMissed(ctx, before, missed))...)
}
