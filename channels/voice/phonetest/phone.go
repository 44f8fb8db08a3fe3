package phonetest

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/emiago/sipgo/sip"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/sdp"
)

// Phone is a telephone on loopback. What it does with a call is written in the test,
// or in what OnCall was given.
type Phone struct {
	Sound *Sound
	User  string
	Media func() Media // the sound of each call; nil uses Sound for all of them

	t    testing.TB
	conn *net.UDPConn

	mu    sync.Mutex // guards what follows
	calls map[string]*Call
	last  *Call
	count int
	auto  func(c *Call) // nil: the test does it
}

// OnCall has f do what a person would with each incoming call.
func (p *Phone) OnCall(f func(c *Call)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.auto = f
}

// Media is the sound of a call.
type Media interface {
	Addr() netip.AddrPort
	Law() g711.Law
	SendTo(to netip.AddrPort) // not valid: to nobody
}

// NewPhone makes a telephone that says a tone.
func NewPhone(t testing.TB, user string, law g711.Law, hz int) *Phone {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	p := newPhone(t, user, c)
	p.Sound = NewSound(t, law, hz)
	var wg sync.WaitGroup
	wg.Go(p.listen)
	t.Cleanup(func() {
		_ = c.Close()
		wg.Wait()
	})
	return p
}

func newPhone(t testing.TB, user string, c *net.UDPConn) *Phone {
	t.Helper()
	return &Phone{User: user, t: t, conn: c, calls: map[string]*Call{}}
}

func (p *Phone) media() Media {
	if p.Media != nil {
		return p.Media()
	}
	return p.Sound
}

// Addr is its SIP address.
func (p *Phone) Addr() netip.AddrPort {
	return p.conn.LocalAddr().(*net.UDPAddr).AddrPort() // a UDP socket's
}

// URI is how it is called.
func (p *Phone) URI() string { return "sip:" + p.User + "@" + p.Addr().String() }

// Calls counts the calls that it has got.
func (p *Phone) Calls() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count
}

// Next waits for the next incoming call, after those that were taken by Next before.
func (p *Phone) Next() *Call {
	p.t.Helper()
	var c *Call
	Wait(p.t, p.User+" is called", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		c, p.last = p.last, nil
		return c != nil
	})
	return c
}

// Dial calls somebody.
func (p *Phone) Dial(user string, at netip.AddrPort) *Call {
	p.t.Helper()
	c := &Call{
		phone: p, media: p.media(), peer: at, id: fmt.Sprintf("%s-%d@phone", p.User, p.conn.LocalAddr().(*net.UDPAddr).Port+len(p.User)),
		tag: "phone-" + p.User, target: fmt.Sprintf("sip:%s@%s", user, at), seq: 1, ours: true,
	}
	p.mu.Lock()
	p.count++
	c.id = fmt.Sprint(p.count, "-", c.id)
	p.calls[c.id] = c
	p.mu.Unlock()
	c.branch = c.newBranch()
	c.to = "<" + c.target + ">"
	c.from = fmt.Sprintf("<sip:%s@%s>;tag=%s", p.User, p.Addr(), c.tag)
	c.send("INVITE", c.branch, c.offer(sdp.SendRecv))
	return c
}

func (c *Call) offer(d sdp.Direction) []byte {
	o := sdp.Offer(1, c.media.Addr(), c.media.Law(), d)
	o.Audio.Laws = o.Audio.Laws[:1]
	return o.Bytes()
}

func (p *Phone) listen() {
	b := make([]byte, 65536)
	for {
		n, _, err := p.conn.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		msg, err := sip.ParseMessage(b[:n])
		if err != nil {
			p.t.Errorf("%s got what is no SIP: %v\n%s", p.User, err, b[:n])
			continue
		}
		p.mu.Lock()
		tag, _ := msg.To().Params.Get("tag")
		c := p.calls[msg.CallID().Value()+"\n"+tag] // a fork
		if c == nil {
			c = p.calls[msg.CallID().Value()]
		}
		p.mu.Unlock()
		switch m := msg.(type) {
		case *sip.Response:
			if c != nil {
				c.response(m)
			}
		case *sip.Request:
			p.request(m, c)
		}
	}
}

