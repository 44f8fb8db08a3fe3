package email_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/vaxelhq/vaxel/channels/email"
	"github.com/vaxelhq/vaxel/channels/email/mailtest"
	"github.com/vaxelhq/vaxel/gateway"
)

// TestBackfill: what lay there since a day is taken in once and quietly, whatever stops it
// in between; what is older is left alone, and what comes now wants an agent.
func TestBackfill(t *testing.T) {
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
