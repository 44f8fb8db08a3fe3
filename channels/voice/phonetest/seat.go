package phonetest

import (
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/rtp"
)

const (
	underWay = time.Second // until what was said is lost
	lately   = 50          // frames; whoever has heard none of so many hears nobody any more
	uneven   = 2           // frames that one may be ahead of another who speaks as long
)

// seat is one telephone's sound.
type seat struct {
	fleet *Fleet
	conn  *net.UDPConn
	id    uint32
	place int // in the frame
	to    atomic.Pointer[netip.AddrPort]
	buf   [rtp.HeaderSize + g711.FrameSize]byte

	n            uint32 // frames said; say's, and read while the fleet is locked
	since, until uint32 // those that count come after the one, the other is the last when they are counted; changed while the fleet is locked

	mu             sync.Mutex // guards what follows
	others         [places]track
	packets, mixed int64
	delays         []time.Duration
}

// track is what one telephone has heard of another.
type track struct {
	of      *seat
	last    uint32
	present int64 // packets with a frame of theirs
	got     int64 // frames that count
	later   int64 // frames that came after those, while somebody counts
}

// Addr implements Media.
func (s *seat) Addr() netip.AddrPort {
	return s.conn.LocalAddr().(*net.UDPAddr).AddrPort() // a UDP socket's
}

// Law implements Media.
func (s *seat) Law() g711.Law { return g711.Mu }

// SendTo implements Media.
func (s *seat) SendTo(to netip.AddrPort) { s.to.Store(&to) }

// say sends one frame, which has a number only if it went out.
func (s *seat) say() {
	to := s.to.Load()
	if to == nil || !to.IsValid() {
		return
	}
	s.fleet.mu.RLock()
	defer s.fleet.mu.RUnlock()
	n := s.n + 1
	rtp.Header{PayloadType: uint8(g711.Mu), Seq: uint16(n), Timestamp: n * g711.FrameSize, SSRC: s.id}.Put(s.buf[:])
	mark{seat: s.id, n: n, at: time.Since(s.fleet.start)}.put(s.buf[rtp.HeaderSize:], s.place)
	if _, err := s.conn.WriteToUDPAddrPort(s.buf[:], *to); err == nil {
		s.n = n
	}
}

func (s *seat) listen() {
	b := make([]byte, 1500)
	for {
		n, _, err := s.conn.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		if p := rtp.Packet(b[:n]); p.Valid() && len(p.Payload()) == g711.FrameSize {
			s.hear(p.Payload())
		}
	}
}

func (s *seat) hear(frame []byte) {
	s.fleet.mu.RLock()
	defer s.fleet.mu.RUnlock()
	now := time.Since(s.fleet.start)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.packets++
	for place := range places {
		m, ok := markIn(frame, place)
		if !ok {
			continue
		}
		t := &s.others[place]
		if t.of == nil && m.seat > 0 && int(m.seat) <= len(s.fleet.seats) {
			t.of = s.fleet.seats[m.seat-1]
		}
		if place == s.place || t.of == nil || m.seat != t.of.id {
			s.mixed++
			continue
		}
		t.hear(m.n)
		s.delays = append(s.delays, now-m.at)
	}
}

func (t *track) hear(n uint32) {
	t.present++
	t.last = max(t.last, n)
	switch {
	case t.of.fleet.counting && n > t.of.until:
		t.later++
	case n > t.of.since:
		t.got++
	}
}

// reset begins to count anew; the fleet is locked, as in all that follows.
func (s *seat) reset() {
	s.since = s.n
	s.others, s.packets, s.mixed, s.delays = [places]track{}, 0, 0, s.delays[:0]
}

// goOn counts on as if nobody had counted.
func (s *seat) goOn() {
	for place := range s.others {
		t := &s.others[place]
		t.got, t.later = t.got+t.later, 0
	}
}

// misses says whether anything that counts has not been heard yet.
func (s *seat) misses() bool {
	return slices.ContainsFunc(s.others[:], func(t track) bool { return t.of != nil && t.missing() > 0 })
}

func (t *track) missing() int64 { return int64(t.of.until-t.of.since) - t.got }

// heard says whether the other has spoken as much as the most talkative, and is heard still.
func (t *track) heard(most uint32) bool {
	return t.got > 0 && t.of.until-t.of.since+uneven >= most && t.last+lately >= t.of.until
}

// count is what was heard, and how many others are.
func (s *seat) count(most uint32) (c Count, others int, delays []time.Duration) {
	c = Count{Sent: int64(s.until - s.since), Packets: s.packets, Mixed: s.mixed}
	for place := range s.others {
		t := &s.others[place]
		if t.of == nil {
			continue
		}
		c.Received += t.got
		c.Lost += t.missing()
		c.Holes += s.packets - t.present
		if t.heard(most) {
			others++
		}
	}
	return c, others, slices.Clone(s.delays)
}
