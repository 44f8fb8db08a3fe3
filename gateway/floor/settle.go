package floor

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Settle asks, inside the transaction that closes a case, that the callbacks end which wait on it.
// The leader does it after the commit, on a hint or within a second.
func (f *Floor) Settle(ctx context.Context, tx pgx.Tx, s gateway.Settle) error {
	if _, err := tx.Exec(ctx, `insert into floor_inbox (settle) values ($1)`, s); err != nil {
		return fmt.Errorf("settle case %d: %w", s.Case, err)
	}
	return nil
}
