package staffchat

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/retry"
)

// Sweep forgets what colleagues said to each other before a time, also beside interactions, and
// the chats of which nothing is left. Supervisors' messages are kept.
func (s *Store) Sweep(ctx context.Context, before time.Time) (gone int64, err error) {
	rows, _ := s.db.Query(ctx, "select conversation from staff_chat where created_at < $1 order by conversation", before)
	chats, err := pgx.CollectRows(rows, pgx.RowTo[gateway.ConversationID])
	if err != nil {
		return 0, fmt.Errorf("find what colleagues said: %w", err)
	}
	for _, chat := range chats {
		n, err := s.sweepChat(ctx, chat, before)
		if gone += n; err != nil {
			return gone, fmt.Errorf("forget what colleagues said: %w", err)
		}
	}
	return gone, nil
}

// sweepChat takes a batch at a time, so that who writes meanwhile waits for one at most.
func (s *Store) sweepChat(ctx context.Context, chat gateway.ConversationID, before time.Time) (gone int64, err error) {
	for {
		var n int64
		var whole bool
		err := retry.Tx(ctx, s.db, func(tx pgx.Tx) error {
			var upTo int64
			var err error
			if upTo, n, whole, err = s.timeline.Forget(ctx, tx, chat, before); err != nil {
				return err
			}
			return forgetChat(ctx, tx, chat, upTo, whole)
		})
		if gone += n; err != nil || n == 0 || whole {
			return gone, err
		}
	}
}

// forgetChat removes a chat of which nothing is left; else what is gone counts as seen.
func forgetChat(ctx context.Context, tx pgx.Tx, chat gateway.ConversationID, upTo int64, whole bool) error {
	if err := forgetWhispers(ctx, tx, chat, upTo, whole); err != nil {
		return err
	}
	if !whole {
		_, err := tx.Exec(ctx, "update staff_receipt set pos = $2 where conversation = $1 and pos < $2", chat, upTo)
		return err
	}
	if _, err := tx.Exec(ctx, "delete from staff_receipt where conversation = $1", chat); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "delete from staff_chat where conversation = $1", chat)
	return err
}
