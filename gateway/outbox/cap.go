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
	return o.room(ctx, tx, conversation, nil)
}

// room is Room for a message that leaves at a time, nil: now. What waits counts in the hour in
// which it leaves, whenever it was written: there is no hour in which more than hourly leave.
func (o *Store) room(ctx context.Context, tx pgx.Tx, conversation gateway.ConversationID, at *time.Time) error {
	var wait float64 // seconds until the oldest of an hour that is full is an hour old
	err := tx.QueryRow(ctx, `
		with asked as (select coalesce($3, now()) as at),
		leaving as (
			select greatest(o.created_at, o.send_at) as at
			from case_of_conversation here
			join case_of_conversation c on c.case_id = here.case_id
			join outbound o on o.conversation_id = c.conversation
			join asked on greatest(o.created_at, o.send_at) > asked.at - interval '1 hour'
				and greatest(o.created_at, o.send_at) < asked.at + interval '1 hour'
			where here.conversation = $1 and here.case_id <> 0 and o.state <> 'cancelled'
			union all
			select at
			from asked),
		hours as (
			select at, lag(at, $2) over (order by at) as first
			from leaving)
		select extract(epoch from first + interval '1 hour' - (select at from asked))
		from hours
		where first > at - interval '1 hour'
		order by first desc
		limit 1`, int64(conversation), hourly, at).Scan(&wait)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("count what has left for the case: %w", err)
	}
	o.metrics.capped.Inc()
	seconds := int(wait) + 1
	return gateway.Conflict("too_many_mails", fmt.Sprintf(
		"%d mails leave for this case within the hour; look whether two machines answer each other, and write again in %s",
		hourly, time.Duration(seconds)*time.Second), map[string]int{"retry_after_s": seconds})
}
