package email

import (
	"errors"
	"regexp"
	"slices"

	"github.com/emersion/go-smtp"

	"github.com/vaxelhq/vaxel/gateway"
)

// RFC 5321 §4.2.1 has 4xx for everything that may be better later, and no code of its own for
// "you send too much". What servers mean by it is in their enhanced codes and words.

// busyCodes are the enhanced codes (RFC 3463) by which servers say so: 4.3.2 not accepting mail now,
// which Exchange has for too many connections; 4.4.5 congestion; 4.7.28 of Gmail, for its rates.
var busyCodes = []smtp.EnhancedCode{{4, 3, 2}, {4, 4, 5}, {4, 7, 28}}

// Microsoft has a range for it: 4.7.500 to 4.7.699, server busy and throttled.
const microsoftBusy, microsoftBusyEnd = 500, 700

var (
	busyWords  = regexp.MustCompile(`(?i)\brate\b|throttl|slow down|too (many|much) (connections|concurrent|messages|mails?|sessions)`)
	limitWords = regexp.MustCompile(`(?i)limit (is )?(exceeded|reached)|exceeded .*limit`)
	fullWords  = regexp.MustCompile(`(?i)\b(size|quota|storage|space|disk|mailbox limit)\b`) // limits of another kind
	relayWords = regexp.MustCompile(`(?i)relay limit`)                                       // Gmail's, of what leaves by it, with 4.2.1
)

// asksForLess says whether a server's answer means that it gets too much mail from us. 421 ends
// the connection (RFC 5321 §3.8), for this reason more than for any other. A grey list says
// something else: that it does not know us yet. So does one mailbox that is full or gets too much
// (4.2.x): others of its provider are not.
func asksForLess(err error) bool {
	said := (*smtp.SMTPError)(nil)
	if !errors.As(err, &said) || said.Code/100 != 4 || greyWords.MatchString(said.Message) {
		return false
	}
	code := said.EnhancedCode
	return said.Code == 421 || slices.Contains(busyCodes, code) || busyIn(code, said.Message) ||
		code[0] == 4 && code[1] == 7 && code[2] >= microsoftBusy && code[2] < microsoftBusyEnd
}

// busyIn says whether the words of an answer mean so.
func busyIn(code smtp.EnhancedCode, words string) bool {
	if code[0] == 4 && code[1] == 2 {
		return relayWords.MatchString(words)
	}
	return busyWords.MatchString(words) || limitWords.MatchString(words) && !fullWords.MatchString(words)
}

var greyWords = regexp.MustCompile(`(?i)gr[ea]y-?list`)

// slower tells who has asked for less, beside what became of an attempt that broke off with err.
func slower(d gateway.Delivery, err error, via string) (gateway.Delivery, error) {
	if asksForLess(err) {
		d.Slow = append(d.Slow, via)
	}
	if err == nil || len(d.Slow) == 0 {
		return d, err
	}
	d.State, d.Response = gateway.OutboundDeferred, err.Error()
	return d, nil
}
