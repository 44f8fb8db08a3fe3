package floor

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Asked are the latest offers of interactions, open or closed, where a colleague asked for
// them rather than a queue: who is being rung on line 2, and what became of it. One is
// given by interaction, of several at once the one that closed last.
func (f *Floor) Asked(ctx context.Context, ids []gateway.InteractionID) (map[gateway.InteractionID]gateway.Offer, error) {
	rows, err := f.pool.Query(ctx, `
		select distinct on (o.interaction)
			o.interaction, o.no, o.agent, o.kind, o.channel, o.queue, o.created_at, o.expires_at, o.closed_at, o.outcome, o.cause
		from offer o
		join interaction i on i.id = o.interaction and i.offer_no = o.no
		where o.interaction = any($1) and o.kind <> 'queue'
		order by o.interaction, o.closed_at desc nulls first`, numbers(ids))
	if err != nil {
		return nil, fmt.Errorf("read who was asked: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[offerRow])
	if err != nil {
		return nil, fmt.Errorf("read who was asked: %w", err)
	}
	out := make(map[gateway.InteractionID]gateway.Offer, len(list))
	for _, r := range list {
		out[gateway.InteractionID(r.Interaction)] = r.offer()
	}
	return out, nil
}
