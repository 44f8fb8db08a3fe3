package floor

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Admit asks, inside intake's transaction, that an arrival be put in the queue. It
// reserves the interaction's id unless the caller has; the leader takes the row after
// the commit, on a hint or within a second.
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

// AdmitAll asks it for many, in one exchange with the database.
func (f *Floor) AdmitAll(ctx context.Context, tx pgx.Tx, list []gateway.Admission) ([]gateway.InteractionID, error) {
	if len(list) == 0 {
		return nil, nil
	}
	rows, _ := tx.Query(ctx, `
		select nextval('interaction_id')
		from generate_series(1, $1)`, len(list)) // the error comes with the rows
	ids, err := pgx.CollectRows(rows, pgx.RowTo[gateway.InteractionID])
	if err != nil {
		return nil, fmt.Errorf("reserve %d interactions: %w", len(list), err)
	}
	admissions := slices.Clone(list)
	for i := range admissions {
		if admissions[i].Interaction == 0 {
			admissions[i].Interaction = ids[i]
		}
		ids[i] = admissions[i].Interaction
	}
	if _, err := tx.Exec(ctx, `
		insert into floor_inbox (admission)
		select value
		from jsonb_array_elements($1) with ordinality as w(value, n)
		order by n`, admissions); err != nil {
		return nil, fmt.Errorf("admit %d: %w", len(list), err)
	}
	return ids, nil
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
