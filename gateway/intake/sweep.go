package intake

import (
	"context"
	"fmt"
	"time"

	"github.com/vaxelhq/vaxel/gateway/tidy"
)

// Sweep forgets what arrivals before a time became. A key that is brought again after that
// is a new arrival, so the time lies further back than any channel remembers its own.
func (in *Intake) Sweep(ctx context.Context, before time.Time) (int64, error) {
	gone, err := tidy.Rows(ctx, in.pool, `
		delete from arrival
		where key in (select key from arrival where at < $1 limit $2)`, before)
	if err != nil {
		return gone, fmt.Errorf("sweep arrivals: %w", err)
	}
	return gone, nil
}
