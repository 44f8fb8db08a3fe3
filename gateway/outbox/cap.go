package outbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// hourly is how many messages leave for a case within an hour, whoever writes them: people
// do not come near it, and two machines that answer each other end there.
const hourly = 20

// Room refuses one more message for a conversation whose case has had its share of the hour.
// Add asks by itself; what would only be left unsaid asks before.
func (o *Store) Room(ctx context.Context, tx pgx.Tx, conversation gateway.ConversationID) error {
	var wait float64 // seconds until the oldest of the last hourly is an hour old
	err := tx.QueryRow(ctx, `
		select extract(epoch from created_at + interval '1 hour' - now())
		from case_of_conversation here
		join case_of_conversation c on c.case_id = here.case_id
		join outbound o on o.conversation_id = c.conversation
		where here.conversation = $1 and here.case_id <> 0 and o.created_at > now() - interval '1 hour' and o.state <> 'cancelled'
		order by o.created_at desc
		offset $2
		limit 1`, int64(conversation), hourly-1).Scan(&wait)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("count what has left for the case: %w", err)
	}
	o.metrics.capped.Inc()
	seconds := int(wait) + 1
	return gateway.Conflict("too_many_mails", fmt.Sprintf(
		"%d mails have left for this case within the hour; look whether two machines answer each other, and write again in %s",
		hourly, time.Duration(seconds)*time.Second), map[string]int{"retry_after_s": seconds})
}
