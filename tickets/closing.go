package tickets

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// ClosedSince says whether a case was closed after a time, also if it was opened again since: by
// somebody, for what came in quietly was never open.
func (s *Store) ClosedSince(ctx context.Context, tx pgx.Tx, id gateway.CaseID, since time.Time) (closed bool, err error) {
	err = tx.QueryRow(ctx, `
		select exists (
			select from case_closing
			where case_id = $1 and closed_at > $2)`, id, since).Scan(&closed)
	if err != nil {
		return false, fmt.Errorf("look whether case %d was closed: %w", id, err)
	}
	return closed, nil
}
