package letter

import (
	"bytes"
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// The limits of a calendar part. What lies beyond is not read; the file is kept all the same.
const (
	maxCalendar  = 1 << 20 // bytes
	maxAttendees = 200
	maxWords     = 5000 // characters of one text in it
)

// property is one line of a calendar (RFC 5545 §3.1).
type property struct {
	name, value string
	params      map[string]string
	line        string // as it came, unfolded
}

// calendar reads a calendar part: its method, the first event, and the time zones that it
// brings along.
type calendar struct {
	path       []string // of components, outermost first
	in         gateway.Invitation
	events     int
	start, end property
	lasting    time.Duration
	zones      zones
}

// readInvitation reads the first event of a calendar part; nil if there is none. It refuses
// nothing: what can't be read is left empty.
func readInvitation(raw []byte) *gateway.Invitation {
	c := calendar{in: gateway.Invitation{Method: "publish"}} // RFC 5546 §1.4: without a method it asks for nothing
	for _, line := range unfold(raw) {
		c.take(propertyOf(line))
	}
	if c.events == 0 {
		return nil
	}
	c.in.Start, c.in.AllDay = c.zones.timeOf(c.start)
	c.in.End, _ = c.zones.timeOf(c.end)
	if c.in.End == nil && c.in.Start != nil && c.lasting > 0 {
		end := c.in.Start.Add(c.lasting)
		c.in.End = &end
	}
	c.in.Start, c.in.End = writable(c.in.Start), writable(c.in.End)
	return &c.in
}

// writable leaves out a time that RFC 3339 has no year for: a mail with one could be neither
// stored nor shown.
func writable(at *time.Time) *time.Time {
	if at == nil || at.Year() < 1 || at.Year() > 9999 {
		return nil
	}
	return at
}

func (c *calendar) take(p property) {
	switch {
	case p.name == "BEGIN":
		c.path = append(c.path, strings.ToUpper(p.value))
		if c.within("VEVENT") && len(c.path) == 2 {
			c.events++
		}
		c.zones.begin(c.path)
	case p.name == "END":
		c.path = c.path[:max(0, len(c.path)-1)]
	case len(c.path) == 1 && p.name == "METHOD":
		c.in.Method = strings.ToLower(clean(p.value))
	case c.within("VTIMEZONE"):
		c.zones.take(c.path, p)
	case c.within("VEVENT") && len(c.path) == 2 && c.events == 1:
		c.describe(p)
	}
}

func (c *calendar) within(component string) bool { return len(c.path) > 1 && c.path[1] == component }

// describe reads a property of the event.
func (c *calendar) describe(p property) {
	switch p.name {
	case "DTSTART":
		c.start = p
	case "DTEND":
		c.end = p
	case "DURATION":
		c.lasting = durationOf(p.value)
	case "UID":
		c.in.UID = words(p.value)
	case "SEQUENCE":
		c.in.Sequence, _ = strconv.Atoi(p.value)
	case "RECURRENCE-ID":
		c.in.Recurrence = words(p.line)
	case "RRULE":
		c.in.Repeats = words(p.value)
	case "SUMMARY":
		c.in.Summary = words(plain(p.value))
	case "LOCATION":
		c.in.Place = words(plain(p.value))
	case "DESCRIPTION":
		c.in.Text = words(plain(p.value))
	case "ORGANIZER":
		c.in.Organizer = calendarAddress(p)
	case "ATTENDEE":
		if len(c.in.Attendees) < maxAttendees {
			answer := strings.ToLower(strings.ReplaceAll(p.params["PARTSTAT"], "-", "_"))
			c.in.Attendees = append(c.in.Attendees, gateway.Attendee{Address: calendarAddress(p), Answer: gateway.InvitationAnswer(words(answer))})
		}
	}
}

// calendarAddress is a person of RFC 5545 §3.3.3: "mailto:" and an address.
func calendarAddress(p property) gateway.Address {
	value := strings.TrimSpace(p.value)
	if i := strings.IndexByte(value, ':'); i >= 0 && strings.EqualFold(value[:i], "mailto") {
		value = value[i+1:]
	}
	if parsed, err := mail.ParseAddress(value); err == nil {
		value = parsed.Address
	}
	return gateway.Address{Kind: gateway.AddressEmail, Value: gateway.MailAddress(words(value)), Name: words(p.params["CN"])}
}

// unfold gives the lines of a calendar, joined again where they were folded (RFC 5545 §3.1).
func unfold(raw []byte) (lines []string) {
	raw = raw[:min(len(raw), maxCalendar)]
	var whole []byte
	for line := range bytes.SplitSeq(raw, []byte{'\n'}) {
		line = bytes.TrimSuffix(line, []byte{'\r'})
		if len(line) > 0 && (line[0] == ' ' || line[0] == '\t') {
			whole = append(whole, line[1:]...)
			continue
		}
		lines = append(lines, string(whole))
		whole = append(whole[:0], line...)
	}
	return append(lines, string(whole))
}

// propertyOf splits a line: NAME;PARAM=VALUE;PARAM="VALUE":VALUE.
func propertyOf(line string) property {
	p := property{line: line, params: map[string]string{}}
	quoted, from := false, 0
	for i, c := range line {
		switch {
		case c == '"':
			quoted = !quoted
		case quoted || c != ';' && c != ':':
		default:
			p.part(line[from:i])
			if from = i + 1; c == ':' {
				p.value = line[from:]
				return p
			}
		}
	}
	return p // a line without a value says nothing
}

func (p *property) part(text string) {
	if p.name == "" {
		p.name = strings.ToUpper(strings.TrimSpace(text))
		return
	}
	name, value, _ := strings.Cut(text, "=")
	p.params[strings.ToUpper(name)] = strings.Trim(value, `"`)
}

// plain undoes what RFC 5545 §3.3.11 does to text.
func plain(value string) string {
	return strings.NewReplacer(`\n`, "\n", `\N`, "\n", `\,`, ",", `\;`, ";", `\\`, `\`).Replace(value)
}

// words is a text that may be stored and shown, and is not endless.
func words(s string) string {
	s = strings.TrimSpace(clean(s))
	if r := []rune(s); len(r) > maxWords {
		s = string(r[:maxWords])
	}
	return s
}

var durations = regexp.MustCompile(`^\+?P(?:(\d{1,4})W)?(?:(\d{1,4})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,6})S)?)?$`)

// durationOf reads P1DT2H30M (RFC 5545 §3.3.6); zero if it is none.
func durationOf(value string) (d time.Duration) {
	m := durations.FindStringSubmatch(strings.TrimSpace(value))
	for i, unit := range []time.Duration{7 * 24 * time.Hour, 24 * time.Hour, time.Hour, time.Minute, time.Second} {
		if m != nil {
			n, _ := strconv.Atoi(m[i+1]) // none is 0
			d += time.Duration(n) * unit
		}
	}
	return d
}

// invitation reads a calendar part of a letter: the first is what the letter is about.
func (r *reader) invitation(e *part, name string, content []byte) {
	calendars := []string{"text/calendar", "application/ics", "text/x-vcalendar"}
	if r.letter.Invitation != nil || !slices.Contains(calendars, e.kind) && !strings.HasSuffix(strings.ToLower(name), ".ics") {
		return
	}
	r.letter.Invitation = readInvitation([]byte(r.text(e, content)))
}
