package email

import (
	"context"
	"fmt"
	"time"

	"github.com/vaxelhq/vaxel/gateway/tidy"
)

// SweepAnswers forgets whom we have answered by ourselves before a time.
func (e *Email) SweepAnswers(ctx context.Context, before time.Time) (int64, error) {
	gone, err := tidy.Rows(ctx, e.pool, `
		delete from auto_answer
		where ctid in (select ctid from auto_answer where at < $1 limit $2)`, before)
	if err != nil {
		return gone, fmt.Errorf("sweep automatic answers: %w", err)
	}
	return gone, nil
}

// Sweep forgets the contents of mails taken in before a time. One that still lies in its
// mailbox and is met under a new UID after that comes in a second time.
func (e *Email) Sweep(ctx context.Context, before time.Time) (int64, error) {
	gone, err := tidy.Rows(ctx, e.pool, `
		delete from mailbox_digest
		where (mailbox_id, digest) in (select mailbox_id, digest from mailbox_digest where at < $1 limit $2)`, before)
	if err != nil {
		return gone, fmt.Errorf("sweep the mails' digests: %w", err)
	}
	return gone, nil
}
