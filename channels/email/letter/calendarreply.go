package letter

import (
	"fmt"
	"strings"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// partstats are the answers as a calendar has them (RFC 5545 §3.2.12).
var partstats = map[gateway.InvitationAnswer]string{
	gateway.InvitationAccepted: "ACCEPTED", gateway.InvitationTentative: "TENTATIVE", gateway.InvitationDeclined: "DECLINED",
}

// AnswerInvitation writes what an attendee answers (RFC 5546 §3.2.3): the event's own marks
// come back as they came, and nobody else stands in it.
func AnswerInvitation(in gateway.Invitation, who gateway.Address, answer gateway.InvitationAnswer, comment string, at time.Time) []byte {
	var w strings.Builder
	line := func(text string) { w.WriteString(fold(text)) }
	for _, text := range []string{"BEGIN:VCALENDAR", "PRODID:-//Vaxel//Vaxel//EN", "VERSION:2.0", "METHOD:REPLY", "BEGIN:VEVENT"} {
		line(text)
	}
	line("UID:" + oneLine(in.UID))
	line(fmt.Sprintf("SEQUENCE:%d", in.Sequence))
	line("DTSTAMP:" + at.UTC().Format(wallClock) + "Z")
	if in.Recurrence != "" { // RFC 5546 §3.2.3: of one occasion alone
		line(oneLine(in.Recurrence))
	}
	line("ORGANIZER:mailto:" + oneLine(in.Organizer.Value))
	name := ""
	if who.Name != "" {
		name = `;CN="` + strings.ReplaceAll(oneLine(who.Name), `"`, "'") + `"`
	}
	line("ATTENDEE;PARTSTAT=" + partstats[answer] + name + ":mailto:" + oneLine(who.Value))
	if in.Summary != "" {
		line("SUMMARY:" + coded(in.Summary))
	}
	if comment != "" {
		line("COMMENT:" + coded(comment))
	}
	line("END:VEVENT")
	line("END:VCALENDAR")
	return []byte(w.String())
}

// coded is text as RFC 5545 §3.3.11 has it.
func coded(text string) string {
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`).Replace(text)
}

// fold ends a line, and breaks it before 75 bytes, between two characters (RFC 5545 §3.1).
func fold(text string) string {
	var w strings.Builder
	column := 0
	for _, c := range text {
		if n := len(string(c)); column+n > 75 {
			w.WriteString("\r\n ")
			column = 1
		}
		w.WriteRune(c)
		column += len(string(c))
	}
	return w.String() + "\r\n"
}
