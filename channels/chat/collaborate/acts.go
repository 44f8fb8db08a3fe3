package collaborate

import (
	"context"
	"encoding/json"
	"time"
)

// handle does what one frame asks. A refusal is told and is not the end.
func (v *visitor) handle(ctx context.Context, f visitorIn) {
	var err error
	s := v.now()
	switch f.T {
	case "share":
		err = v.answer(ctx, s, f.On)
	case "control":
		v.act()
		_, err = v.room.answerControl(ctx, s.ID, f.On)
	case "stop":
		_, err = v.room.End(ctx, s.ID, stopped(f.Cause))
	case "page":
		err = v.show(ctx, s, f)
	case "events":
		v.passOn(s, f)
	case "acted":
		v.tell(s, agentOut{T: "acted", N: f.N, OK: f.OK, Why: clip(f.Why, 100)})
	}
	if err == nil {
		return
	}
	refusal, ours := refusalOf(err, v.guest.Language)
	if ours {
		v.room.Log.Warn("co-browsing", "conversation", s.Conversation, "err", err)
	}
	v.out.send(visitorOut{T: "error", Code: refusal.Code, Detail: refusal.Detail})
}

// stopped is why the page ended it: the customer did, unless it could not be shown at all.
func stopped(cause string) string {
	if cause == TooLarge || cause == BadRules {
		return cause
	}
	return ByCustomer
}

// answer is the first consent, or its refusal.
func (v *visitor) answer(ctx context.Context, s Session, on bool) error {
	if s.State != Asked {
		return nil
	}
	if !on {
		_, err := v.room.End(ctx, s.ID, Declined)
		return err
	}
	v.mu.Lock()
	if v.pass == "" {
		v.pass = newPass() // known before it is kept: whoever reads the session then knows whose it is
	}
	pass := v.pass
	v.acted = time.Now()
	v.mu.Unlock()
	defer v.hint() // another tab may have been the first
	return v.room.share(ctx, s, pass)
}

// show says which page it is. One that is too large is shown to nobody.
func (v *visitor) show(ctx context.Context, s Session, f visitorIn) error {
	if s.State != Shared {
		return nil
	}
	if f.Nodes > nodesMax {
		_, err := v.room.End(ctx, s.ID, TooLarge)
		return err
	}
	page := plainURL(f.URL)
	v.tell(s, agentOut{T: "page", URL: page, Nodes: f.Nodes, Large: f.Nodes > nodesLarge})
	return v.seen(ctx, s, page)
}

// passOn passes on what the page shows, once the customer has consented.
func (v *visitor) passOn(s Session, f visitorIn) {
	if s.State != Shared || len(f.Events) == 0 {
		return
	}
	if f.Busy {
		v.act()
	}
	data, _ := json.Marshal(agentOut{T: "events", Events: f.Events, Whole: f.Whole}) // JSON that was read
	v.send.publish(v.room.Bus, subjectPage(s.ID), data, f.Whole)
}

func (v *visitor) tell(s Session, f agentOut) {
	data, _ := json.Marshal(f) // strings and numbers
	v.send.publish(v.room.Bus, subjectPage(s.ID), data, false)
}
