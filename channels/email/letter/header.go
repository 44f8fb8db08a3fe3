package letter

import (
	"bytes"
	"net/mail"
	"strings"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// Field is one header field, unfolded but not decoded.
type Field struct {
	Name  string // as written
	Value string // may hold encoded words and bytes of any charset
}

// Header is the fields of a header in their order.
type Header []Field

// Get is the first field of that name, unfolded, as it came; "" if there is none.
func (h Header) Get(name string) string {
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// Has reports whether there is a field of that name, even an empty one.
func (h Header) Has(name string) bool {
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			return true
		}
	}
	return false
}

// Text is the first field of that name in plain UTF-8, encoded words decoded.
func (h Header) Text(name string) string { return decodeWords(h.Get(name)) }

// Addresses are the addresses of all fields of that name.
func (h Header) Addresses(name string) []gateway.Address {
	var list []gateway.Address
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			list = append(list, parseAddresses(f.Value)...)
		}
	}
	return list
}

// splitHeader takes the header off an entity. It follows RFC 5322 §2.2 and mends what
// breaks it: empty lines and mbox "From " lines before the first field, folded lines
// that lost their indentation, and a missing empty line before the body.
//
// A part of a multipart may have no header at all (RFC 2046 §5.1): then top is false
// and an empty first line ends it.
func (p *parser) splitHeader(raw []byte, top bool) (Header, []byte) {
	var h Header
	rest, taken, lines := raw, 0, 0
	for len(rest) > 0 {
		line, after := cutLine(rest)
		lines++
		taken += len(rest) - len(after)
		if taken > MaxHeader || lines > MaxHeaderLines {
			p.defect("header cut")
			return h, skipHeader(rest)
		}
		switch name, value, ok := cutField(line); {
		case len(line) == 0 && (len(h) > 0 || !top || lines > 3):
			return h, after
		case len(line) == 0:
			p.defect("empty line before header")
		case isIndented(line) && len(h) > 0:
			h.fold(line)
		case ok:
			h = append(h, Field{name, value})
		case isMboxFrom(line):
			p.defect("mbox separator in header")
		case len(h) > 0 && p.looksFolded(after):
			p.defect("folded line not indented")
			h.fold(line)
		default:
			p.defect("no empty line after header")
			return h, rest
		}
		rest = after
	}
	return h, nil
}

// fold adds a continuation line to the last field, which has a limit of its own so
// that ten thousand lines do not copy each other.
func (h Header) fold(line []byte) {
	last := &h[len(h)-1]
	if len(last.Value) < MaxHeader/16 {
		last.Value += " " + string(bytes.TrimSpace(line))
	}
}

// looksFolded says whether a line that is no field belongs to the header all the
// same: if a field or an indented line follows it.
func (p *parser) looksFolded(after []byte) bool {
	next, _ := cutLine(after)
	_, _, ok := cutField(next)
	return ok
}

func skipHeader(rest []byte) []byte {
	for len(rest) > 0 {
		line, after := cutLine(rest)
		if rest = after; len(line) == 0 {
			break
		}
	}
	return rest
}

// cutLine takes one line off, without its line end.
func cutLine(b []byte) (line, rest []byte) {
	before, after, ok := bytes.Cut(b, []byte{'\n'})
	if !ok {
		return b, nil
	}
	return bytes.TrimSuffix(before, []byte{'\r'}), after
}

// cutField reads "Name: value". RFC 5322 §3.6.8 lets a name be any printable ASCII
// but the colon; §4.5 allows blanks before the colon.
func cutField(line []byte) (name, value string, ok bool) {
	i := bytes.IndexByte(line, ':')
	if i <= 0 || i > 256 {
		return "", "", false
	}
	n := bytes.TrimRight(line[:i], " \t")
	for _, c := range n {
		if c <= ' ' || c >= 0x7f {
			return "", "", false
		}
	}
	return string(n), string(bytes.TrimSpace(line[i+1:])), len(n) > 0
}

func isIndented(line []byte) bool { return line[0] == ' ' || line[0] == '\t' }

func isMboxFrom(line []byte) bool {
	return bytes.HasPrefix(line, []byte("From ")) || bytes.HasPrefix(line, []byte(">From "))
}

// Layouts that mail.ParseDate refuses but that are seen.
var dateLayouts = []string{
	"2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04 -0700", "2 Jan 2006 15:04:05",
	"Jan 2 2006 15:04:05 -0700", "Jan 2 15:04:05 2006", "2006-01-02 15:04:05 -0700",
	"2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05", "2 January 2006 15:04:05 -0700",
	"2 Jan 06 15:04:05 -0700", "2/1/2006 15:04:05",
}

// parseDate reads a date, strictly first, then as others write it; zero if it can't.
func parseDate(s string) time.Time {
	if t, err := mail.ParseDate(s); err == nil {
		return t.UTC()
	}
	if i := strings.IndexByte(s, '('); i > 0 {
		s = s[:i] // "(CEST)"
	}
	if i := strings.IndexByte(s, ','); i >= 0 && i < 12 {
		s = s[i+1:] // the day of the week, in any language
	}
	s = strings.Join(strings.Fields(s), " ")
	for _, zone := range []string{" GMT", " UTC", " UT", " Z"} {
		s = strings.Replace(s, zone, " +0000", 1)
	}
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// messageIDs takes the ids out of a Message-ID, In-Reply-To or References field.
// Between brackets anything goes but blanks; without any, words with an @ are ids.
func messageIDs(s string) []string {
	var ids []string
	for rest := s; ; {
		i := strings.IndexByte(rest, '<')
		if i < 0 {
			break
		}
		j := strings.IndexByte(rest[i:], '>')
		if j < 0 {
			break
		}
		id := strings.Join(strings.Fields(rest[i+1:i+j]), "") // some fold inside an id
		if id = strings.TrimLeft(clean(id), "<"); id != "" && len(id) <= 998 {
			ids = append(ids, id)
		}
		rest = rest[i+j+1:]
	}
	if ids == nil {
		for word := range strings.FieldsSeq(s) {
			if word = strings.Trim(clean(word), "<>,;\""); strings.Contains(word, "@") && len(word) <= 998 {
				ids = append(ids, word)
			}
		}
	}
	return ids
}
