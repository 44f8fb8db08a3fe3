package email_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/vaxelhq/vaxel/channels/email"
	"github.com/vaxelhq/vaxel/channels/email/mailtest"
	"github.com/vaxelhq/vaxel/gateway"
)

// TestBackfill: what lay there since a day is taken in once and quietly, whatever stops it
// in between; what is older is left alone, and what comes now wants an agent.
func TestBackfill(t *testing.T) {
	t.Parallel()
	d, h := mailtest.StartDovecot(t), newHouse(t)
	old := signedIn(t, d)
	lay := func(at time.Time, raw []byte) {
		t.Helper()
		c := old.Append("INBOX", int64(len(raw)), &imap.AppendOptions{Time: at})
		if _, err := c.Write(raw); err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	const before, since = 5, 450
	for i := range before {
		lay(time.Date(2019, 5, 1+i, 8, 0, 0, 0, time.UTC), mailtest.Mail(fmt.Sprint("older", i), "anna@kund.example", "x", "Hej"))
	}
	for i, raw := range mails(1, since) {
		lay(time.Date(2024, 5, 1, 8, i, 0, 0, time.UTC), raw)
	}
	first := h.open(t, "a", d)
	m := support(d.IMAP, nobody)
	m.Backfill = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	save(t, first, m)
	health := func(e *email.Email) email.Backfill {
		list, err := e.Health(t.Context())
		if err != nil || len(list) != 1 {
			t.Fatalf("%v, %v", list, err)
		}
		return list[0].Backfill
	}
	var once bool
	h.refuse = func(a gateway.Arrival) error { // its database goes away in the middle of the second part
		if a.MessageID == "m250@kund.example" && !once {
			once = true
			return &gateway.Error{Kind: gateway.KindTryAgain, Code: "try_again"}
		}
		return nil
	}
	stop := run(t, first)
	until(t, "the first part done", func() bool { return health(first).Done >= 200 })
	stop()

	e := h.open(t, "b", d)
	run(t, e)
	d.Deliver(t, "support@cyklar.example", mails(since+1, since+1)...)
	list := h.wait(t, since+1)
	exactly(t, list, since+1)
	for _, a := range list {
		if live := a.MessageID == fmt.Sprintf("m%d@kund.example", since+1); a.Quiet == live {
			t.Errorf("%s is quiet: %v", a.MessageID, a.Quiet)
		}
		if a.MessageID == "m1@kund.example" && a.ArrivedAt.UTC().Year() != 2024 {
			t.Errorf("m1 came %v", a.ArrivedAt)
		}
	}
	until(t, "nothing is left", func() bool { return health(e) == email.Backfill{Done: since} })

	// An earlier day takes the rest, and nothing twice.
	m.Backfill = time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC)
	save(t, e, m)
	if n := len(h.wait(t, since+1+before)); n != since+1+before {
		t.Errorf("%d arrivals, want %d", n, since+1+before)
	}
	until(t, "nothing is left again", func() bool { return health(e) == email.Backfill{Done: since + before} })
	if seen, _ := inbox(t, d, "INBOX"); seen != 1 {
		t.Errorf("%d mails are marked as seen, want the new one only", seen)
	}
}

// TestBackfillOutlastsTheDatabase: only what is refused for its own sake is put away. What met
// a database in trouble, oftener than a mail of now is tried, is taken in after it.
func TestBackfillOutlastsTheDatabase(t *testing.T) {
	t.Parallel()
	d, h := mailtest.StartDovecot(t), newHouse(t)
	d.Deliver(t, "support@cyklar.example", mails(1, 4)...)
	trouble := map[string]error{
		"m1@kund.example": fmt.Errorf("receive: %w", &pgconn.PgError{Code: "57P01", Message: "terminating connection due to administrator command"}),
		"m2@kund.example": errors.New("conn closed"),
		"m3@kund.example": &pgconn.PgError{Code: "22021", Message: "invalid byte sequence"},
	}
	met := map[string]int{}
	h.refuse = func(a gateway.Arrival) error {
		if met[a.MessageID]++; met[a.MessageID] > 12 && a.MessageID != "m3@kund.example" {
			return nil
		}
		return trouble[a.MessageID]
	}
	e := h.open(t, "a", d)
	m := support(d.IMAP, nobody)
	m.Backfill = time.Now().AddDate(0, 0, -2)
	save(t, e, m)
	run(t, e)
	until(t, "all is done", func() bool {
		list, err := e.Health(t.Context())
		return err == nil && list[0].Backfill == email.Backfill{Done: 4}
	})
	rows, _ := h.pool.Query(t.Context(), "select reason from quarantine")
	reasons, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(reasons) != 1 || !strings.Contains(reasons[0], "22021") {
		t.Errorf("in quarantine: %q, %v", reasons, err)
	}
	list := h.taken(t)
	for _, a := range list {
		if !a.Quiet {
			t.Errorf("%s was not taken in quietly", a.MessageID)
		}
	}
	if len(list) != 3 {
		t.Errorf("taken in: %v, want m1, m2 and m4", ids(list))
	}
}
