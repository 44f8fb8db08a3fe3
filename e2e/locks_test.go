package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/intake"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// orderly is a transaction that keeps the law, conversations by id and then cases by id,
// and is the first to notice if somebody else does not.
func orderly(t *testing.T, pool *pgxpool.Pool) pgx.Tx {
	t.Helper()
	tx, err := pool.Begin(t.Context())
	must(t, err)
	t.Cleanup(func() { _ = tx.Rollback(t.Context()) })
	_, err = tx.Exec(t.Context(), `set local deadlock_timeout = '1ms'`)
	must(t, err)
	return tx
}

// receiving hands arrivals in and returns when they wait for somebody's lock.
func receiving(t *testing.T, in entrance, pool *pgxpool.Pool, arrivals ...gateway.Arrival) (done chan []error) {
	t.Helper()
	items := make([]intake.Item, len(arrivals))
	for i, a := range arrivals {
		items[i] = intake.Item{Arrival: a}
	}
	done = make(chan []error, 1)
	go func() {
		_, errs := in.ReceiveBatch(t.Context(), items)
		done <- errs
	}()
	waitFor(t, "a transaction that waits for a lock", func() bool {
		var n int
		must(t, pool.QueryRow(t.Context(), `
			select count(*)
			from pg_stat_activity
			where datname = current_database() and wait_event_type = 'Lock'`).Scan(&n))
		return n > 0
	}, func() string { return "" })
	return done
}

func received(t *testing.T, done chan []error) {
	t.Helper()
	select {
	case errs := <-done:
		for _, err := range errs {
			must(t, err)
		}
	case <-time.After(time.Minute):
		t.Fatal("the arrivals were not received within a minute")
	}
}

// A mail that knows its case by the subject alone takes the conversation that it goes on
// with before the case, as an agent's reply does.
func TestQuotedMailMeetsReply(t *testing.T) {
	pool := pgtest.New(t)
	in := newEntrance(pool)
	first, err := in.Receive(t.Context(), letter(1, 0), nil)
	must(t, err)
	known, err := in.cases.Case(t.Context(), first.Case)
	must(t, err)

	reply := orderly(t, pool)
	must(t, in.lines.Lock(t.Context(), reply, first.Conversation))
	quoting := letter(1, 1)
	quoting.References, quoting.Subject = nil, fmt.Sprintf("Sv: Faktura [#%d]", known.Number)
	done := receiving(t, in, pool, quoting)
	if err := in.cases.Note(t.Context(), reply, first.Case, gateway.Entry{Kind: gateway.EntryMail, Text: "Hej Maja"}); err != nil {
		t.Fatalf("the reply was in a deadlock: %v", err)
	}
	must(t, reply.Commit(t.Context()))
	received(t, done)
	entries, err := in.lines.Entries(t.Context(), first.Conversation, 0, 10)
	if err != nil || len(entries) != 2 {
		t.Errorf("got %d entries, %v want both mails in one conversation", len(entries), err)
	}
}

// A batch of mails takes its cases in the order of their ids, whatever their own order.
func TestBatchMeetsCasesInOrder(t *testing.T) {
	pool := pgtest.New(t)
	in := newEntrance(pool)
	var cases []gateway.CaseID
	for customer := range 2 {
		got, err := in.Receive(t.Context(), letter(customer, 0), nil)
		must(t, err)
		cases = append(cases, got.Case)
	}
	said := gateway.Entry{Kind: gateway.EntryMessage, Text: strings.Repeat("Hej ", 10)}
	batch := orderly(t, pool) // the floor's, which touches other conversations of the same cases
	must(t, in.cases.Note(t.Context(), batch, cases[0], said))
	done := receiving(t, in, pool, letter(1, 1), letter(0, 1))
	if err := in.cases.Note(t.Context(), batch, cases[1], said); err != nil {
		t.Fatalf("the floor was in a deadlock: %v", err)
	}
	must(t, batch.Commit(t.Context()))
	received(t, done)
}
