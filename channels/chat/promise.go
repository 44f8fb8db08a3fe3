package chat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Who asks to be called without a chat is shown nothing of their wish's conversation but one thing:
// that nobody will call. It is looked for there whenever they connect, and listened for meanwhile.

// promise is the latest wish of a visitor.
type promise struct {
	CID          string
	Conversation gateway.ConversationID
}

// promised gives it, none after the days that a call may lie ahead.
func (s *Store) promised(ctx context.Context, h tokenHash) (promise, error) {
	rows, _ := s.pool.Query(ctx, `
		select cid, conversation_id as conversation
		from call_wish
		where token_hash = $1 and created_at > now() - $2::interval
		order by id desc
		limit 1`, h[:], callAhead+callAhead/2) // its error is met again below
	p, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[promise])
	if errors.Is(err, pgx.ErrNoRows) {
		return promise{}, nil
	}
	if err != nil {
		return p, fmt.Errorf("find the wish for a call: %w", err)
	}
	return p, nil
}

// heed has the visitor told once their latest wish is off. That of who chats stands on the
// conversation that they follow.
func (v *session) heed(ctx context.Context) {
	if v.widget.Form.Callback != callsAlways {
		return
	}
	p, err := v.srv.promised(ctx, v.token)
	if err == nil && p.Conversation != 0 && p.Conversation != v.conversation() {
		v.heedNoMore()
		v.heeds = v.srv.Feed.Watch([]string{gateway.TopicConversation(p.Conversation)}, func(e gateway.Event) { v.hearOff(e, p) })
		err = v.lookOff(ctx, p) // after the listening, so that nothing falls between
	}
	if err != nil {
		v.srv.Log.Warn("whether a call is off is not known", "err", err)
	}
}

func (v *session) heedNoMore() {
	if v.heeds != nil {
		v.heeds()
		v.heeds = nil
	}
}

// hearOff must not block.
func (v *session) hearOff(e gateway.Event, p promise) {
	var entry gateway.Entry
	if e.Type == "message.created" && json.Unmarshal(e.Data, &entry) == nil && isOff(entry) {
		v.tellOff(p)
	}
}

// lookOff tells what has happened before.
func (v *session) lookOff(ctx context.Context, p promise) error {
	for after := int64(0); ; {
		entries, err := v.srv.Timeline.Entries(ctx, p.Conversation, after, snapPage)
		if err != nil || len(entries) == 0 {
			return err
		}
		if slices.ContainsFunc(entries, isOff) {
			v.tellOff(p)
			return nil
		}
		after = entries[len(entries)-1].Pos
	}
}

// tellOff may be told twice, which is once to the widget.
func (v *session) tellOff(p promise) { v.out.send(frameOut{T: "call_off", CID: p.CID}) }

// isOff says whether an entry is that nobody will call: a wish that never entered the queue, or a
// callback that ended with its case.
func isOff(e gateway.Entry) bool {
	var h gateway.Happening
	if e.Kind != gateway.EntryEvent || json.Unmarshal(e.Body, &h) != nil {
		return false
	}
	return h.What == "call_off" || h.What == "ended" && gateway.End(h.Cause) == gateway.EndSettled
}
