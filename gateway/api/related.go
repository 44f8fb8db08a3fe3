package api

import (
	"context"

	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/tickets"
)

// RelatedCase is a case that may have to do with another one.
type RelatedCase struct {
	Case

	Because []tickets.Because `json:"because" nullable:"false" doc:"reference: their mails refer to each other or to the same; customer: it is the same customer's; subject: the same words, within 90 days"`
}

// relatedCases are for people to look at: nothing is joined because it is shown here.
func (s *Server) relatedCases(ctx context.Context, by access.Caller, in *caseIn) (page[RelatedCase], error) {
	out := page[RelatedCase]{Items: []RelatedCase{}}
	c, err := s.Cases.Case(ctx, in.ID)
	if err != nil {
		return out, err
	}
	linked, err := s.Timeline.Linked(ctx, c.ID)
	if err != nil {
		return out, err
	}
	related, err := s.Cases.Related(ctx, c.ID, linked)
	if err != nil {
		return out, err
	}
	cases := make([]tickets.Case, len(related))
	for i, r := range related {
		cases[i] = r.Case
	}
	views, err := s.caseViews(ctx, s.language(ctx, by), cases)
	for i, v := range views {
		out.Items = append(out.Items, RelatedCase{v, related[i].Because})
	}
	return out, err
}
