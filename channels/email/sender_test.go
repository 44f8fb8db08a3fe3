package email_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/channels/email"
	"github.com/vaxelhq/vaxel/channels/email/letter"
	"github.com/vaxelhq/vaxel/channels/email/mailtest"
	"github.com/vaxelhq/vaxel/gateway"
)

func person(name, value string) gateway.Address {
	return gateway.Address{Kind: gateway.AddressEmail, Name: name, Value: value}
}

// question is the mail that replies answer.
var question = gateway.Mail{
	MessageID: "q@kund.example", Subject: "SV: Re: växel", From: person("Anna Ek", "anna@kund.example"),
	To: []gateway.Address{person("", "support@cyklar.example")},
}

func reply() email.Reply {
	return email.Reply{
		Conversation: 42, Queue: 1, CaseNumber: 1007, AgentName: "Bo", Answers: question, References: []string{"old@kund.example"},
		Text: "Hej Anna!\n\nSe https://cyklar.example/faq/1.\n",
	}
}

func tryCompose(t *testing.T, e *email.Email, r email.Reply) (out gateway.Outbound, mail gateway.Mail, err error) {
	t.Helper()
	err = pgx.BeginFunc(t.Context(), e.Pool(), func(tx pgx.Tx) error {
		out, mail, err = e.Compose(t.Context(), tx, r)
		return err
	})
	return out, mail, err
}

func compose(t *testing.T, e *email.Email, r email.Reply) (gateway.Outbound, gateway.Mail) {
	t.Helper()
	out, mail, err := tryCompose(t, e, r)
	if err != nil {
		t.Fatal(err)
	}
	return out, mail
}

// TestReply sends an answer and reads it as its customer.
func TestReply(t *testing.T) {
	t.Parallel()
	h, sink := newHouse(t), mailtest.StartSink(t)
	e := h.open(t, "a", nil)
	save(t, e, support(nobody, sink.Address))
	key, size, err := h.Put(t.Context(), strings.NewReader("%PDF"))
	if err != nil {
		t.Fatal(err)
	}
	r := reply()
	r.Cc = []gateway.Address{person("", "bo@kund.example")}
	r.Bcc = []gateway.Address{person("", "chef@hemlig.example")}
	r.Attachments = []gateway.Attachment{{Blob: key, Name: "räkning.pdf", Type: "application/pdf", Size: size}}
	out, mail := compose(t, e, r)
	if mail.Subject != "Re: växel [#1007]" || mail.To[0].Value != "anna@kund.example" || mail.From.Name != "Bo, Åkes Cyklar" || mail.MessageID != out.MessageID {
		t.Errorf("mail %+v", mail)
	}
	d, err := e.Send(t.Context(), out)
	if err != nil || d.State != gateway.OutboundSent || !strings.HasPrefix(d.Response, "250") {
		t.Fatalf("%+v %v", d, err)
	}
	sent := sink.Mails()[0]
	slices.Sort(sent.To)
	if diff := cmp.Diff([]string{"anna@kund.example", "bo@kund.example", "chef@hemlig.example"}, sent.To); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(string(sent.Raw), "hemlig") || len(mail.Bcc) != 1 {
		t.Errorf("the mail tells of who gets it in secret, or the timeline does not: %v", mail.Bcc)
	}
	l := letter.Parse(sent.Raw)
	if l.Subject != mail.Subject || l.MessageID != out.MessageID || fmt.Sprint(l.References) != "[old@kund.example q@kund.example]" ||
		l.InReplyTo[0] != "q@kund.example" || !strings.Contains(l.HTML, `<a href="https://cyklar.example/faq/1"`) || l.Attachments[0].Name != "räkning.pdf" {
		t.Errorf("%+v", l)
	}
	for _, address := range []string{sent.From, l.ReplyTo[0].Value} {
		if !strings.HasPrefix(address, "support+16.") {
			t.Errorf("address %q names no conversation", address)
		}
	}
}

