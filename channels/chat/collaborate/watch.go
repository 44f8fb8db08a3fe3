package collaborate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// hearHand takes what the agent does: it must not block. Without the second consent nothing
// is done on the page, whatever the other side says.
func (v *visitor) hearHand() func([]byte) {
	var j joiner
	return func(piece []byte) {
		data, _, _ := j.join(piece)
		var f visitorOut
		if data == nil || json.Unmarshal(data, &f) != nil {
			return
		}
		s := v.now()
		if s.State != Shared || f.T == "act" && s.Control != ControlGiven {
			return
		}
		if f.T != "snapshot" {
			v.act()
		}
		v.out.send(f) // what does not fit is not worth waiting for
	}
}

// hearEvent notices at once that the agent has let go of the customer.
func (v *visitor) hearEvent(ctx context.Context, s Session) func(gateway.Event) {
	return func(e gateway.Event) {
		var entry gateway.Entry
		var h gateway.Happening
		if e.Type != "message.created" || json.Unmarshal(e.Data, &entry) != nil || entry.Kind != gateway.EntryEvent || json.Unmarshal(entry.Body, &h) != nil {
			return
		}
		switch h.What {
		case "ended", "transferred", "left", "joined", "finished":
			go v.room.verify(ctx, s)
		}
	}
}

// watch looks when the session has changed, keeps the socket alive, notes that the page is
// there, and ends what nobody does anything in.
func (v *visitor) watch(ctx context.Context) error {
	ping, note := time.NewTicker(pingEvery), time.NewTicker(seenEvery)
	defer ping.Stop()
	defer note.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-v.look:
			err = v.changed(ctx)
		case <-ping.C:
			v.out.send(visitorOut{T: "ping"})
		case <-note.C:
			err = v.note(ctx)
		}
		if err != nil {
			return err
		}
	}
}

// changed reads the session and tells the page.
func (v *visitor) changed(ctx context.Context) error {
	s, err := v.room.Session(ctx, v.now().ID)
	if err != nil {
		return err
	}
	rules, err := v.room.rules(ctx)
	if err != nil {
		return err
	}
	v.mu.Lock()
	s.Widget = v.session.Widget
	mine := bytes.Equal(hashOf(v.pass), s.PassHash)
	v.session = s
	f := visitorOut{T: "state", State: s.State, Control: s.Control, Agent: s.AgentName, Cause: s.Cause, Rules: rules}
	if mine {
		f.Pass = v.pass
	}
	v.mu.Unlock()
	if s.State == Shared && !mine { // another tab was the first to consent
		f.State, f.Cause = Ended, "elsewhere"
	}
	if f.State != Ended {
		v.out.send(f)
		return nil
	}
	f.Rules, f.Pass = nil, ""
	v.out.send(f)
	return errors.Join(v.out.flush(ctx), errOver)
}

func (v *visitor) note(ctx context.Context) error {
	v.mu.Lock()
	s, idle := v.session, time.Since(v.acted)
	v.mu.Unlock()
	if s.State != Shared {
		return nil
	}
	if idle > v.room.IdleAfter {
		_, err := v.room.End(ctx, s.ID, Idle)
		return err
	}
	return v.seen(ctx, s, "")
}

// seen notes that the page is there. That the session has changed is noticed here at the
// latest, should the word of it have been lost.
func (v *visitor) seen(ctx context.Context, s Session, page string) error {
	rev, err := v.room.seen(ctx, s.ID, page)
	if err == nil && rev != s.Rev {
		v.hint()
	}
	return err
}
