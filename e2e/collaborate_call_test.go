package e2e

import (
	"net/netip"
	"os/exec"
	"strings"
	"testing"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
)

// TestCollaborateOnTheTelephone: a caller types what the agent reads out into the website's
// widget and shows their page until they hang up; collaborate_call.mjs says what must happen.
func TestCollaborateOnTheTelephone(t *testing.T) {
	t.Parallel()
	sip := freePort(t, "udp")
	v := newVaxel(t, telephony(sip, 60))
	page := shop(t, v)
	desk, caller := phonetest.NewPhone(t, "anna", g711.A, agentHz), phonetest.NewPhone(t, "+46701234567", g711.A, customerHz)
	v.agent.setPhone(desk.URI())
	v.start()
	v.agent.signIn()
	var told lockedBuffer
	browsers := exec.CommandContext(t.Context(), "node", "collaborate_call.mjs", v.base, page.URL, v.agent.login, password)
	browsers.Stdout, browsers.Stderr = &told, &told
	must(t, browsers.Start())
	ended := make(chan error, 1)
	go func() { ended <- browsers.Wait() }()
	tells := func(what string) {
		t.Helper()
		v.wait("the browsers: "+what, func() bool {
			select {
			case err := <-ended:
				t.Fatalf("the browsers: %v\n%s\n%s", err, &told, v.log.tail())
			default:
			}
			return strings.Contains(told.String(), what)
		})
	}
	v.wait("an agent who is available", func() bool { return v.number(`select count(*) from presence where live and intent = 'available'`) == 1 })
	call := caller.Dial("support", netip.MustParseAddrPort(sip))
	tells("rings")
	desk.Next().Answer()
	for _, step := range []string{"read out", "typing", "asked", "shown", "seen"} {
		tells(step)
	}
	call.Bye()
	if err := <-ended; err != nil {
		t.Fatalf("the browsers: %v\n%s\n%s", err, &told, v.log.tail())
	}
	if n := v.number(`select count(*) from collaboration where channel = 'voice' and state = 'ended' and cause = 'left' and code = '' and cardinality(pages) = 1`); n != 1 {
		t.Errorf("got %d ended sessions with the page that was shown, want 1", n)
	}
}
