package voice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/channels/voice/wav"
	"github.com/vaxelhq/vaxel/gateway"
)

// recover ends the calls of this node's last life. What was said on a voicemail is kept;
// whoever was cut off is called back; telephones that still listen are told. It goes on
// until it is done or ctx ends.
func (v *Voice) recover(ctx context.Context) {
	var dead []callRow
	found := false
	for wait := 100 * ms; ; wait = min(2*wait, 5*time.Second) {
		if !found {
			var err error
			if dead, err = v.lastLife(ctx); err != nil && ctx.Err() == nil {
				v.log.Warn("find calls of the last life", "err", err)
			}
			found = err == nil
		}
		dead = slices.DeleteFunc(dead, func(row callRow) bool { return v.buried(ctx, row) })
		if found && len(dead) == 0 {
			return
		}
		select { // one that can't be ended yet keeps no other from its end
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
	}
}

// lastLife gives the calls that were open when this process began.
func (v *Voice) lastLife(ctx context.Context) ([]callRow, error) {
	const query = "select " + callColumns + `
		from call
		where node = $1
		and ended_at is null
		and created_at < $2
		order by id`
	rows, err := v.pool.Query(ctx, query, v.cfg.Node, v.started)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanCall)
}

func (v *Voice) buried(ctx context.Context, row callRow) bool {
	if ctx.Err() != nil {
		return false
	}
	err := v.bury(ctx, row)
	if err != nil {
		v.log.Warn("end a call of the last life", "call", row.ID, "err", err)
	}
	return err == nil
}

// bury ends one call that died with its process. Each step may be done again.
func (v *Voice) bury(ctx context.Context, row callRow) error {
	legs, err := v.deadLegs(ctx, row.ID)
	if err != nil {
		return err
	}
	for _, id := range legs {
		if id.CallID != "" {
			v.stack.Bury(id, `SIP;cause=41;text="Temporary failure"`)
		}
	}
	c := newCall(v, row)
	kept, err := c.keepRecorded(ctx)
	unheard := row.State == arriving || row.State == voicemail && !kept
	if unheard && (err == nil || errors.Is(err, errDisk)) {
		err = errors.Join(err, c.callBack(ctx))
	}
	if err != nil {
		return err
	}
	cause := row.Cause
	if row.State != leaving {
		cause = "system_failure"
	}
	if row.Interaction != 0 {
		if err := c.tellEnd(ctx); err != nil {
			return err
		}
	}
	c.log().Info("ended a call of the last life", "state", string(row.State))
	c.finish(ctx, cause)
	return nil
}

// tellEnd tells the floor what the dead process could not.
func (c *Call) tellEnd(ctx context.Context) error {
	cmd := gateway.Leave{Interaction: c.row.Interaction}
	if done, err := c.recall(ctx); done || err != nil {
		return err
	}
	switch c.row.State {
	case voicemail:
		cmd.End = gateway.EndVoicemail
	case waiting, talking:
		cmd.End = gateway.EndSystemFailure
		if err := c.promise(ctx); err != nil {
			return err
		}
		cmd.Callback = c.row.Callback
	case outside: // it knows
		return nil
	case arriving, dialling, leaving, ended:
	}
	answer, err := c.v.rooms.Floor.Do(ctx, fmt.Sprintf("voice/call/%d/bury", c.row.ID), c.kept(cmd))
	if refused(err) {
		c.v.log.Warn("the floor refuses", "call", c.row.ID, "interaction", c.row.Interaction, "err", err)
		return nil
	}
	if err == nil && c.row.State == waiting && (answer.Interaction == nil || answer.Interaction.End != gateway.EndSystemFailure) {
		return c.callBack(ctx) // a step of the queue had sent them to voicemail, and nobody took it
	}
	return err
}

// promise writes down the number of the callback before it is promised, so that there is
// one however often we are killed.
func (c *Call) promise(ctx context.Context) error {
	if c.row.Callback != 0 {
		return nil
	}
	id, err := c.v.rooms.Floor.Reserve(ctx)
	if err != nil {
		return fmt.Errorf("reserve a callback: %w", err)
	}
	c.row.Callback = id
	if err := c.turn(ctx, c.row.State, nil); err != nil {
		c.row.Callback = 0 // not written, so not promised
		return err
	}
	return nil
}

// callBack promises a call to somebody whom our failure has cut off before they were in the
// queue, or before their message was one. The call itself is not in the queue, or no longer.
func (c *Call) callBack(ctx context.Context) error {
	body, err := json.Marshal(gateway.Happening{What: "callback", Queue: c.row.Queue, Cause: "system_failure"})
	if err != nil {
		return err
	}
	_, err = c.v.rooms.Intake.Receive(ctx, gateway.Arrival{
		Key: fmt.Sprintf("voice/call/%d/callback", c.row.ID), Channel: gateway.Callback, Queue: c.row.Queue, Skills: c.skills(),
		Conversation: c.row.Conversation, From: c.address(), Language: c.row.Language, ArrivedAt: c.row.Created, Alone: true,
		Entry: gateway.Entry{Kind: gateway.EntryEvent, Author: gateway.Author{Kind: gateway.BySystem}, Channel: gateway.Callback, Text: "callback", Body: body, At: time.Now()},
	}, nil)
	return err
}

// keepRecorded finishes what a voicemail's caller had said, and says whether that, or an
// earlier try, has become a voicemail.
func (c *Call) keepRecorded(ctx context.Context) (kept bool, err error) {
	const query = `
		select id, path, state = 'stored'
		from recording
		where call_id = $1
		and state <> 'dropped'`
	rows, err := c.v.pool.Query(ctx, query, c.row.ID)
	if err != nil {
		return false, err
	}
	type recording struct {
		message
		stored bool
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r recording, err error) {
		return r, row.Scan(&r.id, &r.path, &r.stored)
	})
	if err != nil {
		return false, err
	}
	for _, r := range list {
		if r.stored {
			c.v.remove(r.path)
			return true, nil
		}
		if err := wav.Repair(r.path); err != nil {
			c.log().Info("a voicemail had not begun", "err", err)
		}
		one, err := c.v.keep(ctx, c, &r.message)
		if err != nil {
			return false, err
		}
		kept = kept || one
	}
	return kept, nil
}
