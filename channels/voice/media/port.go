package media

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/ipv4"

	"github.com/vaxelhq/vaxel/channels/voice/rtp"
)

const (
	batch      = 64   // packets a system call
	packetSize = 1500 // anything longer is no sound of ours
	afterglow  = 5 * time.Second
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
}

func newPort(c *net.UDPConn) *Port {
	_ = c.SetReadBuffer(socketBuffer) // the system may allow less
	_ = c.SetWriteBuffer(socketBuffer)
	p := &Port{conn: c, raw: ipv4.NewPacketConn(c), closing: map[netip.AddrPort]time.Time{}}
	p.number = c.LocalAddr().(*net.UDPAddr).AddrPort().Port() //nolint:forcetypeassert // a UDP socket's
	p.byAddr.Store(&map[netip.AddrPort]*Stream{})
	return p
}

// admit makes a stream here, unless another waits for packets from the same address.
func (p *Port) admit(plane *Plane, signalling netip.Addr) (*Stream, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.open {
		if s.signalling == signalling {
			return nil, false
		}
	}
	s := &Stream{
		plane: plane, port: p, signalling: signalling,
		sender: rtp.NewSender(rand.Uint32(), uint16(rand.Uint32()), rand.Uint32()),
	}
	p.open = append(p.open, s)
	return s, true
}

// run receives until the socket closes.
func (p *Port) run(ctx context.Context) error {
	ms := make([]ipv4.Message, batch)
	for i := range ms {
		ms[i].Buffers = [][]byte{make([]byte, packetSize)}
	}
	var out outbox
	for {
		n, err := p.raw.ReadBatch(ms, 0)
		if errors.Is(err, net.ErrClosed) || ctx.Err() != nil {
			return nil
		}
		if err != nil {
			continue // ICMP port unreachable and the like belong to one stream, not to the port
		}
		p.take(ms[:n], &out)
		out.flush()
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
			if s = p.latch(from); s == nil {
				continue
			}
			byAddr = *p.byAddr.Load()
		}
		s.receive(pkt, out)
	}
}

// latch finds the stream that a first packet is for.
func (p *Port) latch(from netip.AddrPort) *Stream {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := (*p.byAddr.Load())[from]; s != nil {
		return s
	}
	if t, ok := p.closing[from]; ok && time.Since(t) < afterglow && !p.expected(from) {
		return nil // the last packets of a call that has ended
	}
	// Whoever said that it would send from there comes before those behind translation.
	for _, exact := range []bool{true, false} {
		for i, s := range p.open {
			if s.to() == from != exact || !s.latchOn(from) {
				continue
			}
			p.open = append(p.open[:i:i], p.open[i+1:]...)
			p.index(from, s)
			return s
		}
	}
	return nil
}

func (p *Port) expected(from netip.AddrPort) bool {
	for _, s := range p.open {
		if s.to() == from {
			return true
		}
	}
	return false
}

// index is called with mu held.
func (p *Port) index(from netip.AddrPort, s *Stream) {
	old := *p.byAddr.Load()
	m := make(map[netip.AddrPort]*Stream, len(old)+1)
	for k, v := range old {
		if v != s {
			m[k] = v
		}
	}
	if from.IsValid() {
		m[from] = s
		delete(p.closing, from)
	}
	p.byAddr.Store(&m)
}

// reopen waits for the stream's sender anew, after a re-INVITE with another address.
func (p *Port) reopen(s *Stream) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget(s)
	p.open = append(p.open, s)
}

// remove ends a stream.
func (p *Port) remove(s *Stream) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget(s)
	now := time.Now()
	for a, t := range p.closing {
		if now.Sub(t) > afterglow {
			delete(p.closing, a)
		}
	}
	if to := s.to(); to.IsValid() {
		p.closing[to] = now
	}
}

func (p *Port) forget(s *Stream) {
	for i, o := range p.open {
		if o == s {
			p.open = append(p.open[:i:i], p.open[i+1:]...)
			return
		}
	}
	p.index(netip.AddrPort{}, s)
}

// outbox gathers packets by the port they leave from.
type outbox struct {
	ports []portbox
}

type portbox struct {
	port *Port
	ms   []ipv4.Message
}

func (o *outbox) add(port *Port, pkt []byte, to *net.UDPAddr) {
	for i := range o.ports {
		if o.ports[i].port == port {
			o.ports[i].put(pkt, to)
			return
		}
	}
	o.ports = append(o.ports, portbox{port: port})
	o.ports[len(o.ports)-1].put(pkt, to)
}

func (b *portbox) put(pkt []byte, to *net.UDPAddr) {
	if len(b.ms) < cap(b.ms) {
		b.ms = b.ms[:len(b.ms)+1]
		b.ms[len(b.ms)-1].Buffers[0], b.ms[len(b.ms)-1].Addr = pkt, to
		return
	}
	b.ms = append(b.ms, ipv4.Message{Buffers: [][]byte{pkt}, Addr: to})
	full := b.ms[:cap(b.ms)]
	for i := len(b.ms); i < len(full); i++ {
		full[i].Buffers = make([][]byte, 1)
	}
}

// flush sends everything. What the system refuses is lost, as on any network; a
// message that fails does not hold up those behind it.
func (o *outbox) flush() {
	const most = 32 // ports remembered between batches
	for i := range o.ports {
		b := &o.ports[i]
		for ms := b.ms; len(ms) > 0; {
			n, err := b.port.raw.WriteBatch(ms, 0)
			if errors.Is(err, net.ErrClosed) {
				break
			}
			if err != nil {
				n = max(n, 0) + 1
			}
			ms = ms[min(max(n, 1), len(ms)):]
		}
		b.ms = b.ms[:0]
	}
	if len(o.ports) > most {
		o.ports = o.ports[:0]
	}
}
