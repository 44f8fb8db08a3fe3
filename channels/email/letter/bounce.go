package letter

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/vaxelhq/vaxel/gateway"
)

// Bounce is a delivery report: what became of a mail that was sent earlier.
type Bounce struct {
	MessageID  string // of the returned mail, without brackets; may be missing
	EnvelopeID string // Original-Envelope-Id, RFC 3464 §2.2.1
	Recipients []BounceRecipient
}

// BounceRecipient is one recipient's fate.
type BounceRecipient struct {
	Address    string
	Action     string // failed, delayed, delivered, relayed, expanded (RFC 3464 §2.3.3)
	Status     string // RFC 3463: 5.1.1
	Diagnostic string // what the far server said
}

// readBounce recognises RFC 3464 reports, and the prose that servers without it
// write. It gives nil for anything else.
func (p *parser) readBounce(l *Letter, root *part) *Bounce {
	var b Bounce
	for _, e := range leaves(root) {
		content, _ := decodeTransfer(e.body, e.header.Get("Content-Transfer-Encoding"))
		switch e.kind {
		case "message/delivery-status", "message/global-delivery-status":
			b.readStatus(content)
		case "message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers":
			inner := parser{defects: map[string]bool{}}
			h, _ := inner.splitHeader(bytes.TrimLeft(content, "\r\n"), true)
			b.MessageID = firstOf(messageIDs(h.Get("Message-ID")))
		}
	}
	if len(b.Recipients) > 0 {
		return &b
	}
	if !looksReturned(l) {
		return nil
	}
	b.readProse(l)
	if len(b.Recipients) == 0 {
		return nil
	}
	return &b
}

func leaves(e *part) []*part {
	if e.children == nil {
		return []*part{e}
	}
	var list []*part
	for _, c := range e.children {
		list = append(list, leaves(c)...)
	}
	return list
}

// readStatus reads the groups of fields of RFC 3464 §2.1: one for the message, then
// one for each recipient.
func (b *Bounce) readStatus(content []byte) {
	inner := parser{defects: map[string]bool{}}
	for rest := content; len(rest) > 0; {
		rest = bytes.TrimLeft(rest, "\r\n")
		h, after := inner.splitHeader(rest, true)
		if len(h) == 0 || len(after) >= len(rest) {
			return
		}
		rest = after
		if id := h.Get("Original-Envelope-Id"); id != "" {
			b.EnvelopeID = clean(id)
		}
		r := BounceRecipient{
			Address:    typed(h.Get("Original-Recipient")),
			Action:     strings.ToLower(firstWord(h.Get("Action"))),
			Status:     statusCode.FindString(h.Get("Status")),
			Diagnostic: oneLine(typed(decodeWords(h.Get("Diagnostic-Code")))),
		}
		if final := cleanAddress(typed(h.Get("Final-Recipient"))); r.Address == "" || !strings.Contains(r.Address, "@") {
			r.Address = final
		}
		r.Address = cleanAddress(r.Address)
		if r.Action == "" && r.Status == "" || len(b.Recipients) >= MaxParts {
			continue
		}
		r.complete()
		b.Recipients = append(b.Recipients, r)
	}
}

// complete fills what one field says of another: many servers put 5.0.0
// in Status and the real code in the text.
func (r *BounceRecipient) complete() {
	if r.Status == "" || strings.HasSuffix(r.Status, ".0.0") {
		if better := statusCode.FindString(r.Diagnostic); better != "" && !strings.HasSuffix(better, ".0.0") {
			r.Status = better
		}
	}
	if r.Action == "" {
		r.Action = "failed"
		if strings.HasPrefix(r.Status, "4.") {
			r.Action = "delayed"
		}
	}
	if r.Status == "" {
		r.Status = map[string]string{"failed": "5.0.0", "delayed": "4.0.0"}[r.Action]
	}
	if r.Status == "" {
		r.Status = "2.0.0"
	}
}

// typed drops the type before a semicolon: "rfc822; anna@example.org".
func typed(s string) string {
	if kind, rest, ok := strings.Cut(s, ";"); ok && !strings.ContainsAny(kind, "@ ") {
		return strings.TrimSpace(rest)
	}
	return strings.TrimSpace(s)
}

func firstWord(s string) string { return firstOf(strings.Fields(s)) }

// statusCode is an RFC 3463 code that stands by itself.
var statusCode = regexp.MustCompile(`\b[245]\.\d{1,2}\.\d{1,3}\b`)

var returnedSubject = regexp.MustCompile(`(?i)undeliver|delivery (status|failure|report|problem)|failure delivery|error sending your mail|returned mail|mail delivery failed|failure notice|delivery has failed|could not be delivered|not delivered|mail failure|message .{0,60}delayed|delayed mail|warning: message|non remis|unzustellbar|kunde inte levereras|olevererbart|配信`)

