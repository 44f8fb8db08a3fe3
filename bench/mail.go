package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/vaxelhq/vaxel/channels/email/mailtest"
)

// mailSize is about how long a mail is, in bytes.
const mailSize = 10 << 10

// mail measures mails of customers, from a real server to a committed case and a queued
// interaction, and the way of a single one to an agent's screen.
func mail(ctx context.Context, b *Bench) error {
	server := mailtest.StartDovecot(stage{b: b, ctx: ctx}) //nolint:contextcheck // the stage has it
	if err := b.ingest(ctx, server); err != nil {
		return err
	}
	return b.notify(ctx, server)
}

// ingest has mailboxes full of mail read, one a run, by us and by two others.
func (b *Bench) ingest(ctx context.Context, server *mailtest.Dovecot) error {
	count := int(b.Length/time.Second) * 50
	if b.Large {
		count *= 10
	}
	h, err := b.newHouse(ctx, 1, nil)
	if err != nil {
		return err
	}
	words := rand.New(rand.NewPCG(1, 1)) // the same mails each time
	var ours []rate
	var raw, peer []float64
	faults := 0
	for r := range runs + 1 { // the first warms up
		n := count
		if r == 0 {
			n = count / 4
		}
		m, err := h.readByAll(ctx, server, words, fmt.Sprintf("box%d@cyklar.example", r), n)
		if err != nil {
			return err
		}
		faults += m.lost
		if r > 0 {
			ours, raw, peer = append(ours, m.ours), append(raw, m.raw), append(peer, m.peer)
		}
	}
	b.tellIngest(count, faults, middle(ours), median(raw), median(peer))
	return nil
}

// tellIngest tells what came of it, in mails a second.
func (b *Bench) tellIngest(count, faults int, ours rate, raw, peer float64) {
	b.tell(Figure{
		Name: "mail.ingest_per_s", Value: ours.perSecond, Unit: "1/s", Errors: faults, CPU: new(ours.cpu), Bound: new(raw), Peer: new(peer),
		Method: fmt.Sprintf("Dovecot's mailbox of %d distinct mails of %d KB, each of another sender, to a committed case and a queued interaction; median of %d; bound: raw fetch; peer: mbsync into a Maildir; %v", count, mailSize>>10, runs, ours.shares),
	})
	b.tell(Figure{
		Name: "mail.raw_fetch_per_s", Value: raw, Unit: "1/s",
		Method: fmt.Sprintf("component: the same mailboxes fetched by go-imap in one command and thrown away, median of %d", runs),
	})
}

// mailboxRead is how fast one mailbox was read by each.
type mailboxRead struct {
	ours rate
	lost int     // mails that became no interaction
	raw  float64 // mails a second that go-imap alone fetches
	peer float64 // that mbsync brings into a Maildir
}

// readByAll fills a mailbox with n mails and has it read by the house, which is stopped
// then, by go-imap alone and by mbsync: one after the other, so that none disturbs.
func (h *house) readByAll(ctx context.Context, server *mailtest.Dovecot, words *rand.Rand, box string, n int) (m mailboxRead, err error) {
	if err := h.b.deliver(ctx, server, words, box, n); err != nil {
		return m, err
	}
	if m.ours, m.lost, err = h.readMailbox(ctx, server, box, n); err != nil {
		return m, err
	}
	if err := h.stop(); err != nil {
		return m, err
	}
	if m.raw, err = rawFetch(ctx, server, box, n); err != nil {
		return m, err
	}
	if m.peer, err = h.b.mbsync(ctx, server, box, n); err != nil {
		return m, err
	}
	h.b.note("mail: %.0f/s, %.2f ms each; raw %.0f/s, mbsync %.0f/s", m.ours.perSecond, m.ours.cpu, m.raw, m.peer)
	return m, nil
}

// readMailbox starts the house on a full mailbox, and times it from the first mail that is
// queued to the last.
func (h *house) readMailbox(ctx context.Context, server *mailtest.Dovecot, box string, n int) (one rate, lost int, err error) {
	if _, err := h.launch(ctx, mailboxSettings(server.IMAP, server.LMTP, box)); err != nil {
		return one, 0, err
	}
	db, err := h.db(ctx)
	if err != nil {
		return one, 0, err
	}
	queued := func() (n int) {
		_ = db.QueryRow(ctx, "select count(*) from interaction where state = 'waiting'").Scan(&n)
		return n
	}
	before := h.read
	first, now := 0, 0
	if err := h.wait(ctx, "the first mail to be queued", func() bool { first = queued() - before; return first > 0 }); err != nil {
		return one, 0, err
	}
	m := measure(h.pid())
	if err := h.wait(ctx, "the last mail to be queued", func() bool {
		time.Sleep(20 * time.Millisecond) // a look costs the database something
		now = queued() - before
		return now >= n
	}); err != nil {
		return one, n - now, err
	}
	c := m.cost(n - first)
	h.read += n
	return rate{float64(n-first) / c.seconds, c.cpu, c.shares}, queued() - before - n, nil
}

// deliver puts distinct mails into a mailbox.
func (b *Bench) deliver(ctx context.Context, server *mailtest.Dovecot, words *rand.Rand, box string, n int) error {
	mails := make([][]byte, n)
	for i := range mails {
		mails[i] = letterOf(words, fmt.Sprintf("%d.%s", i, strings.ReplaceAll(box, "@", "-")), box, fmt.Sprintf("Faktura %d", i))
	}
	server.Deliver(stage{b: b, ctx: ctx}, box, mails...) //nolint:contextcheck // the stage has it
	return ctx.Err()
}

// letterOf is a mail of a customer of its own, as programs write them: the same text plain
// and as HTML.
func letterOf(words *rand.Rand, id, to, subject string) []byte {
	const share = mailSize * 2 / 5
	var plain, html strings.Builder
	for plain.Len() < share {
		fmt.Fprintf(&plain, "%s %s och %s %d.\r\n", vocabulary[words.IntN(len(vocabulary))], vocabulary[words.IntN(len(vocabulary))],
			vocabulary[words.IntN(len(vocabulary))], words.IntN(100000))
	}
	for line := range strings.Lines(plain.String()) {
		fmt.Fprintf(&html, "<p>%s</p>\r\n", strings.TrimSpace(line))
	}
	return fmt.Appendf(nil, "From: Kund %[1]s <kund.%[1]s@kund.example>\r\nTo: %[2]s\r\nSubject: %[3]s\r\nMessage-ID: <%[1]s@kund.example>\r\n"+
		"Date: Mon, 2 Mar 2026 18:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=\"b\"\r\n\r\n"+
		"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%[4]s\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body>%[5]s</body></html>\r\n--b--\r\n",
		id, to, subject, plain.String(), html.String())
}

var vocabulary = strings.Fields("cykeln kedjan fakturan leveransen hjälmen bromsen däcket retur garanti betalning växel sadel lyktan paketet ordern kvittot")

// mailboxSettings are a configuration's mailboxes.
func mailboxSettings(imap, smtp string, boxes ...string) string {
	var s strings.Builder
	for _, box := range boxes {
		fmt.Fprintf(&s, "[[mailbox]]\naddress = %q\nqueue = %q\nuser = %q\npassword = %q\nimap = { address = %q, tls = \"none\" }\nsmtp = { address = %q, tls = \"none\" }\n",
			box, queueName, box, mailtest.Password, imap, smtp)
	}
	return s.String()
}
