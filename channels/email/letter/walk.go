package letter

import (
	"bytes"
	"slices"
	"strings"
)

// part is one entity of a mail: a leaf with content, or a multipart with children.
type part struct {
	header   Header
	kind     string // media type, lower case: "text/plain"
	params   map[string]string
	children []*part
	body     []byte // as it came, still encoded; of a leaf
}

// parser walks one mail. All its slices point into the raw bytes.
type parser struct {
	parts   int
	defects map[string]bool
}

func (p *parser) defect(what string) { p.defects[what] = true }

func (p *parser) sortedDefects() []string {
	list := make([]string, 0, len(p.defects))
	for d := range p.defects {
		list = append(list, d)
	}
	slices.Sort(list)
	return list
}

// lines makes lone CR the LF that the rest of the parser expects.
func (p *parser) lines(raw []byte) []byte {
	if bytes.IndexByte(raw, '\n') < 0 && bytes.IndexByte(raw, '\r') >= 0 {
		p.defect("lines end in CR")
		return bytes.ReplaceAll(raw, []byte{'\r'}, []byte{'\n'})
	}
	return raw
}

// entity reads a header and what follows it. fallback is the type of a part that
// declares none (RFC 2045 §5.2, RFC 2046 §5.1.5).
func (p *parser) entity(raw []byte, depth int, fallback string) *part {
	p.parts++
	e := &part{}
	e.header, e.body = p.splitHeader(raw, depth == 0)
	declared := e.header.Get("Content-Type")
	e.kind, e.params = parseParams(declared)
	if major, minor, ok := strings.Cut(e.kind, "/"); !ok || major == "" || minor == "" {
		if declared != "" {
			p.defect("bad Content-Type")
		}
		e.kind = fallback
		if strings.HasPrefix(e.params["charset"], "text/") {
			e.kind = e.params["charset"]
		}
	}
	if strings.HasPrefix(e.kind, "multipart/") {
		p.split(e, depth)
	}
	return e
}

// split cuts a multipart into its parts. Without a boundary that works it becomes text.
func (p *parser) split(e *part, depth int) {
	if depth >= MaxDepth {
		p.defect("nested too deep")
		e.kind = "application/octet-stream"
		return
	}
	boundary := e.params["boundary"]
	pieces := cutAtBoundary(e.body, boundary)
	if pieces == nil {
		if decoded, ok := decodeTransfer(e.body, e.header.Get("Content-Transfer-Encoding")); ok {
			pieces = cutAtBoundary(decoded, boundary) // RFC 2045 §6.4 forbids it
		}
	}
	if pieces == nil {
		p.defect("multipart without its boundary")
		pieces = cutAtBoundary(e.body, guessBoundary(e.body))
	}
	if pieces == nil {
		e.kind = "text/plain"
		return
	}
	fallback := "text/plain"
	if e.kind == "multipart/digest" {
		fallback = "message/rfc822"
	}
	last := pieces[len(pieces)-1]
	if !last.closed {
		p.defect("last boundary missing")
	}
	for _, piece := range pieces {
		if p.parts >= MaxParts {
			p.defect("too many parts")
			rest := e.body[piece.from:]
			e.children = append(e.children, &part{kind: "application/octet-stream", body: rest})
			break
		}
		e.children = append(e.children, p.entity(piece.raw, depth+1, fallback))
	}
	e.body = nil
}

// cut is one piece between boundaries.
type cut struct {
	raw    []byte
	from   int  // offset of raw in the multipart's body
	closed bool // a boundary came after it
}

// cutAtBoundary finds the parts of a multipart in one pass (RFC 2046 §5.1.1). It
// gives nil if the boundary never comes, and at most MaxParts+1 pieces.
func cutAtBoundary(body []byte, boundary string) []cut {
	if boundary = strings.TrimRight(boundary, " \t"); boundary == "" {
		return nil
	}
	mark := []byte("--" + boundary)
	var pieces []cut
	start := -1
	for at := 0; at < len(body) && len(pieces) <= MaxParts; {
		i := bytes.Index(body[at:], mark)
		if i < 0 {
			break
		}
		i += at
		at = i + len(mark)
		after, isEnd, ok := endOfBoundary(body[at:])
		if !ok || i > 0 && body[i-1] != '\n' {
			continue
		}
		if start >= 0 {
			pieces = append(pieces, cut{trimLineEnd(body[start:i]), start, true})
		}
		at += after
		if start = at; isEnd {
			return pieces
		}
	}
	if start >= 0 && start < len(body) {
		pieces = append(pieces, cut{body[start:], start, false})
	}
	return pieces
}

// endOfBoundary reads what may follow the boundary on its line: nothing, blanks, or
// "--" at the last one. Anything else means that this is another, longer boundary.
func endOfBoundary(rest []byte) (length int, isEnd, ok bool) {
	line, after := cutLine(rest)
	isEnd = bytes.HasPrefix(line, []byte("--"))
	tail := bytes.TrimSpace(line)
	return len(rest) - len(after), isEnd, len(tail) == 0 || isEnd && len(bytes.TrimLeft(tail, "-")) == 0
}

// trimLineEnd drops the line end before a boundary, which belongs to the boundary.
func trimLineEnd(b []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(b, []byte{'\n'}), []byte{'\r'})
}

// guessBoundary takes the first line that looks like a boundary and comes again.
func guessBoundary(body []byte) string {
	rest := body
	for n := 0; n < 200 && len(rest) > 0; n++ {
		var line []byte
		line, rest = cutLine(rest)
		line = bytes.TrimRight(line, " \t")
		if len(line) > 6 && len(line) < 200 && bytes.HasPrefix(line, []byte("--")) && bytes.Contains(rest, line) {
			return string(line[2:])
		}
	}
	return ""
}
