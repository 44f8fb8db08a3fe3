package tickets_test

import (
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// A mail that arrives while its sender is merged with another customer opens its case for
// whoever they become.
func TestMailMeetsMerge(t *testing.T) {
	r := open(t)
	_, into := r.join(t, mail("anna@example.se", "Faktura"), 0)
	_, from := r.join(t, mail("anna.ek@example.com", "Kvitto"), 0)
	merging, err := r.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = merging.Rollback(t.Context()) }() // after a commit it does nothing
	store, _ := r.In(merging)
	if _, err := store.MergeCustomers(t.Context(), into, from); err != nil {
		t.Fatal(err)
	}
	joined := make(chan gateway.CaseID, 1)
	go func() {
		id, _ := r.join(t, mail("anna.ek@example.com", "Trasig kedja"), 0)
		joined <- id
	}()
	r.waiting(t)
	if err := merging.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case id := <-joined:
		if got := r.get(t, id).Customer; got != into {
			t.Errorf("the case is customer %d's, want %d's", got, into)
		}
	case <-time.After(time.Minute):
		t.Fatal("the mail was not joined within a minute")
	}
}

// waiting returns when a transaction waits for another one's lock.
func (r room) waiting(t *testing.T) {
	t.Helper()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for late := time.After(time.Minute); ; {
		var n int
		err := r.pool.QueryRow(t.Context(), `
			select count(*)
			from pg_stat_activity
			where datname = current_database() and wait_event_type = 'Lock'`).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			return
		}
		select {
		case <-look.C:
		case <-late:
			t.Fatal("nobody waited within a minute")
		}
	}
}
