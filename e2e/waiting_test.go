package e2e

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/roster"
)

// plan changes the queue.
func (v *vaxel) plan(change func(*roster.Queue)) {
	v.t.Helper()
	people := roster.New(v.pool, quiet{})
	q, err := people.Queue(v.t.Context(), v.queue)
	must(v.t, err)
	change(&q)
	_, err = people.UpdateQueue(v.t.Context(), q)
	must(v.t, err)
}

// status is how the agent is shown.
func (a *agent) status() (s gateway.Status) {
	a.v.t.Helper()
	must(a.v.t, a.v.pool.QueryRow(a.v.t.Context(), `select status from presence where agent = $1`, a.id).Scan(&s))
	return s
}

// TestStoryCallMeBack: the queue offers a callback, the caller presses 1 and hangs up with a
// promise; an agent is offered the callback at the place that the call had.
func TestStoryCallMeBack(t *testing.T) {
	t.Parallel()
	sip := freePort(t, "udp")
	v := newVaxel(t, telephony(sip, 60))
	v.plan(func(q *roster.Queue) { q.Steps = []gateway.Step{{After: 1, Do: gateway.OfferCallback}} })
	v.agent.setPhone(phonetest.NewPhone(t, "anna", g711.A, agentHz).URI())
	v.start()
	v.agent.signIn()
	console := v.agent.openConsole()
	caller := phonetest.NewPhone(t, "+46701234567", g711.A, 0)
	call := caller.Dial("support", netip.MustParseAddrPort(sip))
	phonetest.Wait(t, "it is answered", call.Up)
	pressed := int64(0)
	phonetest.Wait(t, "they are let go", func() bool {
		if n := caller.Sound.Sent(); n > pressed+50 { // once a second: before the offer it means nothing
			pressed = n
			caller.Sound.Press('1')
		}
		return call.Gone()
	})
	v.agent.available()
	id := console.accept(t)
	const kept = `
		select count(*)
		from interaction c
		join interaction v on v.conversation = c.conversation
		where c.channel = 'callback' and v.channel = 'voice' and v.ended = 'callback'
		and c.arrived_at = v.arrived_at and c.due_at = v.due_at`
	if n := v.number(kept); n != 1 {
		t.Errorf("got %d callbacks at the place of their call, want 1", n)
	}
	console.finish(t, id)
}

// TestStoryLeavesAtTheGreeting: sent to voicemail, the caller hangs up without a word and
// calls again: the first call was abandoned, the second has its place.
func TestStoryLeavesAtTheGreeting(t *testing.T) {
	t.Parallel()
	sip := freePort(t, "udp")
	v := newVaxel(t, telephony(sip, 1))
	v.start()
	caller := phonetest.NewPhone(t, "+46701234567", g711.A, 0)
	for n := 1; n <= 2; n++ {
		call := caller.Dial("support", netip.MustParseAddrPort(sip))
		v.wait("a call that is sent to voicemail", func() bool {
			return v.number(`select count(*) from interaction where channel = 'voice' and ended = 'voicemail'`) == 1
		})
		call.Bye()
		v.wait("an abandoned call", func() bool {
			return v.number(`select count(*) from interaction where ended in ('abandoned', 'short_abandon')`) == n
		})
	}
	if n := v.number(`select count(distinct arrived_at) from interaction`); n != 1 {
		t.Errorf("the caller has got %d places, want to be back at the first", n)
	}
	if n := v.number(`select count(*) from interaction`); n != 2 {
		t.Errorf("got %d interactions, want the two calls", n)
	}
}

// TestStorySentOutside: a step of the queue sends the caller to a telephone elsewhere, through
// the dial plan; they talk.
func TestStorySentOutside(t *testing.T) {
	t.Parallel()
	sip := freePort(t, "udp")
	elsewhere := phonetest.NewPhone(t, "elsewhere", g711.A, colleagueHz)
	dial := fmt.Sprintf("[[voice.dial]]\nprefix = \"+4670\"\nthrough = %q\n", elsewhere.Addr())
	v := newVaxel(t, telephony(sip, 60)+dial)
	v.plan(func(q *roster.Queue) {
		q.Steps = []gateway.Step{{After: 1, Do: gateway.ToExternal, To: "+46709998877"}}
	})
	v.start()
	caller := phonetest.NewPhone(t, "+46701234567", g711.A, customerHz)
	call := caller.Dial("support", netip.MustParseAddrPort(sip))
	other := elsewhere.Next()
	other.Answer()
	phonetest.Wait(t, "they talk", func() bool { return caller.Sound.Ear.Hears(colleagueHz) && elsewhere.Sound.Ear.Hears(customerHz) })
	call.Bye()
	phonetest.Wait(t, "the other is hung up", other.Gone)
	if n := v.number(`select count(*) from interaction where ended = 'transferred_external'`); n != 1 {
		t.Errorf("got %d calls that were sent on, want 1", n)
	}
	v.wait("no open line", func() bool { return v.number(`select count(*) from leg where ended_at is null`) == 0 })
}
