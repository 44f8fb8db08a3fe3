package tickets_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/tickets"
)

// TestClosings: each closing is kept with what came before it, for the figures.
func TestClosings(t *testing.T) {
	r := open(t)
	id, _ := r.join(t, mail("karin@kund.example", "Faktura"), 0)
	state := func(to tickets.CaseState) {
		r.change(t, id, func(c *tickets.Case) { c.State = to })
	}
	for _, to := range []tickets.CaseState{tickets.CasePending, tickets.CaseClosed, tickets.CaseOpen, tickets.CaseClosed} {
		state(to)
	}
	rows, err := r.pool.Query(t.Context(), `
		select opened_at = k.created_at, coalesce(f.opened_at = lag(f.reopened_at) over (order by f.closed_at), false), reopened_at is not null
		from case_figures f
		join support_case k on k.id = f.case_id
		order by f.closed_at`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
		var first, again, reopened bool
		err := row.Scan(&first, &again, &reopened)
		return fmt.Sprintf("from the beginning %t, from the reopening %t, reopened %t", first, again, reopened), err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"from the beginning true, from the reopening false, reopened true", "from the beginning false, from the reopening true, reopened false"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("closings (-want +got):\n%s", diff)
	}
}
