package timeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/tidy"
)

// Forget removes what was said before a time in a conversation of the staff, a batch of it at
// most, in the caller's transaction: up to which position, and how many. The conversation goes
// with the last of it; whole says that it is gone. What customers have part in is not forgotten here.
func (s *Store) Forget(ctx context.Context, tx pgx.Tx, conversation gateway.ConversationID, before time.Time) (upTo, gone int64, whole bool, err error) {
	var staff bool
	err = tx.QueryRow(ctx, `
		select case_id = 0 and customer_id = 0
		from conversation
		where id = $1
		for update`, int64(conversation)).Scan(&staff)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return 0, 0, true, nil
	case err == nil && !staff:
		return 0, 0, false, fmt.Errorf("forget conversation %d, which is with a customer: %w", conversation, gateway.ErrForbidden)
	case err == nil:
		upTo, gone, whole, err = forget(ctx, tx, conversation, before)
	}
	if err != nil {
		return 0, 0, false, fmt.Errorf("forget what was said in conversation %d: %w", conversation, err)
	}
	return upTo, gone, whole, nil
}

func forget(ctx context.Context, tx pgx.Tx, conversation gateway.ConversationID, before time.Time) (upTo, gone int64, whole bool, err error) {
	err = tx.QueryRow(ctx, `
		with gone as (
			delete from entry
			where conversation_id = $1 and pos in (
				select pos
				from entry
				where conversation_id = $1 and at < $2
				order by pos
				limit $3)
			returning pos)
		select coalesce(max(pos), 0), count(*)
		from gone`, int64(conversation), before, tidy.Batch).Scan(&upTo, &gone)
	if err != nil {
		return 0, 0, false, err
	}
	if err := tx.QueryRow(ctx, `select not exists (select from entry where conversation_id = $1)`, int64(conversation)).Scan(&whole); err != nil || !whole {
		return upTo, gone, false, err
	}
	if _, err := tx.Exec(ctx, `delete from receipt where conversation_id = $1`, int64(conversation)); err != nil {
		return upTo, gone, false, err
	}
	_, err = tx.Exec(ctx, `delete from conversation where id = $1`, int64(conversation))
	return upTo, gone, true, err
}
