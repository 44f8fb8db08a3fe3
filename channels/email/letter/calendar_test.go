package letter_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vaxelhq/vaxel/channels/email/letter"
	"github.com/vaxelhq/vaxel/gateway"
)

const outlook = `BEGIN:VCALENDAR
PRODID:Microsoft Exchange Server 2010
VERSION:2.0
METHOD:REQUEST
BEGIN:VTIMEZONE
TZID:W. Europe Standard Time
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
ORGANIZER;CN="Ek, Åsa":MAILTO:Asa@kund.example
ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN=Support:mail
 to:support@cyklar.example
ATTENDEE;PARTSTAT=ACCEPTED:mailto:bo@kund.example
DESCRIPTION;LANGUAGE=sv-SE:Rad ett\nRad två\, med komma
SUMMARY;LANGUAGE=sv-SE:Genomgång\; sommar
DTSTART;TZID=W. Europe Standard Time:20260702T100000
DTEND;TZID=W. Europe Standard Time:20260702T113000
RECURRENCE-ID;TZID=W. Europe Standard Time:20260702T090000
RRULE:FREQ=WEEKLY;COUNT=4
UID:040000008200E00074C5B7101A82E008
SEQUENCE:3
LOCATION:Rum 4
BEGIN:VALARM
DESCRIPTION:REMINDER
TRIGGER:-PT15M
END:VALARM
END:VEVENT
END:VCALENDAR
`

func invited(calendar string) *gateway.Invitation {
	return letter.Parse([]byte("From: a@b.example\r\nSubject: x\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n" +
		"--b\r\nContent-Type: text/plain\r\n\r\nHej\r\n--b\r\nContent-Type: text/calendar; charset=utf-8; method=REQUEST\r\n\r\n" +
		strings.ReplaceAll(calendar, "\n", "\r\n") + "\r\n--b--\r\n")).Invitation
}

func at(s string) *time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return &t
}

// TestInvitation reads what Outlook writes: a zone under a name of its own, folded lines, an
// occasion of a series.
func TestInvitation(t *testing.T) {
	want := &gateway.Invitation{
		Method: "request", UID: "040000008200E00074C5B7101A82E008", Sequence: 3, Recurrence: "RECURRENCE-ID;TZID=W. Europe Standard Time:20260702T090000",
		Summary: "Genomgång; sommar", Place: "Rum 4", Text: "Rad ett\nRad två, med komma", Repeats: "FREQ=WEEKLY;COUNT=4",
		Start: at("2026-07-02T08:00:00Z"), End: at("2026-07-02T09:30:00Z"),
		Organizer: gateway.Address{Kind: gateway.AddressEmail, Value: "asa@kund.example", Name: "Ek, Åsa"},
		Attendees: []gateway.Attendee{
			{Address: gateway.Address{Kind: gateway.AddressEmail, Value: "support@cyklar.example", Name: "Support"}, Answer: "needs_action"},
			{Address: gateway.Address{Kind: gateway.AddressEmail, Value: "bo@kund.example"}, Answer: gateway.InvitationAccepted},
		},
	}
	if diff := cmp.Diff(want, invited(outlook)); diff != "" {
		t.Error(diff)
	}
}

