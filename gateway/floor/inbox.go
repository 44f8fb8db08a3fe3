package floor

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Aside is an admission that the floor could not store even alone. What the customer
// said is on its conversation; only the queue does not have it.
type Aside struct {
	ID         int64     `db:"id"`
	CreatedAt  time.Time `db:"created_at"`
	SetAsideAt time.Time `db:"set_aside_at"`
	Fault      string    `db:"fault"`
	Admission  string    `db:"admission"` // ids and numbers, as JSON
}

// SetAside lists the admissions that wait for an operator, oldest first.
func (f *Floor) SetAside(ctx context.Context) ([]Aside, error) {
	rows, err := f.pool.Query(ctx, `
		select id, created_at, set_aside_at, fault, coalesce(admission, regroup, settle)::text as admission
		from floor_inbox
		where set_aside_at is not null
		order by id
		limit 1000`)
	if err != nil {
		return nil, fmt.Errorf("read what is set aside: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Aside])
	if err != nil {
		return nil, fmt.Errorf("read what is set aside: %w", err)
	}
	return list, nil
}

// TakeAgain has the floor take all that is set aside once more, after what was wrong
// has been mended, and says how many they are.
func (f *Floor) TakeAgain(ctx context.Context) (int, error) {
	tag, err := f.pool.Exec(ctx, `
		update floor_inbox
		set set_aside_at = null, fault = ''
		where set_aside_at is not null`)
	if err != nil {
		return 0, fmt.Errorf("take again what is set aside: %w", err)
	}
	return int(tag.RowsAffected()), nil
}
