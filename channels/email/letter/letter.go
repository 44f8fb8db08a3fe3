// Package letter turns raw mail into something a person can read, and a person's
// reply into raw mail.
//
// Parse never refuses: whatever the bytes are, there is a Letter, and Defects says
// what had to be mended. It does no I/O, and hostile mail costs it no more than time
// in proportion to its size: see the limits below.
package letter

import (
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// The limits. What lies beyond one is kept as an attachment or cut, and noted in Defects.
const (
	MaxDepth       = 20      // multiparts inside each other
	MaxParts       = 1000    // of one mail, at all depths
	MaxHeader      = 1 << 20 // bytes of one header
	MaxHeaderLines = 10_000  // of one header
	MaxText        = 1 << 20 // bytes of Text
	MaxHTML        = 4 << 20 // bytes of HTML
)

// Letter is a parsed mail. All text is valid UTF-8 without NUL.
type Letter struct {
	Header         Header
	MessageID      string   // RFC 5322 §3.6.4, without brackets; often missing
	InReplyTo      []string // without brackets
	References     []string // oldest first, without brackets
	Subject        string
	Date           time.Time // zero if it has none that can be read
	From           gateway.Address
	Sender         gateway.Address
	ReplyTo        []gateway.Address
	To             []gateway.Address
	Cc             []gateway.Address
	Text           string // plain text, of the HTML if there was no other
	HTML           string // safe to show in a sandboxed frame; empty for plain mail
	Quoted         int    // from this byte on, Text is quoted from earlier mails; 0 none
	Attachments    []Attachment
	Automatic      Automatic
	Bounce         *Bounce                 // nil unless it is a delivery report
	Invitation     *gateway.Invitation     // nil unless it is about a meeting
	Authentication *gateway.Authentication // nil: no server says anything
	Spam           string                  // what a filter has said
	Defects        []string                // sorted, each once
}

// Attachment is a file in a letter.
type Attachment struct {
	Name string // as its sender named it, without folders; never empty
	Type string // the declared media type, lower case
	CID  string // Content-ID without brackets, if the HTML refers to it
	Data []byte // decoded; shares memory with the raw mail where it can
}

// Parse reads raw mail with any line ends. The letter may share memory with raw, which must
// not be changed while it is in use.
//
//	lines ─▶ entity (walk.go) ─▶ transfer encoding ─▶ charset ─▶ text, HTML made safe, files
func Parse(raw []byte) *Letter {
	p := &parser{defects: map[string]bool{}}
	root := p.entity(p.lines(raw), 0, "text/plain")
	l := &Letter{Header: root.header}
	l.readHeader()
	p.readBody(l, root)
	l.Automatic = classify(l)
	l.Defects = p.sortedDefects()
	return l
}

// readHeader fills what the top header says.
func (l *Letter) readHeader() {
	h := l.Header
	l.MessageID = firstOf(messageIDs(h.Get("Message-ID")))
	l.InReplyTo = messageIDs(h.Get("In-Reply-To"))
	l.References = messageIDs(h.Get("References"))
	l.Subject = h.Text("Subject")
	l.Date = parseDate(h.Get("Date"))
	l.From = firstOf(h.Addresses("From"))
	l.Sender = firstOf(h.Addresses("Sender"))
	l.ReplyTo = h.Addresses("Reply-To")
	l.To = h.Addresses("To")
	l.Cc = h.Addresses("Cc")
	l.Authentication, l.Spam = authentication(h), spam(h)
	if l.From.Value == "" {
		l.From = l.Sender
	}
}

func firstOf[T any](list []T) (first T) {
	if len(list) > 0 {
		first = list[0]
	}
	return first
}
