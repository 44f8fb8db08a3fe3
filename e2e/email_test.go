package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/vaxelhq/vaxel/channels/email/mailtest"
	"github.com/vaxelhq/vaxel/gateway"
)

const support = "support@cyklar.example"

// mailbox is the part of a configuration that reads and answers support's mail.
func mailbox(imap, smtp string) string {
	return fmt.Sprintf(`
[[mailbox]]
address = %q
name = "Cyklar"
queue = "Support"
user = %q
password = %q
imap = { address = %q, tls = "none" }
smtp = { address = %q, tls = "none" }
`, support, support, mailtest.Password, imap, smtp)
}

// mailHouse is a house whose support mailbox and customers' mailboxes are real, with an
// agent signed in.
type mailHouse struct {
	*vaxel
	dovecot *mailtest.Dovecot
	postfix *mailtest.Postfix
}

func newMailHouse(t *testing.T, settings ...string) *mailHouse {
	t.Helper()
	dovecot := mailtest.StartDovecot(t)
	h := &mailHouse{dovecot: dovecot, postfix: mailtest.StartPostfix(t, dovecot.LMTP)}
	h.vaxel = newVaxel(t, mailbox(dovecot.IMAP, h.postfix.SMTP)+strings.Join(settings, ""))
	h.start()
	h.agent.signIn()
	return h
}

const karin = "karin@kund.example"

func (h *mailHouse) karinWrites() {
	h.t.Helper()
	h.send(karin, mailtest.Mail("first", "Karin <"+karin+">", "Trasig kedja", "Hej! Min kedja gick av."))
}

func (h *mailHouse) send(from string, raw []byte) {
	h.t.Helper()
	mailtest.Send(h.t, h.postfix.SMTP, from, support, raw)
}

// answerToKarin waits for the answer, which is to her first mail.
func (h *mailHouse) answerToKarin() *mail.Message {
	h.t.Helper()
	answer := h.mailTo(karin)
	if got := answer.Header.Get("In-Reply-To"); got != "<first@kund.example>" {
		h.t.Errorf("the answer is to %s, want <first@kund.example>", got)
	}
	return answer
}

// TestStoryEmail: a customer writes, an agent answers, the customer writes again, and it
// is one case with one thread, through real mail servers.
func TestStoryEmail(t *testing.T) {
	t.Parallel()
	v := newMailHouse(t)
	c := v.agent.openConsole()
	v.agent.available()

	v.karinWrites()
	id := c.accept(t)
	var i struct {
		gateway.Interaction
		CaseNumber   int64  `json:"case_number"`
		CustomerName string `json:"customer_name"`
		Subject      string
	}
	v.agent.must(http.MethodGet, "/interactions/"+id.String(), nil, &i)
	if i.CustomerName != "Karin" || i.Subject != "Trasig kedja" || i.CaseNumber == 0 {
		t.Errorf("got %+v, want Karin's broken chain with a case number", i)
	}
	v.agent.must(http.MethodPost, "/interactions/"+id.String()+"/reply", map[string]any{"text": "Hej Karin! Vi skickar en ny."}, nil)
	answer := v.answerToKarin()
	c.finish(t, id)

	again := fmt.Appendf(nil, "From: %s\r\nTo: %s\r\nSubject: Re: Trasig kedja\r\nMessage-ID: <second@kund.example>\r\nIn-Reply-To: %s\r\n\r\nTack!\r\n",
		karin, support, answer.Header.Get("Message-ID"))
	v.send(karin, again)
	next := c.accept(t)
	c.finish(t, next)
	if n := v.number(`select count(*) from support_case`); n != 1 {
		t.Errorf("got %d cases, want the one that Karin opened", n)
	}
	if n := v.number(`select count(*) from conversation`); n != 1 {
		t.Errorf("got %d conversations, want one thread", n)
	}
	v.agent.wantHandled(2)
}

