package e2e

import (
	"net/http"
	"slices"
	"testing"

	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/gateway"
)

const (
	outsideHz = 1300
	outsideNo = "+46 70-111 22 33"
)

// lined is what the API shows of an interaction's lines.
type lined struct {
	State   gateway.State
	Phase   gateway.Phase
	End     gateway.End
	Outside bool
	Actions []string
}

// callOut has anna call somebody outside on line 2, while the customer hears neither.
func (r *trio) callOut(t *testing.T) *phonetest.Call {
	t.Helper()
	var i lined
	r.v.agent.must(http.MethodPost, r.at+"/consult", map[string]any{"to_number": outsideNo}, &i)
	if i.Phase != gateway.PhaseConsult || !i.Outside || !slices.Contains(i.Actions, "transfer_lines") || !slices.Contains(i.Actions, "join_lines") {
		t.Errorf("line 2 is shown as %+v", i)
	}
	second := r.out.Next()
	second.Answer()
	phonetest.Wait(t, "agent and line 2 talk", func() bool { return r.anna.Sound.Ear.Hears(outsideHz) && r.out.Sound.Ear.Hears(agentHz) })
	phonetest.Wait(t, "the customer hears neither", func() bool {
		return r.caller.Sound.Ear.Part(agentHz) < 0.1 && r.caller.Sound.Ear.Part(outsideHz) < 0.1
	})
	return second
}

// withOut has the customer talk to somebody outside.
func (r *trio) withOut(t *testing.T) {
	t.Helper()
	phonetest.Wait(t, "the agent is out", r.first.Gone)
	phonetest.Wait(t, "customer and line 2 talk", func() bool { return r.caller.Sound.Ear.Hears(outsideHz) && r.out.Sound.Ear.Hears(customerHz) })
}

// sentOn holds the rows to one interaction that ended outside, and no open line.
func (r *trio) sentOn(t *testing.T) {
	t.Helper()
	for what, sql := range map[string]string{
		"one interaction": `select count(*) from interaction where state = 'finished' and ended = 'transferred_external'`,
		"one case":        `select count(*) from support_case`,
		"one part":        `select count(*) from segment`,
		"no open line":    `select 1 - count(*) from leg where ended_at is null`,
	} {
		r.v.wait(what, func() bool { return r.v.number(sql) == 1 })
	}
}

// TestStoryLineOutside: an agent calls somebody outside on line 2, gives the customer over
// and wraps up, while the two talk on until one hangs up.
func TestStoryLineOutside(t *testing.T) {
	t.Parallel()
	r := newTrio(t)
	for path, code := range map[string]int{"/consult": http.StatusForbidden, "/transfer": http.StatusForbidden} {
		if got := r.v.agent.call(http.MethodPost, r.at+path, map[string]any{"to_number": "+1900555"}, nil); got != code {
			t.Errorf("outside the dial plan: %d", got)
		}
	}
	if got := r.bo.call(http.MethodPost, r.at+"/consult", map[string]any{"to_number": outsideNo}, nil); got != http.StatusForbidden {
		t.Errorf("another's call: %d", got)
	}
	second := r.callOut(t)
	if got := r.v.agent.call(http.MethodPost, r.at+"/transfer", map[string]any{"to_agent": r.bo.id}, nil); got != http.StatusConflict {
		t.Errorf("with line 2 in use: %d", got)
	}
	r.v.agent.must(http.MethodPost, r.at+"/consult", map[string]any{"to_number": outsideNo}, nil) // again: nothing more happens
	var i lined
	r.v.agent.must(http.MethodPost, r.at+"/transfer-lines", map[string]any{}, &i)
	if i.State != gateway.StateWrapUp || i.End != gateway.EndTransferredExternal {
		t.Errorf("given away: %+v", i)
	}
	r.v.agent.must(http.MethodPost, r.at+"/transfer-lines", map[string]any{}, nil)
	r.withOut(t)
	r.keys(t, r.out)
	r.v.agent.wrapUp()
	r.withOut(t)
	second.Bye()
	phonetest.Wait(t, "the customer is hung up", r.call.Gone)
	r.sentOn(t)
}

