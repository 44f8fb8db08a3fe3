package feed

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// A plan is kept from a node's first reading on, when the log may be empty: reading all of
// it and sorting costs nothing then, and seconds a day later.
func TestTheLogIsReadAlongItsIndexFromTheFirstTimeOn(t *testing.T) {
	var plan []string
	err := pgx.BeginFunc(t.Context(), pgtest.New(t), func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), inOrder); err != nil {
			return err
		}
		rows, _ := tx.Query(t.Context(), "explain "+readPage, "3", 0, nil, pageSize) // the error comes with the rows
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		plan = lines
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	whole := strings.Join(plan, "\n")
	if n := strings.Count(whole, "Index Scan"); n != slots || strings.Contains(whole, "Seq Scan") {
		t.Errorf("got the plan\n%s\nwant an index scan of each slot, merged", whole)
	}
}
