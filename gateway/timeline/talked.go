package timeline

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Talked says whether a call on a case has ended after a time in which somebody talked with the
// customer, whoever had called.
func (s *Store) Talked(ctx context.Context, tx pgx.Tx, c gateway.CaseID, since time.Time) (talked bool, err error) {
	err = tx.QueryRow(ctx, `
		select exists (
			select
			from conversation c
			join entry e on e.conversation_id = c.id
			where c.case_id = $1 and e.kind = 'call' and e.at > $2 and (e.body->>'talk_ms')::bigint > 0)`, int64(c), since).Scan(&talked)
	if err != nil {
		return false, fmt.Errorf("look whether the customer of case %d was talked with: %w", c, err)
	}
	return talked, nil
}
