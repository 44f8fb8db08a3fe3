package floor

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/lazy"
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

// Numbers asks for the numbers of interactions to be. They are there when the transaction
// next reads anything.
func (f *Floor) Numbers(tx *lazy.Tx, n int) *[]gateway.InteractionID {
	var ids []gateway.InteractionID
	tx.Ask(func(rows pgx.Rows) (err error) {
		ids, err = pgx.CollectRows(rows, pgx.RowTo[gateway.InteractionID])
		return err
	}, reserveMany, n)
	return &ids
}

const reserveMany = `
	select nextval('interaction_id')
	from generate_series(1, $1)`

// AdmitAll asks it for many, which have their interactions' numbers, and gives those back.
func (f *Floor) AdmitAll(ctx context.Context, tx pgx.Tx, list []gateway.Admission) ([]gateway.InteractionID, error) {
	if len(list) == 0 {
		return nil, nil
	}
	ids := make([]gateway.InteractionID, len(list))
	for i, ad := range list {
		ids[i] = ad.Interaction
	}
	if _, err := tx.Exec(ctx, `
		insert into floor_inbox (admission)
		select value
		from jsonb_array_elements($1) with ordinality as w(value, n)
		order by n`, list); err != nil {
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
