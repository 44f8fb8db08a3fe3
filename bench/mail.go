package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

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

// ingest has mailboxes full of mail read, one a run.
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
	var got []rate
	var raw, peer []float64
	faults := 0
	for r := range runs + 1 { // the first warms up
		box := fmt.Sprintf("box%d@cyklar.example", r)
		n := count
		if r == 0 {
			n = count / 4
		}
		if err := b.deliver(ctx, server, words, box, n); err != nil {
			return err
		}
		one, lost, err := h.readMailbox(ctx, server, box, n)
		if err != nil {
			return err
		}
		faults += lost
		if err := h.stop(); err != nil {
			return err
		}
		fetched, err := rawFetch(ctx, server, box, n)
		if err != nil {
			return err
		}
		synced, err := b.mbsync(ctx, server, box, n)
		if err != nil {
			return err
		}
		b.note("mail: %.0f/s, %.2f ms each; raw %.0f/s, mbsync %.0f/s", one.perSecond, one.cpu, fetched, synced)
		if r > 0 {
			got, raw, peer = append(got, one), append(raw, fetched), append(peer, synced)
		}
	}
	m := middle(got)
	b.tell(Figure{
		Name: "mail.ingest_per_s", Value: m.perSecond, Unit: "1/s", Errors: faults, CPU: new(m.cpu), Bound: new(median(raw)), Peer: new(median(peer)),
		Method: fmt.Sprintf("Dovecot's mailbox of %d distinct mails of %d KB, each of another sender, to a committed case and a queued interaction; median of %d; bound: raw fetch; peer: mbsync into a Maildir; %v", count, mailSize>>10, runs, m.shares),
	})
	b.tell(Figure{
		Name: "mail.raw_fetch_per_s", Value: median(raw), Unit: "1/s",
		Method: fmt.Sprintf("component: the same mailboxes fetched by go-imap in one command and thrown away, median of %d", runs),
	})
	return nil
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

// mailboxSettings are a configuration's mailboxes.
func mailboxSettings(imap, smtp string, boxes ...string) string {
	var s strings.Builder
	for _, box := range boxes {
		fmt.Fprintf(&s, "[[mailbox]]\naddress = %q\nqueue = %q\nuser = %q\npassword = %q\nimap = { address = %q, tls = \"none\" }\nsmtp = { address = %q, tls = \"none\" }\n",
			box, queueName, box, mailtest.Password, imap, smtp)
	}
	return s.String()
}

// rawFetch is how many mails a second a client gets that does nothing with them.
func rawFetch(ctx context.Context, server *mailtest.Dovecot, box string, n int) (float64, error) {
	c, err := imapclient.DialInsecure(server.IMAP, nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = c.Close() }()
	if err := c.Login(box, mailtest.Password).Wait(); err != nil {
		return 0, err
	}
	if _, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		return 0, err
	}
	began, got := time.Now(), 0
	var all imap.SeqSet
	all.AddRange(1, 0)
	cmd := c.Fetch(all, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}})
	for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
		if _, err := msg.Collect(); err != nil {
			return 0, err
		}
		got++
	}
	if err := cmd.Close(); err != nil {
		return 0, err
	}
	if got != n {
		return 0, fmt.Errorf("raw fetch gave %d mails of %d", got, n)
	}
	return float64(n) / time.Since(began).Seconds(), ctx.Err()
}

// mbsync is how many mails a second isync's mbsync copies into a Maildir.
func (b *Bench) mbsync(ctx context.Context, server *mailtest.Dovecot, box string, n int) (float64, error) {
	dir := filepath.Join(b.dir, "mbsync-"+box)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return 0, err
	}
	host, port, _ := strings.Cut(server.IMAP, ":")
	config := filepath.Join(dir, "rc")
	text := fmt.Sprintf("IMAPStore far\nHost %s\nPort %s\nUser %s\nPass %s\nSSLType None\nAuthMechs LOGIN\n\nMaildirStore near\nPath %s/\nInbox %s/inbox\n\nChannel all\nFar :far:\nNear :near:\nPatterns INBOX\nCreate Near\nSync Pull\nSyncState *\n",
		host, port, box, mailtest.Password, dir, dir)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return 0, err
	}
	began := time.Now()
	if out, err := exec.CommandContext(ctx, "mbsync", "-q", "-c", config, "all").CombinedOutput(); err != nil { // our own arguments
		return 0, fmt.Errorf("mbsync (package isync): %w: %s", err, out)
	}
	took := time.Since(began).Seconds()
	files, _ := filepath.Glob(filepath.Join(dir, "inbox", "*", "*"))
	if len(files) != n {
		return 0, fmt.Errorf("mbsync copied %d mails of %d", len(files), n)
	}
	return float64(n) / took, nil
}

// The load of notify: so many mailboxes, each of which gets a mail now and then.
const (
	idleBoxes   = 10
	moreBoxes   = 60
	notifyEvery = 1200 * time.Millisecond // Dovecot tells of changes at most twice a second
)

