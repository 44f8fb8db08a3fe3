package api

import (
	"context"
	"net/http"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/roster"
)

type offerIn struct {
	Key         string                `header:"Idempotency-Key" doc:"Your id of this write: repeated, it gives the first answer"`
	Interaction gateway.InteractionID `path:"interaction"`
	No          int                   `path:"no" doc:"The offer's number; an older one is refused with offer_gone"`
}

type declineIn struct {
	Key         string                `header:"Idempotency-Key" doc:"Your id of this write: repeated, it gives the first answer"`
	Interaction gateway.InteractionID `path:"interaction"`
	No          int                   `path:"no" doc:"The offer's number; an older one is refused with offer_gone"`
	Body        *struct {
		Code string `json:"code,omitempty" doc:"Why; required where a list of reasons is set"`
	}
}

func (s *Server) registerOffers() {
	add(s, operation{Method: http.MethodPost, Path: "/offers/{interaction}/{no}/accept", ID: "accept-offer", Summary: "Take what you are offered", Role: gateway.RoleAgent}, s.accept)
	add(s, operation{Method: http.MethodPost, Path: "/offers/{interaction}/{no}/decline", ID: "decline-offer", Summary: "Leave it to somebody else", Role: gateway.RoleAgent}, s.decline)
}

// accept takes an offer; 409 offer_gone says who or what was faster. A call's offer is accepted
// by the phone alone, else the agent would hold a call that nobody answers.
func (s *Server) accept(ctx context.Context, by access.Caller, in *offerIn) (Interaction, error) {
	if err := needAgent(by); err != nil {
		return Interaction{}, err
	}
	i, err := s.Floor.Interaction(ctx, in.Interaction)
	if err != nil {
		return Interaction{}, err
	}
	if i.Channel == gateway.Voice && i.State == gateway.StateOffered {
		return Interaction{}, gateway.Conflict("answer_the_phone", "a call is accepted by answering your phone, which is ringing", nil)
	}
	out, err := s.changed(ctx, by, in.Key, gateway.Accept{Interaction: in.Interaction, No: in.No, Agent: by.Agent})
	if err == nil && out.Asked != nil && i.Agent != 0 && i.Agent != by.Agent { // a colleague's, whom they will find among their recents
		s.used(ctx, by, i.Agent, 0)
	}
	return out, err
}

// decline refuses an offer. Its queue's policy says what becomes of the agent, which is why the
// answer is their presence.
func (s *Server) decline(ctx context.Context, by access.Caller, in *declineIn) (gateway.Presence, error) {
	if err := needAgent(by); err != nil {
		return gateway.Presence{}, err
	}
	cmd := gateway.Decline{Interaction: in.Interaction, No: in.No, Agent: by.Agent}
	if in.Body != nil {
		cmd.Code = in.Body.Code
	}
	if err := s.Roster.CheckStatusCode(ctx, roster.ActionDecline, by.Agent, cmd.Code); err != nil {
		return gateway.Presence{}, err
	}
	if _, err := s.do(ctx, by, in.Key, cmd); err != nil {
		return gateway.Presence{}, err
	}
	return s.Floor.Presence(ctx, by.Agent)
}

// changed gives a command and answers with the interaction as it is then.
func (s *Server) changed(ctx context.Context, by access.Caller, key string, cmd gateway.Command) (Interaction, error) {
	answer, err := s.do(ctx, by, key, cmd)
	if err != nil {
		return Interaction{}, err
	}
	return s.ownView(ctx, by, *answer.Interaction)
}
