package api

import (
	"context"
	"net/http"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

func (s *Server) registerWhy() {
	add(s, operation{
		Method: http.MethodGet, Path: "/interactions/{id}/why", ID: "why", Role: gateway.RoleSupervisor,
		Summary: "Who could take one that waits or is offered, and the rule that chose or excluded each",
	}, s.why)
}

func (s *Server) why(ctx context.Context, _ access.Caller, in *interactionIn) (routing.Explanation, error) {
	i, err := s.Floor.Interaction(ctx, in.ID)
	if err != nil {
		return routing.Explanation{}, err
	}
	e, ok, err := s.Commands.Explain(ctx, in.ID)
	if err == nil && !ok {
		return e, gateway.Conflict("not_waiting", "it neither waits nor is offered now", i)
	}
	e.Candidates = orEmpty(e.Candidates)
	return e, err
}