// TestStoryConferenceOutside: everybody hears everybody; line 2 is dropped, and the agent
// talks to the customer again.
func TestStoryConferenceOutside(t *testing.T) {
	t.Parallel()
	r := newTrio(t)
	second := r.callOut(t)
	r.v.agent.must(http.MethodPost, r.at+"/swap-lines", map[string]any{"line": 1}, nil)
	phonetest.Wait(t, "agent and customer talk, line 2 hears neither", func() bool {
		return r.caller.Sound.Ear.Hears(agentHz) && r.anna.Sound.Ear.Hears(customerHz) && r.out.Sound.Ear.Part(agentHz) < 0.1 && r.out.Sound.Ear.Part(customerHz) < 0.1
	})
	r.v.agent.must(http.MethodPost, r.at+"/swap-lines", map[string]any{"line": 2}, nil)
	phonetest.Wait(t, "agent and line 2 talk again", func() bool { return r.anna.Sound.Ear.Hears(outsideHz) && r.out.Sound.Ear.Hears(agentHz) })
	r.v.agent.must(http.MethodPost, r.at+"/join-lines", map[string]any{}, nil)
	both := func(p *phonetest.Phone, a, b int) bool { return p.Sound.Ear.Part(a) > 0.2 && p.Sound.Ear.Part(b) > 0.2 }
	phonetest.Wait(t, "all hear all", func() bool {
		return both(r.caller, agentHz, outsideHz) && both(r.anna, customerHz, outsideHz) && both(r.out, customerHz, agentHz)
	})
	if got := r.v.agent.call(http.MethodPost, r.at+"/consult", map[string]any{"to_number": outsideNo + "4"}, nil); got != http.StatusConflict {
		t.Errorf("a second number outside: %d", got)
	}
	r.v.agent.must(http.MethodPost, r.at+"/drop-line", map[string]any{}, nil)
	phonetest.Wait(t, "line 2 is hung up", second.Gone)
	phonetest.Wait(t, "two talk on", func() bool { return r.caller.Sound.Ear.Hears(agentHz) && r.anna.Sound.Ear.Hears(customerHz) })
	r.callOut(t).Bye() // they hang up themselves
	phonetest.Wait(t, "two talk on again", func() bool { return r.caller.Sound.Ear.Hears(agentHz) && r.anna.Sound.Ear.Hears(customerHz) })
	r.call.Bye()
	r.v.agent.wrapUp()
	r.v.wait("no open line", func() bool { return r.v.number(`select count(*) from leg where ended_at is null`) == 0 })
}

// everybody has bo and somebody outside on the call too, all heard by all.
func (r *trio) everybody(t *testing.T) (bo, out *phonetest.Call) {
	t.Helper()
	bo = r.consult(t)
	r.v.agent.must(http.MethodPost, r.at+"/join-lines", map[string]any{}, nil)
	out = r.callOut(t)
	phonetest.Wait(t, "bo hears neither", func() bool { return r.bos.Sound.Ear.Part(agentHz) < 0.1 && r.bos.Sound.Ear.Part(outsideHz) < 0.1 })
	r.v.agent.must(http.MethodPost, r.at+"/join-lines", map[string]any{}, nil)
	all := map[*phonetest.Phone]int{r.caller: customerHz, r.anna: agentHz, r.bos: colleagueHz, r.out: outsideHz}
	phonetest.Wait(t, "all hear all", func() bool {
		for p := range all {
			for q, hz := range all {
				if p != q && p.Sound.Ear.Part(hz) < 0.12 {
					return false
				}
			}
		}
		return true
	})
	return bo, out
}

// TestStoryConferenceOfFour: customer, two agents and somebody outside talk with each other.
// The agent leaves, then the number is dropped; the colleague ends with the customer.
func TestStoryConferenceOfFour(t *testing.T) {
	t.Parallel()
	r := newTrio(t)
	second, third := r.everybody(t)
	r.v.agent.must(http.MethodPost, r.at+"/drop-line", map[string]any{}, nil)
	phonetest.Wait(t, "the agent is out", r.first.Gone)
	r.v.wait("the colleague has the customer", func() bool { return r.bo.holds() == r.id })
	var i lined
	r.bo.must(http.MethodPost, r.at+"/drop-line", map[string]any{"outside": true}, &i)
	if i.Phase != gateway.PhaseTalking || i.Outside {
		t.Errorf("the number is dropped: %+v", i)
	}
	phonetest.Wait(t, "the number is hung up", third.Gone)
	r.withBo(t)
	r.call.Bye()
	phonetest.Wait(t, "the colleague is hung up", second.Gone)
	r.v.agent.wrapUp()
	r.console.finish(t, r.id)
	r.done(t)
}

// TestKillConference: the process dies while four talk. Whoever starts in its place hangs up
// on all of them, whoever they are, and the customer is called back, once.
func TestKillConference(t *testing.T) {
	t.Parallel()
	r := newTrio(t)
	second, third := r.everybody(t)
	r.v.kill()
	r.v.run("")
	r.v.wait("all four are hung up", func() bool { return r.call.Gone() && r.first.Gone() && second.Gone() && third.Gone() })
	for what, sql := range map[string]string{
		"the call ended once":   `select count(*) from interaction where channel = 'voice' and ended = 'system_failure'`,
		"it has one callback":   `select count(*) from interaction where channel = 'callback'`,
		"no line is left open":  `select 1 - count(*) from leg where ended_at is null`,
		"nobody is on it still": `select 1 - count(*) from interaction where phase <> '' or line_2 <> '' or outside or cardinality(others) > 0`,
	} {
		r.v.wait(what, func() bool { return r.v.number(sql) == 1 })
	}
	checkFloor(t, r.v.pool)
}

// TestStoryTransferredOutside: an agent sends the customer to a number without talking first.
func TestStoryTransferredOutside(t *testing.T) {
	t.Parallel()
	r := newTrio(t)
	r.v.agent.must(http.MethodPost, r.at+"/transfer", map[string]any{"to_number": outsideNo, "note": "Wants the workshop."}, nil)
	phonetest.Wait(t, "the agent is out", r.first.Gone)
	second := r.out.Next()
	second.Answer()
	r.withOut(t)
	r.v.agent.wrapUp()
	r.call.Bye()
	phonetest.Wait(t, "line 2 is hung up", second.Gone)
	r.sentOn(t)
}
