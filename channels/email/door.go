package email

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/jackc/pgx/v5"
	"golang.org/x/net/netutil"

	"github.com/vaxelhq/vaxel/gateway"
)

// Door is where mail is handed in instead of being fetched: a mail server of the site
// delivers an alias to it, by LMTP or by SMTP.
type Door struct {
	LMTP     bool                // RFC 2033: an answer for each recipient; else RFC 5321
	Domain   string              // that it greets with
	TLS      *tls.Config         // for STARTTLS; nil offers none
	MaxBytes int64               // of a mail; 0: as much as is read of one by IMAP
	Leave    time.Duration       // for those who are in the middle of a mail at the end; 0: 10 s
	From     func(net.Addr) bool // who may hand in; nil: whoever reaches it
}

const (
	doorConnections = 100 // at once; the others wait to be let in
	doorRecipients  = 100 // RFC 5321 §4.5.3.1.8: at least as many
	doorLarge       = 8   // mails of more than doorSmall bytes that are in memory at once
	doorSmall       = 256 << 10
	doorSilence     = 5 * time.Minute // RFC 5321 §4.5.3.2.7
	doorWrites      = time.Minute
	doorCommit      = 2 * time.Minute // for taking a mail in, then it is to be handed in again
	doorLeave       = 10 * time.Second
)

// Stand takes mail in at a listener until ctx ends; then those who are in the middle of a mail
// may finish it for some seconds. A mail is answered with 250 once it is committed, and not
// before: whoever hears nothing hands it in again, which makes no second one.
func (e *Email) Stand(ctx context.Context, l net.Listener, d Door) error {
	if d.MaxBytes == 0 {
		d.MaxBytes = maxWhole
	}
	sessions, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	inside := &hall{Email: e, ctx: sessions, large: make(chan struct{}, doorLarge)}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		if d.From != nil && !d.From(c.Conn().RemoteAddr()) {
			return nil, refused(554, smtp.EnhancedCode{5, 7, 1}, "you may not hand in mail here")
		}
		return &handing{hall: inside, peer: c}, nil
	}))
	server.LMTP, server.Domain, server.TLSConfig = d.LMTP, d.Domain, d.TLS
	server.MaxMessageBytes, server.MaxRecipients = d.MaxBytes, doorRecipients
	server.ReadTimeout, server.WriteTimeout = doorSilence, doorWrites
	server.EnableSMTPUTF8 = true
	server.ErrorLog = slog.NewLogLogger(e.log.Handler(), slog.LevelDebug)
	served := make(chan error, 1)
	go func() { served <- server.Serve(netutil.LimitListener(l, doorConnections)) }()
	select {
	case err := <-served:
		return fmt.Errorf("take mail in at %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	_ = l.Close()
	inside.empty(cmp.Or(d.Leave, doorLeave), func() { cut(); _ = server.Close() })
	if err := <-served; err != nil {
		e.log.Debug("no more mail is taken in", "address", l.Addr().String(), "err", err)
	}
	return nil
}

// hall is what the connections of one door share.
type hall struct {
	*Email
	ctx   context.Context //nolint:containedctx // lives as long as the connections
	large chan struct{}   // a place for each large mail in memory
	busy  sync.RWMutex    // read-locked by each who takes a mail in
}

// empty waits until nobody takes a mail in and nobody can begin. Who still does after leave
// is shut out, as are then all who are connected; they hand in again.
func (h *hall) empty(leave time.Duration, shutOut func()) {
	late := time.AfterFunc(leave, shutOut)
	h.busy.Lock() // for good
	if late.Stop() {
		shutOut()
	}
}

// handing is one connection of somebody who hands mail in.
type handing struct {
	*hall
	peer *smtp.Conn
	from string
	to   []handed
}

// handed is a recipient and the mailbox that it is.
type handed struct {
	address string
	box     Mailbox
}

func refused(code int, enhanced smtp.EnhancedCode, why string) *smtp.SMTPError {
	return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: why}
}

// notNow has a mail handed in again later: whatever it was, it was no fault of the mail's.
var notNow = refused(451, smtp.EnhancedCode{4, 3, 0}, "not now, try again")

// Mail begins a mail.
func (h *handing) Mail(from string, _ *smtp.MailOptions) error {
	h.from, h.to = from, nil
	return nil
}

// Rcpt takes addresses of mailboxes only: nothing is passed on to anybody else.
func (h *handing) Rcpt(to string, _ *smtp.RcptOptions) error {
	ctx, cancel := context.WithTimeout(h.ctx, doorWrites)
	defer cancel()
	boxes, err := h.Mailboxes(ctx)
	if err != nil {
		h.log.Warn("mail can't be taken in now", "err", err)
		return notNow
	}
	address := strings.ToLower(to)
	local, domain, _ := strings.Cut(address, "@")
	base, _, tagged := strings.Cut(local, "+")
	for _, m := range boxes {
		if m.Enabled && (m.Address == address || tagged && m.Address == base+"@"+domain) {
			h.to = append(h.to, handed{to, m})
			return nil
		}
	}
	return refused(550, smtp.EnhancedCode{5, 1, 1}, "there is no such mailbox here")
}

// Data takes a mail in for all its recipients. One answer is for all of them: where one
// fails, the others know the mail when it comes again.
func (h *handing) Data(in io.Reader) error {
	var failed error
	if err := h.each(in, func(_ string, err error) { failed = errors.Join(failed, err) }); err != nil {
		return err
	}
	return outcome(failed)
}

