package phonetest

import (
	"context"
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

// Fleet is many telephones for measuring: customers who call, agents and colleagues who
// answer at once. Each packet says which telephone sent it, as which one and when, also in
// a conference's mix, so that what is lost, mixed up or late is counted. It belongs into a
// process of its own.
type Fleet struct {
	customers, agents, colleagues *Phone

	mu    sync.Mutex // guards seats
	seats []*seat
	start time.Time
	stop  context.CancelFunc
	work  sync.WaitGroup
}

// Count is what a fleet has seen.
type Count struct {
	Calls    int           `json:"calls"`   // that are up, with sound both ways
	Threes   int           `json:"threes"`  // conferences of three, each of whom hears both others
	Sent     int64         `json:"sent"`    // frames
	Packets  int64         `json:"packets"` // that came
	Received int64         `json:"received"`
	Lost     int64         `json:"lost"`  // numbers missing between the first and the last heard
	Holes    int64         `json:"holes"` // packets without the frame of somebody who is heard otherwise
	Mixed    int64         `json:"mixed"` // frames of a stranger, or one's own
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
	for place, who := range []struct {
		p    **Phone
		user string
	}{ofCustomer: {&f.customers, "customer"}, ofAgent: {&f.agents, "agent"}, ofColleague: {&f.colleagues, "colleague"}} {
		c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		_ = c.SetReadBuffer(8 << 20)
		p := newPhone(silentT{}, who.user, c)
		p.Media = func() Media { return f.seat(place) }
		*who.p = p
		f.work.Go(p.listen)
	}
	f.agents.OnCall(func(c *Call) { c.Answer() })
	f.colleagues.OnCall(func(c *Call) { c.Answer() })
	f.work.Go(func() { f.talk(ctx) })
	return f, nil
}

// AgentURI is an agent's telephone; all of them answer.
func (f *Fleet) AgentURI(n int) string { return fmt.Sprintf("sip:agent%d@%s", n, f.agents.Addr()) }

// ColleagueURI is a telephone of somebody who may be in a conference with a customer and
// an agent; all of them answer.
func (f *Fleet) ColleagueURI(n int) string {
	return fmt.Sprintf("sip:colleague%d@%s", n, f.colleagues.Addr())
}

// Pair is the sound of a customer's and an agent's telephone, which somebody brings together without a call.
func (f *Fleet) Pair() (customer, agent Media) { return f.seat(ofCustomer), f.seat(ofAgent) }

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
	hearing := map[int]int{} // telephones by how many others they hear
	for _, s := range f.all() {
		n, others, delays := s.count()
		hearing[others]++
		sum.Sent, sum.Packets, sum.Received = sum.Sent+n.Sent, sum.Packets+n.Packets, sum.Received+n.Received
		sum.Lost, sum.Holes, sum.Mixed = sum.Lost+n.Lost, sum.Holes+n.Holes, sum.Mixed+n.Mixed
		late = append(late, delays...)
	}
	sum.Calls, sum.Threes = hearing[1]/2, hearing[2]/3
	if slices.Sort(late); len(late) > 0 {
		sum.P50, sum.P99 = late[len(late)/2], late[len(late)*99/100]
	}
	return sum
}

// Close ends everything.
func (f *Fleet) Close() error {
	f.stop()
	for _, p := range []*Phone{f.customers, f.agents, f.colleagues} {
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
func (f *Fleet) seat(place int) Media {
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		panic(err) // out of sockets: no figure
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s := &seat{conn: c, fleet: f, place: place, id: uint32(len(f.seats) + 1)}
	for i := range s.buf {
		s.buf[i] = g711.Mu.Silence()
	}
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
	place int // in the frame
	to    atomic.Pointer[netip.AddrPort]
	sent  atomic.Int64
	n     uint32
	buf   [rtp.HeaderSize + g711.FrameSize]byte

	mu             sync.Mutex // guards what follows
	others         [places]track
	packets, mixed int64
	delays         []time.Duration
}

// track is what one telephone has heard of another.
type track struct {
	seat        uint32
	first, last uint32
	got         int64
}

// Addr implements Media.
func (s *seat) Addr() netip.AddrPort {
	return s.conn.LocalAddr().(*net.UDPAddr).AddrPort() // a UDP socket's
}

// Law implements Media.
func (s *seat) Law() g711.Law { return g711.Mu }

// SendTo implements Media.
func (s *seat) SendTo(to netip.AddrPort) { s.to.Store(&to) }

func (s *seat) say() {
	to := s.to.Load()
	if to == nil || !to.IsValid() {
		return
	}
	s.n++
	rtp.Header{PayloadType: uint8(g711.Mu), Seq: uint16(s.n), Timestamp: s.n * g711.FrameSize, SSRC: s.id}.Put(s.buf[:])
	mark{seat: s.id, n: s.n, at: time.Since(s.fleet.start)}.put(s.buf[rtp.HeaderSize:], s.place)
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
		if p := rtp.Packet(b[:n]); p.Valid() && len(p.Payload()) == g711.FrameSize {
			s.hear(p.Payload())
		}
	}
}

func (s *seat) hear(frame []byte) {
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
		if t.got == 0 {
			*t = track{seat: m.seat, first: m.n, last: m.n}
		}
		if place == s.place || m.seat != t.seat {
			s.mixed++
			continue
		}
		t.got++
		t.first, t.last = min(t.first, m.n), max(t.last, m.n)
		s.delays = append(s.delays, now-m.at)
	}
}

func (s *seat) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.others, s.packets, s.mixed, s.delays = [places]track{}, 0, 0, s.delays[:0]
	s.sent.Store(0)
}

// count is what was heard, and how many others.
func (s *seat) count() (c Count, others int, delays []time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c = Count{Sent: s.sent.Load(), Packets: s.packets, Mixed: s.mixed}
	for _, t := range s.others {
		if t.got > 0 {
			others++
			c.Received += t.got
			c.Lost += int64(t.last-t.first) + 1 - t.got
			c.Holes += s.packets - t.got
		}
	}
	return c, others, slices.Clone(s.delays)
}