func (p *Phone) request(m *sip.Request, c *Call) {
	if c == nil && m.IsInvite() {
		c = &Call{
			phone: p, media: p.media(), id: m.CallID().Value(), tag: "phone-" + p.User, invite: m,
			peer: netip.AddrPortFrom(netip.MustParseAddr(m.Via().Host), uint16(m.Via().Port)),
			from: m.To().Value() + ";tag=phone-" + p.User, to: m.From().Value(), target: m.Contact().Address.String(), seq: 100,
		}
		p.mu.Lock()
		p.calls[c.id], p.last = c, c
		p.count++
		auto := p.auto
		p.mu.Unlock()
		if auto != nil {
			go auto(c)
		}
		return
	}
	if c != nil {
		c.request(m)
	}
}

// Call is one call of a phone.
type Call struct {
	media         Media
	phone         *Phone
	peer          netip.AddrPort
	id, tag, from string
	to, target    string
	branch        string
	ours          bool
	invite        *sip.Request

	mu       sync.Mutex // guards what follows
	seq      int
	branches int
	status   int // of the newest answer to our INVITE
	up       bool
	gone     bool
	canceled bool
	reason   string
	infos    string
	answered sdp.Audio
}

// Fork is the same call at another phone, as a proxy makes of one INVITE.
func (c *Call) Fork(tag string) *Call {
	p := c.phone
	other := &Call{
		phone: p, media: c.media, peer: c.peer, id: c.id, tag: tag, invite: c.invite, from: c.invite.To().Value() + ";tag=" + tag,
		to: c.to, target: c.target, seq: 100,
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls[c.id+"\n"+tag] = other
	return other
}

// Confirmed says whether the ACK came, even if the call is over since.
func (c *Call) Confirmed() bool { c.mu.Lock(); defer c.mu.Unlock(); return c.up }

// Status is the newest answer to our call.
func (c *Call) Status() int { c.mu.Lock(); defer c.mu.Unlock(); return c.status }

// Up says whether the call is answered and confirmed.
func (c *Call) Up() bool { c.mu.Lock(); defer c.mu.Unlock(); return c.up && !c.gone }

// Gone says whether the call is over.
func (c *Call) Gone() bool { c.mu.Lock(); defer c.mu.Unlock(); return c.gone }

// Canceled says whether they gave up before we answered.
func (c *Call) Canceled() bool { c.mu.Lock(); defer c.mu.Unlock(); return c.canceled }

// Reason is the Reason header of their BYE.
func (c *Call) Reason() string { c.mu.Lock(); defer c.mu.Unlock(); return c.reason }

// Infos is what their INFOs said, one after the other.
func (c *Call) Infos() string { c.mu.Lock(); defer c.mu.Unlock(); return c.infos }

// Direction is what they answered to our newest offer.
func (c *Call) Direction() sdp.Direction {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.answered.Direction
}

// From is who their INVITE says is calling.
func (c *Call) From() string { return c.invite.From().Value() }

// To is whom their INVITE calls.
func (c *Call) To() string { return c.invite.Recipient.String() }

// Ring answers 180.
func (c *Call) Ring() { c.reply(c.invite, 180, "Ringing", nil) }

// Answer takes the call.
func (c *Call) Answer() {
	c.hear(c.invite.Body())
	c.reply(c.invite, 200, "OK", c.offer(sdp.SendRecv))
}

// Reject refuses the call.
func (c *Call) Reject(status int) { c.reply(c.invite, status, "No", nil) }

// Bye hangs up.
func (c *Call) Bye() {
	c.mu.Lock()
	c.gone = true
	c.mu.Unlock()
	c.send("BYE", c.newBranch(), nil)
	c.media.SendTo(netip.AddrPort{})
}

// Cancel gives our call up before it is answered.
func (c *Call) Cancel() {
	c.sendSeq("CANCEL", c.branch, 1, nil)
}

// Hold offers a new direction.
func (c *Call) Hold(d sdp.Direction) { c.send("INVITE", c.newBranch(), c.offer(d)) }

// Info presses a key by SIP INFO.
func (c *Call) Info(key byte) {
	c.sendTyped("INFO", c.newBranch(), c.next(), "application/dtmf-relay", fmt.Appendf(nil, "Signal=%c\r\nDuration=160\r\n", key))
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
	c.sendTyped("ACK", c.newBranch(), seq, "", nil)
}

func (c *Call) request(m *sip.Request) {
	switch m.Method { //nolint:exhaustive // the others are answered alike
	case sip.ACK:
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
