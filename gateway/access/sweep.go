package access

import (
	"context"
	"fmt"
	"time"

	"github.com/vaxelhq/vaxel/gateway/tidy"
)

// SweepAudit forgets who did what before a time.
func (s *Store) SweepAudit(ctx context.Context, before time.Time) (int64, error) {
	gone, err := tidy.Rows(ctx, s.pool, `
		delete from audit
		where id in (select id from audit where at < $1 order by id limit $2)`, before)
	if err != nil {
		return gone, fmt.Errorf("sweep the audit: %w", err)
	}
	return gone, nil
}