// TestMeetingTimes: in winter and summer, in a zone of IANA's, in UTC, for whole days, by
// their length, and with no zone at all.
func TestMeetingTimes(t *testing.T) {
	for _, test := range []struct {
		lines, start, end string
		day               bool
	}{
		{"DTSTART;TZID=W. Europe Standard Time:20260102T100000\nDURATION:PT1H30M", "2026-01-02T09:00:00Z", "2026-01-02T10:30:00Z", false},
		{"DTSTART;TZID=W. Europe Standard Time:20260329T015959", "2026-03-29T00:59:59Z", "", false},
		{"DTSTART;TZID=W. Europe Standard Time:20260329T030000", "2026-03-29T01:00:00Z", "", false},
		{"DTSTART;TZID=Asia/Tokyo:20260102T100000\nDTEND:20260102T023000Z", "2026-01-02T01:00:00Z", "2026-01-02T02:30:00Z", false},
		{"DTSTART;VALUE=DATE:20260102\nDTEND;VALUE=DATE:20260104", "2026-01-02T00:00:00Z", "2026-01-04T00:00:00Z", true},
		{"DTSTART:20260102T100000", "2026-01-02T10:00:00Z", "", false},
		{"DTSTART:tomorrow", "", "", false},
		{"DTSTART:99991231T000000Z\nDURATION:P9999W", "9999-12-31T00:00:00Z", "", false},
		{"DTSTART;TZID=Asia/Tokyo:00000101T000000", "", "", false},
		{"DTSTART;TZID=America/New_York:99991231T230000", "", "", false},
	} {
		head, _, _ := strings.Cut(outlook, "BEGIN:VEVENT")
		in := invited(head + "BEGIN:VEVENT\nUID:1\n" + test.lines + "\nEND:VEVENT\nEND:VCALENDAR\n")
		show := func(at *time.Time) string {
			if at == nil {
				return ""
			}
			return at.Format(time.RFC3339)
		}
		if got := show(in.Start) + " " + show(in.End); got != test.start+" "+test.end || in.AllDay != test.day {
			t.Errorf("%s: got %s, whole days %v", test.lines, got, in.AllDay)
		}
	}
}

// TestAZonesUnknownDay: a rule of a day that there is not is no rule of Sundays.
func TestAZonesUnknownDay(t *testing.T) {
	for _, day := range []string{"-1XX", "-1UM", "U", ""} {
		in := invited(strings.ReplaceAll(outlook, "BYDAY=-1SU", "BYDAY="+day))
		if want := at("2026-07-02T09:00:00Z"); in.Start == nil || !in.Start.Equal(*want) {
			t.Errorf("BYDAY=%s: starts %v, want %v", day, in.Start, want)
		}
	}
}

// TestAnswerInvitation: the answer can be read again, and folds lines between characters.
func TestAnswerInvitation(t *testing.T) {
	in := *invited(outlook)
	in.Summary = strings.Repeat("åäö; ", 30)
	who := gateway.Address{Kind: gateway.AddressEmail, Value: "support@cyklar.example", Name: `Åkes "Cyklar"`}
	raw := string(letter.AnswerInvitation(in, who, gateway.InvitationTentative, "Kanske,\nkanske inte", *at("2026-06-30T12:00:00Z")))
	for _, line := range []string{
		"METHOD:REPLY", "UID:040000008200E00074C5B7101A82E008", "SEQUENCE:3", "DTSTAMP:20260630T120000Z", "ORGANIZER:mailto:asa@kund.example",
		"RECURRENCE-ID;TZID=W. Europe Standard Time:20260702T090000", `COMMENT:Kanske\,\nkanske inte`,
	} {
		if !strings.Contains(raw, "\r\n"+line+"\r\n") {
			t.Errorf("without %s:\n%s", line, raw)
		}
	}
	for line := range strings.SplitSeq(raw, "\r\n") {
		if len(line) > 75 {
			t.Errorf("%d bytes: %s", len(line), line)
		}
	}
	back := invited(strings.ReplaceAll(raw, "\r\n", "\n"))
	if back.Method != "reply" || back.Summary != strings.TrimSpace(in.Summary) || len(back.Attendees) != 1 ||
		back.Attendees[0].Answer != gateway.InvitationTentative || back.Attendees[0].Name != "Åkes 'Cyklar'" {
		t.Errorf("read again: %+v", back)
	}
}

// FuzzInvitation: whatever stands in a calendar, it is read without harm.
func FuzzInvitation(f *testing.F) {
	f.Add(outlook)
	f.Add("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:99991231T000000Z\nDURATION:P9999W\n")
	f.Add("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;TZID=\"a:b\":20260102T100000\nDURATION:P1W\nATTENDEE;CN=\"x\n")
	f.Fuzz(func(t *testing.T, calendar string) {
		if in := invited(calendar); in != nil {
			if _, err := json.Marshal(in); err != nil {
				t.Error(err)
			}
			letter.AnswerInvitation(*in, gateway.Address{}, gateway.InvitationAccepted, "", time.Time{})
		}
	})
}
