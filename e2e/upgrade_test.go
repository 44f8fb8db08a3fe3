package e2e

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/vaxelhq/vaxel/channels/email/mailtest"
	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/bus/natstest"
	"github.com/vaxelhq/vaxel/gateway/roster"
)

// TestRollingUpgradeUnderLoad: each of three nodes, two of them with telephones, is drained,
// stopped and started again, while customers call, chat and write mails one after the other
// all along. No call is dropped or turned away, no line and no mail is lost or doubled.
func TestRollingUpgradeUnderLoad(t *testing.T) {
	t.Parallel()
	dovecot, sink := mailtest.StartDovecot(t), mailtest.StartSink(t)
	c := &nodes{nats: natstest.New(t), front: newVaxel(t, "")}
	v := c.front
	trunk := &trunk{t: t, lines: []netip.AddrPort{netip.MustParseAddrPort(freePort(t, "udp")), netip.MustParseAddrPort(freePort(t, "udp"))}}
	mails := mailbox(dovecot.IMAP, sink.Address)
	staff := []*agent{v.agent}
	for _, name := range []string{"bo", "cia"} {
		desk := phonetest.NewPhone(t, name, g711.A, agentHz)
		desk.OnCall(func(c *phonetest.Call) { c.Ring(); c.Answer() })
		a := v.addAgent(name, name, roster.Phone{Kind: roster.PhoneSIP, Address: desk.URI()})
		a.takesOnly(gateway.Voice)
		staff = append(staff, a)
	}
	c.start(t, telephony(trunk.lines[0].String(), 600)+widget+mails, telephony(trunk.lines[1].String(), 600)+widget+mails, widget+mails)

	day := &busyDay{c: c, acked: map[string]gateway.InteractionID{}, seen: map[string]int{}}
	var customers, agents sync.WaitGroup
	var letters, calls atomic.Int64
	defer func() { // also when it has failed
		day.shut.Store(true)
		customers.Wait()
		day.over.Store(true)
		agents.Wait()
	}()
	for n := range 2 {
		customers.Go(func() { day.comeAndGo(n, rand.New(rand.NewPCG(1, uint64(n)))) }) // chance that is the same each time
		customers.Go(func() { day.write(n, dovecot, sink, &letters) })
		customers.Go(func() { day.callAgain(n, trunk, &calls) })
	}
	for n, a := range staff {
		a.signIn()
		w := &worker{a: a, desk: a.openConsole(), day: day, dice: rand.New(rand.NewPCG(2, uint64(n))), said: map[gateway.InteractionID]int{}}
		agents.Go(w.work)
	}
	for n, node := range c.list {
		before := [...]int64{calls.Load(), letters.Load(), int64(day.count())}
		if n < len(trunk.lines) {
			v.wait("somebody who talks on this node", func() bool {
				return v.number(fmt.Sprintf(`select count(*) from call where node = '%s' and state = 'talking'`, nodeName(n))) > 0
			})
		}
		if out := <-node.drain("--deadline=20m", "--final=19m"); !strings.Contains(out, "is empty: stop it, and nobody notices. 0 calls were ended") {
			t.Fatalf("node %d: %s", n+1, out)
		}
		trunk.away(n, true)
		node.signal(syscall.SIGTERM)
		node.wait("its end", node.dead)
		node.run("")
		node.wait("its readiness", node.ready)
		trunk.away(n, false)
		v.wait("more of everything", func() bool {
			return calls.Load() > before[0] && letters.Load() > before[1] && int64(day.count()) > before[2] || t.Failed()
		})
	}
	day.shut.Store(true)
	customers.Wait()
	v.wait("the end of all work", func() bool { return v.number(`select count(*) from interaction where state <> 'finished'`) == 0 })
	day.over.Store(true)
	agents.Wait()
	day.check(t)
	day.wantAnswers(t, sink, int(letters.Load()))
	t.Logf("%d calls, %d mails, %d chats", calls.Load(), letters.Load(), day.count())
	for sql, want := range map[string]int{
		`select count(*) from interaction where channel = 'voice'`:         int(calls.Load()),
		`select count(*) from interaction where channel = 'email'`:         int(letters.Load()),
		`select count(*) from interaction where ended <> 'handled'`:        0,
		`select count(*) from interaction where channel = 'callback'`:      0,
		`select count(*) from entry where kind = 'mail'`:                   2 * int(letters.Load()),
		`select count(*) from outbound where state <> 'sent'`:              0,
		`select count(*) from leg where ended_at is null`:                  0,
		`select count(*) from offer where outcome in ('missed', 'failed')`: 0,
		`select count(*) from audit where what = 'node.drained'`:           len(c.list),
	} {
		if got := v.number(sql); got != want {
			t.Errorf("%s: got %d, want %d", sql, got, want)
		}
	}
	checkFloor(t, v.pool).wantSpans(v.pool)
}

