package phonetest

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/emiago/sipgo/sip"
)

// A packet may be lost, on loopback too: a socket that is full takes no more. So a telephone
// says again what is not answered (RFC 3261 §17.1), and its answers to who asks again.
const (
	againFirst = 500 * time.Millisecond // T1
	againMost  = 4 * time.Second        // T2
	againAfter = 32 * time.Second       // 64×T1; then it gives up
)

// exchange names a request and its answer.
func exchange(msg sip.Message) string {
	branch, _ := msg.Via().Params.Get("branch")
	return branch + " " + string(msg.CSeq().MethodName)
}

// acked names a final answer to an INVITE by what its ACK says.
func (c *Call) acked(seq uint32) string { return fmt.Sprint(c.id, " ", c.tag, " ", seq, " ACK") }

// insist sends a message until it is heard.
func (p *Phone) insist(key, msg string, to netip.AddrPort) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.againLocked(key, msg, to, againFirst, time.Now().Add(againAfter))
}

func (p *Phone) againLocked(key, msg string, to netip.AddrPort, wait time.Duration, end time.Time) {
	var timer *time.Timer
	timer = time.AfterFunc(wait, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.unheard[key] != timer {
			return // heard meanwhile
		}
		delete(p.unheard, key)
		if p.off {
			return
		}
		if _, err := p.conn.WriteToUDPAddrPort([]byte(msg), to); err == nil && time.Now().Before(end) {
			p.againLocked(key, msg, to, min(2*wait, againMost), end)
		}
	})
	p.unheard[key] = timer
}

// heard ends the repeating of a message.
func (p *Phone) heard(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if timer := p.unheard[key]; timer != nil {
		timer.Stop()
		delete(p.unheard, key)
	}
}

// asked notes a request, and answers it as before if it is one that was asked before.
func (p *Phone) asked(req *sip.Request) (before bool) {
	if req.IsAck() {
		return false
	}
	key := exchange(req)
	p.mu.Lock()
	defer p.mu.Unlock()
	said, before := p.replies[key]
	if !before {
		p.replies[key] = reply{}
	} else if said.msg != "" {
		_, _ = p.conn.WriteToUDPAddrPort([]byte(said.msg), said.to) // lost, it is asked for again
	}
	return before
}

// reply is the newest answer to a request; empty as long as there is none.
type reply struct {
	msg string
	to  netip.AddrPort
}

func (p *Phone) replied(req *sip.Request, msg string, to netip.AddrPort) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.replies[exchange(req)] = reply{msg, to}
}
