package outbox

import (
	"context"
	"fmt"
	"time"

	"github.com/vaxelhq/vaxel/gateway/tidy"
)

// Sweep forgets messages that could leave before a time and have nothing left to do. What
// they said stays on the timeline; a bounce that comes later finds nothing.
func (o *Store) Sweep(ctx context.Context, before time.Time) (int64, error) {
	gone, err := tidy.Rows(ctx, o.pool, `
		with old as (
			select id
			from outbound
			where greatest(created_at, send_at) < $1 and due_at is null
			order by id
			limit $2),
		recipients as (
			delete from outbound_recipient
			where outbound_id in (select id from old))
		delete from outbound
		where id in (select id from old)`, before)
	if err != nil {
		return gone, fmt.Errorf("sweep the outbox: %w", err)
	}
	if _, err := tidy.Rows(ctx, o.pool, `
		delete from outbound_lane
		where lane in (select lane from outbound_lane where free_at < $1 limit $2)`, before); err != nil {
		return gone, fmt.Errorf("sweep the lanes: %w", err)
	}
	return gone, nil
}
