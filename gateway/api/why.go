package api

import (
	"context"
	"net/http"
	"time"

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
	if err := NameEditors(ctx, s.Access, list); err != nil {
		return reasons{}, err
	}
	out := reasons{Decisions: orEmpty(list)}
	e, ok, err := s.Commands.Explain(ctx, in.ID)
	if ok {
		e.Candidates = orEmpty(e.Candidates)
		out.Now = &e
	}
	return out, err
}

// auditLog is who did what, newest first.
type auditLog interface {
	AuditLog(ctx context.Context, f access.AuditFilter) ([]access.Audited, error)
}

// An edit is committed, and soon after the floor has a plan with it; their clocks may differ.
const (
	planWithin = time.Minute
	clockSkew  = 2 * time.Second
)

// NameEditors says of each change of the plan who is in the audit log with an edit of the same
// shortly before. The floor knows only what was changed.
func NameEditors(ctx context.Context, log auditLog, list []floor.Decision) error {
	edited := map[string][]access.Audited{}
	for _, d := range list {
		for _, e := range d.Edits {
			for n := range e.Changes {
				of := e.Changes[n].Subject()
				if _, read := edited[of]; !read {
					var err error
					if edited[of], err = log.AuditLog(ctx, access.AuditFilter{Subject: of, Limit: 1000}); err != nil {
						return err
					}
				}
				e.Changes[n].By = editor(edited[of], e.At)
			}
		}
	}
	return nil
}

// editor is who edited something last before a moment, empty if nobody did shortly before.
func editor(of []access.Audited, at time.Time) string {
	for _, a := range of {
		if age := at.Sub(a.At); age > -clockSkew {
			if age > planWithin {
				break
			}
			return a.Actor
		}
	}
	return ""
}
