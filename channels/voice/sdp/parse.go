package sdp

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
)

// Bounds on what is read from strangers.
const (
	maxSize  = 16 << 10
	maxMedia = 16
)

// Parse reads an offer or answer and finds the first audio stream we can take part in.
func Parse(body []byte) (Description, error) {
	if len(body) > maxSize || len(body) < 2 || string(body[:2]) != "v=" {
		return Description{}, ErrMalformed
	}
	p := parser{d: Description{audio: -1}, dir: SendRecv}
	for line := range strings.Lines(string(body)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			continue
		}
		if len(line) < 2 || line[1] != '=' || !clean(line) {
			return Description{}, fmt.Errorf("line %.20q: %w", line, ErrMalformed)
		}
		if err := p.line(line[0], line[2:]); err != nil {
			return Description{}, err
		}
	}
	p.finish()
	if p.d.audio < 0 {
		return p.d, ErrNothingFit
	}
	return p.d, nil
}

// parser holds the session's defaults and the stream being read.
type parser struct {
	d    Description
	addr netip.Addr // c= of the session
	dir  Direction  // of the session

	open   bool // inside an m= line
	port   uint16
	here   netip.Addr
	hereD  Direction
	types  []uint8
	coding map[uint8]string
}

func (p *parser) line(key byte, value string) error {
	switch key {
	case 'o':
		return p.origin(value)
	case 'c':
		a, ok := address(value)
		if ok && p.open {
			p.here = a
		} else if ok {
			p.addr = a
		}
	case 'm':
		p.finish()
		return p.begin(value)
	case 'a':
		p.attribute(value)
	}
	return nil
}

// origin is o=<user> <id> <version> IN IP4 <address>. Ids that are no number are taken as 0.
func (p *parser) origin(value string) error {
	f := strings.Fields(value)
	if len(f) != 6 {
		return fmt.Errorf("origin: %w", ErrMalformed)
	}
	p.d.ID, _ = strconv.ParseUint(f[1], 10, 64)
	p.d.Version, _ = strconv.ParseUint(f[2], 10, 64)
	return nil
}

// address is c=IN IP4 <address>[/ttl]; names are not looked up.
func address(value string) (netip.Addr, bool) {
	f := strings.Fields(value)
	if len(f) != 3 {
		return netip.Addr{}, false
	}
	host, _, _ := strings.Cut(f[2], "/")
	a, err := netip.ParseAddr(host)
	return a.WithZone(""), err == nil && !a.IsMulticast()
}

// begin is m=<kind> <port>[/n] <proto> <format> …
func (p *parser) begin(value string) error {
	f := strings.Fields(value)
	if len(f) < 4 || len(p.d.media) == maxMedia {
		return fmt.Errorf("media line: %w", ErrMalformed)
	}
	port, _, _ := strings.Cut(f[1], "/")
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return fmt.Errorf("media port: %w", ErrMalformed)
	}
	p.d.media = append(p.d.media, media{kind: f[0], proto: f[2], formats: strings.Join(f[3:], " ")})
	p.open, p.port, p.here, p.hereD = true, uint16(n), p.addr, p.dir
	p.types, p.coding = p.types[:0], map[uint8]string{0: "PCMU/8000", 8: "PCMA/8000"}
	for _, s := range f[3:] {
		if pt, err := strconv.ParseUint(s, 10, 7); err == nil {
			p.types = append(p.types, uint8(pt))
		}
	}
	return nil
}

func (p *parser) attribute(value string) {
	name, rest, _ := strings.Cut(value, ":")
	dir := &p.dir
	if p.open {
		dir = &p.hereD
	}
	switch name {
	case "sendrecv":
		*dir = SendRecv
	case "sendonly":
		*dir = SendOnly
	case "recvonly":
		*dir = RecvOnly
	case "inactive":
		*dir = Inactive
	case "rtpmap":
		pt, coding, _ := strings.Cut(rest, " ")
		if n, err := strconv.ParseUint(pt, 10, 7); err == nil && p.open {
			p.coding[uint8(n)] = strings.ToUpper(strings.TrimSpace(coding))
		}
	}
}

// finish takes the stream just read if it is the first that fits. G.711 is accepted
// under its static payload types only: everybody uses them.
func (p *parser) finish() {
	if !p.open {
		return
	}
	p.open = false
	if p.d.audio >= 0 || p.port == 0 || !p.here.IsValid() || !p.d.media[len(p.d.media)-1].isAudio() {
		return
	}
	a := Audio{Addr: netip.AddrPortFrom(p.here.Unmap(), p.port), Direction: p.hereD}
	for _, pt := range p.types {
		switch coding := strings.TrimSuffix(p.coding[pt], "/1"); {
		case pt == 0 && coding == "PCMU/8000" && !has(a.Laws, g711.Mu):
			a.Laws = append(a.Laws, g711.Mu)
		case pt == 8 && coding == "PCMA/8000" && !has(a.Laws, g711.A):
			a.Laws = append(a.Laws, g711.A)
		case pt >= 96 && coding == "TELEPHONE-EVENT/8000" && a.Event == 0:
			a.Event = pt
		}
	}
	if len(a.Laws) > 0 {
		p.d.Audio, p.d.audio = a, len(p.d.media)-1
	}
}

func has(laws []g711.Law, l g711.Law) bool {
	return len(laws) > 0 && (laws[0] == l || len(laws) > 1)
}
