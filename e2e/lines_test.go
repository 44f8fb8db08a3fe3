package e2e

import (
	"fmt"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/roster"
)

// trio is a customer who talks to anna, bo whom she may ask, and somebody outside whom the
// dial plan lets her call.
type trio struct {
	v                 *vaxel
	bo                *agent
	console           *console // bo's
	caller, anna, bos *phonetest.Phone
	out               *phonetest.Phone
	call, first       *phonetest.Call // the customer's and anna's
	id                gateway.InteractionID
	at                string
	sip               string // where customers call
}

func newTrio(t *testing.T) *trio {
	t.Helper()
	sip := freePort(t, "udp")
	out := phonetest.NewPhone(t, "elsewhere", g711.Mu, outsideHz)
	r := &trio{
		v: newVaxel(t, telephony(sip, 60)+dialPlan(out)), sip: sip, out: out, caller: phonetest.NewPhone(t, "+46701234567", g711.A, customerHz),
		anna: phonetest.NewPhone(t, "anna", g711.A, agentHz), bos: phonetest.NewPhone(t, "bo", g711.Mu, colleagueHz),
	}
	r.v.agent.setPhone(r.anna.URI())
	r.bo = r.v.addAgent("bo", "Bo Ek", roster.Phone{Kind: roster.PhoneSIP, Address: r.bos.URI()})
	r.v.start()
	r.v.agent.signIn()
	r.bo.signIn()
	r.v.agent.openConsole()
	r.console = r.bo.openConsole()
	r.v.agent.available() // bo works offline: reached by colleagues only
	r.call = r.caller.Dial("support", netip.MustParseAddrPort(sip))
	r.first = r.anna.Next()
	r.first.Answer()
	phonetest.Wait(t, "caller and agent talk", func() bool { return r.caller.Sound.Ear.Hears(agentHz) && r.anna.Sound.Ear.Hears(customerHz) })
	r.id = r.v.agent.holds()
	r.at = "/interactions/" + r.id.String()
	return r
}

// dialPlan lets agents call Swedish mobile numbers, which all ring at one phone.
func dialPlan(at *phonetest.Phone) string {
	return fmt.Sprintf("[[voice.dial]]\nprefix = \"+4670\"\nthrough = %q\nfrom = \"+46812345\"\n", at.Addr())
}

// consult has anna ask bo, while the customer hears neither.
func (r *trio) consult(t *testing.T) *phonetest.Call {
	t.Helper()
	r.v.agent.must(http.MethodPost, r.at+"/consult", map[string]any{"to_agent": r.bo.id}, nil)
	second := r.bos.Next()
	second.Answer()
	phonetest.Wait(t, "the agents talk", func() bool { return r.anna.Sound.Ear.Hears(colleagueHz) && r.bos.Sound.Ear.Hears(agentHz) })
	phonetest.Wait(t, "the customer hears neither", func() bool {
		return r.caller.Sound.Ear.Part(agentHz) < 0.1 && r.caller.Sound.Ear.Part(colleagueHz) < 0.1
	})
	return second
}

func (r *trio) withBo(t *testing.T) {
	t.Helper()
	phonetest.Wait(t, "customer and colleague talk", func() bool {
		return r.caller.Sound.Ear.Hears(colleagueHz) && r.bos.Sound.Ear.Hears(customerHz)
	})
}

// keys go both ways between the customer and a phone, after those pressed before.
func (r *trio) keys(t *testing.T, p *phonetest.Phone) {
	t.Helper()
	heard, said := p.Sound.Pressed(), r.caller.Sound.Pressed()
	r.caller.Sound.Press('4')
	phonetest.Wait(t, "the customer's key", func() bool { return p.Sound.Pressed() == heard+"4" })
	p.Sound.Press('7')
	phonetest.Wait(t, "the other's key", func() bool { return r.caller.Sound.Pressed() == said+"7" })
}

// done holds the rows to one interaction, handled in two parts, and no open line.
func (r *trio) done(t *testing.T) {
	t.Helper()
	for _, w := range []struct {
		what string
		sql  string
		want int
	}{
		{"interactions", `select count(*) from interaction where state = 'finished' and ended = 'handled'`, 1},
		{"cases", `select count(*) from support_case`, 1},
		{"parts", `select count(*) from segment`, 2},
		{"lines left open", `select count(*) from leg where ended_at is null`, 0},
	} {
		r.v.wait(w.what+" as they should be", func() bool { return r.v.number(w.sql) == w.want })
	}
}

// TestStoryConsultedTransfer: an agent asks a colleague on line 2 while the customer hears
// music, then gives the customer over and leaves. Keys go both ways all along.
func TestStoryConsultedTransfer(t *testing.T) {
	t.Parallel()
	r := newTrio(t)
	r.keys(t, r.anna)
	second := r.consult(t)
	r.anna.Sound.Press('2')
	phonetest.Wait(t, "the colleague gets the agent's key", func() bool { return r.bos.Sound.Pressed() == "2" })
	r.v.agent.must(http.MethodPost, r.at+"/transfer-lines", map[string]any{}, nil)
	phonetest.Wait(t, "the sender is out", r.first.Gone)
	r.withBo(t)
	r.keys(t, r.bos)
	r.call.Bye()
	phonetest.Wait(t, "the colleague is hung up", second.Gone)
	r.v.agent.wrapUp()
	r.console.finish(t, r.id)
	r.done(t)
}

