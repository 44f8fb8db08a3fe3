package floor

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Admit asks, inside intake's transaction, that an arrival be put in the queue. It
// reserves the interaction's id unless the caller has; the leader takes the row after
// the commit, on a hint or within 200 ms.
func (f *Floor) Admit(ctx context.Context, tx pgx.Tx, ad gateway.Admission) (gateway.InteractionID, error) {
	if ad.Interaction == 0 {
		id, err := Reserve(ctx, tx)
		if err != nil {
			return 0, err
		}
		ad.Interaction = id
	}
	if _, err := tx.Exec(ctx, `insert into floor_inbox (admission) values ($1)`, ad); err != nil {
		return 0, fmt.Errorf("admit: %w", err)
	}
	return ad.Interaction, nil
}

// Hint tells the leader that a committed admission waits.
func (f *Floor) Hint() { f.rooms.Bus.Publish(SubjectInbox, nil) }

type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Reserve gives out the number of an interaction to be. Unused ones are never given again.
func Reserve(ctx context.Context, q querier) (gateway.InteractionID, error) {
	var id int64
	if err := q.QueryRow(ctx, `select nextval('interaction_id')`).Scan(&id); err != nil {
		return 0, fmt.Errorf("reserve an interaction: %w", err)
	}
	return gateway.InteractionID(id), nil
}

// Reserve gives out a number outside any transaction, for Begin.
func (f *Floor) Reserve(ctx context.Context) (gateway.InteractionID, error) {
	return Reserve(ctx, f.pool)
}
