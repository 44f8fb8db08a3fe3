package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"github.com/vaxelhq/vaxel/channels/email/mailtest"
)

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

// measure sends a round of mails every notifyEvery and waits for their offers: milliseconds from
// the mail server's EXISTS on the wire to the frame on the agent's socket. The first run warms up.
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

// idle is what waiting costs, once what came before has been cleared up. It is one long look and
// no median: what is done once a minute belongs to it, and a median would leave that out.
func (n *notices) idle(ctx context.Context) error {
	time.Sleep(n.b.share(3))
	m := measure(n.house.pid())
	time.Sleep(2 * n.b.share(1))
	c := m.cost(1)
	n.b.tell(Figure{
		Name: "mail.idle_cpu_percent", Value: c.cpu / 10 / c.seconds, Unit: "% of a core",
		Method: fmt.Sprintf("%d mailboxes idling (%d known), %d agents' sockets; all processes of vaxel and of its PostgreSQL by their own clocks, "+
			"those that end meanwhile (autovacuum's) to a hundredth of a second, in %.0f s that begin %v after the last mail; %v",
			idleBoxes, idleBoxes+moreBoxes, len(n.house.agents), c.seconds, n.b.share(3), c.shares),
	})
	return ctx.Err()
}
