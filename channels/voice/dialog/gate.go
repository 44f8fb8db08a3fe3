package dialog

import (
	"bytes"
	"context"
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
	linesPerSecond = 10 // of the log, for one source
	linesOfAll     = 50 // and for all of them
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

// note writes at most ten lines a second about one source, fifty about all, and counts
// the others.
func (g *gate) note(from netip.AddrPort, s *stranger, what string, more ...any) {
	g.mu.Lock()
	if s == nil {
		if s = g.sources[from.Addr()]; s == nil {
			s = newStranger()
			if len(g.sources) < maxSources {
				g.sources[from.Addr()] = s
			}
		}
	}
	hushed := s.hushed
	write := g.mayWriteLocked(s, time.Now())
	if !write {
		g.countLocked(from, s, what)
	}
	g.mu.Unlock()
	if write {
		g.log.Warn(refusedHere, append([]any{"source", from.String(), "what", what, "repeated", hushed}, more...)...)
	}
}

const refusedHere = "refused on the SIP port"

// mayWriteLocked says whether a line about the source may be written now; it then tells of
// those that were not, too.
func (g *gate) mayWriteLocked(s *stranger, now time.Time) bool {
	if !s.line(now.Unix(), linesPerSecond) || !g.lines.line(now.Unix(), linesOfAll) {
		return false
	}
	s.hushed = 0
	delete(g.hushed, s)
	return true
}

// countLocked keeps a line that is not written for the next one about its source.
func (g *gate) countLocked(from netip.AddrPort, s *stranger, what string) {
	if _, known := g.hushed[s]; !known && len(g.hushed) >= linesOfAll {
		g.others++
		return
	}
	s.hushed++
	s.what, g.hushed[s] = what, from
}

// tell writes every second what was counted and not written, so that the end of a burst is
// known as soon as it is over, until ctx ends.
func (g *gate) tell(ctx context.Context) {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-second.C:
			g.tally(now)
		}
	}
}

// tally writes a line about each source that was counted and one about all others, as far
// as lines may be written; the rest waits for the next second.
func (g *gate) tally(now time.Time) {
	type sum struct {
		from     netip.AddrPort
		what     string
		repeated int
	}
	var sums []sum
	g.mu.Lock()
	for s, from := range g.hushed {
		if one := (sum{from, s.what, s.hushed - 1}); g.mayWriteLocked(s, now) { // the line itself is one
			sums = append(sums, one)
		}
	}
	others := g.others
	if others > 0 && g.lines.line(now.Unix(), linesOfAll) {
		g.others = 0
	} else {
		others = 0
	}
	g.mu.Unlock()
	if others > 0 {
		g.log.Warn(refusedHere, "source", "many", "repeated", others-1)
	}
	for _, one := range sums {
		g.log.Warn(refusedHere, "source", one.from.String(), "what", one.what, "repeated", one.repeated)
	}
}

// ledger counts the lines of a second.
type ledger struct {
	second int64
	lines  int
}

func (l *ledger) line(now int64, most int) bool {
	if l.second != now {
		l.second, l.lines = now, 0
	}
	l.lines++
	return l.lines <= most
}

// refuse answers 400 to a request that can't be parsed, out of its own lines
// (RFC 3261 §16.3 item 1, §18.3).
func (g *gate) refuse(from netip.AddrPort, data []byte) {
	if answer := badRequest(data); answer != nil {
		_, _ = g.conn.WriteToUDPAddrPort(answer, from)
	}
}

type kind int

const (
	junk kind = iota
	malformed
	request
	response
)

// verdict looks at a datagram without parsing it. A header section that is not text
// would put its line ends into our messages.
func verdict(data []byte) kind {
	first, _, ok := bytes.Cut(data, []byte("\r\n"))
	if !ok || len(first) > 2048 {
		return junk
	}
	if bytes.HasPrefix(first, []byte("SIP/2.0 ")) {
		if head, _, ok := bytes.Cut(data, []byte("\r\n\r\n")); !ok || !text(head) {
			return junk
		}
		return response
	}
	version := bytes.LastIndex(first, []byte(" SIP/"))
	method := bytes.IndexByte(first, ' ')
	if version < 0 || method <= 0 || version <= method || !token(first[:method]) || scanner(data) {
		return junk
	}
	head, _, ok := bytes.Cut(data, []byte("\r\n\r\n"))
	if !ok || !text(head) || string(first[version:]) != " SIP/2.0" && !text(first) {
		return malformed
	}
	return request
}

func token(b []byte) bool {
	for _, c := range b {
		letter := c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
		if !letter && bytes.IndexByte([]byte("-.!%*_+`'~"), c) < 0 {
			return false
		}
	}
	return len(b) <= 32
}

// text has no NUL and no CR or LF but in pairs.
func text(head []byte) bool {
	for i, c := range head {
		switch c {
		case 0:
			return false
		case '\r':
			if i+1 < len(head) && head[i+1] != '\n' {
				return false
			}
		case '\n':
			if i == 0 || head[i-1] != '\r' {
				return false
			}
		}
	}
	return true
}

// scanner knows the tools that try every telephone on the internet.
func scanner(data []byte) bool {
	for _, name := range []string{"friendly-scanner", "sipvicious", "sipcli/", "VaxSIPUserAgent", "sundayddr", "pplsip"} {
		if bytes.Contains(data, []byte(name)) {
			return true
		}
	}
	return false
}

// badRequest is a 400 with the lines that a response needs (RFC 3261 §8.2.6.2), or
// nothing if they are missing, or if it would answer an ACK.
func badRequest(data []byte) []byte {
	out := []byte("SIP/2.0 400 Bad Request\r\n")
	var via bool
	head, _, _ := bytes.Cut(data, []byte("\r\n\r\n"))
	for i, line := range bytes.Split(head, []byte("\r\n")) {
		name, value, ok := bytes.Cut(line, []byte(":"))
		if i == 0 || !ok || !text(line) || bytes.ContainsAny(line, "\r\n") || len(line) > 1024 {
			continue
		}
		switch string(bytes.ToLower(bytes.TrimSpace(name))) {
		case "via", "v":
			via = true
		case "from", "f", "to", "t", "call-id", "i":
		case "cseq":
			if bytes.Contains(value, []byte("ACK")) {
				return nil
			}
		default:
			continue
		}
		out = append(append(out, line...), "\r\n"...)
	}
	if !via || bytes.HasPrefix(data, []byte("ACK ")) {
		return nil
	}
	return append(out, "Content-Length: 0\r\n\r\n"...)
}
