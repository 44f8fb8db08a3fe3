package api

import (
	"context"
	"errors"
	"slices"
	"time"

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
	if may, err := s.puller(ctx, by)(i); err != nil {
		return Interaction{}, err
	} else if !may {
		return Interaction{}, gateway.Forbidden("not_in_queue", "you do not work in its queue now; ask a supervisor to give it to you")
	}
	return noted(ctx, s, by, in.Key, "interaction.pulled", "interaction:"+in.ID.String(), nil, func() (Interaction, error) {
		return s.changed(ctx, by, in.Key, gateway.Pull{Interaction: in.ID, Agent: by.Agent})
	})
}

// puller says what the caller may take by hand: those who work in its queue now may, those
// whose queue its waiting has added, and supervisors everything.
func (s *Server) puller(ctx context.Context, by access.Caller) func(gateway.Interaction) (bool, error) {
	steps := map[gateway.QueueID][]gateway.Step{} // of each queue that was looked at
	return func(i gateway.Interaction) (bool, error) {
		if by.Agent == 0 || by.Require(gateway.RoleSupervisor) == nil {
			return by.Agent != 0, nil
		}
		names, err := s.names.Get(ctx)
		mine := names.Agents[by.Agent].Queues
		if err != nil || slices.Contains(mine, i.Queue) {
			return err == nil, err
		}
		if _, read := steps[i.Queue]; !read {
			q, err := s.Roster.Queue(ctx, i.Queue)
			if err != nil && !errors.Is(err, gateway.ErrNotFound) {
				return false, err
			}
			steps[i.Queue] = q.Steps
		}
		waited := time.Since(i.ArrivedAt)
		return slices.ContainsFunc(steps[i.Queue], func(step gateway.Step) bool {
			return step.Do == gateway.AddQueue && slices.Contains(mine, step.Queue) && step.After.Duration() <= waited &&
				(len(step.Channels) == 0 || slices.Contains(step.Channels, i.Channel))
		}), nil
	}
}
