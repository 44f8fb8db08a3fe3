// Package media carries sound: it receives and sends RTP, relays between two legs
// without decoding, plays what every caller may hear from shared frames, and records.
//
// What runs, whatever the number of calls: one goroutine per port, one media clock of
// 20 ms frames in 1 ms phases for everybody who is being played to, and one writer for
// all recordings. A few shared ports serve almost everybody, so that a system call
// moves many packets. A packet's stream is found by port and sender. A sender that nobody
// has named is taken once, by rtp.Latch, where no other stream could be meant; a far end
// that may be behind address translation gets a port of its own from the start.
//
// Callbacks run on these goroutines and must not wait.
//
// Locks are taken in this order and never the other way round: the plane's, a port's, a
// stream's, then the clock's or a conference's. Nobody holds two streams'. None is held over
// a system call that can wait. A packet on its way from one far end to another costs two
// locks (each stream's, for memory only), no copy, and its share of two system
// calls.
//
// Nothing here survives the process but what a Tape has written, which is whole at every
// moment; lost packets are lost, as on any network.
package media

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Config says where sound is received.
type Config struct {
	Listen    netip.Addr // the address that ports are bound to; IPv4
	Advertise netip.Addr // what far ends are told; Listen if not set
	Low, High uint16     // ports; both 0 lets the system choose
	Shared    int        // shared ports; one for each processor, 4 at most, if 0
}

// socketBuffer holds half a second of 1,000 calls while we are not running.
const socketBuffer = 8 << 20

// Plane is the media of one node.
type Plane struct {
	cfg    Config
	log    *slog.Logger
	shared []*Port
	clock  *clock
	tapes  *tapes
	epoch  time.Time

	mu      sync.Mutex         // guards what follows
	next    uint16             // port to try
	turn    int                // of the shared ports: streams are dealt out evenly
	private map[*Port]struct{} // those with one stream
	ended   bool
	readers sync.WaitGroup // of private ports
}

// Open binds the shared ports. Run makes them work.
func Open(ctx context.Context, cfg Config, log *slog.Logger) (*Plane, error) {
	if !cfg.Advertise.IsValid() {
		cfg.Advertise = cfg.Listen
	}
	if cfg.Shared == 0 {
		cfg.Shared = min(runtime.GOMAXPROCS(0), 4)
	}
	p := &Plane{cfg: cfg, log: log, next: cfg.Low, private: map[*Port]struct{}{}, tapes: newTapes(), epoch: time.Now()}
	p.clock = newClock(p)
	for range cfg.Shared {
		port, err := p.bind(ctx)
		if err != nil {
			p.closeAll()
			return nil, err
		}
		p.shared = append(p.shared, port)
	}
	return p, nil
}

// Run carries sound until ctx ends, or until a shared port is broken, which is an error. It
// returns when every goroutine has.
func (p *Plane) Run(outer context.Context) error {
	g, ctx := errgroup.WithContext(outer)
	for _, port := range p.shared {
		g.Go(port.run)
	}
	g.Go(func() error { return p.clock.run(ctx) })
	g.Go(func() error { return p.tapes.run(ctx) })
	<-ctx.Done()
	p.closeAll()
	broken := g.Wait()
	p.readers.Wait()
	if outer.Err() != nil {
		broken = nil // that was us
	}
	return broken
}

// Close frees the ports of a plane that was never run.
func (p *Plane) Close() error {
	p.closeAll()
	return nil
}

// closeAll ends the goroutines that read: their sockets are closed under them.
func (p *Plane) closeAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	for _, port := range p.shared {
		_ = port.conn.Close()
	}
	for port := range p.private {
		_ = port.conn.Close()
	}
}

// now is the media clock in samples.
func (p *Plane) now() int64 { return int64(time.Since(p.epoch) / (time.Second / 8000)) }

// Peer is what is known of a far end before its stream is made.
type Peer struct {
	Signalling netip.Addr     // where its SIP messages come from or go to
	Far        netip.AddrPort // where its description wants sound, if there is one already
	NAT        bool           // it may send from an address that nobody has told us
}

// Stream makes one leg's end. Who sends from where they say shares a port, unless another
// stream there has the same far address: they could not be told apart. ctx is for binding;
// the stream lives until Close. The error says that no port is free, or that the plane has
// ended (net.ErrClosed).
func (p *Plane) Stream(ctx context.Context, peer Peer) (*Stream, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.shared {
		if port := p.shared[(p.turn+i)%len(p.shared)]; !peer.NAT && !port.serves(peer.Far) {
			p.turn += i + 1
			return port.admit(p, peer.Signalling), nil
		}
	}
	port, err := p.bind(ctx)
	if err != nil {
		return nil, err
	}
	s := port.admit(p, peer.Signalling)
	port.private = true
	p.private[port] = struct{}{}
	p.readers.Go(func() {
		if err := port.run(); !errors.Is(err, net.ErrClosed) {
			p.log.Warn("a call is not heard any more", "port", port.number, "err", err)
		}
	})
	return s, nil
}

// bind opens the next free port of the range.
func (p *Plane) bind(ctx context.Context) (*Port, error) {
	if p.ended {
		return nil, net.ErrClosed
	}
	tries := int(p.cfg.High-p.cfg.Low) + 1
	for range tries {
		n := p.next
		if p.next++; p.next > p.cfg.High || p.next == 0 {
			p.next = p.cfg.Low
		}
		var lc net.ListenConfig
		c, err := lc.ListenPacket(ctx, "udp4", netip.AddrPortFrom(p.cfg.Listen, n).String())
		if err != nil {
			continue
		}
		return newPort(c.(*net.UDPConn)), nil // udp4 gives nothing else
	}
	return nil, fmt.Errorf("bind an RTP port between %d and %d: all %d are taken", p.cfg.Low, p.cfg.High, tries)
}

// release closes a private port with its stream; shared ones stay.
func (p *Plane) release(port *Port) {
	if !port.private {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.private, port)
	_ = port.conn.Close()
}
