package floor

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

// Regroup asks, inside the transaction that makes one case of two or two of one, that the
// interactions follow: those that are open and those that are finished. The leader does it
// after the commit, on a hint or within a second, before anything that is admitted later.
func (f *Floor) Regroup(ctx context.Context, tx pgx.Tx, r gateway.Regroup) error {
	if _, err := tx.Exec(ctx, `insert into floor_inbox (regroup) values ($1)`, r); err != nil {
		return fmt.Errorf("regroup the interactions of case %d: %w", r.From, err)
	}
	return nil
}

// regroup writes the finished interactions of what was regrouped; routing tells of the
// open ones.
func (b *batch) regroup(q *pgx.Batch) {
	for _, a := range b.taken {
		r, ok := a.event.(routing.Regroup)
		if !ok {
			continue
		}
		q.Queue(`
			update interaction
			set case_id = $2
			where case_id = $1 and state = 'finished' and (cardinality($3::bigint[]) = 0 or conversation = any($3))`,
			r.From, r.Into, numbers(r.Conversations))
	}
}