var daemonName = regexp.MustCompile(`(?i)^(mail delivery (sub)?system|mailer.daemon|postmaster)`)

// looksReturned says whether a mail server returned something, by sender and subject.
func looksReturned(l *Letter) bool {
	local, _, _ := strings.Cut(l.From.Value, "@")
	daemon := isDaemon(l.From.Value) || strings.Contains(local, "daemon") || local == "" || strings.Contains(local, "postmaster")
	daemon = daemon || daemonName.MatchString(l.From.Name)
	null := l.Header.Has("Return-Path") && strings.Trim(l.Header.Get("Return-Path"), " <>") == ""
	return (daemon || null) && (returnedSubject.MatchString(l.Subject) || l.Header.Has("X-Failed-Recipients"))
}

var (
	proseAddress = regexp.MustCompile(`[A-Za-z0-9._%+/=-]{1,64}@[A-Za-z0-9.-]{1,200}\.[A-Za-z]{2,24}`)
	proseLine    = regexp.MustCompile(`^(?:[45]\d\d )?[\s<"'(*]*([A-Za-z0-9._%+/=-]{1,64}@[A-Za-z0-9.-]{1,200}\.[A-Za-z]{2,24})[\s>"'):,.]*($|:|\s)`)
	proseReply   = regexp.MustCompile(`\b([45])\d\d[ -]`)
	proseCopy    = regexp.MustCompile(`(?im)^\W*(this is a copy of|below this line|(the )?(header|text) of the original|original message|the body of the message|unsent message|returned message|message header follows|here is a copy).*$`)
	proseDelay   = regexp.MustCompile(`(?i)has not yet been delivered|delivery attempts will continue|will keep trying|delayed`)
)

// readProse reads a report that was written for people: a line that begins with an
// address begins that recipient's part, and the codes below it are its own.
func (b *Bounce) readProse(l *Letter) {
	text := l.Text[:min(len(l.Text), 64<<10)]
	if b.MessageID == "" {
		if i := strings.LastIndex(strings.ToLower(text), "message-id:"); i >= 0 {
			line, _, _ := strings.Cut(text[i:], "\n")
			b.MessageID = firstOf(messageIDs(line))
		}
	}
	if cut := proseCopy.FindStringIndex(text); cut != nil && proseAddress.MatchString(text[:cut[0]]) {
		text = text[:cut[0]]
	}
	parts := proseParts(text)
	if len(parts) == 0 {
		parts = []BounceRecipient{{Address: proseOnly(l, text), Diagnostic: text}}
	}
	delayed := proseDelay.MatchString(text)
	for _, r := range parts[:min(len(parts), MaxParts)] {
		if r.Address == "" {
			continue
		}
		r.read(delayed)
		b.Recipients = append(b.Recipients, r)
	}
}

// proseParts cuts a report into its recipients' parts; one that comes twice counts once.
func proseParts(text string) (parts []BounceRecipient) {
	at := map[string]int{}
	current := -1
	for line := range strings.Lines(text) {
		if m := proseLine.FindStringSubmatch(line); m != nil {
			address := gateway.MailAddress(m[1])
			if _, twice := at[address]; !twice {
				at[address] = len(parts)
				parts = append(parts, BounceRecipient{Address: address})
			}
			current = at[address]
		}
		if current >= 0 && len(parts[current].Diagnostic) < 2000 {
			parts[current].Diagnostic += line
		}
	}
	return parts
}

// proseOnly is whom a report without such lines is about.
func proseOnly(l *Letter, text string) string {
	if failed := l.Header.Addresses("X-Failed-Recipients"); len(failed) > 0 {
		return failed[0].Value
	}
	for _, a := range proseAddress.FindAllString(text, 20) {
		if !isDaemon(strings.ToLower(a)) {
			return gateway.MailAddress(a)
		}
	}
	return ""
}

// read takes the code out of a recipient's part.
func (r *BounceRecipient) read(delayed bool) {
	r.Diagnostic = strings.Join(strings.Fields(r.Diagnostic), " ")
	r.Status = statusCode.FindString(r.Diagnostic)
	if m := proseReply.FindStringSubmatch(r.Diagnostic); r.Status == "" && m != nil {
		r.Status = m[1] + ".0.0"
	}
	if r.Action = "failed"; delayed {
		r.Action = "delayed"
	}
	r.Diagnostic = strings.ToValidUTF8(r.Diagnostic[:min(len(r.Diagnostic), 500)], "")
	r.complete()
}
