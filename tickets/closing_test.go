package tickets_test

import (
	"fmt"
	"testing"
	"time"

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

// TestClosedSince: a closing counts from its moment on, also if the case was opened again; what came in
// quietly was closed by nobody.
func TestClosedSince(t *testing.T) {
	r := open(t)
	quiet := mail("karin@kund.example", "Ring mig")
	quiet.Quiet = true
	id, _ := r.join(t, quiet, 0)
	asked := time.Now().Add(-time.Hour)
	since := func(at time.Time) (closed bool) {
		t.Helper()
		r.tx(t, func(tx pgx.Tx) (err error) {
			closed, err = r.ClosedSince(t.Context(), tx, id, at)
			return err
		})
		return closed
	}
	if since(asked) {
		t.Error("closed, though nobody has closed it")
	}
	for _, to := range []tickets.CaseState{tickets.CaseOpen, tickets.CaseClosed, tickets.CaseOpen} {
		r.change(t, id, func(c *tickets.Case) { c.State = to })
	}
	if !since(asked) {
		t.Error("not closed, though somebody has closed it")
	}
	if since(time.Now().Add(time.Minute)) {
		t.Error("closed after it was closed")
	}
}
