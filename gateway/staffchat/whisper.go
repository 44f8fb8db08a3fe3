package staffchat

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// A whisper is what a supervisor who is not on an interaction says beside it. It is for those who
// are there at that moment; a colleague who is asked later is in the same chat, and reads what
// agents have said in it, but no whisper that another was told.

// unheard counts, of a chat c and its member r, the whispers that count as unread by position and
// are not theirs to read.
const unheard = `(
		select count(*)
		from staff_whisper w
		where w.conversation = c.conversation and w.pos > r.pos and r.agent <> all (w.heard))`

// whisper notes who was there when a text was said, which is theirs alone.
func whisper(ctx context.Context, tx pgx.Tx, e gateway.Entry, there []gateway.AgentID) error {
	_, err := tx.Exec(ctx, "insert into staff_whisper (conversation, pos, heard) values ($1, $2, $3)", e.Conversation, e.Pos, there)
	return err
}

// said gives the last texts before a position that the agent may read, oldest first. Pages are as
// long as they are without whispers, so that a short one is still the first.
func (s *Store) said(ctx context.Context, agent gateway.AgentID, conversation gateway.ConversationID, before int64, limit int) ([]gateway.Entry, error) {
	rows, _ := s.db.Query(ctx, "select pos from staff_whisper where conversation = $1 and $2 <> all (heard)", conversation, agent)
	others, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, err
	}
	var texts []gateway.Entry
	for {
		page, err := s.timeline.Before(ctx, conversation, before, limit)
		if err != nil || len(page) == 0 {
			return texts, err
		}
		before = page[0].Pos
		last := len(page) < limit
		page = slices.DeleteFunc(page, func(e gateway.Entry) bool { return slices.Contains(others, e.Pos) })
		texts = append(page, texts...)
		if last || len(texts) >= limit {
			return texts[max(0, len(texts)-limit):], nil
		}
	}
}

func forgetWhispers(ctx context.Context, tx pgx.Tx, chat gateway.ConversationID, upTo int64, whole bool) error {
	_, err := tx.Exec(ctx, "delete from staff_whisper where conversation = $1 and ($3 or pos <= $2)", chat, upTo, whole)
	return err
}
