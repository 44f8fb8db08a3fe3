package email_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/vaxelhq/vaxel/channels/email"
	"github.com/vaxelhq/vaxel/channels/email/mailtest"
	"github.com/vaxelhq/vaxel/gateway"
)

const nobody = "127.0.0.1:1" // an SMTP server that is not needed

func mails(from, to int) (list [][]byte) {
	for i := from; i <= to; i++ {
		list = append(list, mailtest.Mail(fmt.Sprint("m", i), "anna@kund.example", fmt.Sprint("nr ", i), "Hej "+strings.Repeat("växel ", i%50)))
	}
	return list
}

func ids(list []gateway.Arrival) (ids []string) {
	for _, a := range list {
		ids = append(ids, a.MessageID)
	}
	return ids
}

// exactly fails unless mails 1 to n are there, once each.
func exactly(t *testing.T, list []gateway.Arrival, n int) {
	t.Helper()
	count := map[string]int{}
	for _, id := range ids(list) {
		count[id]++
	}
	for i := 1; i <= n; i++ {
		if id := fmt.Sprintf("m%d@kund.example", i); count[id] != 1 {
			t.Errorf("%s came %d times", id, count[id])
		}
	}
	if len(list) != n {
		t.Errorf("%d arrivals, want %d", len(list), n)
	}
}

