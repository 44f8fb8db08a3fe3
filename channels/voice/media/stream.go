package media

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/dtmf"
	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/rtp"
	"github.com/vaxelhq/vaxel/channels/voice/sdp"
)

// Stream is one leg's sound: what its far end says and what it hears. It hears one
// thing at a time: a clip that plays, else its conference or the stream it is bridged to,
// else nothing.
type Stream struct {
	plane      *Plane
	port       *Port
	signalling netip.Addr

	hears      atomic.Pointer[Stream] // who gets what this far end says
	conference atomic.Pointer[conference]
	tape       atomic.Pointer[Tape]
	onKey      atomic.Pointer[func(key byte)]

	received, lost, sent atomic.Uint64
	lastAt               atomic.Int64 // media clock of the newest packet, or of the beginning

	// What follows belongs to the port's goroutine.
	keys   dtmf.Receiver
	source uint32 // SSRC of the newest packet
	newest uint16 // its sequence number
	heard  bool   // there was one

	mu     sync.Mutex   // guards what follows; held for memory only
	latch  rtp.Latch    // where the far end is, as it says and as it sends
	dest   *net.UDPAddr // the latch's, ready for the system call; nil: nowhere yet
	law    g711.Law     // that the far end wants to hear
	event  uint8        // payload type of its telephone events; 0: it takes none
	deaf   bool         // the far end doesn't want sound
	sender rtp.Sender
	play   playing
	press  []dtmf.Event // packets of keys that are still to be sent
	pressT uint32       // timestamp of the key that is being sent
	slot   int          // of the media clock, counted from 1; 0 while not in it
	closed bool
}

// Stats counts a stream's packets.
type Stats struct {
	Received, Lost, Sent uint64        // Lost by the gaps in the sequence, less what came late
	Silent               time.Duration // since the last packet, or since the stream began
}

// Local is the address to put into our session description.
func (s *Stream) Local() netip.AddrPort {
	return netip.AddrPortFrom(s.plane.cfg.Advertise, s.port.number)
}

// SetFar says what the far end's description told: where, in which law.
func (s *Stream) SetFar(far sdp.Audio, law g711.Law) {
	s.mu.Lock()
	s.latch.Expect(far.Addr)
	s.law, s.event, s.deaf = law, far.Event, far.Held()
	s.dest = net.UDPAddrFromAddrPort(s.latch.To())
	waiting := !s.latch.Closed() && !s.closed
	s.mu.Unlock()
	if waiting {
		s.port.expect(s, far.Addr)
	}
}

// OnKey is told each key that the far end presses, after those heard so far.
func (s *Stream) OnKey(f func(key byte)) { s.onKey.Store(&f) }

// Bridge lets two far ends hear each other, and ends what was played to them. Whoever they
// heard before hears them no longer. Each half is set by itself: for a packet or two one
// may hear the other and not be heard.
func Bridge(a, b *Stream) {
	a.Part()
	b.Part()
	a.Stop()
	b.Stop()
	a.hears.Store(b)
	b.hears.Store(a)
}

// Part ends a bridge, for both sides, and leaves a conference.
func (s *Stream) Part() {
	s.leave()
	if b := s.hears.Swap(nil); b != nil {
		b.hears.CompareAndSwap(s, nil)
	}
}

// Stats is how the stream does.
func (s *Stream) Stats() Stats {
	return Stats{
		Received: s.received.Load(), Lost: s.lost.Load(), Sent: s.sent.Load(),
		Silent: samples(int(s.plane.now() - s.lastAt.Load())),
	}
}

// Close ends the stream; again it does nothing. What is recorded stays the recorder's to finish.
func (s *Stream) Close() {
	s.mu.Lock()
	already := s.closed
	s.closed = true
	s.mu.Unlock()
	if already {
		return
	}
	s.Part()
	s.Stop()
	s.port.remove(s)
	s.plane.release(s.port)
}

// mayBe says whether a first packet from the address could be the far end's.
func (s *Stream) mayBe(from netip.AddrPort) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	latch := s.latch // a trial
	return !s.closed && !latch.Closed() && latch.Take(from, s.signalling)
}