// TestStoryConsultAndBack: the agent drops line 2 and talks to the customer again.
func TestStoryConsultAndBack(t *testing.T) {
	t.Parallel()
	r := newTrio(t)
	second := r.consult(t)
	r.v.agent.must(http.MethodPost, r.at+"/drop-line", map[string]any{}, nil)
	phonetest.Wait(t, "the colleague is hung up", second.Gone)
	phonetest.Wait(t, "caller and agent talk", func() bool { return r.caller.Sound.Ear.Hears(agentHz) && r.anna.Sound.Ear.Hears(customerHz) })
	r.call.Bye()
	r.v.agent.wrapUp()
	r.done(t)
}

// TestStoryCustomerLeavesConsult: the customer hangs up while the agents talk: they talk on.
// Once the agent has hung up too, the colleague is free, and the agent wraps up.
func TestStoryCustomerLeavesConsult(t *testing.T) {
	t.Parallel()
	r := newTrio(t)
	second := r.consult(t)
	r.call.Bye()
	r.v.wait("an end that the agents outlast", func() bool {
		return r.v.number(`select count(*) from interaction where ended = 'handled' and phase = 'colleagues'`) == 1
	})
	phonetest.Wait(t, "the agents talk on", func() bool { return r.anna.Sound.Ear.Hears(colleagueHz) && r.bos.Sound.Ear.Hears(agentHz) })
	r.first.Bye()
	phonetest.Wait(t, "the colleague is hung up", second.Gone)
	r.v.agent.wrapUp()
	r.v.wait("a colleague with nothing left to do", func() bool { return r.bo.status() == gateway.WorkingOffline })
	r.done(t)
}

// TestStoryConference: everybody hears everybody, and everybody's keys; the agent who had
// the customer hangs up, the colleague and the customer talk on.
func TestStoryConference(t *testing.T) {
	t.Parallel()
	r := newTrio(t)
	second := r.consult(t)
	r.v.agent.must(http.MethodPost, r.at+"/join-lines", map[string]any{}, nil)
	both := func(p *phonetest.Phone, a, b int) bool { return p.Sound.Ear.Part(a) > 0.2 && p.Sound.Ear.Part(b) > 0.2 }
	phonetest.Wait(t, "all hear all", func() bool {
		return both(r.caller, agentHz, colleagueHz) && both(r.anna, customerHz, colleagueHz) && both(r.bos, customerHz, agentHz)
	})
	r.caller.Sound.Press('9')
	phonetest.Wait(t, "both agents get the key", func() bool { return r.anna.Sound.Pressed() == "9" && r.bos.Sound.Pressed() == "9" })
	r.first.Bye()
	r.withBo(t)
	r.v.wait("the colleague has the customer", func() bool { return r.bo.holds() == r.id })
	second.Bye()
	phonetest.Wait(t, "the customer is hung up", r.call.Gone)
	r.v.agent.wrapUp()
	r.console.finish(t, r.id)
	r.done(t)
}

// TestStoryRingAll: a call rings at both agents' phones, a softphone answers; the other phone
// stops, and nobody has missed anything.
func TestStoryRingAll(t *testing.T) {
	t.Parallel()
	sip := freePort(t, "udp")
	v := newVaxel(t, telephony(sip, 60))
	v.plan(func(q *roster.Queue) { q.Strategy = gateway.RingAll })
	annas := phonetest.NewPhone(t, "anna", g711.A, agentHz)
	annas.OnCall((*phonetest.Call).Ring)
	v.agent.setPhone(annas.URI())
	soft := phonetest.NewBaresip(t, "bo", colleagueHz, "")
	bo := v.addAgent("bo", "Bo Ek", roster.Phone{Kind: roster.PhoneSIP, Address: soft.URI})
	v.start()
	v.agent.signIn()
	bo.signIn()
	v.agent.openConsole()
	console := bo.openConsole()
	v.agent.available()
	bo.available()
	caller := phonetest.NewPhone(t, "+46701234567", g711.A, customerHz)
	call := caller.Dial("support", netip.MustParseAddrPort(sip))
	phonetest.Wait(t, "the customer hears who answered", func() bool { return caller.Sound.Ear.Hears(colleagueHz) })
	phonetest.Wait(t, "the other phone stops", annas.Next().Canceled)
	id := bo.holds()
	talked := time.After(2 * time.Second) // what is heard is judged afterwards
	<-talked
	call.Bye()
	console.finish(t, id)
	if !phonetest.HoldsTone(soft.Heard(), customerHz) {
		t.Error("the agent did not hear the customer")
	}
	if is := v.agent.status(); is != gateway.Available {
		t.Errorf("who did not answer is %s", is)
	}
	if n := v.number(`select count(*) from offer where outcome = 'missed'`); n != 0 {
		t.Errorf("got %d missed offers, want none", n)
	}
}