// inbox reads a mailbox as any mail program would.
func inbox(t *testing.T, d *mailtest.Dovecot, folder string) (seen, all int) {
	t.Helper()
	c, err := imapclient.DialInsecure(d.IMAP, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.Login("support@cyklar.example", mailtest.Password).Wait(); err != nil {
		t.Fatal(err)
	}
	box, err := c.Select(folder, nil).Wait()
	if err != nil {
		return 0, 0 // not there yet
	}
	found, err := c.Search(&imap.SearchCriteria{Flag: []imap.Flag{imap.FlagSeen}}, nil).Wait()
	if err != nil {
		t.Fatal(err)
	}
	return len(found.AllSeqNums()), int(box.NumMessages)
}

// until waits for a fact that nothing announces.
func until(t *testing.T, what string, fact func() bool) {
	t.Helper()
	for start := time.Now(); !fact(); time.Sleep(10 * time.Millisecond) {
		if time.Since(start) > time.Minute {
			t.Fatal("never: ", what)
		}
	}
}

// TestCatchUpAndIdle reads what lies there, is told of what comes, and marks both.
func TestCatchUpAndIdle(t *testing.T) {
	t.Parallel()
	for _, mode := range []email.TLSMode{email.NoTLS, email.StartTLS, email.ImplicitTLS} {
		t.Run(string(mode), func(t *testing.T) {
			d, h := mailtest.StartDovecot(t), newHouse(t)
			d.Deliver(t, "support@cyklar.example", mails(1, 450)...)
			e := h.open(t, "a", d)
			m := support(d.IMAP, nobody)
			m.IMAP.TLS = mode
			if mode == email.ImplicitTLS {
				m.IMAP.Address = d.IMAPS
			}
			save(t, e, m)
			run(t, e)
			h.wait(t, 450)
			start := time.Now()
			d.Deliver(t, "support@cyklar.example", mails(451, 451)...)
			list := h.wait(t, 451)
			t.Logf("from delivery to commit: %v", time.Since(start))
			exactly(t, list, 451)
			until(t, "all seen", func() bool { seen, all := inbox(t, d, "INBOX"); return seen == 451 && all == 451 })
			if a := list[0]; a.Subject != "nr 1" || a.From.Value != "anna@kund.example" || a.Queue != 1 || a.Quiet ||
				!strings.HasPrefix(a.Key, "email/1/") || time.Since(a.ArrivedAt) > time.Minute {
				t.Errorf("arrival %+v", a)
			}
			health, err := e.Health(t.Context())
			if err != nil || len(health) != 1 || health[0].Problem != "" || health[0].Holder != "a" || time.Since(health[0].SyncedAt) > time.Minute {
				t.Errorf("health %+v %v", health, err)
			}
		})
	}
}

// TestEntry follows one mail with everything in it.
func TestEntry(t *testing.T) {
	t.Parallel()
	d, h := mailtest.StartDovecot(t), newHouse(t)
	raw := "Return-Path: <x@y.example>\r\nFrom: =?utf-8?Q?=C3=96rjan?= <Orjan@kund.example>\r\nTo: support@cyklar.example\r\nReply-To: hem@kund.example\r\n" +
		"Subject: hej\r\nMessage-ID: <1@kund.example>\r\nDate: Mon, 2 Mar 2026 18:00:00 +0000\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
		"--b\r\nContent-Type: text/html; charset=iso-8859-1\r\n\r\n<p>H\xe4r</p><script>x</script><blockquote>Var?</blockquote>\r\n" +
		"--b\r\nContent-Type: application/pdf; name*=utf-8''kvitto%20%C3%A5.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0x\r\n--b--\r\n"
	d.Deliver(t, "support@cyklar.example", []byte(raw))
	e := h.open(t, "a", d)
	save(t, e, support(d.IMAP, nobody))
	run(t, e)
	a := h.wait(t, 1)[0]
	var body gateway.Mail
	if err := json.Unmarshal(a.Entry.Body, &body); err != nil {
		t.Fatal(err)
	}
	if strings.TrimSpace(a.Own()) != "Här" || a.Quoted != body.Quoted || body.HTML != "<p>Här</p><blockquote>Var?</blockquote>" || a.From.Name != "Örjan" || body.ReplyTo[0].Value != "hem@kund.example" {
		t.Errorf("entry %+v\n%+v", a.Entry, body)
	}
	if len(body.Attachments) != 1 || body.Attachments[0].Name != "kvitto å.pdf" || string(h.blobs[body.Attachments[0].Blob]) != "%PDF-1" {
		t.Errorf("attachments %+v", body.Attachments)
	}
	if !strings.Contains(string(h.blobs[body.Raw]), "<p>H\xe4r</p>") {
		t.Error("the source is not kept as it came")
	}
	var notes []string
	if err := h.pool.QueryRow(t.Context(), "select note from taken").Scan(&notes); err != nil || len(notes) != 2 {
		t.Errorf("blobs noted: %v %v", notes, err)
	}
}

// TestRestart stops and starts the channel in the middle, over and over.
func TestRestart(t *testing.T) {
	t.Parallel()
	d, h := mailtest.StartDovecot(t), newHouse(t)
	d.Deliver(t, "support@cyklar.example", mails(1, 300)...)
	for n := 50; n <= 300; n += 50 {
		e := h.open(t, fmt.Sprint("node", n%100), d)
		m := support(d.IMAP, nobody)
		m.MoveTo = "Done"
		save(t, e, m)
		stop := run(t, e)
		h.wait(t, n)
		stop()
	}
	exactly(t, h.taken(t), 300)
	e := h.open(t, "last", d)
	run(t, e)
	d.Deliver(t, "support@cyklar.example", mails(301, 301)...)
	exactly(t, h.wait(t, 301), 301)
	until(t, "moved", func() bool { _, moved := inbox(t, d, "Done"); return moved == 301 })
}

// TestDuplicates delivers the same mail again, and has the server number all anew.
func TestDuplicates(t *testing.T) {
	t.Parallel()
	d, h := mailtest.StartDovecot(t), newHouse(t)
	d.Deliver(t, "support@cyklar.example", mails(1, 20)...)
	d.Deliver(t, "support@cyklar.example", mails(1, 5)...)
	e := h.open(t, "a", d)
	save(t, e, support(d.IMAP, nobody))
	stop := run(t, e)
	h.wait(t, 20)
	until(t, "duplicates seen too", func() bool { seen, _ := inbox(t, d, "INBOX"); return seen == 25 })
	stop()
	d.ForgetUIDs(t, "support@cyklar.example")
	d.Deliver(t, "support@cyklar.example", mails(21, 21)...)
	run(t, e)
	exactly(t, h.wait(t, 21), 21)
	var uid int64
	until(t, "read to the end again", func() bool {
		if err := h.pool.QueryRow(t.Context(), "select uid from mailbox_cursor").Scan(&uid); err != nil {
			t.Fatal(err)
		}
		return uid == 26
	})
	exactly(t, h.taken(t), 21)
}

// TestRefusedMailIsAGap lets one mail of a batch fail: the others come in, and so does it
// when it may.
func TestRefusedMailIsAGap(t *testing.T) {
	t.Parallel()
	d, h := mailtest.StartDovecot(t), newHouse(t)
	d.Deliver(t, "support@cyklar.example", mails(1, 10)...)
	h.refuse = func(a gateway.Arrival) error {
		if a.MessageID == "m4@kund.example" {
			return errors.New("not now")
		}
		return nil
	}
	e := h.open(t, "a", d)
	save(t, e, support(d.IMAP, nobody))
	stop := run(t, e)
	h.wait(t, 9)
	stop()
	var gaps []int64
	if err := h.pool.QueryRow(t.Context(), "select gaps from mailbox_cursor where uid = 10").Scan(&gaps); err != nil || fmt.Sprint(gaps) != "[4]" {
		t.Fatalf("gaps %v %v", gaps, err)
	}
	h.refuse = nil
	run(t, e)
	exactly(t, h.wait(t, 10), 10)
}

// TestQuarantine puts a mail away that the intake never takes.
func TestQuarantine(t *testing.T) {
	t.Parallel()
	d, h := mailtest.StartDovecot(t), newHouse(t)
	d.Deliver(t, "support@cyklar.example", mails(1, 3)...)
	h.refuse = func(a gateway.Arrival) error {
		if a.MessageID == "m2@kund.example" {
			return gateway.Invalid("bad", "never")
		}
		return nil
	}
	e := h.open(t, "a", d)
	save(t, e, support(d.IMAP, nobody))
	run(t, e)
	h.wait(t, 2)
	for n := 4; n <= 8; n++ { // the mailbox is looked at each time something comes
		d.Deliver(t, "support@cyklar.example", mails(n, n)...)
		h.wait(t, n-1)
	}
	var key, reason, gaps string
	until(t, "in quarantine", func() bool {
		err := h.pool.QueryRow(t.Context(), "select q.key, q.reason, c.gaps::text from quarantine q join mailbox_cursor c using (mailbox_id)").Scan(&key, &reason, &gaps)
		return err == nil && gaps == "{}"
	})
	if !strings.HasSuffix(key, "/INBOX/2") || !strings.Contains(reason, "never") {
		t.Error(key, reason)
	}
}

// TestStoreTroubleIsNoFaultOfTheMails: however often the database fails, no mail is put away
// for it, and each comes in when that is over.
func TestStoreTroubleIsNoFaultOfTheMails(t *testing.T) {
	t.Parallel()
	d, h := mailtest.StartDovecot(t), newHouse(t)
	var failed atomic.Int64
	var well atomic.Bool
	h.refuse = func(a gateway.Arrival) error {
		if a.MessageID == "m1@kund.example" && !well.Load() {
			failed.Add(1)
			return fmt.Errorf("append: %w", &pgconn.PgError{Code: "53100", Message: "could not extend file: No space left on device"})
		}
		return nil
	}
	e := h.open(t, "a", d)
	save(t, e, support(d.IMAP, nobody))
	run(t, e)
	n := 1
	for d.Deliver(t, "support@cyklar.example", mails(1, 1)...); failed.Load() < 20; n++ { // it is tried alone and in its batch
		d.Deliver(t, "support@cyklar.example", mails(n+1, n+1)...)
		h.wait(t, n)
	}
	var away int
	if err := h.pool.QueryRow(t.Context(), "select count(*) from quarantine").Scan(&away); err != nil || away != 0 {
		t.Fatalf("%d in quarantine %v", away, err)
	}
	well.Store(true)
	d.Deliver(t, "support@cyklar.example", mails(n+1, n+1)...)
	exactly(t, h.wait(t, n+1), n+1)
}

// TestTwoNodes has two nodes want one mailbox; one gets it, and the other after it.
func TestTwoNodes(t *testing.T) {
	t.Parallel()
	d, h := mailtest.StartDovecot(t), newHouse(t)
	a, b := h.open(t, "a", d), h.open(t, "b", d)
	save(t, a, support(d.IMAP, nobody))
	stopA := run(t, a)
	d.Deliver(t, "support@cyklar.example", mails(1, 50)...)
	h.wait(t, 50)
	run(t, b)
	d.Deliver(t, "support@cyklar.example", mails(51, 100)...)
	h.wait(t, 100)
	stopA()
	d.Deliver(t, "support@cyklar.example", mails(101, 150)...)
	exactly(t, h.wait(t, 150), 150)
	health, err := b.Health(t.Context())
	if err != nil || health[0].Holder != "b" {
		t.Errorf("health %+v %v", health, err)
	}
}

// TestFencedHolder lets a node lose its lease unawares: its transaction is undone.
func TestFencedHolder(t *testing.T) {
	t.Parallel()
	d, h := mailtest.StartDovecot(t), newHouse(t)
	e := h.open(t, "a", d)
	m := save(t, e, support(d.IMAP, nobody))
	stop := run(t, e)
	d.Deliver(t, "support@cyklar.example", mails(1, 1)...)
	h.wait(t, 1)
	h.mu.Lock()
	before := h.batches
	h.mu.Unlock()
	// Another node takes over while this one is frozen, as far as it knows.
	if _, err := h.pool.Exec(t.Context(), "update mailbox set term = term + 1, holder = 'b', held_until = now() + interval '1 hour' where id = $1", int64(m.ID)); err != nil {
		t.Fatal(err)
	}
	d.Deliver(t, "support@cyklar.example", mails(2, 2)...)
	until(t, "it tries", func() bool { h.mu.Lock(); defer h.mu.Unlock(); return h.batches > before })
	stop()
	exactly(t, h.taken(t), 1)
}

// TestCutAndSilence breaks the connection after so many bytes: in the greeting, while
// signing in, in the middle of mails. Nothing is lost or doubled.
func TestCutAndSilence(t *testing.T) {
	t.Parallel()
	d := mailtest.StartDovecot(t)
	for _, silent := range []bool{false, true} {
		t.Run(map[bool]string{false: "cut", true: "silence"}[silent], func(t *testing.T) {
			h := newHouse(t)
			w := mailtest.StartWire(t, d.IMAP)
			after := []int{0, 20, 200, 400, 700, 1500, 9000, 40000}
			if silent {
				after = []int{0, 200, 9000} // each costs the whole wait for an answer
			}
			for _, n := range after {
				w.Plan(mailtest.Break{AfterDown: n, Silent: silent})
			}
			user := fmt.Sprintf("silent%v@cyklar.example", silent)
			d.Deliver(t, user, mails(1, 120)...)
			e := h.open(t, "a", d)
			m := support(w.Address, nobody)
			m.Address, m.User = user, user
			save(t, e, m)
			run(t, e)
			h.wait(t, 120)
			until(t, "all breaks", func() bool { return w.Connections() > len(after) || len(h.taken(t)) == 120 })
			exactly(t, h.taken(t), 120)
			w.CutAll()
			d.Deliver(t, user, mails(121, 121)...)
			exactly(t, h.wait(t, 121), 121)
		})
	}
}

// TestFromNow leaves old mail alone.
func TestFromNow(t *testing.T) {
	t.Parallel()
	d, h := mailtest.StartDovecot(t), newHouse(t)
	d.Deliver(t, "support@cyklar.example", mails(500, 510)...)
	e := h.open(t, "a", d)
	m := support(d.IMAP, nobody)
	m.FromNow = true
	save(t, e, m)
	run(t, e)
	until(t, "first contact", func() bool { l, _ := e.Health(t.Context()); return !l[0].SyncedAt.IsZero() })
	d.Deliver(t, "support@cyklar.example", mails(1, 1)...)
	exactly(t, h.wait(t, 1), 1)
}

// TestWrongPassword is a problem that health shows, and mends itself.
func TestWrongPassword(t *testing.T) {
	t.Parallel()
	d, h := mailtest.StartDovecot(t), newHouse(t)
	e := h.open(t, "a", d)
	if _, err := e.Save(t.Context(), support(d.IMAP, nobody), "guess"); err != nil {
		t.Fatal(err)
	}
	run(t, e)
	until(t, "problem shown", func() bool {
		l, err := e.Health(t.Context())
		return err == nil && strings.Contains(l[0].Problem, "sign in to "+d.IMAP+" as support@cyklar.example")
	})
	d.Deliver(t, "support@cyklar.example", mails(1, 1)...)
	save(t, e, support(d.IMAP, nobody))
	exactly(t, h.wait(t, 1), 1)
	until(t, "problem gone", func() bool { l, _ := e.Health(t.Context()); return l[0].Problem == "" })
}

// TestSentFolderIsMissing is a problem that health shows, while mail comes in all the same.
// A name is no pattern, and what only holds other folders is not one to look into.
func TestSentFolderIsMissing(t *testing.T) {
	t.Parallel()
	d, h := mailtest.StartDovecot(t), newHouse(t)
	d.Deliver(t, "support@cyklar.example", mails(1, 1)...)
	e := h.open(t, "a", d)
	m := support(d.IMAP, nobody)
	if err := signedIn(t, d).Create("Arkiv.Skickat", nil).Wait(); err != nil { // "Arkiv" is \Noselect
		t.Fatal(err)
	}
	run(t, e)
	for _, m.SentFolder = range []string{"Arkiv", "Don%", "Skickat"} {
		m = save(t, e, m)
		until(t, "problem shown of "+m.SentFolder, func() bool {
			l, err := e.Health(t.Context())
			return err == nil && strings.Contains(l[0].Problem, fmt.Sprintf("folder %q, which sent_folder names, is not there", m.SentFolder))
		})
	}
	exactly(t, h.wait(t, 1), 1)
	if err := signedIn(t, d).Create("Skickat", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	m.Name = "Cykelverkstaden" // changed settings are a new connection
	save(t, e, m)
	until(t, "problem gone", func() bool { l, _ := e.Health(t.Context()); return l[0].Problem == "" })
}

// TestMoveMakesItsFolder, and a server that refuses to mark stops nothing.
func TestMoveMakesItsFolder(t *testing.T) {
	t.Parallel()
	d, h := mailtest.StartDovecot(t), newHouse(t)
	d.Deliver(t, "support@cyklar.example", mails(1, 3)...)
	e := h.open(t, "a", d)
	m := support(d.IMAP, nobody)
	m.MoveTo = "Läst"
	save(t, e, m)
	run(t, e)
	h.wait(t, 3)
	until(t, "moved", func() bool { _, moved := inbox(t, d, "Läst"); return moved == 3 })
	m.MoveTo = "bad/../name"
	save(t, e, m)
	d.Deliver(t, "support@cyklar.example", mails(4, 5)...)
	exactly(t, h.wait(t, 5), 5)
	until(t, "problem shown", func() bool {
		l, _ := e.Health(t.Context())
		return strings.Contains(l[0].Problem, "mark mails as read")
	})
	d.Deliver(t, "support@cyklar.example", mails(6, 6)...)
	exactly(t, h.wait(t, 6), 6)
}

// TestMoveByHand moves on servers that have no MOVE: what somebody else has flagged as
// deleted stays, and so does what could not be copied.
func TestMoveByHand(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		caps string
		left int // of the three mails moved
	}{
		"with UIDPLUS": {"IMAP4rev1 IDLE UIDPLUS", 0},
		"bare":         {"IMAP4rev1 IDLE", 3},
	} {
		t.Run(name, func(t *testing.T) {
			d, h := mailtest.StartDovecot(t, "imap_capability = "+test.caps), newHouse(t)
			d.Deliver(t, "support@cyklar.example", mails(1, 1)...)
			foreign := signedIn(t, d)
			flag := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}}
			if err := foreign.Store(imap.SeqSetNum(1), flag, nil).Close(); err != nil {
				t.Fatal(err)
			}
			e := h.open(t, "a", d)
			m := support(d.IMAP, nobody)
			m.MoveTo, m.FromNow = "Done", true
			save(t, e, m)
			stop := run(t, e)
			until(t, "first contact", func() bool { l, _ := e.Health(t.Context()); return !l[0].SyncedAt.IsZero() })
			d.Deliver(t, "support@cyklar.example", mails(2, 4)...)
			until(t, "moved", func() bool { _, moved := inbox(t, d, "Done"); return moved == 3 })
			stop()
			if _, left := inbox(t, d, "INBOX"); left != 1+test.left {
				t.Errorf("%d mails are left, want the other's and %d", left, test.left)
			}
			m.MoveTo = "bad/../name"
			save(t, e, m)
			stop = run(t, e)
			d.Deliver(t, "support@cyklar.example", mails(5, 5)...)
			until(t, "refused", func() bool {
				l, _ := e.Health(t.Context())
				return strings.Contains(l[0].Problem, "mark mails as read")
			})
			stop()
			m.MoveTo = "Done"
			save(t, e, m)
			run(t, e)
			until(t, "the rest moved", func() bool { _, moved := inbox(t, d, "Done"); return moved >= 4 })
			if _, moved := inbox(t, d, "Done"); moved != 4 {
				t.Errorf("%d mails in Done, want 4: each once", moved)
			}
		})
	}
}