// TestKillEmail: the process is killed at each point of a mail's way. Nothing is lost and
// nothing done twice; only where the far server's answer was lost may it get the same mail again.
func TestKillEmail(t *testing.T) {
	t.Parallel()
	dovecot, sink := mailtest.StartDovecot(t), mailtest.StartSink(t)
	points := slices.Concat(receivePoints, verbs, []string{
		"blob.written", "blob.stored", "email.kept", "email.received", "email.settled", "reply.begun", "reply.committing", "reply.committed",
		"outbox.taking", "outbox.taken", "smtp.dot", "outbox.sent", "outbox.settled",
	})
	var count atomic.Int32
	walk(t, points, func(t *testing.T, point string) { //nolint:thelper // the test itself
		n := count.Add(1)
		address := fmt.Sprintf("support%d@cyklar.example", n)
		v := newVaxel(t, string(bytes.ReplaceAll([]byte(mailbox(dovecot.IMAP, sink.Address)), []byte(support), []byte(address))))
		customer := fmt.Sprintf("kund%d@kund.example", n)
		dovecot.Deliver(t, address, bytes.ReplaceAll(mailtest.Mail(fmt.Sprintf("m%d", n), customer, "Hej", "Hej!"), []byte(support), []byte(address)))
		v.startCrashing(point)
		v.agent.signIn()
		c := v.agent.openConsole()
		v.agent.available()
		id := c.accept(t)
		v.agent.persist(http.MethodPost, "/interactions/"+id.String()+"/reply", map[string]any{"client_id": "r1", "text": "Hej hej!"})
		arrived := func() (ids []string) {
			for _, s := range sink.Mails() {
				if s.To[0] == customer {
					m, err := mail.ReadMessage(bytes.NewReader(s.Raw))
					must(t, err)
					ids = append(ids, m.Header.Get("Message-ID"))
				}
			}
			return ids
		}
		v.wait("the answer at the far server", func() bool { return len(arrived()) > 0 })
		v.wait("the outbox to settle", func() bool { // else a later kill may meet the sending
			return v.number(`select count(*) from outbound where state = 'sent'`) == 1
		})
		c.finish(t, id)
		v.wantCrashed()
		v.wantOne(gateway.Email, 2)
		most := 1
		if slices.Contains([]string{"smtp.dot", "outbox.sent"}, point) {
			most = 2 // nobody knows whether the first was taken, so it goes again, as the same mail
		}
		got := arrived()
		if different := slices.Compact(slices.Clone(got)); len(got) > most || len(different) != 1 {
			t.Errorf("the customer got %v, want %d of one mail at most", got, most)
		}
	})
}

