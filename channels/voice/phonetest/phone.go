package phonetest

import (
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

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
	Bare  bool         // its INVITEs offer nothing: it answers our offer in the ACK

	t    testing.TB
	conn *net.UDPConn

	mu      sync.Mutex // guards what follows
	calls   map[string]*Call
	last    *Call
	count   int
	off     bool
	auto    func(c *Call)          // nil: the test does it
	unheard map[string]*time.Timer // what is said again
	replies map[string]reply
}

// OnCall has f do what a person would with each incoming call.
func (p *Phone) OnCall(f func(c *Call)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.auto = f
}

// SwitchOff lets the phone hear nothing any more, or hear again.
func (p *Phone) SwitchOff(off bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.off = off
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
	return &Phone{User: user, t: t, conn: c, calls: map[string]*Call{}, unheard: map[string]*time.Timer{}, replies: map[string]reply{}}
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
		tag: "phone-" + p.User, target: fmt.Sprintf("sip:%s@%s", user, at), seq: 1, ours: true, bare: p.Bare,
	}
	p.mu.Lock()
	p.count++
	c.id = fmt.Sprint(p.count, "-", c.id)
	p.calls[c.id] = c
	p.mu.Unlock()
	c.branch = c.newBranch()
	c.to = "<" + c.target + ">"
	c.from = fmt.Sprintf("<sip:%s@%s>;tag=%s", p.User, p.Addr(), c.tag)
	var offer []byte
	if !c.bare {
		offer = c.offer(sdp.SendRecv)
	}
	c.send("INVITE", c.branch, offer)
	return c
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
		off := p.off
		p.mu.Unlock()
		if off {
			continue
		}
		switch m := msg.(type) {
		case *sip.Response:
			p.heard(exchange(m))
			if c != nil {
				c.response(m)
			}
		case *sip.Request:
			if !p.asked(m) {
				p.request(m, c)
			}
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
	switch {
	case c != nil:
		c.request(m)
	case m.Method == sip.OPTIONS:
		c = &Call{phone: p, id: m.CallID().Value(), tag: "phone-" + p.User, peer: netip.AddrPortFrom(netip.MustParseAddr(m.Via().Host), uint16(m.Via().Port))}
		c.reply(m, 200, "OK", nil)
	}
}
