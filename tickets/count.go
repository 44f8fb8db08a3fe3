package tickets

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/retry"
)

// Count is how many cases there are of one queue, assignee and state.
type Count struct {
	Queue    gateway.QueueID `json:"queue,omitempty"`
	Assignee gateway.AgentID `json:"assignee,omitempty"`
	State    CaseState       `json:"state"`
	N        int64           `json:"n"`
}

// foldAbove is how many rows the tally may have before it is folded.
const foldAbove = 2000

// Counts gives the numbers of cases that are not closed, without counting them.
func (s *Store) Counts(ctx context.Context) ([]Count, error) {
	var rows int
	if err := s.db.QueryRow(ctx, "select count(*) from case_tally").Scan(&rows); err != nil {
		return nil, err
	}
	if rows > foldAbove {
		if err := s.fold(ctx); err != nil {
			return nil, err
		}
	}
	return list[Count](ctx, s.db, `
		select queue, assignee, state, sum(n)::bigint as n
		from case_tally
		where state <> 'closed'
		group by queue, assignee, state
		having sum(n) <> 0
		order by queue, assignee, state`)
}

// fold makes one row of all that are alike. Whoever comes while another folds goes on
// without.
func (s *Store) fold(ctx context.Context) error {
	return retry.Tx(ctx, s.db, func(tx pgx.Tx) error {
		var mine bool
		if err := tx.QueryRow(ctx, "select pg_try_advisory_xact_lock(hashtextextended('case_tally', 0))").Scan(&mine); err != nil || !mine {
			return err
		}
		_, err := tx.Exec(ctx, `
			with gone as (delete from case_tally returning queue, assignee, state, n)
			insert into case_tally
			select queue, assignee, state, sum(n)
			from gone
			group by queue, assignee, state
			having sum(n) <> 0`)
		return err
	})
}