// named says whether the far end itself named this address, in a description.
func (s *Stream) named(far netip.AddrPort) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.latch.Said() == far
}

// release gives up a sender that has turned out to be another stream's, and says whether
// the stream waits for its own again.
func (s *Stream) release(from netip.AddrPort) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.latch.Closed()
	s.latch.Release(from)
	s.dest = net.UDPAddrFromAddrPort(s.latch.To())
	return was && !s.latch.Closed()
}

// to is where sound goes now.
func (s *Stream) to() netip.AddrPort {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.latch.To()
}

// receive handles a valid packet from the far end, on the port's goroutine: keys to whoever
// listens for them, sound to the recording and the conference, and both on to the other
// leg. A packet of a coding that nobody agreed to is counted and dropped.
func (s *Stream) receive(pkt rtp.Packet, from netip.AddrPort, out *outbox) {
	s.mu.Lock()
	event, was := s.event, s.latch.To()
	first := !s.latch.Closed()
	if s.closed || !s.latch.Take(from, s.signalling) {
		s.mu.Unlock()
		return
	}
	if was != from {
		s.dest = net.UDPAddrFromAddrPort(from)
	}
	s.mu.Unlock()
	if first {
		s.port.settle(s)
	}
	now := s.plane.now()
	s.received.Add(1)
	s.lastAt.Store(now)
	s.count(pkt)
	pt := pkt.PayloadType()
	isKey, law := event != 0 && pt == event, g711.Law(pt)
	switch {
	case isKey:
		if key, ok := s.keys.Take(pkt.Timestamp(), pkt.Payload()); ok {
			if f := s.onKey.Load(); f != nil {
				(*f)(key)
			}
		}
	case law == g711.A || law == g711.Mu: // a far end may change between the two at any time
		if t := s.tape.Load(); t != nil {
			t.take(law, pkt)
		}
		if c := s.conference.Load(); c != nil {
			c.take(s, law, pkt.Payload())
		}
	default:
		return // a coding that was not agreed to
	}
	if peer := s.hears.Load(); peer != nil {
		peer.relay(pkt, law, isKey, now, out)
	}
}

// count notices gaps in the sequence. A source that begins again counts as no loss.
func (s *Stream) count(pkt rtp.Packet) {
	if gap := pkt.Seq() - s.newest; s.heard && pkt.SSRC() == s.source && gap < 3000 {
		if gap > 1 {
			s.lost.Add(uint64(gap - 1))
		}
		if gap == 0 {
			return
		}
	} else if s.heard && pkt.SSRC() == s.source && gap > 1<<16-3000 {
		if s.lost.Load() > 0 {
			s.lost.Add(^uint64(0)) // late, not lost
		}
		return
	}
	s.source, s.newest, s.heard = pkt.SSRC(), pkt.Seq(), true
}

// relay sends another leg's packet to this far end, in its own numbers: to the far end we
// are one source (SSRC) with one sequence, whoever speaks through us. The packet is changed
// where it lies, and so is passed on to one leg only. While a clip or a key is sent, the
// other leg is not heard.
func (s *Stream) relay(pkt rtp.Packet, law g711.Law, isKey bool, now int64, out *outbox) {
	s.mu.Lock()
	if s.closed || s.deaf || s.dest == nil || s.play.clip != nil || len(s.press) > 0 || isKey && s.event == 0 {
		s.mu.Unlock()
		return
	}
	pt := uint8(s.law)
	if isKey {
		pt = s.event
	}
	h := s.sender.Relay(rtp.Header{PayloadType: pt, Marker: pkt.Marker(), Seq: pkt.Seq(), Timestamp: pkt.Timestamp(), SSRC: pkt.SSRC()}, now)
	dest, recode := s.dest, !isKey && law != s.law
	s.mu.Unlock()
	if recode {
		law.Recode(pkt.Payload())
	}
	pkt.Renumber(h)
	s.sent.Add(1)
	out.add(s.port, pkt, dest)
}