// signedIn is somebody else's mail program, with the inbox open.
func signedIn(t *testing.T, d *mailtest.Dovecot) *imapclient.Client {
	t.Helper()
	c, err := imapclient.DialInsecure(d.IMAP, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.Login("support@cyklar.example", mailtest.Password).Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestForeignExpunge lets somebody else delete mails before they are read.
func TestForeignExpunge(t *testing.T) {
	t.Parallel()
	d, h := mailtest.StartDovecot(t), newHouse(t)
	d.Deliver(t, "support@cyklar.example", mails(1, 6)...)
	h.refuse = func(a gateway.Arrival) error {
		if a.MessageID == "m2@kund.example" {
			return errors.New("not now")
		}
		return nil
	}
	e := h.open(t, "a", d)
	save(t, e, support(d.IMAP, nobody))
	run(t, e)
	h.wait(t, 5)
	c := signedIn(t, d)
	if err := c.Store(imap.SeqSetNum(2), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.Expunge().Close(); err != nil {
		t.Fatal(err)
	}
	d.Deliver(t, "support@cyklar.example", mails(7, 7)...)
	h.wait(t, 6)
	until(t, "no gap left", func() bool {
		var n int
		err := h.pool.QueryRow(t.Context(), "select cardinality(gaps) from mailbox_cursor").Scan(&n)
		return err == nil && n == 0
	})
}

// BenchmarkIngest reads mails of 10 KB from Dovecot, parses and commits them.
func BenchmarkIngest(b *testing.B) {
	const n = 2000
	d := mailtest.StartDovecot(b)
	var list [][]byte
	for i := range n {
		list = append(list, mailtest.Mail(fmt.Sprint("b", i), "anna@kund.example", "bench", strings.Repeat("En rad text som fyller ut.\r\n", 370)))
	}
	d.Deliver(b, "support@cyklar.example", list...)
	for b.Loop() {
		h := newHouse(b)
		e := h.open(b, "a", d)
		save(b, e, support(d.IMAP, nobody))
		start := time.Now()
		stop := run(b, e)
		h.wait(b, n)
		b.ReportMetric(n/time.Since(start).Seconds(), "mails/s")
		stop()
	}
}
