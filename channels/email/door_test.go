package email_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/vaxelhq/vaxel/channels/email"
	"github.com/vaxelhq/vaxel/channels/email/mailtest"
	"github.com/vaxelhq/vaxel/gateway"
)

// stand opens a door until the test ends, and gives its address.
func stand(t testing.TB, e *email.Email, d email.Door) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, leave := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- e.Stand(ctx, l, d) }()
	t.Cleanup(func() {
		leave()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// knock is a mail server that hands in.
func knock(t testing.TB, address string, lmtp bool) *smtp.Client {
	t.Helper()
	var d net.Dialer
	conn, err := d.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	c := smtp.NewClient(conn)
	if lmtp {
		c = smtp.NewClientLMTP(conn)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// handIn hands a mail in; what is said of each recipient at RCPT and after the mail is "" when
// it was taken.
func handIn(t testing.TB, c *smtp.Client, raw []byte, to ...string) map[string]string {
	t.Helper()
	said := map[string]string{}
	note := func(to string, err error) {
		if refusal, ok := errors.AsType[*smtp.SMTPError](err); ok {
			said[to] = fmt.Sprint(refusal.Code, " ", refusal.EnhancedCode)
		} else if err != nil {
			t.Fatal(to, err)
		}
	}
	if err := c.Mail("anna@kund.example", nil); err != nil {
		t.Fatal(err)
	}
	for _, a := range to {
		said[a] = ""
		note(a, c.Rcpt(a, nil))
	}
	w, err := c.Data()
	if err != nil {
		note("data", err)
		return said
	}
	if _, err := w.Write(raw); err != nil {
		t.Fatal(err)
	}
	err = w.Close()
	if each, ok := errors.AsType[smtp.LMTPDataError](err); ok {
		for to, refusal := range each {
			note(to, refusal)
		}
		return said
	}
	note("data", err)
	return said
}

func check(t testing.TB, what string, got map[string]string, want ...string) {
	t.Helper()
	for i := 0; i < len(want); i += 2 {
		if got[want[i]] != want[i+1] {
			t.Errorf("%s: %s got %q want %q", what, want[i], got[want[i]], want[i+1])
		}
	}
}

// handedIn is a mailbox that is not read.
func handedIn(address string, queue gateway.QueueID) email.Mailbox {
	m := support("", nobody)
	m.Address, m.Queue = address, queue
	return m
}

const (
	us      = "support@cyklar.example"
	billing = "faktura@cyklar.example"
)

// TestHandedInByLMTP: each recipient has an answer of their own, and what is handed in again
// comes to those alone who did not get it.
func TestHandedInByLMTP(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := h.open(t, "a", nil)
	save(t, e, handedIn(us, 1))
	save(t, e, handedIn(billing, 2))
	var away sync.Mutex
	trouble := true
	h.refuse = func(a gateway.Arrival) error {
		away.Lock()
		defer away.Unlock()
		if a.Queue == 2 && trouble {
			return &pgconn.PgError{Code: "57P01", Message: "terminating connection due to administrator command"}
		}
		return nil
	}
	c := knock(t, stand(t, e, email.Door{LMTP: true}), true)
	raw := mailtest.Mail("m1", "anna@kund.example", "Fråga", "Hej")
	got := handIn(t, c, raw, us, billing, "ingen@cyklar.example", "support+x@annan.example")
	check(t, "first", got, us, "", billing, "451 [4 3 0]", "ingen@cyklar.example", "550 [5 1 1]", "support+x@annan.example", "550 [5 1 1]")
	away.Lock()
	trouble = false
	away.Unlock()
	check(t, "again", handIn(t, c, raw, us, billing, "Support+tag@cyklar.example"), us, "", billing, "", "Support+tag@cyklar.example", "")
	list := h.taken(t)
	if len(list) != 2 || list[0].Queue != 1 || list[1].Queue != 2 || list[0].MessageID != "m1@kund.example" || list[0].Key == list[1].Key {
		t.Errorf("got %+v", list)
	}
	var body gateway.Mail
	if err := json.Unmarshal(list[0].Entry.Body, &body); err != nil {
		t.Fatal(err)
	}
	if source := string(h.blobs[body.Raw]); !strings.HasPrefix(source, "Return-Path: <anna@kund.example>\r\nDelivered-To: "+us+"\r\nReceived: ") || !strings.HasSuffix(source, string(raw)) {
		t.Errorf("the source: %q", source)
	}
}

// TestHandedInBySMTP with TLS: it says that it has a mail when that is committed, and not
// before; what is too large is refused before it is sent, and after.
func TestHandedInBySMTP(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	pair, roots := mailtest.Certificate(t)
	begun, end := make(chan struct{}), make(chan struct{})
	h.pause = sync.OnceFunc(func() { close(begun); <-end })
	e := h.open(t, "a", nil)
	save(t, e, handedIn(us, 1))
	address := stand(t, e, email.Door{Domain: "vaxel.example", MaxBytes: 4096, TLS: &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}})
	var dial net.Dialer
	conn, err := dial.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	c, err := smtp.NewClientStartTLS(conn, &tls.Config{RootCAs: roots, ServerName: "localhost", MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	answered := make(chan map[string]string, 1)
	go func() { answered <- handIn(t, c, mailtest.Mail("m1", "anna@kund.example", "Fråga", "Hej"), us) }()
	<-begun
	select {
	case got := <-answered:
		t.Errorf("answered before the commit: %v", got)
	default:
	}
	if n := h.count(t); n != 0 {
		t.Errorf("%d are committed", n)
	}
	close(end)
	check(t, "committed", <-answered, us, "", "data", "")
	if n := h.count(t); n != 1 {
		t.Errorf("%d are committed", n)
	}
	check(t, "too large", handIn(t, c, mailtest.Mail("m2", "anna@kund.example", "Stor", strings.Repeat("x\r\n", 2000)), us), "data", "552 [5 3 4]")
	if err := c.Mail("anna@kund.example", &smtp.MailOptions{Size: 5000}); err == nil {
		t.Error("a mail that says it is too large may begin")
	}
	check(t, "afterwards", handIn(t, c, mailtest.Mail("m3", "anna@kund.example", "Fråga", "Hej igen"), us), us, "", "data", "")
	exactly2 := ids(h.wait(t, 2))
	if len(exactly2) != 2 || exactly2[1] != "m3@kund.example" {
		t.Errorf("got %v", exactly2)
	}
}

// TestHandedInElsewise: a database that is away, a stranger, a blocked sender, a mail that was
// read by IMAP before, one that the house refuses for good.
func TestHandedInElsewise(t *testing.T) {
	t.Parallel()
	h, d := newHouse(t), mailtest.StartDovecot(t)
	d.Deliver(t, us, mails(1, 1)...)
	e := h.open(t, "a", d)
	save(t, e, support(d.IMAP, nobody))
	run(t, e)
	h.wait(t, 1)
	c := knock(t, stand(t, e, email.Door{}), false)
	check(t, "known by IMAP", handIn(t, c, mails(1, 1)[0], us), us, "", "data", "")
	if n := h.count(t); n != 1 {
		t.Errorf("it came in twice: %d", n)
	}
	if _, err := h.pool.Exec(t.Context(), "insert into blocked_sender (who) values ('@spam.example')"); err != nil {
		t.Fatal(err)
	}
	check(t, "blocked", handIn(t, c, mailtest.Mail("s1", "x@spam.example", "Köp", "Nu"), us), us, "", "data", "")
	h.refuse = func(a gateway.Arrival) error { return gateway.Invalid("bad", "never") }
	check(t, "refused for good", handIn(t, c, mailtest.Mail("r1", "anna@kund.example", "Fel", "Nu"), us), us, "", "data", "")
	var held, away int
	if err := h.pool.QueryRow(t.Context(), "select count(*) filter (where held), count(*) filter (where not held) from quarantine").Scan(&held, &away); err != nil || held != 1 || away != 1 {
		t.Errorf("in quarantine: %d held, %d away, %v", held, away, err)
	}
	if _, err := h.pool.Exec(t.Context(), "alter table mailbox rename to gone"); err != nil {
		t.Fatal(err)
	}
	check(t, "database away", handIn(t, c, mails(2, 2)[0], us), us, "451 [4 3 0]")
	if _, err := h.pool.Exec(t.Context(), "alter table gone rename to mailbox"); err != nil {
		t.Fatal(err)
	}
	shut := knock(t, stand(t, e, email.Door{From: func(net.Addr) bool { return false }}), false)
	if err := shut.Hello("kund.example"); err == nil {
		t.Error("a stranger may hand in")
	}
}

// TestAMailboxThatIsNotRead has no poller and no health, and sends all the same.
func TestAMailboxThatIsNotRead(t *testing.T) {
	t.Parallel()
	h, sink := newHouse(t), mailtest.StartSink(t)
	e := h.open(t, "a", nil)
	m := handedIn(us, 1)
	m.SMTP.Address, m.SentFolder = sink.Address, "Sent"
	if m = save(t, e, m); m.SentFolder != "" {
		t.Errorf("it looks for what it sent in %q", m.SentFolder)
	}
	run(t, e)
	out, _ := compose(t, e, email.Reply{Conversation: 7, Queue: 1, To: []gateway.Address{{Kind: gateway.AddressEmail, Value: "anna@kund.example"}}, Subject: "Hej", Text: "Hej"})
	out.Doubtful = true
	send(t, e, out)
	sink.Wait(t, 1)
	if list, err := e.Health(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("health: %v %v", list, err)
	}
	var term int64
	if err := h.pool.QueryRow(t.Context(), "select term from mailbox").Scan(&term); err != nil || term != 0 {
		t.Errorf("term %d %v: somebody reads it", term, err)
	}
}

// TestHandedInByManyWays: one mail that several servers hand in at the same moment, each with
// a line of its own on top, is one arrival; so is one that is read by IMAP meanwhile, whichever
// way is the first. Who hands it in hears that it was taken, and the cursor goes on.
func TestHandedInByManyWays(t *testing.T) {
	t.Parallel()
	h, d := newHouse(t), mailtest.StartDovecot(t)
	e := h.open(t, "a", d)
	save(t, e, support(d.IMAP, nobody))
	address := stand(t, e, email.Door{LMTP: true})
	var ways sync.WaitGroup
	for i := range 6 {
		ways.Go(func() {
			top := fmt.Appendf(nil, "Received: from mx%d.kund.example by relay.example; Mon, 2 Nov 2026 10:00:0%d +0100\r\n", i, i)
			raw := mailtest.Mail("m1", "anna@kund.example", "Fråga", "Hej")
			check(t, "at once", handIn(t, knock(t, address, true), append(top, raw...), us), us, "")
		})
	}
	ways.Wait()
	if n := h.count(t); n != 1 {
		t.Errorf("%d arrivals of one mail", n)
	}

	second, third := mails(2, 2)[0], mails(3, 3)[0]
	meanwhile := map[string]func(){
		"m2 handed": sync.OnceFunc(func() { d.Deliver(t, us, second); h.wait(t, 2) }),
		"m3 read":   sync.OnceFunc(func() { check(t, "third", handIn(t, knock(t, address, true), third, us), us, "") }),
	}
	h.refuse = func(a gateway.Arrival) error {
		id, _, _ := strings.Cut(a.MessageID, "@")
		way := " read"
		if strings.Contains(a.Key, "/handed/") {
			way = " handed"
		}
		if overtake := meanwhile[id+way]; overtake != nil {
			overtake()
		}
		return nil
	}
	run(t, e)
	check(t, "second", handIn(t, knock(t, address, true), second, us), us, "")
	d.Deliver(t, us, third, mails(4, 4)[0])
	h.wait(t, 4)
	until(t, "the cursor has passed all", func() (passed bool) {
		err := h.pool.QueryRow(t.Context(), "select uid = 3 and gaps = '{}' from mailbox_cursor").Scan(&passed)
		return err == nil && passed
	})
	if n := h.count(t); n != 4 {
		t.Errorf("%d arrivals of four mails", n)
	}
}

// TestTheDoorIsShut: whoever is in the middle of a mail then hands it in again, and nobody works
// on afterwards.
func TestTheDoorIsShut(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	begun, end := make(chan struct{}), make(chan struct{})
	h.pause = sync.OnceFunc(func() { close(begun); <-end })
	e := h.open(t, "a", nil)
	save(t, e, handedIn(us, 1))
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, shut := context.WithCancel(t.Context())
	ended, cut := make(chan error, 1), make(chan error, 1)
	go func() { ended <- e.Stand(ctx, l, email.Door{Leave: time.Millisecond}) }()
	c := knock(t, l.Addr().String(), false)
	raw := mails(1, 1)[0]
	go func() { cut <- c.SendMail("anna@kund.example", []string{us}, bytes.NewReader(raw)) }()
	<-begun
	shut()
	if err := <-cut; err == nil {
		t.Error("a mail that is not committed was answered")
	}
	select {
	case err := <-ended:
		t.Errorf("the door is shut while a mail is being taken in: %v", err)
	case <-time.After(50 * time.Millisecond): // it may only be late
	}
	close(end)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	until(t, "nobody works on", func() bool { return h.pool.Stat().AcquiredConns() == 0 })
	again := knock(t, stand(t, e, email.Door{}), false)
	check(t, "again", handIn(t, again, raw, us), us, "", "data", "")
	if n := h.count(t); n != 1 {
		t.Errorf("it came in %d times", n)
	}
}

// TestSlowSendersAreInNobodysWay: of large mails only so many are read at once, and small ones
// come in beside them.
func TestSlowSendersAreInNobodysWay(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := h.open(t, "a", nil)
	save(t, e, handedIn(us, 1))
	address := stand(t, e, email.Door{})
	for i := range 10 {
		c := knock(t, address, false)
		if err := errors.Join(c.Mail("anna@kund.example", nil), c.Rcpt(us, nil)); err != nil {
			t.Fatal(err)
		}
		w, err := c.Data()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(mailtest.Mail(fmt.Sprint("slow", i), "anna@kund.example", "Stor", strings.Repeat("x\r\n", 100_000))); err != nil {
			t.Fatal(err)
		}
	}
	check(t, "beside them", handIn(t, knock(t, address, false), mails(1, 1)[0], us), us, "", "data", "")
}
