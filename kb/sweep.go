package kb

import (
	"context"
	"fmt"
	"time"

	"github.com/vaxelhq/vaxel/gateway/tidy"
)

// SweepVotes forgets votes given before a time, with whoever gave them.
func (s *Store) SweepVotes(ctx context.Context, before time.Time) (int64, error) {
	gone, err := tidy.Rows(ctx, s.pool, `
		delete from vote
		where (article, language, voter) in (select article, language, voter from vote where at < $1 limit $2)`, before)
	if err != nil {
		return gone, fmt.Errorf("sweep votes: %w", err)
	}
	return gone, nil
}
