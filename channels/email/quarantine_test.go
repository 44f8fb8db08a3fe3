package email_test

import (
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/channels/email"
	"github.com/vaxelhq/vaxel/channels/email/mailtest"
	"github.com/vaxelhq/vaxel/gateway"
)

// block blocks a sender.
func (h *house) block(t *testing.T, e *email.Email, who string) error {
	t.Helper()
	return pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) error {
		_, err := e.Block(t.Context(), tx, who, "för mycket reklam")
		return err
	})
}

// TestBlockedSendersAreHeld keeps a blocked sender's mail out of the cases, and none of it
// is lost: released, it comes in once.
func TestBlockedSendersAreHeld(t *testing.T) {
	t.Parallel()
	d, h := mailtest.StartDovecot(t), newHouse(t)
	e := h.open(t, "a", d)
	for _, who := range []string{"Bertil@Reklam.example", "@skräp.example", `"bertil"@reklam.example`} {
		if err := h.block(t, e, who); err != nil {
			t.Fatal(err)
		}
	}
	for _, none := range []string{"bertil", "@", "@a@b.example", "@a, @b", "Bertil Ek <bertil@reklam.example>", "bertil ek@reklam.example"} {
		if err := h.block(t, e, none); !errors.Is(err, gateway.ErrInvalid) {
			t.Errorf("%s is no address: got %v", none, err)
		}
	}
	if list, err := e.Blocked(t.Context(), 0, 10); err != nil || len(list) != 2 || list[1].Who != "bertil@reklam.example" {
		t.Errorf("blocked: got %+v, %v", list, err)
	} else if next, err := e.Blocked(t.Context(), list[0].ID, 1); err != nil || len(next) != 1 || next[0] != list[1] {
		t.Errorf("before the latest: got %+v, %v", next, err)
	}
	save(t, e, support(d.IMAP, nobody))
	run(t, e)
	d.Deliver(t, "support@cyklar.example",
		mailtest.Mail("m1", "anna@kund.example", "Fråga", "Hej"),
		mailtest.Mail("m2", "bertil@reklam.example", "Köp nu", "Billigt"),
		mailtest.Mail("m3", "cecilia@reklam.example", "Fråga", "Hej"))
	if got := slices.Sorted(slices.Values(ids(h.wait(t, 2)))); strings.Join(got, " ") != "m1@kund.example m3@kund.example" {
		t.Errorf("came: %s", got)
	}
	until(t, "all seen", func() bool { seen, _ := inbox(t, d, "INBOX"); return seen == 3 })
	held, err := e.Quarantine(t.Context(), 0, 10)
	if err != nil || len(held) != 1 || !held[0].Held || held[0].From != "bertil@reklam.example" || held[0].Subject != "Köp nu" {
		t.Fatalf("quarantine: got %+v, %v", held, err)
	}
	source, err := e.Source(t.Context(), held[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if raw, err := io.ReadAll(source); err != nil || !strings.Contains(string(raw), "Billigt") {
		t.Errorf("source: got %q, %v", raw, err)
	}
	for again := range 2 {
		_, err = e.Release(t.Context(), held[0].ID)
		if (again == 0) != (err == nil) || again > 0 && !errors.Is(err, gateway.ErrNotFound) {
			t.Errorf("release %d: got %v", again, err)
		}
	}
	if list := h.taken(t); len(list) != 3 || list[2].MessageID != "m2@kund.example" || list[2].Quiet {
		t.Errorf("released: got %v", ids(list))
	}
}

// TestReadAgain takes in what was refused before, and adds what can be read now to the
// case that a mail opened unread.
func TestReadAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := h.open(t, "a", nil)
	m := save(t, e, support("127.0.0.1:1", nobody))
	raw, _, err := h.Put(t.Context(), strings.NewReader(string(mailtest.Mail("m1", "anna@kund.example", "Fråga", "Hej"))))
	if err != nil {
		t.Fatal(err)
	}
	for _, unread := range []bool{false, true} {
		if unread {
			if _, err := h.pool.Exec(t.Context(), "update taken set arrival = '{}'"); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := h.pool.Exec(t.Context(), "insert into quarantine (mailbox_id, key, raw, reason) values ($1, 'email/1/1/INBOX/1', $2, 'parser')", int64(m.ID), raw); err != nil {
			t.Fatal(err)
		}
		list, err := e.Quarantine(t.Context(), 0, 10)
		if err != nil || len(list) != 1 {
			t.Fatalf("quarantine: got %+v, %v", list, err)
		}
		if _, err := e.Release(t.Context(), list[0].ID); err != nil {
			t.Fatal(err)
		}
		if list, err = e.Quarantine(t.Context(), 0, 10); err != nil || len(list) != 0 {
			t.Errorf("afterwards: got %+v, %v", list, err)
		}
	}
	list := h.taken(t)
	if len(list) != 2 || list[1].Key != "email/1/1/INBOX/1/again" || list[1].Conversation != 7 || list[1].Subject != "Fråga" {
		t.Errorf("taken: got %+v", list)
	}
}

// TestDisowned has a stranger write in a customer's name: what anybody could know, an
// unsigned id, takes the mail nowhere.
func TestDisowned(t *testing.T) {
	t.Parallel()
	d, h := mailtest.StartDovecot(t), newHouse(t)
	e := h.open(t, "a", d)
	save(t, e, support(d.IMAP, nobody))
	run(t, e)
	for i, results := range []string{"dmarc=pass", "dmarc=fail"} {
		raw := string(mailtest.Mail("m"+string(rune('1'+i)), "anna@kund.example", "SV: [#1007]", "Hej"))
		d.Deliver(t, "support@cyklar.example", []byte("Authentication-Results: mx.cyklar.example; "+results+"\r\nX-Spam-Flag: YES\r\nIn-Reply-To: <known@kund.example>\r\n"+raw))
		list := h.wait(t, i+1)
		a, mail := list[i], gateway.Mail{}
		if err := json.Unmarshal(a.Entry.Body, &mail); err != nil {
			t.Fatal(err)
		}
		if a.Forged != (i == 1) || (len(a.References) == 0) != (i == 1) {
			t.Errorf("%s: forged %v, references %v", results, a.Forged, a.References)
		}
		if mail.Authentication == nil || "dmarc="+mail.Authentication.DMARC != results || mail.Spam != "YES" {
			t.Errorf("%s: shown %+v, spam %q", results, mail.Authentication, mail.Spam)
		}
	}
}
