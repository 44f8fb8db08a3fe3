package phonetest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/rtp"
)

// Fleet is many telephones for measuring: customers who call, and agents who answer at
// once. Each packet says which telephone sent it, as which one and when, so that what
// is lost, mixed up or late is counted. It belongs into a process of its own.
type Fleet struct {
	customers, agents *Phone

	mu    sync.Mutex // guards seats
	seats []*seat
	start time.Time
	stop  context.CancelFunc
	work  sync.WaitGroup
}

// Count is what a fleet has seen.
type Count struct {
	Calls    int           `json:"calls"` // that are up, with sound both ways
	Sent     int64         `json:"sent"`
	Received int64         `json:"received"`
	Lost     int64         `json:"lost"`  // numbers missing between the first and the last heard
	Mixed    int64         `json:"mixed"` // packets of a third telephone
	P50, P99 time.Duration // from one telephone to the other
}

// silentT lets a Phone work outside a test.
type silentT struct{ testing.TB }

// Helper implements testing.TB.
func (silentT) Helper() {}

// Logf implements testing.TB.
func (silentT) Logf(string, ...any) {}

// Errorf implements testing.TB.
func (silentT) Errorf(string, ...any) {}

// NewFleet starts a fleet on loopback.
func NewFleet(ctx context.Context) (*Fleet, error) {
	f := &Fleet{start: time.Now()}
	ctx, f.stop = context.WithCancel(context.WithoutCancel(ctx))
	for _, who := range []struct {
		p    **Phone
		user string
	}{{&f.customers, "customer"}, {&f.agents, "agent"}} {
		c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		_ = c.SetReadBuffer(8 << 20)
		p := newPhone(silentT{}, who.user, c)
		p.Media = f.seat
		*who.p = p
		f.work.Go(p.listen)
	}
	f.agents.OnCall(func(c *Call) { c.Answer() })
	f.work.Go(func() { f.talk(ctx) })
	return f, nil
}

// AgentURI is an agent's telephone; all of them answer.
func (f *Fleet) AgentURI(n int) string { return fmt.Sprintf("sip:agent%d@%s", n, f.agents.Addr()) }

// Call makes one more customer call, and returns when it is answered.
func (f *Fleet) Call(ctx context.Context, user string, at netip.AddrPort) (*Call, error) {
	c := f.customers.Dial(user, at)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !c.Up() {
		if c.Gone() {
			return nil, fmt.Errorf("call %s: SIP status %d", user, c.Status())
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("call %s: %w", user, ctx.Err())
		}
	}
	return c, nil
}

// Reset begins to count anew.
func (f *Fleet) Reset() {
	for _, s := range f.all() {
		s.reset()
	}
}

// Count is what was seen since Reset. Packets under way are not lost yet: pause first.
func (f *Fleet) Count() Count {
	var sum Count
	var late []time.Duration
	up := 0
	for _, s := range f.all() {
		n, delays := s.count()
		if n.Received > 0 {
			up++
		}
		sum.Sent, sum.Received, sum.Lost, sum.Mixed = sum.Sent+n.Sent, sum.Received+n.Received, sum.Lost+n.Lost, sum.Mixed+n.Mixed
		late = append(late, delays...)
	}
	sum.Calls = up / 2
	if slices.Sort(late); len(late) > 0 {
		sum.P50, sum.P99 = late[len(late)/2], late[len(late)*99/100]
	}
	return sum
}

// Close ends everything.
func (f *Fleet) Close() error {
	f.stop()
	for _, p := range []*Phone{f.customers, f.agents} {
		if p != nil {
			_ = p.conn.Close()
		}
	}
	for _, s := range f.all() {
		_ = s.conn.Close()
	}
	f.work.Wait()
	return nil
}

func (f *Fleet) all() []*seat {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.seats)
}

// seat opens the sound of one more telephone.
func (f *Fleet) seat() Media {
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		panic(err) // out of sockets: no figure
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s := &seat{conn: c, fleet: f, id: uint32(len(f.seats) + 1)}
	f.seats = append(f.seats, s)
	f.work.Go(s.listen)
	return s
}

// talk sends a frame for each telephone every 20 ms, spread over the time.
func (f *Fleet) talk(ctx context.Context) {
	const phases = 20
	at := time.Now()
	for n := 0; ctx.Err() == nil; n++ {
		at = at.Add(20 * time.Millisecond / phases)
		time.Sleep(time.Until(at))
		seats := f.all()
		for i := n % phases; i < len(seats); i += phases {
			seats[i].say()
		}
	}
}

// seat is one telephone's sound.
type seat struct {
	fleet *Fleet
	conn  *net.UDPConn
	id    uint32
	to    atomic.Pointer[netip.AddrPort]
	sent  atomic.Int64
	n     uint32
	buf   [rtp.HeaderSize + g711.FrameSize]byte

	mu          sync.Mutex // guards what follows
	from        uint32
	first, last uint32
	got, mixed  int64
	delays      []time.Duration
}

const tag = 0x56584C31 // marks our packets among music and tones

// Addr implements Media.
func (s *seat) Addr() netip.AddrPort {
	return s.conn.LocalAddr().(*net.UDPAddr).AddrPort() // a UDP socket's
}

// Law implements Media.
func (s *seat) Law() g711.Law { return g711.A }

// SendTo implements Media.
func (s *seat) SendTo(to netip.AddrPort) { s.to.Store(&to) }

func (s *seat) say() {
	to := s.to.Load()
	if to == nil || !to.IsValid() {
		return
	}
	s.n++
	rtp.Header{PayloadType: uint8(g711.A), Seq: uint16(s.n), Timestamp: s.n * g711.FrameSize, SSRC: s.id}.Put(s.buf[:])
	p := s.buf[rtp.HeaderSize:]
	binary.BigEndian.PutUint32(p, tag)
	binary.BigEndian.PutUint32(p[4:], s.id)
	binary.BigEndian.PutUint32(p[8:], s.n)
	binary.BigEndian.PutUint64(p[12:], uint64(time.Since(s.fleet.start)))
	if _, err := s.conn.WriteToUDPAddrPort(s.buf[:], *to); err == nil {
		s.sent.Add(1)
	}
}

func (s *seat) listen() {
	b := make([]byte, 1500)
	for {
		n, _, err := s.conn.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		if p := rtp.Packet(b[:n]); p.Valid() && len(p.Payload()) == g711.FrameSize && binary.BigEndian.Uint32(p.Payload()) == tag {
			s.hear(p.Payload())
		}
	}
}

func (s *seat) hear(p []byte) {
	late := time.Since(s.fleet.start) - time.Duration(binary.BigEndian.Uint64(p[12:]))
	from, n := binary.BigEndian.Uint32(p[4:]), binary.BigEndian.Uint32(p[8:])
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.got == 0 {
		s.from, s.first, s.last = from, n, n
	}
	if from != s.from {
		s.mixed++
		return
	}
	s.got++
	s.first, s.last = min(s.first, n), max(s.last, n)
	s.delays = append(s.delays, late)
}

func (s *seat) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got, s.mixed, s.delays = 0, 0, s.delays[:0]
	s.sent.Store(0)
}

func (s *seat) count() (Count, []time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := Count{Sent: s.sent.Load(), Received: s.got, Mixed: s.mixed}
	if s.got > 0 {
		c.Lost = int64(s.last-s.first) + 1 - s.got
	}
	return c, slices.Clone(s.delays)
}