// TestSendFailures has the far server refuse and break off in every step.
func TestSendFailures(t *testing.T) {
	t.Parallel()
	h, sink := newHouse(t), mailtest.StartSink(t)
	e := h.open(t, "a", nil)
	save(t, e, support(nobody, sink.Address))
	two := reply()
	two.Cc = []gateway.Address{person("", "bo@kund.example")}
	for _, c := range []struct {
		name, step string
		fail       mailtest.Failure
		want       gateway.OutboundState // "": an error, which defers
		cc         gateway.OutboundState // of the second recipient, if it is named
		kept       int
	}{
		{"sign-in refused", "auth", mailtest.Failure{Code: 535}, "", "", 0},
		{"sign-in missing", "mail", mailtest.Failure{Code: 530}, "", "", 0},
		{"sender refused", "mail", mailtest.Failure{Code: 550}, gateway.OutboundFailed, "", 0},
		{"sender not now", "mail", mailtest.Failure{Code: 451}, "", "", 0},
		{"cut at MAIL", "mail", mailtest.Failure{Cut: true}, "", "", 0},
		{"one recipient gone", "bo@kund.example", mailtest.Failure{Code: 550}, gateway.OutboundSent, gateway.OutboundFailed, 1},
		{"one recipient full", "bo@kund.example", mailtest.Failure{Code: 452}, gateway.OutboundSent, gateway.OutboundDeferred, 1},
		{"cut at RCPT", "rcpt", mailtest.Failure{Cut: true}, "", "", 0},
		{"refused after the dot", "body", mailtest.Failure{Code: 554}, gateway.OutboundFailed, "", 0},
		{"not now after the dot", "body", mailtest.Failure{Code: 451}, "deferred", "", 0},
		{"cut after the dot, lost", "body", mailtest.Failure{Cut: true}, gateway.OutboundUnknown, "", 0},
		{"cut after the dot, kept", "body", mailtest.Failure{Cut: true, Keep: true}, gateway.OutboundUnknown, "", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := len(sink.Mails())
			sink.FailNext(c.step, c.fail)
			out, _ := compose(t, e, two)
			d, err := e.Send(t.Context(), out)
			if d.State != c.want || (err == nil) != (c.want != "") {
				t.Errorf("%+v %v, want %s", d, err, c.want)
			}
			if c.cc != "" && (len(d.Recipients) != 1 || d.Recipients[0].State != c.cc || d.Recipients[0].Address != "bo@kund.example") {
				t.Errorf("recipients %+v, want %s", d.Recipients, c.cc)
			}
			if kept := len(sink.Mails()) - before; kept != c.kept {
				t.Errorf("%d mails arrived, want %d", kept, c.kept)
			}
		})
	}
}

// TestSendCutInBody cuts the wire in the middle of the body: nothing was delivered.
func TestSendCutInBody(t *testing.T) {
	t.Parallel()
	h, sink := newHouse(t), mailtest.StartSink(t)
	w := mailtest.StartWire(t, sink.Address)
	e := h.open(t, "a", nil)
	save(t, e, support(nobody, w.Address))
	key, size, err := h.Put(t.Context(), strings.NewReader(strings.Repeat("x", 8<<20)))
	if err != nil {
		t.Fatal(err)
	}
	r := reply()
	r.Attachments = []gateway.Attachment{{Blob: key, Name: "x", Type: "text/plain", Size: size}}
	out, _ := compose(t, e, r)
	w.Plan(mailtest.Break{AfterDown: -1, AfterUp: 100_000})
	if d, err := e.Send(t.Context(), out); d.State == gateway.OutboundSent || d.State == gateway.OutboundFailed {
		t.Errorf("%+v %v", d, err)
	}
	if n := len(sink.Mails()); n != 0 {
		t.Errorf("%d mails arrived", n)
	}
	if d, err := e.Send(t.Context(), out); err != nil || d.State != gateway.OutboundSent {
		t.Errorf("again: %+v %v", d, err)
	}
}

