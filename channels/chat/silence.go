package chat

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// heardPage is how far back the last word is looked for.
const heardPage = 50

// sweepSilent looks after those connected here whose time to say something has come. What
// it goes by is on the conversation, so that another node, or this one started anew, goes
// by the same; those who are not connected are let go by sweepGone.
func (s *Server) sweepSilent(ctx context.Context, now time.Time) {
	due := slices.DeleteFunc(s.all(), func(v *session) bool { return !v.looks(now) })
	if len(due) == 0 {
		return
	}
	list := make([]gateway.ConversationID, len(due))
	for i, v := range due {
		list[i] = v.conversation()
	}
	places, err := s.Board.Places(ctx, list)
	if err != nil {
		s.Log.Warn("who is silent is not known now", "err", err)
	}
	for i, v := range due {
		next := now.Add(sweepSeconds * time.Second)
		if p := places[list[i]]; p.State == gateway.StateActive { // else nobody waits for the other
			if next, err = v.mindSilence(ctx, now, p.Interaction); err != nil {
				s.Log.Warn("a silent visitor still holds an agent", "err", err)
				next = now.Add(sweepSeconds * time.Second)
			}
		}
		v.looked(next)
	}
}

// looks says whether the visitor's silence is to be looked at, and keeps others from it.
func (v *session) looks(now time.Time) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.looking || v.phase != phaseOpen || now.Before(v.look) {
		return false
	}
	v.looking = true
	return true
}

// looked lets the silence be looked at again, not before next.
func (v *session) looked(next time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.looking, v.look = false, next
}

// stir notes a sign of life.
func (v *session) stir(now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.stirred = now
}

// mindSilence asks or ends, if it is time, and says when to look again.
func (v *session) mindSilence(ctx context.Context, now time.Time, active gateway.InteractionID) (next time.Time, err error) {
	v.mu.Lock()
	who, after, stirred := v.visitor, max(v.sent-heardPage, 0), v.stirred
	v.mu.Unlock()
	entries, err := v.srv.Timeline.Entries(ctx, who.Conversation, after, 2*heardPage)
	if err != nil {
		return next, err
	}
	if line, at := unanswered(entries); line > 0 {
		return v.srv.mindAgent(ctx, now, active, line, at)
	}
	pos, since := silentSince(entries, stirred)
	do, next := v.srv.silence(now, since)
	switch do {
	case end:
		a := absence{Conversation: who.Conversation, Widget: who.Widget, Name: who.Name, Email: who.Email, Topic: who.Topic, Language: who.Language}
		if err := v.srv.sendTranscript(ctx, a, active); err != nil {
			return next, err
		}
		return next, v.srv.leave(ctx, active, gateway.EndSilent)
	case ask:
		return next, v.nudge(ctx, who, pos)
	default:
		return next, nil
	}
}

// nudge is a line of the house's own, once after each line of the agent's.
func (v *session) nudge(ctx context.Context, who visitor, pos int64) error {
	_, err := v.srv.Timeline.Say(ctx, gateway.Entry{
		Conversation: who.Conversation, Kind: gateway.EntryMessage, Channel: gateway.Chat, Text: voices[v.widget.language(who.Language)].Nudge,
		ClientID: fmt.Sprintf("nudge/%d", pos),
		Author:   gateway.Author{Kind: gateway.BySystem, Name: v.widget.Name}, At: time.Now(),
	})
	if err != nil {
		return fmt.Errorf("ask whether the visitor is there: %w", err)
	}
	return nil
}

// What a visitor's silence asks for.
const (
	nothing = iota
	ask
	end
)

// silence says what a silence asks for by now, and when it asks for more. Since zero, it
// is the agent who is waited for; an answer of theirs is not found late.
func (c *Config) silence(now, since time.Time) (do int, next time.Time) {
	soonest := c.NudgeAfter
	if soonest == 0 || c.SilentAfter != 0 && c.SilentAfter < soonest {
		soonest = c.SilentAfter
	}
	next = now.Add(soonest)
	if since.IsZero() || soonest == 0 {
		return nothing, now.Add(agentSilent)
	}
	silent := now.Sub(since)
	switch {
	case c.SilentAfter != 0 && silent >= c.SilentAfter:
		return end, next
	case silent < soonest:
		return nothing, since.Add(soonest)
	case c.SilentAfter != 0:
		return ask, since.Add(c.SilentAfter)
	default:
		return ask, next
	}
}

// agentSilent is how long a visitor may wait for an answer before supervisors hear of it. No
// visitor is looked at less often, so that it is not late.
const agentSilent = 5 * time.Minute

// mindAgent has the floor tell supervisors of a line that their agent has not answered. The
// floor knows for how long somebody has had the chat.
func (s *Server) mindAgent(ctx context.Context, now time.Time, active gateway.InteractionID, line int64, at time.Time) (next time.Time, err error) {
	if now.Sub(at) < agentSilent {
		return at.Add(agentSilent), nil
	}
	_, err = s.Floor.Do(ctx, "", gateway.Silence{Interaction: active, Pos: line})
	if errors.Is(err, gateway.ErrConflict) { // it is too early, or known
		err = nil
	}
	return now.Add(time.Minute), err
}

// unanswered is the oldest line of the visitor's that no agent has answered yet.
func unanswered(entries []gateway.Entry) (pos int64, at time.Time) {
	for _, e := range slices.Backward(entries) {
		switch {
		case e.Internal || e.Kind == gateway.EntryEvent || e.Author.Kind == gateway.BySystem:
		case e.Author.Kind == gateway.ByAgent:
			return pos, at
		default:
			pos, at = e.Pos, e.At
		}
	}
	return pos, at
}

// silentSince is the agent's last line, if the visitor has not answered it, and since when
// they have given no sign of life.
func silentSince(entries []gateway.Entry, stirred time.Time) (pos int64, since time.Time) {
	for _, e := range slices.Backward(entries) {
		if e.Internal || e.Kind == gateway.EntryEvent || e.Author.Kind == gateway.BySystem {
			continue
		}
		if e.Author.Kind != gateway.ByAgent {
			return 0, time.Time{}
		}
		if stirred.After(e.At) {
			return e.Pos, stirred
		}
		return e.Pos, e.At
	}
	return 0, time.Time{}
}
