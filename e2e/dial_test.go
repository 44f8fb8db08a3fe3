package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/roster"
)

// TestStoryDial: an agent calls a customer. Her own phone rings first, then the customer's;
// each hears the other, the customer hangs up, and she wraps up what is one case. The same
// key rings nobody again.
func TestStoryDial(t *testing.T) {
	t.Parallel()
	out := phonetest.NewPhone(t, "customer", g711.Mu, outsideHz)
	v := newVaxel(t, telephony(freePort(t, "udp"), 60)+dialPlan(out))
	desk := phonetest.NewPhone(t, "anna", g711.A, agentHz)
	v.agent.setPhone(desk.URI())
	v.start()
	v.agent.signIn()
	console := v.agent.openConsole()
	v.agent.available()

	wish := map[string]any{"number": outsideNo}
	var i struct {
		ID      gateway.InteractionID
		State   gateway.State
		Channel gateway.Channel
		Case    gateway.CaseID
		Out     bool `json:"outbound"`
	}
	if got := v.agent.call(http.MethodPost, "/calls", wish, &i, "d1"); got != http.StatusCreated || i.State != gateway.StateActive || !i.Out || i.Channel != gateway.Voice {
		t.Fatalf("dialled: %d %+v\n%s", got, i, v.log.tail())
	}
	own := desk.Next()
	own.Ring()
	if out.Calls() != 0 {
		t.Error("the customer is called before the agent has answered")
	}
	own.Answer()
	theirs := out.Next()
	if !strings.Contains(theirs.To(), "+46701112233@") || !strings.Contains(theirs.From(), "+46812345") {
		t.Errorf("called %s from %s", theirs.To(), theirs.From())
	}
	theirs.Ring()
	phonetest.Wait(t, "the agent hears it ring", func() bool { return desk.Sound.Ear.Hears(425) })
	theirs.Answer()
	phonetest.Wait(t, "they hear each other", func() bool { return desk.Sound.Ear.Hears(outsideHz) && out.Sound.Ear.Hears(agentHz) })

	again := i
	v.agent.call(http.MethodPost, "/calls", wish, &again, "d1")
	if again.ID != i.ID || desk.Calls() != 1 || out.Calls() != 1 {
		t.Errorf("the same key is %s, not %s; %d and %d phones rung", again.ID, i.ID, desk.Calls(), out.Calls())
	}
	theirs.Bye()
	phonetest.Wait(t, "the agent is hung up", own.Gone)
	v.wait("her wrap-up", func() bool { return v.agent.status() == gateway.WrapUp })
	console.finish(t, i.ID)
	for _, w := range []struct {
		what string
		sql  string
		want int
	}{
		{"cases", `select count(*) from support_case`, 1},
		{"calls handled", `select count(*) from interaction where outbound and channel = 'voice' and ended = 'handled' and cardinality(codes) = 1`, 1},
		{"interactions", `select count(*) from interaction`, 1},
		{"customers", `select count(distinct customer) from customer_address where value = '+46701112233'`, 1},
		{"offers", `select count(*) from offer`, 0},
		{"lines left open", `select count(*) from leg where ended_at is null`, 0},
	} {
		v.wait(w.what+" as they should be", func() bool { return v.number(w.sql) == w.want })
	}
	v.agent.wantHandled(1)
}

// TestDialRefused: who may not dial, or has no phone that can be rung, is told so; nobody is
// called, and no case, conversation or wrap-up is left behind.
func TestDialRefused(t *testing.T) {
	t.Parallel()
	out := phonetest.NewPhone(t, "customer", g711.Mu, outsideHz)
	v := newVaxel(t, telephony(freePort(t, "udp"), 60)+dialPlan(out))
	desk := phonetest.NewPhone(t, "anna", g711.A, agentHz)
	v.agent.setPhone(desk.URI())
	phoneless := v.addAgent("bo", "Bo Ek")
	unvouched := v.addAgent("carl", "Carl Ek", roster.Phone{Kind: roster.PhonePSTN, Address: outsideNo})
	abroad := v.addAgent("dag", "Dag Ek", roster.Phone{Kind: roster.PhonePSTN, Address: "+1 900 555 00"})
	people := roster.New(v.pool, quiet{})
	far, err := people.Phones(t.Context(), abroad.id)
	must(t, err)
	must(t, people.PhoneVerified(t.Context(), abroad.id, far[0].ID, time.Now()))
	v.start()
	v.agent.signIn()
	v.agent.openConsole()
	v.agent.available()

	wish := `{"number":"` + outsideNo + `"}`
	(&agent{v: v, client: &http.Client{}}).refused(401, "sign_in", http.MethodPost, "/calls", wish)
	for _, number := range []string{"+1900555", "112", "sip:x@evil.example", "+4670\\r\\nX: y"} {
		v.agent.refused(403, "not_in_dial_plan", http.MethodPost, "/calls", `{"number":"`+number+`"}`)
	}
	for a, code := range map[*agent]string{phoneless: "no_phone", unvouched: "no_phone", abroad: "phone_unreachable"} {
		a.signIn()
		a.openConsole()
		a.available()
		a.refused(409, code, http.MethodPost, "/calls", wish)
		if got := a.status(); got != gateway.Available {
			t.Errorf("%s is %s after a call that never was", a.login, got)
		}
	}
	if desk.Calls() != 0 || out.Calls() != 0 {
		t.Errorf("%d and %d phones were rung", desk.Calls(), out.Calls())
	}
	for _, table := range []string{"support_case", "conversation", "interaction", "call", "customer"} {
		if n := v.number(`select count(*) from ` + table); n != 0 {
			t.Errorf("%d rows are left in %s", n, table)
		}
	}
}
