package timeline

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Receipt says how far a reader has seen.
type Receipt struct {
	Reader gateway.Author `json:"reader"`
	Pos    int64          `json:"pos"`
	At     time.Time      `json:"at"`
}

// Seen notes that a reader has seen everything up to a position and tells the others
// (message.receipt). It never goes back, nor past the last entry.
func (s *Store) Seen(ctx context.Context, conversation gateway.ConversationID, reader gateway.Author, pos int64) error {
	return s.seen(ctx, conversation, reader, pos, true)
}

// SeenQuietly notes the same of a reader whom the customer knows nothing of, and tells nobody.
func (s *Store) SeenQuietly(ctx context.Context, conversation gateway.ConversationID, reader gateway.Author, pos int64) error {
	return s.seen(ctx, conversation, reader, pos, false)
}

func (s *Store) seen(ctx context.Context, conversation gateway.ConversationID, reader gateway.Author, pos int64, tell bool) error {
	var told []gateway.Event
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, `
			insert into receipt as r (conversation_id, reader_kind, reader_id, pos)
			select c.id, $2, $3, least($4, c.last_pos)
			from conversation c
			where c.id = $1 and least($4, c.last_pos) > 0
			on conflict (conversation_id, reader_kind, reader_id) do update
			set pos = excluded.pos, at = excluded.at
			where r.pos < excluded.pos
			returning pos, at`, int64(conversation), string(reader.Kind), reader.ID, pos) // the error comes with the rows
		receipts, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Receipt, error) {
			r := Receipt{Reader: reader}
			return r, row.Scan(&r.Pos, &r.At)
		})
		if err != nil {
			return err
		}
		for _, r := range receipts {
			if !tell {
				break
			}
			event := gateway.NewEvent(gateway.TopicConversation(conversation), "message.receipt", r.Pos, r)
			event.Conversation = conversation
			told = append(told, event)
		}
		return s.feed.Append(ctx, tx, told...)
	})
	if err != nil {
		return fmt.Errorf("note seen in conversation %d: %w", conversation, err)
	}
	s.feed.Announce(told...)
	return nil
}
