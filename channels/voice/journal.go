package voice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/channels/voice/dialog"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/crash"
)

// callState is where a call is; see the package comment.
type callState string

const (
	arriving  callState = "arriving"
	waiting   callState = "waiting"
	dialling  callState = "dialling"
	talking   callState = "talking"
	voicemail callState = "voicemail"
	outside   callState = "outside" // with somebody else's telephone; the floor is done with it
	leaving   callState = "leaving" // the call is over; the floor may not know yet
	ended     callState = "ended"
)

// callRow is a call as it is written down.
type callRow struct {
	ID           int64
	Outbound     bool
	State        callState
	From         string
	Name         string
	To           string
	Queue        gateway.QueueID
	Language     string
	Interaction  gateway.InteractionID
	Conversation gateway.ConversationID
	Agent        gateway.AgentID
	Callback     gateway.InteractionID
	Cause        string
	Created      time.Time
	Answered     *time.Time
	Diverted     *time.Time // sent to voicemail
	Keeps        bool       // the interaction goes on if the customer does not answer
}

const callColumns = `id, outbound, state, from_number, from_name, to_number, queue_id, language,

	interaction_id, conversation_id, agent_id, callback_id, cause, created_at, answered_at,
	(select min(created_at) from recording where call_id = call.id), keeps`

func scanCall(row pgx.CollectableRow) (r callRow, err error) {
	err = row.Scan(&r.ID, &r.Outbound, &r.State, &r.From, &r.Name, &r.To, &r.Queue, &r.Language,
		&r.Interaction, &r.Conversation, &r.Agent, &r.Callback, &r.Cause, &r.Created, &r.Answered, &r.Diverted, &r.Keeps)
	return r, err
}

// openCall writes a call and its first leg, if it has one already. An interaction whose
// customer is being called, by whatever node, is refused with errCalled.
func (v *Voice) openCall(ctx context.Context, r *callRow, first *Leg) error {
	const insert = `
		insert into call (node, outbound, state, from_number, from_name, to_number, queue_id, language,
			interaction_id, conversation_id, agent_id, keeps)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		on conflict (interaction_id) where outbound and ended_at is null do nothing
		returning id, created_at`
	err := pgx.BeginFunc(ctx, v.pool, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, insert, v.cfg.Node, r.Outbound, r.State, r.From, r.Name, r.To, r.Queue, r.Language,
			r.Interaction, r.Conversation, r.Agent, r.Keeps).Scan(&r.ID, &r.Created)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return errCalled
		case err != nil:
			return err
		case first == nil:
			return nil
		}
		return insertLeg(ctx, tx, r.ID, first)
	})
	if err != nil {
		return fmt.Errorf("write call: %w", err)
	}
	crash.At("call.written")
	return nil
}

// errCalled says that the interaction has its call already.
var errCalled = errors.New("the customer is being called")

// insertLeg writes a leg's row with what a CANCEL or a BYE of it needs, before its telephone
// hears of it: a node that dies leaves nobody ringing for ever.
func insertLeg(ctx context.Context, tx pgx.Tx, call int64, l *Leg) error {
	const insert = `
		insert into leg (call_id, role, agent_id, offer_no, address, dialog)
		values ($1, $2, $3, $4, $5, $6)
		returning id`
	return tx.QueryRow(ctx, insert, call, l.role, l.agent, l.offerNo, gateway.Clean(l.address), l.identity()).Scan(&l.id)
}

// identity is the leg's dialog as JSON, for the BYE of another process.
func (l *Leg) identity() []byte {
	d := l.sip()
	if d == nil {
		return []byte("{}")
	}
	b, err := json.Marshal(d.Identity())
	if err != nil {
		panic(err) // strings and numbers
	}
	return gateway.CleanJSON(b)
}

// openLeg writes a leg before its telephone rings.
func (v *Voice) openLeg(ctx context.Context, call int64, l *Leg) error {
	err := pgx.BeginFunc(ctx, v.pool, func(tx pgx.Tx) error { return insertLeg(ctx, tx, call, l) })
	if err != nil {
		return fmt.Errorf("write leg: %w", err)
	}
	return nil
}

// legUp notes that a telephone was answered, and how it is reached from now on: before
// anything comes of it, so that it can be hung up by whoever starts after our death.
func (v *Voice) legUp(ctx context.Context, l *Leg) {
	const update = `
		update leg
		set answered_at = coalesce(answered_at, now()), dialog = $2
		where id = $1`
	if _, err := v.pool.Exec(ctx, update, l.id, l.identity()); err != nil {
		v.log.Warn("write that a leg is up", "call", l.call.row.ID, "err", err)
	}
}

// legPassed notes that somebody outside is another agent's line from now on.
func (v *Voice) legPassed(ctx context.Context, l *Leg) {
	const update = `
		update leg
		set agent_id = $2
		where id = $1`
	if _, err := v.pool.Exec(ctx, update, l.id, l.agent); err != nil {
		v.log.Warn("write whose line a leg is", "call", l.call.row.ID, "err", err)
	}
}

// legEnded notes a leg's end; the call's does so for those that are left.
func (v *Voice) legEnded(ctx context.Context, l *Leg, cause string) {
	const update = `
		update leg
		set ended_at = now(), cause = $2, failure = $3
		where id = $1
		and ended_at is null`
	if _, err := v.pool.Exec(ctx, update, l.id, gateway.Clean(cause), l.failure); err != nil {
		v.log.Warn("write the end of a leg", "call", l.call.row.ID, "err", err)
	}
}

// turn writes a call's state and tells consoles, in one transaction with whatever else
// belongs to the step.
func (c *Call) turn(ctx context.Context, to callState, also func(tx pgx.Tx) error) error {
	const update = `
		update call
		set state = $2, agent_id = $3, cause = $4, callback_id = $5, held = $6,
			answered_at = case when $2 in ('talking', 'outside') then coalesce(answered_at, now()) else answered_at end,
			ended_at = case when $2 = 'ended' then now() end
		where id = $1
		returning answered_at`
	next := c.row
	next.State = to
	events := c.tidings(next)
	err := pgx.BeginFunc(ctx, c.v.pool, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, update, next.ID, next.State, next.Agent, next.Cause, next.Callback, c.waitsMusic(to)).Scan(&next.Answered)
		if err != nil {
			return err
		}
		if also != nil {
			if err := also(tx); err != nil {
				return err
			}
		}
		return c.v.rooms.Feed.Append(ctx, tx, events...)
	})
	if err != nil {
		return fmt.Errorf("write call %d as %s: %w", next.ID, to, err)
	}
	c.row = next
	c.v.rooms.Feed.Announce(events...)
	return nil
}

// waitsMusic says whether a customer who talks to an agent hears music meanwhile.
func (c *Call) waitsMusic(s callState) bool {
	return c.onHold || s == talking && c.heard.music
}

// deadLegs are the dialogs of a call of a process that has died.
func (v *Voice) deadLegs(ctx context.Context, call int64) ([]dialog.Identity, error) {
	const query = `
		update leg
		set ended_at = now(), cause = 'system_failure'
		where call_id = $1
		and ended_at is null
		returning dialog`
	rows, err := v.pool.Query(ctx, query, call)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[dialog.Identity])
}
