package stats

import (
	"context"
	"fmt"
	"time"

	"github.com/vaxelhq/vaxel/gateway/tidy"
)

// Sweep forgets the statuses of before a time, but for the one that each agent had then: a
// period that begins with that time is counted as before.
func (s *Store) Sweep(ctx context.Context, before time.Time) (int64, error) {
	gone, err := tidy.Rows(ctx, s.pool, `
		delete from status_span
		where (agent, since) in (
			select p.agent, p.since
			from status_span p
			where p.since < $1 and exists (
				select from status_span later
				where later.agent = p.agent and later.since > p.since and later.since <= $1)
			limit $2)`, before)
	if err != nil {
		return gone, fmt.Errorf("sweep statuses: %w", err)
	}
	return gone, nil
}
