package e2e

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/email/mailtest"
	"github.com/vaxelhq/vaxel/gateway"
)

var chaosMails = flag.Int("chaos.mails", 4, "how many rounds of kills and cuts TestChaosMail does")

// The two mailboxes of TestChaosMail: what leaves by the first is filed by its provider, so that
// a mail of which nobody knows is looked for there; what leaves by the second is not.
const filed, unfiled = "support@cyklar.example", "faktura@cyklar.example"

// mailStorm is a house with two mailboxes behind wires that break.
type mailStorm struct {
	*vaxel
	dice    *rand.Rand
	dovecot *mailtest.Dovecot
	sink    *mailtest.Sink
	wires   []*mailtest.Wire // to Dovecot, to the first mailbox's SMTP server, to the second's

	console           *console
	wrote, answered   int
	kills, cuts, half int
}

// TestChaosMail has customers write to two mailboxes and an agent answer them, while the process is
// killed and the connections to both mail servers are cut or fall silent, at random. Each mail is one
// entry and one interaction; each answer has left once, and where the provider does not file
// it, twice at most, as the same mail, if nobody knew of the first. Of one that was twice
// in doubt there the house says so, for ever.
func TestChaosMail(t *testing.T) {
	s := newMailStorm(t)
	for range *chaosMails {
		s.round()
	}
	s.kill() // what is silent by now is given up at once
	s.run("")
	s.wait("readiness", s.ready)
	s.calm()
	t.Logf("%d kills, %d cuts of all connections, %d connections cut or silenced after some bytes; %d mails, %d answers", s.kills, s.cuts, s.half, s.wrote, s.answered)
	s.wantEachOnce()
	checkFloor(t, s.pool)
}

func newMailStorm(t *testing.T) *mailStorm {
	t.Helper()
	s := &mailStorm{dice: rand.New(rand.NewPCG(chaosSeedOf(t), 3)), dovecot: mailtest.StartDovecot(t), sink: mailtest.StartSink(t)} // chance that can be repeated
	s.sink.Keeping = func(m mailtest.Sent) { s.dovecot.File(t, filed, "Sent", m.Raw) }
	postfix := mailtest.StartPostfix(t, s.dovecot.LMTP)
	for _, to := range []string{s.dovecot.IMAP, s.sink.Address, postfix.SMTP} {
		s.wires = append(s.wires, mailtest.StartWire(t, to))
	}
	settings := strings.Replace(mailbox(s.wires[0].Address, s.wires[1].Address), "name =", "sent_folder = \"Sent\"\nname =", 1) +
		strings.ReplaceAll(mailbox(s.wires[0].Address, s.wires[2].Address), filed, unfiled)
	s.vaxel = newVaxel(t, settings)
	s.start()
	s.agent.signIn()
	s.console = s.agent.openConsole()
	s.agent.available()
	return s
}

// round is two mails, some faults, and as much work as can be done meanwhile.
func (s *mailStorm) round() {
	s.t.Helper()
	s.wrote++
	for _, to := range []string{filed, unfiled} {
		box, _, _ := strings.Cut(to, "@")
		raw := mailtest.Mail(fmt.Sprintf("%s%d", box, s.wrote), fmt.Sprintf("%s%d@kund.example", box, s.wrote), "Fråga", strings.Repeat("Hej! ", 1+s.dice.IntN(2000)))
		s.dovecot.Deliver(s.t, to, bytes.ReplaceAll(raw, []byte(filed), []byte(to)))
	}
	for i, w := range s.wires {
		if s.dice.IntN(2) == 0 {
			continue
		}
		b := mailtest.Break{AfterDown: s.dice.IntN(400)} // SMTP's answers
		switch {
		case i == 0:
			b = mailtest.Break{AfterDown: s.dice.IntN(30_000), Silent: s.dice.IntN(4) == 0}
		case s.dice.IntN(2) == 0:
			b = mailtest.Break{AfterDown: -1, AfterUp: 1 + s.dice.IntN(4000)}
		}
		w.Plan(b)
		s.half++
	}
	begun, over := time.Now(), make(chan struct{})
	moment, kill := time.Duration(s.dice.IntN(600))*time.Millisecond, s.dice.IntN(2) == 0
	go func() {
		defer close(over)
		<-time.After(moment)
		if kill {
			s.kill()
			s.run("")
			return
		}
		for _, w := range s.wires {
			w.CutAll()
		}
	}()
	if s.cuts++; kill {
		s.kills, s.cuts = s.kills+1, s.cuts-1
	}
	for done := false; !done || time.Since(begun) < time.Second; {
		s.work()
		s.pass()
		select {
		case <-over:
			done = true
		default:
		}
	}
}

