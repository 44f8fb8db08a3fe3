package e2e

import (
	"net/http"
	"net/netip"
	"testing"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/roster"
)

const colleagueHz = 880

// TestStoryTransferredCall: an agent sends a caller on to a colleague, who declines on the
// telephone; the call comes back to the sender's. Sent on again, it is taken. The caller
// hears whoever has the call, and no line is left open.
func TestStoryTransferredCall(t *testing.T) {
	t.Parallel()
	sip := freePort(t, "udp")
	v := newVaxel(t, telephony(sip, 60))
	annas, bos := phonetest.NewPhone(t, "anna", g711.A, agentHz), phonetest.NewPhone(t, "bo", g711.Mu, colleagueHz)
	v.agent.setPhone(annas.URI())
	bo := v.addAgent("bo", "Bo Ek", roster.Phone{Kind: roster.PhoneSIP, Address: bos.URI()})
	v.start()
	v.agent.signIn()
	bo.signIn()
	v.agent.openConsole()
	console := bo.openConsole()
	v.agent.available() // bo works offline: reached by colleagues only

	caller := phonetest.NewPhone(t, "caller", g711.A, customerHz)
	call := caller.Dial("support", netip.MustParseAddrPort(sip))
	first := annas.Next()
	first.Answer()
	phonetest.Wait(t, "caller and agent talk", func() bool { return caller.Sound.Ear.Hears(agentHz) && annas.Sound.Ear.Hears(customerHz) })
	id := v.agent.holds()
	at := "/interactions/" + id.String() + "/transfer"

	v.agent.must(http.MethodPost, at, map[string]any{"to_agent": bo.id}, nil)
	phonetest.Wait(t, "the sender is out", first.Gone)
	bos.Next().Reject(603)
	again := annas.Next()
	again.Answer()
	phonetest.Wait(t, "the call is back", func() bool { return caller.Sound.Ear.Hears(agentHz) && annas.Sound.Ear.Hears(customerHz) })
	v.agent.holds()

	v.agent.must(http.MethodPost, at, map[string]any{"to_agent": bo.id}, nil)
	taken := bos.Next()
	taken.Answer()
	phonetest.Wait(t, "caller and colleague talk", func() bool { return caller.Sound.Ear.Hears(colleagueHz) && bos.Sound.Ear.Hears(customerHz) })
	phonetest.Wait(t, "the sender is out", again.Gone)
	call.Bye()
	phonetest.Wait(t, "the colleague is hung up", taken.Gone)
	v.agent.wrapUp()
	console.finish(t, id)
	for _, w := range []struct {
		what string
		sql  string
		want int
	}{
		{"interactions", `select count(*) from interaction where state = 'finished' and ended = 'handled' and cardinality(codes) = 1`, 1},
		{"cases", `select count(*) from support_case`, 1},
		{"offers accepted", `select count(*) from offer where outcome = 'accepted'`, 3},
		{"offers declined", `select count(*) from offer where outcome = 'declined'`, 1},
		{"lines left open", `select count(*) from leg where ended_at is null`, 0},
	} {
		if got := v.number(w.sql); got != w.want {
			t.Errorf("got %d %s, want %d", got, w.what, w.want)
		}
	}
}

// holds waits until the agent has an interaction, and says which.
func (a *agent) holds() (id gateway.InteractionID) {
	a.v.t.Helper()
	a.v.wait("an interaction of "+a.login, func() bool {
		var mine struct{ Items []gateway.Interaction }
		a.call(http.MethodGet, "/interactions?scope=mine", nil, &mine)
		for _, i := range mine.Items {
			if i.State == gateway.StateActive {
				id = i.ID
			}
		}
		return id != 0
	})
	return id
}
