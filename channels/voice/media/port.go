package media

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/ipv4"

	"github.com/vaxelhq/vaxel/channels/voice/rtp"
)

const (
	batch      = 64                     // packets a system call
	packetSize = 1500                   // anything longer is no sound of ours
	afterglow  = 5 * time.Second        // so long a call's last packets are known as such
	gather     = 400 * time.Microsecond // nobody hears it, and a system call then moves several packets

	strayPatience = 10   // packets, 200 ms
	maxStrays     = 1024 // senders counted; more are a flood, and all are counted anew

	failurePause = 10 * time.Millisecond
	mostFailures = 300 // to receive, one after the other, 3 s: the call is lost by then
)

// Port is one UDP socket and the streams that share it.
type Port struct {
	conn    *net.UDPConn
	raw     *ipv4.PacketConn
	number  uint16
	private bool

	byAddr atomic.Pointer[map[netip.AddrPort]*Stream] // copied on change, read per packet

	mu      sync.Mutex // guards what follows
	open    []*Stream  // those whose sender is not known yet
	closing map[netip.AddrPort]time.Time
	strays  map[netip.AddrPort]int // packets from senders that nobody has named
}

// newPort has no streams yet, and reads once it runs.
func newPort(c *net.UDPConn) *Port {
	_ = c.SetReadBuffer(socketBuffer) // the system may allow less
	_ = c.SetWriteBuffer(socketBuffer)
	p := &Port{conn: c, raw: ipv4.NewPacketConn(c), closing: map[netip.AddrPort]time.Time{}, strays: map[netip.AddrPort]int{}}
	p.number = c.LocalAddr().(*net.UDPAddr).AddrPort().Port() // a UDP socket's
	p.byAddr.Store(&map[netip.AddrPort]*Stream{})
	return p
}

// serves says whether packets from the address belong to a stream here already.
func (p *Port) serves(far netip.AddrPort) bool {
	_, ok := (*p.byAddr.Load())[far]
	return ok
}

// admit makes a stream here.
func (p *Port) admit(plane *Plane, signalling netip.Addr) *Stream {
	s := &Stream{
		plane: plane, port: p, signalling: signalling,
		sender: rtp.NewSender(rand.Uint32(), uint16(rand.Uint32()), rand.Uint32()),
	}
	s.lastAt.Store(plane.now())
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = append(p.open, s)
	return s
}

// run receives until the socket closes, or is broken: nobody who is served here would be
// heard any more. On a shared port it lets packets gather for a moment, so that a system
// call moves several.
func (p *Port) run() error {
	ms := make([]ipv4.Message, batch)
	for i := range ms {
		ms[i].Buffers = [][]byte{make([]byte, packetSize)}
	}
	var out outbox
	for failed := 0; ; {
		n, err := p.raw.ReadBatch(ms, 0)
		if err != nil {
			if failed++; failed == mostFailures || errors.Is(err, net.ErrClosed) {
				return fmt.Errorf("receive at RTP port %d: %w", p.number, err)
			}
			time.Sleep(failurePause)
			continue
		}
		failed = 0
		p.take(ms[:n], &out)
		out.flush()
		if !p.private && n < batch/2 {
			time.Sleep(gather)
		}
	}
}

// take handles a batch where it lies; whatever is relayed is sent from the same buffers.
func (p *Port) take(ms []ipv4.Message, out *outbox) {
	byAddr := *p.byAddr.Load()
	for i := range ms {
		addr, ok := ms[i].Addr.(*net.UDPAddr)
		pkt := rtp.Packet(ms[i].Buffers[0][:ms[i].N])
		if !ok || !pkt.Valid() {
			continue
		}
		from := addr.AddrPort()
		s := byAddr[from]
		if s == nil {
			if s = p.stray(from); s == nil {
				continue
			}
			byAddr = *p.byAddr.Load()
		}
		s.receive(pkt, from, out)
	}
}

// stray finds the stream of packets from an address that nobody has named: the one that
// waits for its first, if only one can be meant. On a shared port they must go on for a
// moment, for the description that names them may be on its way.
func (p *Port) stray(from netip.AddrPort) *Stream {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t, ok := p.closing[from]; ok && time.Since(t) < afterglow {
		return nil // the last packets of a call that has ended
	}
	if len(p.strays) > maxStrays {
		clear(p.strays)
	}
	if p.strays[from]++; !p.private && p.strays[from] < strayPatience {
		return nil
	}
	var found *Stream
	for _, s := range p.open {
		if !s.mayBe(from) {
			continue
		}
		if found != nil {
			return nil
		}
		found = s
	}
	if found != nil {
		delete(p.strays, from)
		p.indexLocked(func(m map[netip.AddrPort]*Stream) { m[from] = found })
	}
	return found
}

// expect knows a far end by the address it named; what was known of the stream before
// is forgotten.
func (p *Port) expect(s *Stream, far netip.AddrPort) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forgetLocked(s)
	p.open = append(p.open, s)
	delete(p.closing, far)
	delete(p.strays, far)
	p.indexLocked(func(m map[netip.AddrPort]*Stream) {
		old := m[far]
		if old != nil && old.named(far) {
			return // two who name one address: the first keeps it
		}
		m[far] = s
		if old != nil && old.release(far) {
			p.open = append(p.open, old)
		}
	})
}

// settle ends waiting for a stream's first packet.
func (p *Port) settle(s *Stream) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(p.open, s); i >= 0 {
		p.open = slices.Delete(p.open, i, i+1)
	}
}

// indexLocked changes the table of senders by replacing it: it is read for every packet, and
// changes a few times in a call.
func (p *Port) indexLocked(change func(map[netip.AddrPort]*Stream)) {
	m := maps.Clone(*p.byAddr.Load())
	change(m)
	p.byAddr.Store(&m)
}

// forgetLocked makes the port know nothing of the stream.
func (p *Port) forgetLocked(s *Stream) {
	if i := slices.Index(p.open, s); i >= 0 {
		p.open = slices.Delete(p.open, i, i+1)
	}
	p.indexLocked(func(m map[netip.AddrPort]*Stream) {
		maps.DeleteFunc(m, func(_ netip.AddrPort, o *Stream) bool { return o == s })
	})
}

// remove ends a stream.
func (p *Port) remove(s *Stream) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forgetLocked(s)
	now := time.Now()
	maps.DeleteFunc(p.closing, func(_ netip.AddrPort, t time.Time) bool { return now.Sub(t) > afterglow })
	if to := s.to(); to.IsValid() {
		p.closing[to] = now
	}
}
