package api

import (
	"context"
	"errors"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/beat"
)

// lapseEvery is how long after their minute it may take until somebody who looks on and says
// so no more is noted and told to look on no longer.
const lapseEvery = 10 * time.Second

// endLapsed ends, until ctx does, the looking on of supervisors who did not say that they go:
// whose console was closed or cut off, or who stayed when the chat had ended.
func (s *Server) endLapsed(ctx context.Context) {
	tick := time.NewTimer(beat.Next(lapseEvery))
	defer tick.Stop()
	for {
		if err := s.lapseAll(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("end looking on that has lapsed", "err", err)
		}
		select {
		case <-tick.C:
			tick.Reset(beat.Next(lapseEvery))
		case <-ctx.Done():
			return
		}
	}
}

func (s *Server) lapseAll(ctx context.Context) error {
	ids, err := s.StaffChat.Lapsed(ctx)
	if err != nil || len(ids) == 0 {
		return err
	}
	names, err := s.names.Get(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, id := range ids {
		i, err := s.Floor.Interaction(ctx, id)
		if err == nil {
			err = s.commit(ctx, func(w *work) error { return w.lapse(ctx, names.Agent, i) })
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// lapse writes the end into the audit log in the name of who looked on, though they did nothing.
func (w *work) lapse(ctx context.Context, name func(gateway.AgentID) string, i gateway.Interaction) error {
	gone, err := w.staff().Lapse(ctx, i)
	if err != nil {
		return err
	}
	for _, agent := range gone {
		by := access.Caller{Agent: agent, Name: name(agent)}
		if err := w.audit(ctx, by, "interaction.observed_no_more", "interaction:"+i.ID.String(), map[string]any{"observer": agent, "lapsed": true}); err != nil {
			return err
		}
	}
	return nil
}
