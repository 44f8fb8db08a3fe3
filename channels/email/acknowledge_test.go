package email_test

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vaxelhq/vaxel/channels/email"
	"github.com/vaxelhq/vaxel/channels/email/letter"
	"github.com/vaxelhq/vaxel/channels/email/mailtest"
	"github.com/vaxelhq/vaxel/gateway"
)

// acknowledges opens a channel on a mailbox that answers by itself.
func (h *house) acknowledges(t *testing.T, d *mailtest.Dovecot, sink *mailtest.Sink, address string) *email.Email {
	t.Helper()
	e := h.open(t, "a", d)
	m := support(d.IMAP, sink.Address)
	m.Address, m.User, m.Plus = address, address, false
	m.Acknowledge = email.Acknowledgement{Open: "Tack, vi läser strax.", Closed: "Vi är åter klockan åtta."}
	save(t, e, m)
	run(t, e)
	return e
}

func (h *house) answered() []gateway.Outbound {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.answers)
}

func send(t *testing.T, e *email.Email, out gateway.Outbound) {
	t.Helper()
	if d, err := e.Send(context.WithoutCancel(t.Context()), out); err != nil || d.State != gateway.OutboundSent {
		t.Fatalf("%+v %v", d, err)
	}
}

// TestAcknowledge answers a person by the hours of the queue, and no machine.
func TestAcknowledge(t *testing.T) {
	t.Parallel()
	d, h, sink := mailtest.StartDovecot(t), newHouse(t), mailtest.StartSink(t)
	const us = "support@cyklar.example"
	e := h.acknowledges(t, d, sink, us)
	d.Deliver(t, us, mailtest.Mail("m1", "Anna <anna@kund.example>", "Fråga", "Hej"))
	h.wait(t, 1)
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	machine := func(field, from string) []byte {
		return []byte(field + "\r\n" + string(mailtest.Mail(strings.Fields(field)[0], from, "Fråga", field)))
	}
	d.Deliver(t, us,
		machine("Auto-Submitted: auto-replied", "a@kund.example"), machine("Precedence: bulk", "b@kund.example"),
		machine("List-Id: <l.kund.example>", "c@kund.example"), machine("X-Auto-Response-Suppress: All", "d@kund.example"),
		machine("X-Vaxel-Auto: 1", "e@kund.example"), machine("Authentication-Results: mx; dmarc=fail", "f@kund.example"),
		machine("List-Post: <mailto:l@kund.example>", "g@kund.example"), machine("List-Unsubscribe: <https://kund.example/u>", "h@kund.example"),
		machine("X-Own: 1", us), machine("X-Daemon: 1", "mailer-daemon@kund.example"))
	h.wait(t, 11)
	d.Deliver(t, us, mailtest.Mail("m2", "Bo <bo@kund.example>", "Fråga", "Hej"))
	h.wait(t, 12)
	list := h.answered()
	if len(list) != 2 || list[0].Recipients[0].Address != "anna@kund.example" || list[1].Recipients[0].Address != "bo@kund.example" {
		t.Fatalf("answered: %+v", list)
	}
	for i, text := range []string{"Tack, vi läser strax.", "Vi är åter klockan åtta."} {
		send(t, e, list[i])
		sent := sink.Mails()[i]
		l := letter.Parse(sent.Raw)
		if sent.From != "" || l.Automatic != letter.Ours || l.Text != text || l.Subject != "Re: Fråga" || len(l.InReplyTo) != 1 || l.Header.Get("Auto-Submitted") != "auto-replied" {
			t.Errorf("answer %d: from %q, %+v", i, sent.From, l)
		}
	}
}

// TestOurOwnMail comes in from a queue's identity: as a copy that asks for nobody where it
// left, as work where it was sent to; and no mailbox answers it by itself.
func TestOurOwnMail(t *testing.T) {
	t.Parallel()
	d, h, sink := mailtest.StartDovecot(t), newHouse(t), mailtest.StartSink(t)
	const us, billing, help = "support@cyklar.example", "faktura@cyklar.example", "Hjalp@cyklar.example"
	h.others = []string{help}
	e := h.acknowledges(t, d, sink, us)
	other := support(d.IMAP, sink.Address)
	other.Address, other.User, other.Queue, other.Acknowledge.Open = billing, billing, 2, "Tack, vi räknar."
	save(t, e, other)
	r := reply()
	r.Sender = person("Hjälpen", help)
	for i, plus := range []bool{false, true} {
		box := support(d.IMAP, sink.Address)
		box.Acknowledge.Open, box.Plus = "Tack, vi läser strax.", plus
		save(t, e, box)
		out, _ := compose(t, e, r)
		send(t, e, out)
		ours := sink.Mails()[i].Raw
		d.Deliver(t, us, ours)
		d.Deliver(t, billing, ours)
		h.wait(t, 2*i+2)
	}
	form := "Reply-To: anna@kund.example\r\n" + string(mailtest.Mail("form", help, "Fråga", "Hej"))
	d.Deliver(t, us, []byte(form))
	h.wait(t, 5)
	for _, a := range h.taken(t) {
		form := a.MessageID == "form@kund.example"
		if a.Quiet != (a.Queue == 1 && !form) {
			t.Errorf("queue %d, form %v: quiet %v", a.Queue, form, a.Quiet)
		}
	}
	d.Deliver(t, us, mailtest.Mail("m1", "anna@kund.example", "Fråga", "Hej"))
	h.wait(t, 6)
	if list := h.answered(); len(list) != 1 || list[0].Recipients[0].Address != "anna@kund.example" {
		t.Errorf("answered: %+v", list)
	}
}

var marks = regexp.MustCompile(`(?mi)^(Auto-Submitted|X-Auto-Response-Suppress|X-Vaxel-Auto|In-Reply-To|References|List-Unsubscribe):.*\r\n([ \t].*\r\n)*`)

// TestTwoFacing has two Växels acknowledge each other's acknowledgements: the marks end it
// at once, and without them the cap does.
func TestTwoFacing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		strip bool
	}{{"marked", false}, {"stripped", true}} {
		t.Run(c.name, func(t *testing.T) {
			d, sink := mailtest.StartDovecot(t), mailtest.StartSink(t)
			const ours, theirs = "support@cyklar.example", "hjalp@delar.example"
			houses := map[string]*house{ours: newHouse(t), theirs: newHouse(t)}
			channels := map[string]*email.Email{}
			for address, h := range houses {
				channels[address] = h.acknowledges(t, d, sink, address)
			}
			d.Deliver(t, ours, mailtest.Mail("m1", theirs, "Hej", "Hej"))
			came, sent, total := map[string]int{ours: 1}, map[string]int{}, 0
			for at := ours; came[at] > 0; {
				houses[at].wait(t, came[at])
				list := houses[at].answered()
				if len(list) == sent[at] {
					break // the mail was taken in and not answered: that was one transaction
				}
				sent[at]++
				send(t, channels[at], list[sent[at]-1])
				raw := sink.Mails()[total].Raw
				total++
				if c.strip {
					raw = marks.ReplaceAll(raw, nil)
				}
				at = map[string]string{ours: theirs, theirs: ours}[at]
				d.Deliver(t, at, raw)
				came[at]++
			}
			if c.strip && (came[ours] != 4 || came[theirs] != 3 || total != 6) {
				t.Errorf("came %v, sent %d; want 3 answers each", came, total)
			}
			if !c.strip && total != 1 {
				t.Errorf("%d answers, want the first alone", total)
			}
		})
	}
}
