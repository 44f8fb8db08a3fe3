package outbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Bounced notes in the caller's transaction what a server said after it had taken a mail
// (RFC 3464): the recipient failed, or is deferred there, which changes only the response.
// A bounce without an address is for all recipients. It is false when no outbound of ours
// has that Message-ID.
func (o *Store) Bounced(ctx context.Context, tx pgx.Tx, messageID string, bounced gateway.Recipient) (gateway.Outbound, bool, error) {
	rows, _ := tx.Query(ctx, `
		select `+rowColumns+`
		from outbound o
		where message_id = $1 and state <> 'cancelled'
		for update`, gateway.Clean(messageID)) // the error comes with the rows
	out, err := pgx.CollectExactlyOneRow(rows, scanRow)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return out.Outbound, false, nil
	case err != nil:
		return out.Outbound, false, fmt.Errorf("find what bounced: %w", err)
	}
	returned(&out, bounced)
	if err := o.write(ctx, tx, out); err != nil {
		return out.Outbound, false, fmt.Errorf("note bounce of outbound %d: %w", out.ID, err)
	}
	return out.Outbound, true, nil
}

// returned applies a bounce. Only a message that has left can come back: one that was never
// tried keeps its state. A recipient who is named has been reached, by an attempt that we
// have not noted yet or have lost. One who is not is among those we know of; while it is
// being sent the bounce is kept until we know whom the attempt has reached.
func returned(out *row, bounced gateway.Recipient) {
	out.Rev++
	out.Response = clip(bounced.Response)
	sending := out.State == gateway.OutboundSending
	for i := range out.Recipients {
		r := &out.Recipients[i]
		if bounced.Address != "" && !strings.EqualFold(bounced.Address, r.Address) { // servers on the way change the case
			continue
		}
		r.Response = out.Response
		left := r.State == gateway.OutboundSent || r.State == gateway.OutboundUnknown || out.Attempts > 0 && bounced.Address != ""
		if bounced.State == gateway.OutboundFailed && left {
			r.State = gateway.OutboundFailed
		}
	}
	if sending && bounced.Address == "" && bounced.State == gateway.OutboundFailed {
		out.bounce = cmp.Or(out.Response, "returned")
	}
	if !sending && out.State != gateway.OutboundQueued {
		out.State = out.whole()
	}
	if !out.waits() {
		out.DueAt = time.Time{}
	}
}
