package voice

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
)

// buryLock lets one node at a time end another's calls.
const buryLock = 0x7661_7865_6c03

// Nodes are the nodes whose calls are not ended in the table, this one's too.
func (v *Voice) Nodes(ctx context.Context) ([]string, error) {
	rows, err := v.pool.Query(ctx, "select distinct node from call where ended_at is null")
	if err != nil {
		return nil, fmt.Errorf("find the nodes of calls: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// BuryOf ends the calls of a node that does not come back, as that would at its next
// start: who waited or talked is called back. A voicemail is left alone, because what was
// said lies on that node's disk. While another node is at it nothing is done.
func (v *Voice) BuryOf(ctx context.Context, node string) error {
	conn, err := v.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("bury the calls of %s: %w", node, err)
	}
	defer conn.Release()
	var ours bool
	if err := conn.QueryRow(ctx, "select pg_try_advisory_lock($1)", int64(buryLock)).Scan(&ours); err != nil || !ours {
		return err
	}
	defer func() { _, _ = conn.Exec(context.WithoutCancel(ctx), "select pg_advisory_unlock($1)", int64(buryLock)) }()
	rows, err := v.pool.Query(ctx, "select "+callColumns+`
		from call
		where node = $1
		and ended_at is null
		order by id`, node)
	if err != nil {
		return fmt.Errorf("bury the calls of %s: %w", node, err)
	}
	dead, err := pgx.CollectRows(rows, scanCall)
	if err != nil {
		return fmt.Errorf("bury the calls of %s: %w", node, err)
	}
	dead = slices.DeleteFunc(dead, func(r callRow) bool { return r.State == voicemail })
	for _, row := range dead {
		if err := v.bury(ctx, row); err != nil {
			return fmt.Errorf("bury call %d of %s: %w", row.ID, node, err)
		}
	}
	return nil
}