// work answers and ends whatever the agent holds, once they have taken what is offered.
func (s *mailStorm) work() {
	s.t.Helper()
	held := map[gateway.InteractionID]bool{}
	s.console.takeAll(held)
	for id := range held {
		s.agent.persist(http.MethodPost, "/interactions/"+id.String()+"/reply", map[string]any{"client_id": "r", "text": "Svar. " + strings.Repeat("Hej! ", s.dice.IntN(1000))}, "reply-"+id.String())
		s.console.finish(s.t, id)
		s.answered++
	}
	if len(held) == 0 {
		time.Sleep(20 * time.Millisecond) // between looks, not instead of one
	}
}

// pass lets the time pass until what was deferred is tried again: minutes, and then hours.
func (s *mailStorm) pass() {
	_, err := s.pool.Exec(s.t.Context(), `update outbound set due_at = now() where state in ('deferred', 'unknown') and due_at > now()`)
	must(s.t, err)
}

// calm waits until all is done, with wires that hold.
func (s *mailStorm) calm() {
	s.t.Helper()
	for last := time.Now(); s.answered < 2*s.wrote; {
		was := s.answered
		s.work()
		if s.answered > was {
			last = time.Now()
		}
		if time.Since(last) > time.Minute {
			s.t.Fatalf("%d of %d mails answered\n%s", s.answered, 2*s.wrote, s.log.tail())
		}
	}
	s.wait("everything to have left", func() bool {
		s.pass()
		return s.number(`select count(*) from outbound where state <> 'sent' and due_at is not null`) == 0
	})
}

func (s *mailStorm) wantEachOnce() {
	s.t.Helper()
	for _, w := range []struct{ what, sql string }{
		{"mails of customers", `select count(*) from entry where kind = 'mail' and author_kind = 'customer'`},
		{"different mails of customers", `select count(distinct body->>'message_id') from entry where kind = 'mail' and author_kind = 'customer'`},
		{"answers", `select count(*) from entry where kind = 'mail' and author_kind = 'agent'`},
		{"cases", `select count(*) from support_case`},
		{"interactions", `select count(*) from interaction`},
		{"finished interactions", `select count(*) from interaction where state = 'finished' and ended = 'handled'`},
		{"outbound mails that left", `select count(*) from outbound where state = 'sent' or state = 'unknown' and not filed`},
	} {
		if got := s.number(w.sql); got != 2*s.wrote {
			s.t.Errorf("got %d %s, want %d", got, w.what, 2*s.wrote)
		}
	}
	var sunk [][]byte
	for _, m := range s.sink.Mails() {
		sunk = append(sunk, m.Raw)
	}
	if copies := s.copies(sunk); len(copies) != s.wrote || len(sunk) != s.wrote {
		s.t.Errorf("%d answers left by %s, %d of them different; want %d", len(sunk), filed, len(copies), s.wrote)
	}
	twice, doubtful := 0, s.number(`select count(*) from outbound where state = 'unknown'`)
	for n := 1; n <= s.wrote; n++ {
		customer := fmt.Sprintf("faktura%d@kund.example", n)
		of := ` from outbound o join outbound_recipient r on r.outbound_id = o.id where r.address = '` + customer + `'`
		if s.number(`select count(*)`+of+` and o.state = 'sent'`) == 1 {
			s.wait("the answer to "+customer, func() bool { return len(s.dovecot.Mails(s.t, customer)) > 0 })
		}
		got, doubts := s.dovecot.Mails(s.t, customer), s.number(`select coalesce(max(doubts), 0)`+of)
		copies := s.copies(got)
		if len(copies) > 1 || len(got) > 1+doubts {
			s.t.Errorf("%s got %d mails, %d different ones, after %d doubts", customer, len(got), len(copies), doubts)
		}
		twice += max(0, len(got)-1)
	}
	s.t.Logf("of %d answers that no provider files %d came twice, as the same mail, and %d stayed in doubt", s.wrote, twice, doubtful)
}

// copies counts mails by their Message-ID.
func (s *mailStorm) copies(raw [][]byte) map[string]int {
	s.t.Helper()
	n := map[string]int{}
	for _, r := range raw {
		m, err := mail.ReadMessage(bytes.NewReader(r))
		must(s.t, err)
		n[m.Header.Get("Message-ID")]++
	}
	return n
}
