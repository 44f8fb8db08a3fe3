package e2e

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// everyFileIsNamed holds at the end of each story: a file that anything shows, sends or
// puts away has a row that keeps it from being swept.
func (v *vaxel) everyFileIsNamed() {
	rows, _ := v.pool.Query(context.WithoutCancel(v.t.Context()), `
		with shown as (
			select 'entry' as place, m[1] as key
			from entry, regexp_matches(body::text, '"(?:blob|raw)" ?: ?"([0-9a-f]{64})"', 'g') as m
			union
			select 'outbound', m[1]
			from outbound, regexp_matches(body::text, '"([0-9a-f]{64})"', 'g') as m
			union
			select 'recording', blob from recording where blob <> ''
			union
			select 'quarantine', raw from quarantine)
		select place || ' ' || key
		from shown
		where not exists (select from blob where blob.key = shown.key)`) // the error comes with the rows
	lost, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(lost) > 0 {
		v.t.Errorf("files that no row keeps: %v, %v", lost, err)
	}
}
