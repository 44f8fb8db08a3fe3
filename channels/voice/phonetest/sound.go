package phonetest

import (
	"context"
	"math"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/dtmf"
	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/rtp"
	"github.com/vaxelhq/vaxel/channels/voice/sdp"
)

// Sound is a telephone's RTP: it says one tone and has an ear.
type Sound struct {
	Ear      Ear
	Received atomic.Int64
	Gaps     atomic.Int64 // packets missing or out of order
	Jumps    atomic.Int64 // SSRC changes, or time going backwards
	sent     atomic.Int64

	conn *net.UDPConn
	law  g711.Law

	mu     sync.Mutex // guards what follows
	to     netip.AddrPort
	hz     int // 0 says silence, −1 nothing at all
	keys   []byte
	events []byte // keys heard
}

// NewSound opens an RTP port on loopback and says a tone there until the test ends.
func NewSound(t testing.TB, law g711.Law, hz int) *Sound {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	s := &Sound{conn: c, law: law, hz: hz}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var wg sync.WaitGroup
	wg.Go(s.listen)
	wg.Go(func() { s.talk(ctx) })
	t.Cleanup(func() {
		cancel()
		_ = c.Close()
		wg.Wait()
	})
	return s
}

// Addr is where it listens.
func (s *Sound) Addr() netip.AddrPort {
	return s.conn.LocalAddr().(*net.UDPAddr).AddrPort() // a UDP socket's
}

// Law is how it codes.
func (s *Sound) Law() g711.Law { return s.law }

// SendTo says where its tone goes.
func (s *Sound) SendTo(to netip.AddrPort) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.to = to
}

// Say changes the tone: 0 is silence, −1 stops sending.
func (s *Sound) Say(hz int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hz = hz
}

// Sent counts the frames said, whether there is somebody to hear them or not.
func (s *Sound) Sent() int64 { return s.sent.Load() }

// Press presses a key, in RFC 4733 events.
func (s *Sound) Press(key byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = append(s.keys, key)
}

// Pressed is the keys that the other side pressed.
func (s *Sound) Pressed() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.events)
}

func (s *Sound) talk(ctx context.Context) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	b := make([]byte, rtp.HeaderSize+g711.FrameSize)
	h := rtp.Header{PayloadType: uint8(s.law), Seq: 1000, Timestamp: 50000, SSRC: uint32(s.Addr().Port())}
	for n := 0; ; n++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		s.mu.Lock()
		to, hz, keys := s.to, s.hz, s.keys
		s.keys = nil
		s.mu.Unlock()
		h.Timestamp += g711.FrameSize
		if hz < 0 {
			continue
		}
		s.sent.Add(1)
		if !to.IsValid() {
			continue
		}
		for _, key := range keys {
			h = s.press(h, key, to)
		}
		for i := range g711.FrameSize {
			at := float64(n*g711.FrameSize+i) / g711.Rate
			b[rtp.HeaderSize+i] = s.law.Encode(int16(8000 * math.Sin(2*math.Pi*float64(hz)*at)))
		}
		h.Seq++
		h.Put(b)
		_, _ = s.conn.WriteToUDPAddrPort(b, to)
	}
}

func (s *Sound) press(h rtp.Header, key byte, to netip.AddrPort) rtp.Header {
	b := make([]byte, rtp.HeaderSize+dtmf.PayloadSize)
	for _, e := range dtmf.Press(key, 80*time.Millisecond) {
		h.Seq++
		x := h
		x.PayloadType, x.Marker = sdp.EventType, e.Marker
		x.Put(b)
		copy(b[rtp.HeaderSize:], e.Payload[:])
		_, _ = s.conn.WriteToUDPAddrPort(b, to)
	}
	h.Timestamp += 800
	return h
}

func (s *Sound) listen() {
	b := make([]byte, 1500)
	var keys dtmf.Receiver
	var last rtp.Header
	for {
		n, _, err := s.conn.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		p := rtp.Packet(b[:n])
		if !p.Valid() {
			continue
		}
		if s.Received.Add(1) > 1 {
			if p.Seq() != last.Seq+1 {
				s.Gaps.Add(1)
			}
			if p.SSRC() != last.SSRC || int32(p.Timestamp()-last.Timestamp) < 0 {
				s.Jumps.Add(1)
			}
		}
		last = rtp.Header{Seq: p.Seq(), Timestamp: p.Timestamp(), SSRC: p.SSRC()}
		switch p.PayloadType() {
		case uint8(s.law):
			s.Ear.hear(s.law, p.Payload())
		case sdp.EventType:
			if key, ok := keys.Take(p.Timestamp(), p.Payload()); ok {
				s.mu.Lock()
				s.events = append(s.events, key)
				s.mu.Unlock()
			}
		}
	}
}

// Wait waits for a fact, and fails the test after a minute without it: long enough for a
// machine that does much else.
func Wait(t testing.TB, what string, fact func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(time.Minute); !fact(); {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("waited a minute in vain until %s", what)
		}
	}
}
