package dialog

import (
	"bytes"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
	"golang.org/x/time/rate"
)

const (
	maxSources     = 4096 // strangers remembered at once
	strangerRate   = 20   // messages a second from one stranger
	strangerBurst  = 60
	strangersRate  = 500 // from all of them
	strangersBurst = 1000
)

// gate stands before the parser and the transactions, which cost memory and a goroutine
// for each message. What is no SIP, or too much of it from somebody we don't know, goes
// no further.
type gate struct {
	conn    *net.UDPConn
	log     *slog.Logger
	trusted func(netip.Addr) bool
	parser  *sip.Parser

	all *rate.Limiter // of strangers together

	mu      sync.Mutex // guards what follows
	sources map[netip.Addr]*stranger
	known   map[netip.Addr]time.Time // until when: those we called
	lines   ledger
	hushed  map[*stranger]netip.AddrPort // with lines that were not written, and where the last came from
	others  int                          // lines of so many more that they are only counted together

	counted chan struct{} // holds one hint that there are lines that were not written
}

// stranger is the allowance of one source that we don't know.
type stranger struct {
	bucket *rate.Limiter
	ledger
	hushed int    // lines not written since the last one that was
	what   string // the last of them
}

func newStranger() *stranger {
	return &stranger{bucket: rate.NewLimiter(strangerRate, strangerBurst)}
}

func newGate(c *net.UDPConn, trusted func(netip.Addr) bool, log *slog.Logger) *gate {
	g := &gate{
		conn: c, log: log, trusted: trusted, parser: sip.NewParser(), all: rate.NewLimiter(strangersRate, strangersBurst),
		sources: map[netip.Addr]*stranger{}, known: map[netip.Addr]time.Time{}, hushed: map[*stranger]netip.AddrPort{},
		counted: make(chan struct{}, 1),
	}
	return g
}

// know lets somebody whom we call answer.
func (g *gate) know(a netip.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if len(g.known) > maxSources {
		for k, until := range g.known {
			if now.After(until) {
				delete(g.known, k)
			}
		}
	}
	g.known[a] = now.Add(24 * time.Hour)
}

// admit parses a datagram that may pass; nil for one that may not.
func (g *gate) admit(from netip.AddrPort, data []byte) sip.Message {
	if len(bytes.Trim(data, "\r\n\x00")) == 0 {
		return nil // a keep-alive (RFC 5626 §4.4.1)
	}
	who := g.stranger(from.Addr())
	if who != nil && (!who.bucket.Allow() || !g.all.Allow()) {
		g.note(from, who, "too many datagrams")
		return nil
	}
	kind := verdict(data)
	if kind == junk {
		g.note(from, who, "datagram that is no SIP")
		return nil
	}
	if kind != malformed {
		if msg, err := g.parser.ParseSIP(data); err == nil && msg.Via() != nil && msg.CSeq() != nil {
			return msg // it has a transaction
		}
	}
	g.note(from, who, "malformed SIP message")
	if kind != response {
		g.refuse(from, data)
	}
	return nil
}

// stranger gives the allowance of somebody we don't know; nil for those we do.
func (g *gate) stranger(a netip.Addr) *stranger {
	if g.trusted(a) {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if until, ok := g.known[a]; ok && time.Now().Before(until) {
		return nil
	}
	s := g.sources[a]
	if s == nil {
		if len(g.sources) >= maxSources {
			g.sweepLocked()
		}
		if len(g.sources) >= maxSources {
			a = netip.Addr{} // everybody for whom there is no room shares one allowance
			if s = g.sources[a]; s != nil {
				return s
			}
		}
		s = newStranger()
		g.sources[a] = s
	}
	return s
}

func (g *gate) sweepLocked() {
	for a, s := range g.sources {
		if s.bucket.Tokens() >= strangerBurst {
			delete(g.sources, a)
		}
	}
}

// refuse answers 400 to a request that can't be parsed, out of its own lines
// (RFC 3261 §16.3 item 1, §18.3).
func (g *gate) refuse(from netip.AddrPort, data []byte) {
	if answer := badRequest(data); answer != nil {
		_, _ = g.conn.WriteToUDPAddrPort(answer, from)
	}
}
