package outbox

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Bounced notes in the caller's transaction what a server said after it had taken a mail
// (RFC 3464): the recipient failed, or is deferred there, which changes only the response.
// A bounce without an address is for all recipients. It is false when no outbound of ours
// has that Message-ID.
func (o *Store) Bounced(ctx context.Context, tx pgx.Tx, messageID string, bounced gateway.Recipient) (gateway.Outbound, bool, error) {
	rows, _ := tx.Query(ctx, `
		select `+columns+`
		from outbound o
		where message_id = $1
		for update`, gateway.Clean(messageID)) // the error comes with the rows
	out, err := pgx.CollectExactlyOneRow(rows, scan)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return out, false, nil
	case err != nil:
		return out, false, fmt.Errorf("find what bounced: %w", err)
	}
	returned(&out, bounced)
	if err := writeRecipients(ctx, tx, out); err != nil {
		return out, false, fmt.Errorf("note bounce of outbound %d: %w", out.ID, err)
	}
	_, err = tx.Exec(ctx, `
		update outbound
		set state = $2, response = $3, rev = $4
		where id = $1`, out.ID, string(out.State), out.Response, out.Rev)
	if err != nil {
		return out, false, fmt.Errorf("note bounce of outbound %d: %w", out.ID, err)
	}
	return out, true, o.feed.Append(ctx, tx, updated(out))
}

// returned applies a bounce. Only a message that has left can come back: one that is
// still to be sent keeps its state. One that is being sent has left if its recipient is
// named: the bounce was faster than our noting it.
func returned(out *gateway.Outbound, bounced gateway.Recipient) {
	out.Rev++
	out.Response = clip(bounced.Response)
	for i := range out.Recipients {
		r := &out.Recipients[i]
		if bounced.Address != "" && !strings.EqualFold(bounced.Address, r.Address) { // servers on the way change the case
			continue
		}
		r.Response = out.Response
		left := r.State == gateway.OutboundSent || r.State == gateway.OutboundUnknown || out.State == gateway.OutboundSending && bounced.Address != ""
		if bounced.State == gateway.OutboundFailed && left {
			r.State = gateway.OutboundFailed
		}
	}
	if out.State == gateway.OutboundSent {
		out.State = worst(out.Recipients)
	}
}