// TestDoubtful looks into the sent mail before it sends once more.
func TestDoubtful(t *testing.T) {
	t.Parallel()
	d, h, sink := mailtest.StartDovecot(t), newHouse(t), mailtest.StartSink(t)
	e := h.open(t, "a", d)
	m := support(d.IMAP, sink.Address)
	m.SentFolder = "INBOX" // where this test puts what the provider would file
	save(t, e, m)
	out, _ := compose(t, e, reply())
	out.Doubtful = true
	if got, err := e.Send(t.Context(), out); err != nil || got.State != gateway.OutboundSent || len(sink.Mails()) != 1 {
		t.Errorf("not filed: %+v %v, %d mails", got, err, len(sink.Mails()))
	}
	d.Deliver(t, "support@cyklar.example", sink.Mails()[0].Raw)
	if got, err := e.Send(t.Context(), out); err != nil || got.State != gateway.OutboundSent || len(sink.Mails()) != 1 {
		t.Errorf("filed: %+v %v, %d mails", got, err, len(sink.Mails()))
	}
}

// TestThereAndBack sends through Postfix, answers as the customer, and reads the answer:
// it belongs to the conversation, whoever sends it. A forged one doesn't. What Postfix
// cannot deliver comes back as a bounce of the mail that was sent.
func TestThereAndBack(t *testing.T) {
	t.Parallel()
	d, h := mailtest.StartDovecot(t), newHouse(t)
	p := mailtest.StartPostfix(t, d.LMTP)
	e := h.open(t, "a", d)
	save(t, e, support(d.IMAP, p.SMTP))
	out, mail := compose(t, e, reply())
	if got, err := e.Send(t.Context(), out); err != nil || got.State != gateway.OutboundSent {
		t.Fatalf("%+v %v", got, err)
	}
	gone := reply()
	gone.To = []gateway.Address{person("", "anna@kund.example"), person("", "x@gone.example"), person("", "y@full.example")}
	mixed, _ := compose(t, e, gone)
	if got, err := e.Send(t.Context(), mixed); err != nil || got.State != gateway.OutboundSent || len(got.Recipients) != 2 ||
		got.Recipients[0].State != gateway.OutboundFailed || got.Recipients[1].State != gateway.OutboundDeferred {
		t.Errorf("mixed %+v %v", got, err)
	}

	answer := func(id, to, references string) {
		raw := "From: colleague@kund.example\r\nTo: " + to + "\r\nSubject: x\r\nMessage-ID: <" + id + "@kund.example>\r\n" + references + "\r\nhej\r\n"
		mailtest.Send(t, p.SMTP, "colleague@kund.example", to, []byte(raw))
	}
	run(t, e)
	answer("by-id", "support@cyklar.example", "References: <forged@kund.example> <"+mail.MessageID+">\r\n")
	h.wait(t, 1)
	sent := letter.Parse(firstMail(t, d, "anna@kund.example"))
	answer("by-address", sent.ReplyTo[0].Value, "")
	h.wait(t, 2)
	forged := strings.Replace(mail.MessageID, "16.", "17.", 1)
	answer("forged", "support+17.aaaaaaaaaaaaaaaa@cyklar.example", "In-Reply-To: <"+forged+">\r\n")
	for _, a := range h.wait(t, 3) {
		switch a.MessageID {
		case "by-id@kund.example":
			if a.Conversation != 42 || !a.Trusted || fmt.Sprint(a.References) != "["+mail.MessageID+" forged@kund.example]" {
				t.Errorf("by id %+v", a)
			}
		case "by-address@kund.example":
			if a.Conversation != 42 || !a.Trusted {
				t.Errorf("by address %+v", a)
			}
		case "forged@kund.example":
			if a.Conversation != 0 || a.Trusted || fmt.Sprint(a.References) != "["+forged+"]" {
				t.Errorf("forged %+v", a)
			}
		}
	}

	unknown := reply()
	unknown.To = []gateway.Address{person("", "nobody@nowhere.example")}
	lost, _ := compose(t, e, unknown)
	if got, err := e.Send(t.Context(), lost); err != nil || got.State != gateway.OutboundSent {
		t.Errorf("lost %+v %v", got, err)
	}
	if a := h.wait(t, 4)[3]; !a.Quiet || a.Conversation != 42 {
		t.Errorf("bounce: quiet %v, conversation %d", a.Quiet, a.Conversation)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.bounced) != 1 || h.bounced[0].Address != "nobody@nowhere.example" || h.bounced[0].State != gateway.OutboundFailed ||
		!strings.HasPrefix(h.bounced[0].Response, lost.MessageID+" 5.1.2") {
		t.Errorf("bounced %+v", h.bounced)
	}
}

