package e2e

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"os/exec"
	"strings"
	"testing"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/gateway"
)

// TestConsoleCall: the console shows the call that rings; the agent answers her phone, has
// the customer wait and come back in the phone tab, hangs up there, and wraps up.
func TestConsoleCall(t *testing.T) {
	t.Parallel()
	sip := freePort(t, "udp")
	v := newVaxel(t, telephony(sip, 60))
	desk, caller := phonetest.NewPhone(t, "anna", g711.A, agentHz), phonetest.NewPhone(t, "+46701234567", g711.A, customerHz)
	v.agent.setPhone(desk.URI())
	v.start()
	v.agent.signIn()

	var shown bytes.Buffer
	var told lockedBuffer
	browser := exec.CommandContext(t.Context(), "node", "agent.mjs", v.base, v.agent.login, password, string(gateway.Voice))
	browser.Stdout, browser.Stderr = &shown, &told
	heard, err := browser.StdinPipe()
	must(t, err)
	must(t, browser.Start())
	t.Cleanup(func() { _ = browser.Process.Kill() })
	tells := func(what string) {
		t.Helper()
		v.wait("the console: "+what, func() bool { return strings.Contains(told.String(), what) })
	}
	v.wait("an agent who is available", func() bool { return v.number(`select count(*) from presence where live and intent = 'available'`) == 1 })
	call := caller.Dial("support", netip.MustParseAddrPort(sip))
	tells("rings")
	desk.Next().Answer()
	tells("held")
	tells("talks")
	phonetest.Wait(t, "they hear each other", func() bool { return caller.Sound.Ear.Hears(agentHz) && desk.Sound.Ear.Hears(customerHz) })
	_, err = heard.Write([]byte("\n"))
	must(t, err)
	phonetest.Wait(t, "the customer is hung up", call.Gone)
	if err := browser.Wait(); err != nil {
		t.Fatalf("the agent's browser: %v\n%s\n%s", err, &told, v.log.tail())
	}
	var texts []string
	must(t, json.Unmarshal(shown.Bytes(), &texts))
	if len(texts) != 1 || !strings.Contains(texts[0], "+46 70 123 45 67") {
		t.Errorf("the phone tab shows %q, want the customer's number", texts)
	}
	v.wantOne(gateway.Voice, 1)
	v.wantSolved()
}
