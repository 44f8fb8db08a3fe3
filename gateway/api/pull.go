package api

import (
	"context"
	"slices"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
)

// pull takes by hand what waits. It goes past the queue's order, so it is noted.
func (s *Server) pull(ctx context.Context, by access.Caller, in *keyedIn) (Interaction, error) {
	if err := needAgent(by); err != nil {
		return Interaction{}, err
	}
	i, err := s.Floor.Interaction(ctx, in.ID)
	if err != nil {
		return Interaction{}, err
	}
	if may, err := s.mayPull(ctx, by, i.Queue); err != nil {
		return Interaction{}, err
	} else if !may {
		return Interaction{}, gateway.Forbidden("not_in_queue", "you do not work in its queue now; ask a supervisor to give it to you")
	}
	return noted(ctx, s, by, in.Key, "interaction.pulled", "interaction:"+in.ID.String(), nil, func() (Interaction, error) {
		return s.changed(ctx, by, in.Key, gateway.Pull{Interaction: in.ID, Agent: by.Agent})
	})
}

// mayPull says whether the caller may take by hand what waits in a queue: those who work
// there now may, and supervisors everywhere.
func (s *Server) mayPull(ctx context.Context, by access.Caller, queue gateway.QueueID) (bool, error) {
	if by.Agent == 0 || by.Require(gateway.RoleSupervisor) == nil {
		return by.Agent != 0, nil
	}
	names, err := s.names.get(ctx)
	return slices.Contains(names.agents[by.Agent].Queues, queue), err
}