// TestAQuotedCustomerIsAnswered: who writes from an address that only quotes hold together gets the
// answer there, and what Postfix cannot deliver to such a one comes back as a bounce of it.
func TestAQuotedCustomerIsAnswered(t *testing.T) {
	t.Parallel()
	d, h, sink := mailtest.StartDovecot(t), newHouse(t), mailtest.StartSink(t)
	p := mailtest.StartPostfix(t, d.LMTP)
	e := h.open(t, "a", d)
	box := save(t, e, support(d.IMAP, sink.Address))
	d.Deliver(t, box.Address, mailtest.Mail("q", `John <"John Doe"@kund.example>`, "Fråga", "Hej"))
	run(t, e)
	from := h.wait(t, 1)[0].From
	if from != person("John", `"john doe"@kund.example`) {
		t.Fatalf("from %+v", from)
	}
	r := reply()
	r.Answers.From = from
	r.Cc = people(`"chef"@Kund.example`)
	out, _ := compose(t, e, r)
	send(t, e, out)
	sent := sink.Mails()[0]
	if !slices.Equal(sent.To, []string{"john doe@kund.example", "chef@Kund.example"}) { // the sink takes the quotes off
		t.Errorf("sent to %q", sent.To)
	}
	if to := letter.Parse(sent.Raw).To; !slices.Equal(to, []gateway.Address{from}) {
		t.Errorf("addressed to %+v", to)
	}

	box.SMTP.Address = p.SMTP
	save(t, e, box)
	r.Answers.From.Value, r.Cc = `"john doe"@nowhere.example`, nil
	lost, _ := compose(t, e, r)
	send(t, e, lost)
	h.wait(t, 2)
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.bounced) != 1 || h.bounced[0].Address != lost.Recipients[0].Address || !strings.HasPrefix(h.bounced[0].Response, lost.MessageID) {
		t.Errorf("bounced %+v want %q", h.bounced, lost.Recipients[0].Address)
	}
}

func firstMail(t *testing.T, d *mailtest.Dovecot, user string) []byte {
	t.Helper()
	var raw []byte
	until(t, "the customer has it", func() bool {
		list := d.Mails(t, user)
		if len(list) > 0 {
			raw = list[0]
		}
		return raw != nil
	})
	return raw
}

// TestBounce brings a delivery report to the mail that it is about, without bothering an agent.
func TestBounce(t *testing.T) {
	t.Parallel()
	d, h := mailtest.StartDovecot(t), newHouse(t)
	e := h.open(t, "a", d)
	save(t, e, support(d.IMAP, nobody))
	out, _ := compose(t, e, reply())
	raw := "From: MAILER-DAEMON@mx.kund.example\r\nTo: support@cyklar.example\r\nSubject: Undelivered\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n" +
		"--b\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; anna@kund.example\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 unknown\r\n\r\n" +
		"--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <" + out.MessageID + ">\r\n\r\nx\r\n--b--\r\n"
	vacation := "From: anna@kund.example\r\nSubject: Autosvar\r\nAuto-Submitted: auto-replied\r\nIn-Reply-To: <" + out.MessageID + ">\r\n\r\nI am away\r\n"
	d.Deliver(t, "support@cyklar.example", []byte(raw), []byte(vacation))
	run(t, e)
	for _, a := range h.wait(t, 2) {
		if !a.Quiet || a.Conversation != 42 {
			t.Errorf("%s: quiet %v, conversation %d", a.Subject, a.Quiet, a.Conversation)
		}
	}
	want := []gateway.Recipient{{Address: "anna@kund.example", State: gateway.OutboundFailed, Response: out.MessageID + " 5.1.1 550 unknown"}}
	if diff := cmp.Diff(want, h.bounced); diff != "" {
		t.Error(diff)
	}
}

