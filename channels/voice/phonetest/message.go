package phonetest

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/emiago/sipgo/sip"

	"github.com/vaxelhq/vaxel/channels/voice/sdp"
)

func (c *Call) offer(d sdp.Direction) []byte {
	o := sdp.Offer(1, c.media.Addr(), c.media.Law(), d)
	o.Audio.Laws = o.Audio.Laws[:1]
	return o.Bytes()
}

func (c *Call) newBranch() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.branches++
	return fmt.Sprintf("z9hG4bK-%s-%d", c.id, c.branches)
}

func (c *Call) next() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seq++
	return c.seq
}

func (c *Call) send(method, branch string, body []byte) { c.sendSeq(method, branch, c.next(), body) }

func (c *Call) sendSeq(method, branch string, seq int, body []byte) {
	if method == "INVITE" && branch == c.branch || method == "CANCEL" {
		seq = 2
	}
	c.sendTyped(method, branch, seq, "application/sdp", body)
}

func (c *Call) sendTyped(method, branch string, seq int, kind string, body []byte) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=%s;rport\r\n", method, c.target, c.phone.Addr(), branch)
	fmt.Fprintf(&b, "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d %s\r\n", c.from, c.remote(), c.id, seq, method)
	fmt.Fprintf(&b, "Contact: <%s>\r\nMax-Forwards: 70\r\n", c.phone.URI())
	if len(body) > 0 {
		fmt.Fprintf(&b, "Content-Type: %s\r\n", kind)
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	if method != "ACK" {
		c.phone.insist(branch+" "+method, b.String(), c.peer)
	}
	c.write(b.String())
}

func (c *Call) remote() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.to
}

func (c *Call) write(msg string) {
	if _, err := c.phone.conn.WriteToUDPAddrPort([]byte(msg), c.peer); err != nil && !c.Gone() {
		c.phone.t.Logf("%s can't send: %v", c.phone.User, err)
	}
}

// reply answers a request, with our tag.
func (c *Call) reply(req *sip.Request, status int, phrase string, body []byte) {
	var b strings.Builder
	fmt.Fprintf(&b, "SIP/2.0 %d %s\r\n", status, phrase)
	for _, h := range req.GetHeaders("Via") {
		fmt.Fprintf(&b, "Via: %s\r\n", h.Value())
	}
	to := req.To().Value()
	if !req.To().Params.Has("tag") {
		to += ";tag=" + c.tag
	}
	fmt.Fprintf(&b, "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %s\r\nContact: <%s>\r\n", req.From().Value(), to, c.id, req.CSeq().Value(), c.phone.URI())
	if len(body) > 0 {
		b.WriteString("Content-Type: application/sdp\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	c.phone.replied(req, b.String(), c.peer)
	if req.IsInvite() && status >= 200 {
		c.phone.insist(c.acked(req.CSeq().SeqNo), b.String(), c.peer) // RFC 3261 §13.3.1.4, §17.2.1
	}
	c.write(b.String())
}

func (c *Call) hear(body []byte) {
	d, err := sdp.Parse(body)
	if err != nil {
		c.phone.t.Errorf("%s got no usable description: %v\n%s", c.phone.User, err, body)
		return
	}
	c.mu.Lock()
	c.answered = d.Audio
	c.mu.Unlock()
	c.media.SendTo(d.Audio.Addr)
}

func (c *Call) response(m *sip.Response) {
	if m.CSeq().MethodName != sip.INVITE {
		return
	}
	c.mu.Lock()
	c.status = m.StatusCode
	if m.StatusCode > 100 {
		c.to = m.To().Value()
	}
	again := c.up && m.CSeq().SeqNo == 2
	c.mu.Unlock()
	if m.StatusCode < 200 {
		return
	}
	seq := int(m.CSeq().SeqNo)
	if m.StatusCode >= 300 {
		branch, _ := m.Via().Params.Get("branch")
		c.sendSeq("ACK", branch, seq, nil)
		c.over("")
		return
	}
	if cont := m.Contact(); cont != nil {
		c.target = cont.Address.String()
	}
	if !again {
		c.hear(m.Body())
	}
	c.mu.Lock()
	c.up = true
	c.mu.Unlock()
	var answer []byte
	if c.bare && seq == 2 { // Dial's INVITE
		answer = c.offer(sdp.SendRecv)
	}
	c.sendTyped("ACK", c.newBranch(), seq, "application/sdp", answer)
}

func (c *Call) request(m *sip.Request) {
	switch m.Method { //nolint:exhaustive // the others are answered alike
	case sip.ACK:
		c.phone.heard(c.acked(m.CSeq().SeqNo))
		c.mu.Lock()
		c.up = true
		c.mu.Unlock()
	case sip.CANCEL:
		c.reply(m, 200, "OK", nil)
		c.mu.Lock()
		up := c.up
		c.canceled = !up
		c.mu.Unlock()
		if !up {
			c.reply(c.invite, 487, "Request Terminated", nil)
			c.over("")
		}
	case sip.BYE:
		reason := ""
		if h := m.GetHeader("Reason"); h != nil {
			reason = h.Value()
		}
		c.reply(m, 200, "OK", nil)
		c.over(reason)
	case sip.INFO:
		c.mu.Lock()
		c.infos += string(m.Body())
		c.mu.Unlock()
		c.reply(m, 200, "OK", nil)
	default:
		c.reply(m, 200, "OK", nil)
	}
}

func (c *Call) over(reason string) {
	c.mu.Lock()
	c.gone, c.reason = true, reason
	c.mu.Unlock()
	c.media.SendTo(netip.AddrPort{})
}
