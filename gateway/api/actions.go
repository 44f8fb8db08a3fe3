package api

import (
	"context"
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
)

// actions are what the caller may do with an interaction right now. Of a wrap-up only the
// presence knows all: after a transfer the sender's goes on while the interaction is somebody
// else's.
func (s *Server) actions(ctx context.Context, i Interaction, by access.Caller) ([]string, error) {
	if by.Agent != 0 && i.Agent == by.Agent && (i.State == gateway.StateActive || i.State == gateway.StateParked) {
		names, err := s.names.Get(ctx)
		if names.Asks[i.Queue][i.Channel] { // before the end, a wrap-up is asked for by the same verb
			return append(actions(i, by), "extend"), err
		}
		return actions(i, by), err
	}
	if by.Agent == 0 || i.State != gateway.StateWrapUp && (i.Agent == by.Agent || slices.Contains(i.Others, by.Agent)) {
		return actions(i, by), nil
	}
	if w, left, err := s.wrapUpLeft(ctx, by.Agent, i.ID); err != nil || left {
		return wrapUpActions(w, time.Now()), err
	}
	return actions(i, by), nil
}

// wrapUpLeft is what the agent has left of an interaction's wrap-up, if anything.
func (s *Server) wrapUpLeft(ctx context.Context, agent gateway.AgentID, id gateway.InteractionID) (gateway.WrapUpLeft, bool, error) {
	if agent == 0 {
		return gateway.WrapUpLeft{}, false, nil
	}
	p, err := s.Floor.Presence(ctx, agent)
	for _, w := range p.WrapUps {
		if w.Interaction == id {
			return w, true, err
		}
	}
	return gateway.WrapUpLeft{}, false, err
}

func wrapUpActions(left gateway.WrapUpLeft, now time.Time) []string {
	verbs := []string{"note", "finish"}
	if now.Before(left.ExtendableUntil) {
		verbs = append(verbs, "extend")
	}
	return verbs
}

// actions are the verbs that would not be refused now, by their names in the paths with _ for -.
// The console draws its buttons from them, so that it needs no rules of its own.
func actions(i Interaction, by access.Caller) []string {
	mine := i.Agent == by.Agent && by.Agent != 0
	switch i.State {
	case gateway.StateWaiting:
		return []string{"pull"}
	case gateway.StateOffered:
		return []string{}
	case gateway.StateActive, gateway.StateParked:
		switch {
		case mine:
			return holderActions(i)
		case speaks(i.Interaction, by):
			return []string{"message", "note", "article", "reply", "drop_line"}
		case slices.Contains(i.Others, by.Agent):
			return []string{"note", "drop_line"}
		}
	case gateway.StateWrapUp:
	case gateway.StateFinished:
		if by.Agent != 0 && (i.Channel == gateway.Voice || returnable(i)) {
			return []string{"note", "call_back"}
		}
	}
	return []string{"note"}
}

// holderActions are those of the agent who has an interaction.
func holderActions(i Interaction) []string {
	if !i.EndedAt.IsZero() { // only colleagues talk
		return []string{"note", "end", "drop_line"}
	}
	verbs := append([]string{"message", "note", "article", "reply", "end"}, lineActions(i)...)
	if i.State == gateway.StateParked {
		verbs = append(verbs, "resume")
	}
	if returnable(i) && i.Phase == "" {
		verbs = append(verbs, "call_back")
	}
	return verbs
}

// returnable says whether it is there for its customer to be called back.
func returnable(i Interaction) bool {
	return i.Channel == gateway.Voicemail || i.Channel == gateway.Callback
}

// rings says whether a colleague has been asked who has not answered yet.
func (i Interaction) rings() bool {
	return i.Asked != nil && i.Asked.Kind == gateway.OfferConsult && i.Asked.Outcome == ""
}

// lineActions are what may be done with the lines.
func lineActions(i Interaction) []string {
	var call, swap []string
	if onPhone(i.Interaction) {
		call, swap = []string{"keys"}, []string{"swap_lines"}
	}
	switch i.Phase {
	case gateway.PhaseConsult:
		if i.Line2 == gateway.Line2Colleague && i.rings() {
			return append(call, "drop_line")
		}
		return slices.Concat(call, swap, []string{"transfer_lines", "join_lines", "drop_line"})
	case gateway.PhaseConference:
		return append(call, "consult", "transfer_lines", "drop_line")
	case gateway.PhaseHold:
		return append(call, "transfer", "consult", "resume")
	case gateway.PhaseTalking:
		return append(call, "transfer", "consult", "hold")
	case gateway.PhaseColleagues: // holderActions knows them
	}
	return append(call, "transfer", "consult")
}
