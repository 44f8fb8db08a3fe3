package outbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Cancel keeps the message of an entry from leaving, in the caller's transaction, as long as
// nothing was tried. Cancelled twice is cancelled. The caller announces what it gives.
func (o *Store) Cancel(ctx context.Context, tx pgx.Tx, conversation gateway.ConversationID, pos int64) (gateway.Event, error) {
	rows, _ := tx.Query(ctx, `
		select `+rowColumns+`
		from outbound o
		where conversation_id = $1 and pos = $2
		order by id
		limit 1
		for update`, int64(conversation), pos) // the error comes with the rows
	out, err := pgx.CollectExactlyOneRow(rows, scanRow)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return gateway.Event{}, gateway.NotFound("no_outbound", "nothing leaves by that entry")
	case err != nil:
		return gateway.Event{}, fmt.Errorf("find what leaves by entry %d of conversation %d: %w", pos, conversation, err)
	case out.State == gateway.OutboundCancelled:
		return updated(out.Outbound), nil
	case out.State != gateway.OutboundQueued || out.Attempts > 0:
		return gateway.Event{}, gateway.Conflict("sent_already", "it has left, or is leaving just now; write again to say otherwise", out.Outbound)
	}
	out.State, out.Rev = gateway.OutboundCancelled, out.Rev+1
	for i := range out.Recipients {
		out.Recipients[i].State = gateway.OutboundCancelled
	}
	out.DueAt = time.Time{}
	if err := o.write(ctx, tx, out); err != nil {
		return gateway.Event{}, fmt.Errorf("cancel outbound %d: %w", out.ID, err)
	}
	return updated(out.Outbound), nil
}
