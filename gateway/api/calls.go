package api

import (
	"context"
	"net/http"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
)

type dialIn struct {
	Key  string `header:"Idempotency-Key" doc:"Your id of this write: repeated, it gives the first answer"`
	Body struct {
		Number string          `json:"number" minLength:"1" maxLength:"200"`
		Queue  gateway.QueueID `json:"queue,omitempty" doc:"Whose codes and figures the call belongs to; your first queue unless set"`
		Case   gateway.CaseID  `json:"case,omitempty" doc:"The case it is about; a new one unless set"`
	}
}

func (s *Server) registerCalls() {
	agent := gateway.RoleAgent
	add(s, operation{Method: http.MethodPost, Path: "/calls", ID: "dial", Summary: "Call somebody; your own phone rings first", Role: agent, Status: http.StatusCreated, Once: true}, s.dial)
	s.registerCallBack()
	add(s, operation{Method: http.MethodGet, Path: "/me/lines", ID: "my-lines", Summary: "What your phone's lines do", Role: agent}, s.lines)
}

func (s *Server) lines(ctx context.Context, by access.Caller, _ *none) (page[Line], error) {
	list, err := s.Calls.Lines(ctx, by.Agent)
	return page[Line]{Items: orEmpty(list)}, err
}

// ownQueue is the queue asked for, else the agent's first.
func (s *Server) ownQueue(ctx context.Context, by access.Caller, asked gateway.QueueID) (gateway.QueueID, error) {
	if asked != 0 {
		q, err := s.Roster.Queue(ctx, asked)
		return q.ID, err
	}
	agent, err := s.Roster.Agent(ctx, by.Agent)
	if err != nil {
		return 0, err
	}
	if len(agent.Memberships) == 0 {
		return 0, &gateway.Error{Kind: gateway.KindUnprocessed, Code: "no_queue", Detail: "you are in no queue; name the queue that it belongs to"}
	}
	return agent.Memberships[0].Queue, nil
}