// TestStoryMailBetweenMany: a customer writes with a copy to her chief, an agent answers
// both, passes the mail on to a workshop, has its answer on the same case, and writes first
// to somebody else, through real mail servers.
func TestStoryMailBetweenMany(t *testing.T) {
	t.Parallel()
	v := newMailHouse(t)
	c := v.agent.openConsole()
	v.agent.available()

	const chief, workshop, stranger = "chef@kund.example", "verkstad@kund.example", "ny@kund.example"
	v.send(karin, fmt.Appendf(nil,
		"From: Karin <%s>\r\nTo: %s\r\nCc: %s\r\nSubject: Trasig kedja\r\nMessage-ID: <first@kund.example>\r\nMIME-Version: 1.0\r\n"+
			"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nMin kedja gick av.\r\n"+
			"--x\r\nContent-Type: image/png; name=kedja.png\r\nContent-Disposition: attachment; filename=kedja.png\r\n\r\nPNG\r\n--x--\r\n",
		karin, support, chief))
	at := "/interactions/" + c.accept(t).String()
	v.agent.must(http.MethodPost, at+"/reply", map[string]any{"text": "Vi frågar verkstaden.", "all": true}, nil)
	for _, who := range []string{karin, chief} {
		if m := v.mailTo(who); m.Header.Get("In-Reply-To") != "<first@kund.example>" || m.Header.Get("Cc") != "<"+chief+">" {
			t.Errorf("%s got %v", who, m.Header)
		}
	}

	v.agent.must(http.MethodPost, at+"/forward", map[string]any{"text": "Kan ni laga den?", "to": []gateway.Address{{Kind: gateway.AddressEmail, Value: workshop}}}, nil)
	passed := v.mailTo(workshop)
	body, err := io.ReadAll(passed.Body)
	must(t, err)
	if passed.Header.Get("In-Reply-To") != "" || !bytes.Contains(body, []byte("kedja.png")) || !bytes.Contains(body, []byte("Min kedja gick av.")) {
		t.Errorf("the workshop got %v %s", passed.Header, body)
	}
	reference := passed.Header.Get("Message-ID")
	v.send(workshop, fmt.Appendf(nil,
		"From: Verkstaden <%s>\r\nTo: %s\r\nSubject: Re: Fwd\r\nMessage-ID: <w1@kund.example>\r\nIn-Reply-To: %s\r\n\r\nJa.\r\n", workshop, support, reference))
	v.wait("the workshop's answer on the case", func() bool { return v.number(`select count(*) from entry where kind = 'mail'`) == 4 })
	if cases, customers := v.number(`select count(*) from support_case`), v.number(`select count(distinct customer) from customer_address`); cases != 1 || customers != 2 {
		t.Errorf("%d cases and %d customers, want one of Karin's, and the workshop beside her", cases, customers)
	}

	var written struct {
		Case  gateway.CaseID
		Entry gateway.Entry
	}
	v.agent.must(http.MethodPost, "/mails", map[string]any{"to": []gateway.Address{{Kind: gateway.AddressEmail, Value: stranger}}, "subject": "Din cykel", "text": "Den är klar."}, &written)
	first := v.mailTo(stranger)
	v.send(stranger, fmt.Appendf(nil,
		"From: %s\r\nTo: %s\r\nSubject: Re: Din cykel\r\nMessage-ID: <n1@kund.example>\r\nIn-Reply-To: %s\r\n\r\nTack!\r\n", stranger, support, first.Header.Get("Message-ID")))
	v.wait("the answer in the conversation that we began", func() bool {
		return v.number(fmt.Sprintf(`select last_pos from conversation where id = %d`, written.Entry.Conversation)) == 2
	})
	if n := v.number(`select count(*) from support_case`); n != 2 {
		t.Errorf("%d cases, want Karin's and the one that we began", n)
	}
}

// TestStoryUnsubscribe: a customer has enough of acknowledgements, says so with the link that stands
// in one, and gets no more of them; others do, and who supervises sees it.
func TestStoryUnsubscribe(t *testing.T) {
	t.Parallel()
	v := newMailHouse(t, "acknowledge = \"We have your mail.\"\n")
	v.karinWrites()
	ways := v.answerToKarin().Header.Get("List-Unsubscribe")
	link, _, _ := strings.Cut(strings.TrimPrefix(ways, "<"), ">")
	if !strings.HasPrefix(link, v.base+"/m/leave/") {
		t.Fatalf("List-Unsubscribe: %s", ways)
	}
	resp, err := http.PostForm(link, map[string][]string{"List-Unsubscribe": {"One-Click"}})
	must(t, err)
	must(t, resp.Body.Close())
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("the link answers %s", resp.Status)
	}
	v.send(karin, mailtest.Mail("second", karin, "Trasigt lager", "Hej igen!"))
	v.wait("her second mail", func() bool { return v.number(`select count(*) from support_case`) == 2 })
	const other = "ny@kund.example"
	v.send(other, mailtest.Mail("other", other, "Punktering", "Hej!"))
	v.mailTo(other)
	if n := len(v.dovecot.Mails(t, karin)); n != 1 {
		t.Errorf("she got %d acknowledgements, want the one before", n)
	}
	var list struct {
		Items []struct{ Address, Way string }
	}
	v.agent.must(http.MethodGet, "/admin/unsubscribed", nil, &list)
	if len(list.Items) != 1 || list.Items[0].Address != karin || list.Items[0].Way != "link" {
		t.Errorf("who wants none: %+v", list.Items)
	}
}

// mailTo waits for the one mail in a mailbox.
func (h *mailHouse) mailTo(address string) *mail.Message {
	h.t.Helper()
	h.wait("a mail to "+address, func() bool { return len(h.dovecot.Mails(h.t, address)) == 1 })
	m, err := mail.ReadMessage(bytes.NewReader(h.dovecot.Mails(h.t, address)[0]))
	must(h.t, err)
	return m
}
