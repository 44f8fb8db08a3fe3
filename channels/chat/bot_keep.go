package chat

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// noteBotLine joins the transaction that takes a line in which a bot is to answer; it ends it
// with errTooLate if none is any more.
func noteBotLine(ctx context.Context, tx pgx.Tx, h tokenHash, pos int64, within time.Duration) error {
	tag, err := tx.Exec(ctx, `
		update visitor
		set bot_line = greatest(bot_line, $2), bot_due = now() + $3
		where token_hash = $1 and bot`, h[:], pos, within)
	switch {
	case err != nil:
		return fmt.Errorf("note a line for the bot: %w", err)
	case tag.RowsAffected() == 0:
		return errTooLate
	}
	return nil
}

// noteAnswer joins the transaction that writes the answer to a line, and to what came before
// it; it ends it with errTooLate if a person has the chat, or that line was answered. Who is
// yet to be handed over stays due: if this node dies before, sweepBots finds them.
func noteAnswer(ctx context.Context, tx pgx.Tx, h tokenHash, pos int64, handOver bool) error {
	tag, err := tx.Exec(ctx, `
		update visitor
		set bot_done = $2, bot_due = case when bot_line > $2 or $3 then bot_due end
		where token_hash = $1 and bot and bot_done < $2`, h[:], pos, handOver)
	switch {
	case err != nil:
		return fmt.Errorf("note a bot's answer: %w", err)
	case tag.RowsAffected() == 0:
		return errTooLate
	}
	return nil
}

// forgetBot joins the transaction that ends the bot's part, once. Who is away then is looked
// for again.
func forgetBot(ctx context.Context, tx pgx.Tx, h tokenHash, r gateway.Received) error {
	tag, err := tx.Exec(ctx, `
		update visitor
		set bot = false, bot_due = null, conversation_id = $2, customer_id = $3, gone_at = case when gone_at > now() then now() else gone_at end
		where token_hash = $1 and bot`, h[:], r.Conversation, r.Customer)
	switch {
	case err != nil:
		return fmt.Errorf("end a bot's part: %w", err)
	case tag.RowsAffected() == 0 && !r.Repeated:
		return errTooLate
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
