package rtp

import "net/netip"

// Latch decides whose packets a leg takes. A far end behind address translation sends
// from elsewhere than it said; the first valid packet then fixes the address, once, so
// that nobody can put sound into a call that runs. The zero Latch takes nothing.
type Latch struct {
	said   netip.AddrPort // out of the SDP; where we send until latched
	from   netip.AddrPort // where its packets come from
	closed bool
}

// Expect says where the far end claims to be. A new claim, by a re-INVITE with
// another address, opens the latch again.
func (l *Latch) Expect(said netip.AddrPort) {
	if l.said == said {
		return
	}
	*l = Latch{said: said}
}

// Take says whether a packet from that address belongs to the far end, and closes the
// latch on the first; only the very address of the SDP may correct it. signalling is where its SIP messages come from: a stranger,
// neither there nor where the SDP says, is refused.
func (l *Latch) Take(from netip.AddrPort, signalling netip.Addr) bool {
	if l.closed && (from == l.from || from != l.said) {
		return from == l.from
	}
	if !l.said.IsValid() || from.Addr() != l.said.Addr() && from.Addr() != signalling {
		return false
	}
	l.from, l.closed = from, true
	return true
}

// Release forgets a source that turned out to be somebody else's.
func (l *Latch) Release(from netip.AddrPort) {
	if l.closed && l.from == from && from != l.said {
		*l = Latch{said: l.said}
	}
}

// Said is where the far end claims to be.
func (l *Latch) Said() netip.AddrPort { return l.said }

// Closed says whether a packet has come.
func (l *Latch) Closed() bool { return l.closed }

// To is where to send: whence its packets come, else where the SDP says.
func (l *Latch) To() netip.AddrPort {
	if l.closed {
		return l.from
	}
	return l.said
}
