package collaborate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/retry"
)

// change moves a session on and commits the move with its entry; then both sides look. What
// does not apply any more changes nothing.
func (r *Room) change(ctx context.Context, id int64, f func(s *Session) (happening, error)) (Session, error) {
	var s Session
	var told []gateway.Event
	err := retry.Tx(ctx, r.Pool, func(tx pgx.Tx) (err error) {
		told = nil
		if s, err = one(ctx, tx, `where id = $1 for update`, id); err != nil {
			return err
		}
		h, err := f(&s)
		if err != nil || h.what == "" {
			return err
		}
		told, err = r.write(ctx, tx, &s, h)
		return err
	})
	if err != nil {
		return Session{}, err
	}
	if told != nil {
		r.tell(s, told)
	}
	return s, nil
}

// write keeps a changed session and says on the conversation what happened.
func (r *Room) write(ctx context.Context, tx pgx.Tx, s *Session, h happening) ([]gateway.Event, error) {
	err := tx.QueryRow(ctx, `
		update collaboration
		set state = $2, control = $3, code = $4, widget_id = $5, cause = $6, rev = rev + 1, seen_at = now(),
		    shared_at = case when $2 = 'shared' then coalesce(shared_at, now()) else shared_at end,
		    controlled_at = case when $3 = 'given' then coalesce(controlled_at, now()) else controlled_at end,
		    ended_at = case when $2 = 'ended' then now() end
		where id = $1
		returning rev, shared_at, ended_at`,
		s.ID, s.State, s.Control, s.Code, s.Widget, s.Cause).Scan(&s.Rev, &s.SharedAt, &s.EndedAt)
	if err != nil {
		return nil, fmt.Errorf("keep session %d: %w", s.ID, err)
	}
	return r.say(ctx, tx, *s, h)
}

// say writes the entry in the caller's transaction.
func (r *Room) say(ctx context.Context, tx pgx.Tx, s Session, h happening) ([]gateway.Event, error) {
	body, err := json.Marshal(gateway.Happening{What: h.what, Agent: s.Agent, Cause: h.cause})
	if err != nil {
		return nil, err
	}
	author := gateway.Author{Kind: h.by}
	if h.by == gateway.ByAgent {
		author.ID, author.Name = int64(s.Agent), s.AgentName
	}
	e := gateway.Entry{
		Conversation: s.Conversation, Interaction: s.Interaction, Channel: s.Channel, Kind: gateway.EntryEvent, Author: author,
		ClientID: "collaborate:" + strconv.FormatInt(s.ID, 10) + ":" + strconv.FormatInt(s.Rev, 10), Body: body, At: time.Now(),
	}
	if err := r.Timeline.Append(ctx, tx, &e); err != nil {
		return nil, err
	}
	news := gateway.MessageCreated(e)
	return []gateway.Event{news}, r.Feed.Append(ctx, tx, news)
}

// tell says what was committed: to those who follow the conversation, and to both sockets.
func (r *Room) tell(s Session, told []gateway.Event) {
	r.Feed.Announce(told...)
	r.look(s.ID)
}

// look makes both sockets of a session read it.
func (r *Room) look(id int64) { r.Bus.Publish(subjectState(id), []byte("look")) }

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func one(ctx context.Context, from querier, where string, args ...any) (Session, error) {
	rows, err := from.Query(ctx, `select `+columns+` from collaboration `+where, args...)
	if err != nil {
		return Session{}, fmt.Errorf("read a session: %w", err)
	}
	s, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Session])
	if errors.Is(err, pgx.ErrNoRows) {
		return s, gateway.NotFound("no_collaboration", "No page is shown here; ask the customer first.")
	}
	if err != nil {
		return s, fmt.Errorf("read a session: %w", err)
	}
	return s, nil
}
