package api

import (
	"context"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
)

// touched tells the floor that an agent without a console has written something on what they
// hold, lest it be taken from them in the middle of it. What was written stays if that fails.
func (s *Server) touched(ctx context.Context, by access.Caller, list ...gateway.Interaction) {
	if s.consoles.Has(by.Agent) {
		return
	}
	p, err := s.Floor.Presence(ctx, by.Agent)
	if err != nil || p.Live {
		return
	}
	for _, i := range list {
		if held(i, by) != nil {
			continue
		}
		if _, err := s.Commands.Do(ctx, "", gateway.Touch{Interaction: i.ID, Agent: by.Agent}); err != nil {
			s.log.WarnContext(ctx, "tell the floor of work without a console", "interaction", i.ID, "agent", by.Agent, "err", err)
		}
	}
}
