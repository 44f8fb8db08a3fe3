package chat

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// noteBotLine joins the transaction that takes a line in which a bot is to answer; it ends it
// with errHandedOver if none is any more.
func noteBotLine(ctx context.Context, tx pgx.Tx, h tokenHash, pos int64, within time.Duration) error {
	tag, err := tx.Exec(ctx, `
		update visitor
		set bot_line = greatest(bot_line, $2), bot_due = now() + $3
		where token_hash = $1 and bot`, h[:], pos, within)
	switch {
	case err != nil:
		return fmt.Errorf("note a line for the bot: %w", err)
	case tag.RowsAffected() == 0:
		return errHandedOver
	}
	return nil
}

// botAnswered notes that a line, and what came before it, has its answer.
func (s *Store) botAnswered(ctx context.Context, h tokenHash, pos int64) error {
	_, err := s.pool.Exec(ctx, `
		update visitor
		set bot_done = greatest(bot_done, $2), bot_due = case when bot_line > $2 then bot_due end
		where token_hash = $1`, h[:], pos)
	if err != nil {
		return fmt.Errorf("note a bot's answer: %w", err)
	}
	return nil
}

// forgetBot joins the transaction that ends the bot's part. Who is away then is looked for again.
func forgetBot(ctx context.Context, tx pgx.Tx, h tokenHash, r gateway.Received) error {
	_, err := tx.Exec(ctx, `
		update visitor
		set bot = false, bot_due = null, conversation_id = $2, customer_id = $3, gone_at = case when gone_at > now() then now() else gone_at end
		where token_hash = $1`, h[:], r.Conversation, r.Customer)
	if err != nil {
		return fmt.Errorf("end a bot's part: %w", err)
	}
	return nil
}

// lateBots are the visitors whom a bot should have answered by now.
func (s *Store) lateBots(ctx context.Context) (list []tokenHash, err error) {
	rows, _ := s.pool.Query(ctx, `
		select token_hash
		from visitor
		where bot_due < now()`) // its error is met again below
	var hash []byte
	_, err = pgx.ForEachRow(rows, []any{&hash}, func() error {
		list = append(list, tokenHash(hash))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("find chats that no bot answers: %w", err)
	}
	return list, nil
}