// notify measures the way of one mail to a screen, and what waiting for it costs.
func (b *Bench) notify(ctx context.Context, server *mailtest.Dovecot) error {
	h, err := b.newHouse(ctx, 10, nil)
	if err != nil {
		return err
	}
	perBox, err := h.memoryOfMailboxes(ctx, server)
	if err != nil {
		return err
	}
	watch, err := watchIMAP(ctx, b, server.IMAP)
	if err != nil {
		return err
	}
	n := &notices{b: b, house: h, server: server, watch: watch}
	var settings strings.Builder
	for i := range idleBoxes {
		n.boxes = append(n.boxes, fmt.Sprintf("alert%d@cyklar.example", i))
		settings.WriteString(mailboxSettings(watch.address(i), server.LMTP, n.boxes[i]))
	}
	if _, err := h.launch(ctx, settings.String()); err != nil {
		return err
	}
	for _, a := range h.agents {
		a.offered = func(a *agent, o offer, at time.Time) { n.offered(ctx, a, o, at) }
	}
	if err := h.work(ctx); err != nil {
		return err
	}
	if err := n.measure(ctx); err != nil {
		return err
	}
	if err := n.idle(ctx); err != nil {
		return err
	}
	b.tell(Figure{
		Name: "mail.kb_per_mailbox", Value: median(perBox), Unit: "KB",
		Method: fmt.Sprintf("heap and stacks of vaxel with %d mailboxes idling against %d, median of %d looks (GOGC=10)", moreBoxes, idleBoxes, runs),
	})
	return h.stop()
}

// memoryOfMailboxes is what a mailbox that waits holds, in KB.
func (h *house) memoryOfMailboxes(ctx context.Context, server *mailtest.Dovecot) (each []float64, err error) {
	held := make([][]float64, 2)
	for i, boxes := range []int{idleBoxes, moreBoxes} {
		var names []string
		for n := range boxes {
			names = append(names, fmt.Sprintf("quiet%d@cyklar.example", n))
		}
		if _, err := h.launch(ctx, mailboxSettings(server.IMAP, server.LMTP, names...), "GOGC=10"); err != nil {
			return nil, err
		}
		db, err := h.db(ctx)
		if err != nil {
			return nil, err
		}
		if err := h.wait(ctx, "mailboxes to be watched", func() bool {
			var n int
			_ = db.QueryRow(ctx, "select count(*) from mailbox_cursor").Scan(&n)
			return n >= boxes
		}); err != nil {
			return nil, err
		}
		for range runs {
			time.Sleep(700 * time.Millisecond)
			bytes, err := h.memory(ctx)
			if err != nil {
				return nil, err
			}
			held[i] = append(held[i], bytes/1024)
		}
		if err := h.stop(); err != nil {
			return nil, err
		}
	}
	for i := range held[0] {
		each = append(each, (held[1][i]-held[0][i])/(moreBoxes-idleBoxes))
	}
	return each, nil
}

// notices are mails delivered one by one.
type notices struct {
	b      *Bench
	house  *house
	server *mailtest.Dovecot
	watch  *imapWatch
	boxes  []string
	came   atomic.Int64
	delays chan time.Duration
}

// offered is a mail on an agent's screen; its subject says which. The agent takes it and
// is done with it.
func (n *notices) offered(ctx context.Context, a *agent, o offer, at time.Time) {
	var box, no int
	if _, err := fmt.Sscanf(o.Subject, "alert %d %d", &box, &no); err != nil {
		return
	}
	n.delays <- at.Sub(n.watch.told(box, no))
	n.came.Add(1)
	a.accept(ctx, o, func() { a.finish(ctx, o.Interaction) })
}

func (n *notices) measure(ctx context.Context) error {
	words := rand.New(rand.NewPCG(2, 2)) // the same mails each time
	rounds := max(3, int(n.b.share(6)/notifyEvery))
	n.delays = make(chan time.Duration, (runs+1)*rounds*idleBoxes)
	var p99 []float64
	sent, lost := 0, 0
	var c cost
	for r := range runs + 1 {
		m := measure(n.house.pid())
		for range rounds {
			round := time.Now()
			for i, box := range n.boxes {
				no := sent/idleBoxes + 1
				raw := letterOf(words, fmt.Sprintf("a%d.%d", i, no), box, fmt.Sprintf("alert %d %d", i, no))
				n.server.Deliver(stage{b: n.b, ctx: ctx}, box, raw) //nolint:contextcheck // the stage has it
				sent++
			}
			time.Sleep(time.Until(round.Add(notifyEvery)))
		}
		soon(ctx, 5*time.Second, func() bool { return n.came.Load() == int64(sent) })
		lost = sent - int(n.came.Load())
		var delays []time.Duration
		for len(n.delays) > 0 {
			delays = append(delays, <-n.delays)
		}
		if r > 0 {
			p99, c = append(p99, percentile(delays, 99)), m.cost(rounds*idleBoxes)
			n.b.note("mail: notify to screen p50 %.1f ms, p99 %.1f ms of %d", percentile(delays, 50), p99[len(p99)-1], len(delays))
		}
	}
	n.b.tell(Figure{
		Name: "mail.notify_to_screen_p99_ms", Value: median(p99), Unit: "ms", Errors: lost + n.house.faults(), CPU: new(c.cpu),
		Method: fmt.Sprintf("%d mailboxes, each a mail every %v: from the server's EXISTS on the wire to the offer on an agent's socket; %d mails a run, median of %d; %v", idleBoxes, notifyEvery, rounds*idleBoxes, runs, c.shares),
	})
	return ctx.Err()
}

// idle is what waiting costs.
func (n *notices) idle(ctx context.Context) error {
	var got []float64
	for range runs {
		m := measure(n.house.pid())
		time.Sleep(n.b.share(8))
		c := m.cost(1)
		got = append(got, c.cpu/10/c.seconds)
	}
	n.b.tell(Figure{
		Name: "mail.idle_cpu_percent", Value: median(got), Unit: "% of a core",
		Method: fmt.Sprintf("%d mailboxes idling (%d known), %d agents' sockets, PostgreSQL included; %v, median of %d", idleBoxes, idleBoxes+moreBoxes, len(n.house.agents), n.b.share(8), runs),
	})
	return ctx.Err()
}