// takesOnly has an agent work in these channels.
func (a *agent) takesOnly(channels ...gateway.Channel) {
	a.v.t.Helper()
	people := roster.New(a.v.pool, quiet{})
	now, err := people.Agent(a.v.t.Context(), a.id)
	must(a.v.t, err)
	now.Channels = channels
	_, err = people.UpdateAgent(a.v.t.Context(), now)
	must(a.v.t, err)
}

// trunk is a provider of telephony with a line to each node, as operators order it: a node
// that refuses is not the last that is tried, and one that is known to be away is not tried.
type trunk struct {
	t     testing.TB
	lines []netip.AddrPort

	mu   sync.Mutex // guards what follows
	next int
	gone [8]bool
}

func (k *trunk) away(n int, gone bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.gone[n] = gone
}

func (k *trunk) isAway(n int) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.gone[n]
}

func (k *trunk) choose() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	for range k.lines {
		if k.next = (k.next + 1) % len(k.lines); !k.gone[k.next] {
			return k.next
		}
	}
	return k.next
}

// call dials until a node has taken the call.
func (k *trunk) call(d *busyDay, p *phonetest.Phone) *phonetest.Call {
	for {
		n := k.choose()
		call := p.Dial("support", k.lines[n])
		if !d.within(func() bool { return call.Status() >= 200 || call.Status() == 0 && k.isAway(n) }) {
			k.t.Errorf("node %d never answered a call", n+1)
			return nil
		}
		switch status := call.Status(); {
		case status == 200:
			return call
		case status != 503 && status != 0:
			k.t.Errorf("node %d answers a call with %d", n+1, status)
			return nil
		}
	}
}

// callAgain is one customer after the other who calls, talks for two seconds and hangs up.
func (d *busyDay) callAgain(slot int, k *trunk, calls *atomic.Int64) {
	for n := 0; !d.shut.Load() && !k.t.Failed(); n++ {
		p := phonetest.NewPhone(k.t, fmt.Sprintf("caller%d.%d", slot, n), g711.A, customerHz)
		call := k.call(d, p)
		if call == nil {
			return
		}
		if !d.within(func() bool { return call.Gone() || p.Sound.Ear.Hears(agentHz) }) || call.Gone() {
			k.t.Errorf("a call was dropped before anybody answered: %s", call.Reason())
			return
		}
		said := p.Sound.Sent()
		d.within(func() bool { return call.Gone() || p.Sound.Sent() > said+100 })
		if call.Gone() {
			k.t.Errorf("a call was dropped while they talked: %s", call.Reason())
			return
		}
		call.Bye()
		calls.Add(1)
	}
}

// write is a customer who writes a mail, waits for the answer, and writes the next.
func (d *busyDay) write(slot int, dovecot *mailtest.Dovecot, sink *mailtest.Sink, letters *atomic.Int64) {
	t := d.c.front.t
	for n := 0; !d.shut.Load() && !t.Failed(); n++ {
		who := fmt.Sprintf("kund%d.%d@kund.example", slot, n)
		dovecot.Deliver(t, support, mailtest.Mail(fmt.Sprintf("m%d.%d", slot, n), who, "Hej", "Hej!"))
		letters.Add(1)
		if !d.within(func() bool { return answers(sink)[who] > 0 || t.Failed() }) {
			t.Errorf("%s waited ten minutes for an answer", who)
		}
	}
}

// answers counts the mails that each customer got.
func answers(sink *mailtest.Sink) map[string]int {
	count := map[string]int{}
	for _, m := range sink.Mails() {
		count[m.To[0]]++
	}
	return count
}

// wantAnswers holds that each customer got one answer, in which stands what an agent wrote.
func (*busyDay) wantAnswers(t *testing.T, sink *mailtest.Sink, customers int) {
	t.Helper()
	got := answers(sink)
	if len(got) != customers {
		t.Errorf("%d customers have an answer, want %d", len(got), customers)
	}
	for who, n := range got {
		if n != 1 {
			t.Errorf("%s got %d answers", who, n)
		}
	}
	if slices.ContainsFunc(sink.Mails(), func(m mailtest.Sent) bool { return !bytes.Contains(m.Raw, []byte("Svar ")) }) {
		t.Error("an answer is empty")
	}
}
