package email_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/email/mailtest"
)

// TestLeasesAreKeptTogether: while one mailbox's row is held by somebody, the leases of the
// others are renewed all the same, and no other node gets any.
func TestLeasesAreKeptTogether(t *testing.T) {
	t.Parallel()
	d, h := mailtest.StartDovecot(t), newHouse(t)
	e := h.open(t, "a", d)
	for i := range 3 {
		m := support(d.IMAP, nobody)
		m.Address = fmt.Sprintf("box%d@cyklar.example", i)
		m.User = m.Address
		save(t, e, m)
	}
	run(t, e)
	held := func(after time.Time) (n int) {
		if err := h.pool.QueryRow(t.Context(), "select count(*) from mailbox where holder = 'a' and held_until > $1", after).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	until(t, "all are read", func() bool { return held(time.Now()) == 3 })
	busy, err := h.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = busy.Rollback(t.Context()) }() // after a commit it does nothing
	if _, err := busy.Exec(t.Context(), "select from mailbox where address = 'box1@cyklar.example' for share"); err != nil {
		t.Fatal(err)
	}
	var last time.Time
	if err := h.pool.QueryRow(t.Context(), "select max(held_until) from mailbox").Scan(&last); err != nil {
		t.Fatal(err)
	}
	until(t, "the others are renewed", func() bool { return held(last) == 2 })
	if err := busy.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	until(t, "it is renewed too", func() bool { return held(last) == 3 })
}

// TestALeaseIsRenewedBesideIngest: a transaction that takes mail in and does not end for long
// costs no lease, and nobody else takes the mailbox meanwhile.
func TestALeaseIsRenewedBesideIngest(t *testing.T) {
	t.Parallel()
	d, h := mailtest.StartDovecot(t), newHouse(t)
	begun, end := make(chan struct{}), make(chan struct{})
	h.pause = sync.OnceFunc(func() { close(begun); <-end })
	e := h.open(t, "a", d)
	save(t, e, support(d.IMAP, nobody))
	run(t, e)
	defer close(end)
	d.Deliver(t, "support@cyklar.example", mails(1, 1)...)
	<-begun
	var before time.Time
	if err := h.pool.QueryRow(t.Context(), "select held_until from mailbox").Scan(&before); err != nil {
		t.Fatal(err)
	}
	until(t, "it is renewed", func() bool {
		var now time.Time
		err := h.pool.QueryRow(t.Context(), "select held_until from mailbox").Scan(&now)
		return err == nil && now.After(before)
	})
	tx, err := h.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	if err := tx.QueryRow(t.Context(), "select held_until from mailbox for update nowait").Scan(&before); err == nil {
		t.Error("the mailbox could be taken in the middle of a transaction")
	}
}
