package voice_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/gateway"
)

// Two real softphones: one calls, the other is the agent's. What each of them wrote
// down is the other's tone. The caller hangs up.
func TestBaresip(t *testing.T) {
	t.Parallel()
	h := open(t, 60)
	agent := phonetest.NewBaresip(t, "anna", 1000, "")
	h.set(func() { h.phones[anna] = []string{agent.URI} })
	customer := phonetest.NewBaresip(t, "customer", 440, fmt.Sprintf("sip:%s@%s", service, h.Addr()))
	id := h.interaction()
	h.offer(id, 1, anna)
	waitFor(h, "the softphone's answer accepts", func(cmd gateway.Accept) bool { return cmd.Interaction == id })
	phonetest.Wait(t, "they hear each other", func() bool { return agent.Hears(440) && customer.Hears(1000) })
	heardByCustomer := customer.Heard() // which hangs up
	waitFor(h, "the floor is told", func(cmd gateway.Leave) bool { return cmd.Interaction == id })
	h.ends()
	if heard := agent.Heard(); !phonetest.HoldsTone(heard, 440) {
		t.Errorf("the agent's softphone heard %v without the customer's tone", heard.Duration())
	}
	if !phonetest.HoldsTone(heardByCustomer, 1000) {
		t.Errorf("the customer's softphone heard %v without the agent's tone", heardByCustomer.Duration())
	}
}

const sippCaller = `<?xml version="1.0" encoding="UTF-8"?>
<scenario name="caller with sound">
  <send retrans="500"><![CDATA[
INVITE sip:%[2]s@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: "sipp" <sip:+4670000[call_number]@[local_ip]:[local_port]>;tag=[pid]s[call_number]
To: <sip:%[2]s@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:sipp@[local_ip]:[local_port]>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

v=0
o=sipp 1 1 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [rtpstream_audio_port] RTP/AVP 8
a=rtpmap:8 PCMA/8000
  ]]></send>
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
  <recv response="200" rrs="true"/>
  <send><![CDATA[
ACK [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: "sipp" <sip:+4670000[call_number]@[local_ip]:[local_port]>;tag=[pid]s[call_number]
To: <sip:%[2]s@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

  ]]></send>
  <nop><action><exec rtp_stream="%[1]s,1,8,PCMA/8000"/></action></nop>
  <pause milliseconds="3000"/>
  <send retrans="500"><![CDATA[
BYE [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: "sipp" <sip:+4670000[call_number]@[local_ip]:[local_port]>;tag=[pid]s[call_number]
To: <sip:%[2]s@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 2 BYE
Max-Forwards: 70
Content-Length: 0

  ]]></send>
  <recv response="200"/>
</scenario>
`

// Sipp calls with sound, and the agent hears its tone.
func TestSipp(t *testing.T) {
	t.Parallel()
	h := open(t, 60)
	agent := h.deskphone(anna, 1000)
	dir := t.TempDir()
	raw, scenario := filepath.Join(dir, "tone.al"), filepath.Join(dir, "caller.xml")
	if out, err := exec.Command("sox", "-n", "-r", "8000", "-c", "1", "-e", "a-law", "-t", "raw", raw, "synth", "5", "sine", "550").CombinedOutput(); err != nil {
		t.Fatalf("sox: %v %s", err, out)
	}
	if err := os.WriteFile(scenario, []byte(strings.ReplaceAll(fmt.Sprintf(sippCaller, raw, service), "\n", "\r\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	done := make(chan string, 1)
	go func() {
		cmd := exec.CommandContext(t.Context(), "sipp", "-sf", scenario, h.Addr().String(), "-i", "127.0.0.1", "-mi", "127.0.0.1",
			"-m", "1", "-nostdin", "-timeout", "20")
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			done <- fmt.Sprintf("%v\n%s", err, out)
			return
		}
		done <- ""
	}()
	h.offer(h.interaction(), 1, anna)
	a := agent.Next()
	a.Answer()
	phonetest.Wait(t, "the agent hears sipp", func() bool { return agent.Sound.Ear.Hears(550) })
	if err := <-done; err != "" {
		t.Fatalf("sipp: %s", err)
	}
	phonetest.Wait(t, "the agent is hung up", a.Gone)
	h.ends()
}
