package chat

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// absence is a conversation whose visitor is away.
type absence struct {
	ID           int64
	Conversation gateway.ConversationID
	Since        time.Time
	Widget       int64
	Name         string
	Email        string
	Topic        string
	Language     string
	Mailed       int64 // up to where the conversation holds nothing that they are to be sent
	Reachable    bool  // by mail, and the widget wants that
}

// away gives those who are away for so long that they have left, or that they are written to.
func (s *Store) away(ctx context.Context, now time.Time) ([]absence, error) {
	rows, _ := s.pool.Query(ctx, `
		select v.id, conversation_id as conversation, gone_at as since, widget_id as widget, v.name, email, topic, language,
		       mailed_to as mailed, minutes > 0 as reachable
		from visitor v
		join widget w on w.id = v.widget_id
		cross join lateral (
			select case when email <> '' and erased_at is null then coalesce((w.after->>'continue')::int, 0) else 0 end as minutes) c
		where gone_at < 'infinity' and gone_at <= $1::timestamptz - make_interval(mins => coalesce(nullif(minutes, 0), $2))`,
		now, int(goneTooLong/time.Minute)) // its error is met again below
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[absence])
	if err != nil {
		return nil, fmt.Errorf("find visitors who are away: %w", err)
	}
	return list, nil
}

// mindAway writes to those who are away, where their widget wants that, and ends what those wait for
// who are away too long. Who is offered or parked stays noted as gone: a later sweep finds them if
// they wait again; so does who has not been told all. The trouble of one is not that of the others.
func (s *Server) mindAway(ctx context.Context, now time.Time) error {
	away, err := s.away(ctx, now)
	if err != nil || len(away) == 0 {
		return err
	}
	of := make([]gateway.ConversationID, len(away))
	for i, a := range away {
		of[i] = a.Conversation
	}
	places, err := s.Board.Places(ctx, of)
	if err != nil {
		return err
	}
	var missed []gateway.ConversationID
	var errs []error
	for _, a := range away {
		p, open := places[a.Conversation]
		told, err := s.mindAbsence(ctx, now, a, p, open)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("conversation %d: %w", a.Conversation, err))
		case told && !open:
			missed = append(missed, a.Conversation)
		}
	}
	return errors.Join(append(errs, s.setMissed(ctx, now.Add(-goneTooLong), missed))...)
}

// mindAbsence looks after one who is away. What the agent has just written is sent before the chat ends
// for that, and what they write until the end is known, after it.
func (s *Server) mindAbsence(ctx context.Context, now time.Time, a absence, p Place, open bool) (told bool, err error) {
	left := open && p.over(now.Sub(a.Since))
	told, err = s.tellUnseen(ctx, now, a, open && !left && phaseOf(p.State) == phaseOpen)
	if left {
		err = errors.Join(err, s.letGo(ctx, a, p))
	}
	return told, err
}

// letGo ends what one waits for, with what the widget sends then.
func (s *Server) letGo(ctx context.Context, a absence, p Place) error {
	if p.State == gateway.StateActive {
		if err := s.sendTranscript(ctx, a, p.Interaction); err != nil {
			return err
		}
	}
	return s.leave(ctx, p.Interaction, "")
}
