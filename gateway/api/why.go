package api

import (
	"context"
	"net/http"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/floor"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

// reasons are why an interaction was offered to whom, and why it waited.
type reasons struct {
	Now       *routing.Explanation `json:"now,omitempty" doc:"Who could take it as things stand; only while it waits or is offered"`
	Decisions []floor.Decision     `json:"decisions" nullable:"false" doc:"Each offer with every candidate at its moment, and vain searches (offer_no absent), oldest first. No candidates: a colleague named the agent"`
}

func (s *Server) registerWhy() {
	add(s, operation{
		Method: http.MethodGet, Path: "/interactions/{id}/why", ID: "why", Role: gateway.RoleSupervisor,
		Summary: "Why it was offered to whom, also after its end: every candidate, and the rule that chose or excluded each",
	}, s.why)
}

// why explains the decisions from the routing log and, while the interaction waits, what would
// be decided now.
func (s *Server) why(ctx context.Context, _ access.Caller, in *interactionIn) (reasons, error) {
	list, err := s.Floor.Why(ctx, in.ID)
	if err != nil {
		return reasons{}, err
	}
	for n := range list {
		list[n].Candidates, list[n].Offers = orEmpty(list[n].Candidates), orEmpty(list[n].Offers)
	}
	out := reasons{Decisions: orEmpty(list)}
	e, ok, err := s.Commands.Explain(ctx, in.ID)
	if ok {
		e.Candidates = orEmpty(e.Candidates)
		out.Now = &e
	}
	return out, err
}
