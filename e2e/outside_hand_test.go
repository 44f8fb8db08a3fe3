package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"net/netip"
	"os/exec"
	"testing"

	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
)

// TestStoryOutsideByHand: an agent asks somebody outside, gives them a customer, and sends them
// another one, in the console, by mouse and by keyboard; the telephones are here.
func TestStoryOutsideByHand(t *testing.T) {
	t.Parallel()
	r := newTrio(t)
	told := exec.CommandContext(t.Context(), "node", "outside.mjs", r.v.base, r.v.agent.login, password)
	var complaints bytes.Buffer
	told.Stderr = &complaints
	says, err := told.StdoutPipe()
	must(t, err)
	done, err := told.StdinPipe()
	must(t, err)
	must(t, told.Start())
	var second *phonetest.Call
	for lines := bufio.NewScanner(says); lines.Scan(); {
		switch lines.Text() {
		case "answer":
			second = r.out.Next()
			second.Answer()
			phonetest.Wait(t, "agent and line 2 talk", func() bool { return r.anna.Sound.Ear.Hears(outsideHz) && r.out.Sound.Ear.Hears(agentHz) })
		case "gone":
			phonetest.Wait(t, "line 2 is hung up", second.Gone)
			phonetest.Wait(t, "two talk on", func() bool { return r.caller.Sound.Ear.Hears(agentHz) && r.anna.Sound.Ear.Hears(customerHz) })
		case "given":
			r.withOut(t)
			second.Bye()
			phonetest.Wait(t, "the customer is hung up", r.call.Gone)
			r.v.agent.wrapUp()
			r.call = r.caller.Dial("support", netip.MustParseAddrPort(r.sip))
			r.first = r.anna.Next()
			r.first.Answer()
		case "sent":
			second = r.out.Next()
			second.Answer()
			r.withOut(t)
			second.Bye()
			phonetest.Wait(t, "the customer is hung up", r.call.Gone)
		}
		_, _ = fmt.Fprintln(done) // a browser that has failed says so at its end
	}
	if err := told.Wait(); err != nil {
		t.Errorf("the browser: %v\n%s\n%s", err, &complaints, r.v.log.tail())
	}
}