// TestComposeRefuses what can't be sent, with words for an agent.
func TestComposeRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := h.open(t, "a", nil)
	if _, _, err := tryCompose(t, e, reply()); err == nil || !strings.Contains(err.Error(), "no_mailbox") {
		t.Error(err)
	}
	save(t, e, support(nobody, nobody))
	r := reply()
	r.Answers = gateway.Mail{}
	if _, _, err := tryCompose(t, e, r); err == nil || !strings.Contains(err.Error(), "no_recipient") {
		t.Error(err)
	}
	for _, bad := range []email.Mailbox{
		{Address: "x", Queue: 1},
		{Address: "a@b.example"},
		{Address: "a@b.example", Queue: 1},
		{Address: "a@b.example", Queue: 1, IMAP: email.Server{Address: "mail.example:143", TLS: email.NoTLS}, SMTP: email.Server{Address: "127.0.0.1:25", TLS: email.NoTLS}},
	} {
		if _, err := e.Save(t.Context(), bad, ""); err == nil {
			t.Errorf("saved %+v", bad)
		}
	}
}

// TestReplyLeavesFrom holds to which of our mailboxes a reply is sent from.
func TestReplyLeavesFrom(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := h.open(t, "a", nil)
	for _, m := range []struct {
		address string
		queue   gateway.QueueID
	}{{"support@cyklar.example", 1}, {"hej@cyklar.example", 1}, {"faktura@cyklar.example", 2}, {"annat@cyklar.example", 3}} {
		box := support(nobody, nobody)
		box.Address, box.Queue, box.Plus = m.address, m.queue, false
		save(t, e, box)
	}
	for name, c := range map[string]struct {
		queue  gateway.QueueID
		to, cc []gateway.Address
		want   string
	}{
		"two were written to, one is the queue's": {1, people("support@cyklar.example"), people("faktura@cyklar.example"), "support@cyklar.example"},
		"in whatever order":                       {2, people("support@cyklar.example"), people("faktura@cyklar.example"), "faktura@cyklar.example"},
		"two of the queue":                        {1, people("hej@cyklar.example", "support@cyklar.example"), nil, "support@cyklar.example"},
		"the queue's younger one":                 {1, people("hej@cyklar.example"), people("annat@cyklar.example"), "hej@cyklar.example"},
		"none of the queue's":                     {9, people("annat@cyklar.example", "faktura@cyklar.example"), nil, "faktura@cyklar.example"},
		"none of ours":                            {1, people("lista@kund.example"), nil, "support@cyklar.example"},
		"none of ours, and none of the queue's":   {9, people("lista@kund.example"), nil, "support@cyklar.example"},
	} {
		r := reply()
		r.Queue, r.Answers.To, r.Answers.Cc = c.queue, c.to, c.cc
		if _, mail := compose(t, e, r); mail.From.Value != c.want {
			t.Errorf("%s: from %s, want %s", name, mail.From.Value, c.want)
		}
	}
}

// TestKilledAfterDot kills the process between the final dot and the answer: the mail has
// arrived once, and nothing was written that says so.
func TestKilledAfterDot(t *testing.T) {
	t.Parallel()
	if address := os.Getenv("VAXEL_TEST_SINK"); address != "" {
		h := newHouse(t)
		e := h.open(t, "a", nil)
		save(t, e, support(nobody, address))
		out, _ := compose(t, e, reply())
		_, err := e.Send(t.Context(), out)
		t.Fatal("still here", err)
	}
	sink := mailtest.StartSink(t)
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestKilledAfterDot$")
	cmd.Env = append(os.Environ(), "VAXEL_CRASH=smtp.dot", "VAXEL_TEST_SINK="+sink.Address)
	out, err := cmd.CombinedOutput()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		t.Fatalf("%v\n%s", err, out)
	}
	sink.Wait(t, 1)
}

// TestOutboundHoldsNoBytes keeps attachments out of the row.
func TestOutboundHoldsNoBytes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := h.open(t, "a", nil)
	save(t, e, support(nobody, nobody))
	r := reply()
	r.Attachments = []gateway.Attachment{{Blob: "abc", Name: "big", Size: 1 << 30}}
	out, _ := compose(t, e, r)
	if !json.Valid(out.Body) || len(out.Body) > 4096 {
		t.Errorf("%d bytes: %s", len(out.Body), out.Body)
	}
}
