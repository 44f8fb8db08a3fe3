// Package tidy forgets rows that nobody needs any more, a few at a time.
//
// It promises that no transaction of its own is long: others wait for a batch at most, and
// the feed's watermark goes on. Any node may forget the same rows at the same time.
package tidy

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
)

// Batch is how many rows are forgotten at once.
const Batch = 1000

// Execer is a pool.
type Execer interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// Rows repeats a delete until it finds less than a batch, and says how many rows went. The
// statement takes args and, as the last parameter, the length of a batch; it must choose
// its rows by that limit.
func Rows(ctx context.Context, db Execer, statement string, args ...any) (gone int64, err error) {
	args = append(args, Batch)
	for {
		tag, err := db.Exec(ctx, statement, args...)
		gone += tag.RowsAffected()
		if err != nil {
			return gone, fmt.Errorf("forget rows: %w", err)
		}
		if tag.RowsAffected() < Batch {
			return gone, nil
		}
	}
}
