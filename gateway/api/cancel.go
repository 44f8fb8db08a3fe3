package api

import (
	"context"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
)

type cancelMailIn struct {
	ID  gateway.ConversationID `path:"id"`
	Pos int64                  `path:"pos" minimum:"1"`
}

// lateMost is how far ahead a mail may be written.
const lateMost = 366 * 24 * time.Hour

// leaves is when a mail leaves: at a time, or after some seconds in which its author may think
// again. Zero is at once.
func leaves(at *time.Time, hold int) (time.Time, error) {
	now := time.Now()
	switch {
	case at != nil && at.After(now.Add(lateMost)):
		return time.Time{}, gateway.Invalid("too_late", "a mail may wait for a year at most; note a task instead")
	case at != nil && at.After(now):
		return *at, nil
	case hold > 0:
		return now.Add(time.Duration(hold) * time.Second), nil
	}
	return time.Time{}, nil
}

// cancelMail is for whoever wrote the mail, and for supervisors. What was said stays on the
// timeline, marked by the state of its outbound: colleagues may have read it.
func (s *Server) cancelMail(ctx context.Context, by access.Caller, in *cancelMailIn) (none, error) {
	if err := s.readable(ctx, in.ID); err != nil {
		return none{}, err
	}
	e, err := s.Timeline.Entry(ctx, in.ID, in.Pos)
	if err != nil {
		return none{}, err
	}
	if mine := by.Agent != 0 && e.Author == author(by); !mine && !by.Can(gateway.RoleSupervisor) {
		return none{}, gateway.Forbidden("not_yours", "a colleague wrote that; ask them, or a supervisor, to cancel it")
	}
	return none{}, s.commit(ctx, func(w *work) error {
		told, err := s.Outbox.Cancel(ctx, w.tx, in.ID, in.Pos)
		if err != nil {
			return err
		}
		w.tells = append(w.tells, func() { s.Feed.Announce(told) })
		return w.audit(ctx, by, "mail.cancelled", "conversation:"+in.ID.String(), map[string]int64{"pos": in.Pos})
	})
}
