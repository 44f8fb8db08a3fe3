package phonetest

import (
	"fmt"
	"net/netip"
	"sync"

	"github.com/emiago/sipgo/sip"

	"github.com/vaxelhq/vaxel/channels/voice/sdp"
)

// Call is one call of a phone.
type Call struct {
	media         Media
	phone         *Phone
	peer          netip.AddrPort
	id, tag, from string
	to, target    string
	branch        string
	ours, bare    bool
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