// LMTPData takes a mail in and answers for each recipient (RFC 2033 §4.2).
func (h *handing) LMTPData(in io.Reader, status smtp.StatusCollector) error {
	return h.each(in, func(to string, err error) { status.SetStatus(to, outcome(err)) })
}

// outcome is what is said of a failure to whoever hands in.
func outcome(err error) error {
	if err != nil {
		return notNow
	}
	return nil
}

// each reads a mail and takes it in for each recipient.
func (h *handing) each(in io.Reader, answer func(to string, err error)) error {
	if !h.busy.TryRLock() {
		return notNow // the door is being shut
	}
	defer h.busy.RUnlock()
	raw, release, err := h.read(in)
	if err != nil {
		return err
	}
	defer release()
	ctx, cancel := context.WithTimeout(h.ctx, doorCommit)
	defer cancel()
	for _, to := range h.to {
		err := h.handIn(ctx, to.box, raw, h.trace(to.address))
		if err != nil {
			h.log.Warn("mail not taken in; it will be handed in again", "mailbox", to.box.Address, "err", err)
		}
		answer(to.address, err)
	}
	return nil
}

// read reads a mail into memory. A large one waits for a place, small ones never do: who
// sends slowly is in nobody's way. What is too large or cut off has go-smtp's own error.
func (h *handing) read(in io.Reader) (raw []byte, release func(), err error) {
	var b bytes.Buffer
	n, err := b.ReadFrom(io.LimitReader(in, doorSmall))
	if err != nil || n < doorSmall {
		return b.Bytes(), func() {}, err
	}
	patience := time.NewTimer(doorWrites)
	defer patience.Stop()
	select {
	case h.large <- struct{}{}:
	case <-patience.C:
		return nil, nil, notNow
	case <-h.ctx.Done():
		return nil, nil, notNow
	}
	release = func() { <-h.large }
	if _, err = b.ReadFrom(in); err != nil {
		release()
	}
	return b.Bytes(), release, err
}

// trace is what the last server on a mail's way writes on top (RFC 5321 §4.4).
func (h *handing) trace(to string) []byte {
	var b bytes.Buffer
	line := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	fmt.Fprintf(&b, "Return-Path: <%s>\r\nDelivered-To: %s\r\n", line(h.from), line(to))
	fmt.Fprintf(&b, "Received: from %s by vaxel for <%s>; %s\r\n", line(h.peer.Hostname()), line(to), time.Now().Format(time.RFC1123Z))
	return b.Bytes()
}

// Reset forgets a mail that was begun.
func (h *handing) Reset() { h.from, h.to = "", nil }

// Logout has nothing to give back.
func (h *handing) Logout() error { return nil }

// handIn takes a mail in as if the mailbox had been read. It is known by its content: whoever
// has not heard that it was taken brings the same again.
func (e *Email) handIn(ctx context.Context, box Mailbox, raw, trace []byte) error {
	now := time.Now()
	r := &receivedMail{
		fetched: fetched{raw: append(trace, raw...), at: now}, digest: digest(raw, now),
		key: handedKey(box.ID, raw),
	}
	r.letter, r.broken = parse(r.fetched.raw)
	mails := []*receivedMail{r}
	if err := e.keepBytes(ctx, mails); err != nil {
		return err
	}
	us, err := e.ourselves(ctx)
	if err != nil {
		return err
	}
	p := &poller{Email: e, box: box, log: e.log.With("mailbox", box.Address), us: us}
	met, err := e.met(ctx, box, mails)
	if err != nil {
		return err
	}
	if _, known := met.sift(mails); len(known) > 0 {
		return nil
	}
	if _, held, err := e.holdBlocked(ctx, box, met, mails); err != nil || held > 0 {
		return err
	}
	if err = p.admitHanded(ctx, r); errors.Is(err, errTaken) {
		return nil
	}
	return err
}

// admitHanded is the intake's transaction for one mail. What is refused for its own sake is
// put into quarantine, which takes it all the same.
func (p *poller) admitHanded(ctx context.Context, r *receivedMail) (err error) {
	a := p.arrival(p.box, p.us, r)
	if p.answers, err = p.acknowledgements(ctx); err != nil {
		return err
	}
	mails := []*receivedMail{r}
	_, errs := p.in.Intake.ReceiveBatch(ctx, []Item{{Arrival: a}}, p.handed(mails))
	if errors.Is(errs[0], gateway.ErrNotFound) && a.Conversation != 0 { // it answers what is gone
		a.Conversation = 0
		_, errs = p.in.Intake.ReceiveBatch(ctx, []Item{{Arrival: a}}, p.handed(mails))
	}
	if errs[0] == nil || !unfit(errs[0]) || ctx.Err() != nil {
		return errs[0]
	}
	p.log.Error("mail not taken in", "key", r.key, "err", errs[0])
	r.broken = errs[0].Error()
	return p.quarantineAll(ctx, mails)
}

// handed is our part of the intake's transaction: all of also's but the cursor.
func (p *poller) handed(mails []*receivedMail) Together {
	return func(ctx context.Context, tx pgx.Tx, first int, received []gateway.Received) error {
		some := mails[first : first+len(received)]
		for i, r := range some {
			if received[i].Repeated {
				continue
			}
			if err := p.remember(ctx, tx, p.box.ID, some[i:i+1]); err != nil {
				return err
			}
			if err := p.report(ctx, tx, r); err != nil {
				return err
			}
		}
		return p.acknowledge(ctx, tx, some, received, p.answers)
	}
}
