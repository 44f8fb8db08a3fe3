package letter_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vaxelhq/vaxel/channels/email/letter"
	"github.com/vaxelhq/vaxel/gateway"
)

func address(name, value string) gateway.Address {
	return gateway.Address{Kind: gateway.AddressEmail, Name: name, Value: value}
}

// TestQuotedLocalParts: an address that only quotes hold together keeps them, whoever wrote it how
// (RFC 5322 §3.4.1, RFC 5321 §4.1.2); quotes that hold nothing fall. What is written to it is read back
// as the same.
func TestQuotedLocalParts(t *testing.T) {
	for in, want := range map[string][]gateway.Address{
		`"john doe"@kund.example`:                           {address("", `"john doe"@kund.example`)},
		`<"John  Doe"@Kund.example>`:                        {address("", `"john  doe"@kund.example`)},
		`John <"john doe"@kund.example>`:                    {address("John", `"john doe"@kund.example`)},
		`"Doe, John" <"doe, john"@kund.example>, b@b.se`:    {address("Doe, John", `"doe, john"@kund.example`), address("", "b@b.se")},
		`"a;b"@kund.example; <"c,d"@kund.example>`:          {address("", `"a;b"@kund.example`), address("", `"c,d"@kund.example`)},
		`"john doe"@kund.example (John)`:                    {address("John", `"john doe"@kund.example`)},
		`John "john doe"@kund.example`:                      {address("John", `"john doe"@kund.example`)},
		`<"a<b>c"@kund.example>`:                            {address("", `"a<b>c"@kund.example`)},
		`"a(b"@kund.example`:                                {address("", `"a(b"@kund.example`)},
		`"a@b"@kund.example`:                                {address("", `"a@b"@kund.example`)},
		`<"say \"hej\" \\o/"@kund.example>`:                 {address("", `"say \"hej\" \\o/"@kund.example`)},
		`<"john"@kund.example>`:                             {address("", `john@kund.example`)},
		`<"john.doe"@kund.example>`:                         {address("", `john.doe@kund.example`)},
		`<john..doe@kund.example>`:                          {address("", `"john..doe"@kund.example`)},
		`<john . doe @ kund . example>`:                     {address("", `john.doe@kund.example`)}, // §4.4
		`<"john q".public@kund.example>`:                    {address("", `"john q.public"@kund.example`)},
		"<\"john\r\n doe\"@kund.example>":                   {address("", `"john doe"@kund.example`)},
		`"anna@kund.example"`:                               {address("", `anna@kund.example`)},
		`'anna@kund.example'`:                               {address("", `anna@kund.example`)},
		`"Anna <anna@kund.example>"`:                        {address("Anna", `anna@kund.example`)},
		`"Anna "Ek" Berg" <anna@kund.example>`:              {address(`Anna "Ek" Berg`, `anna@kund.example`)},
		`Anna" <anna@kund.example>`:                         {address(`Anna`, `anna@kund.example`)},
		`"Anna (kund)" <anna@kund.example>`:                 {address(`Anna (kund)`, `anna@kund.example`)},
		`<@a.example,@b.example:"john doe"@kund.example>`:   {address("", `"john doe"@kund.example`)},
		`=?utf-8?q?J=C3=B6rg?= <"j =?x?="@kund.example>`:    {address("Jörg", `"j =?x?="@kund.example`)},
		`<"jörg"@kund.example>`:                             {address("", `jörg@kund.example`)},
		`grupp: "a b"@kund.example, <"c d"@kund.example>; `: {address("", `"a b"@kund.example`), address("", `"c d"@kund.example`)},
	} {
		got := letter.Parse([]byte("To: " + in + "\r\n\r\nhej")).To
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", in, diff)
			continue
		}
		if diff := cmp.Diff(want, letter.Parse(letterTo(t, got)).To); diff != "" {
			t.Errorf("%s, written and read (-want +got):\n%s", in, diff)
		}
	}
}

func letterTo(t *testing.T, to []gateway.Address) []byte {
	t.Helper()
	r := letter.Reply{MessageID: "a@b.example", Date: time.Unix(1, 0), From: address("", "support@cyklar.example"), To: to, Text: "hej"}
	raw, err := r.Compose()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestAnAddressIsNotFolded: blanks in its quotes are its own, however many they are and wherever the
// line would end.
func TestAnAddressIsNotFolded(t *testing.T) {
	var to []gateway.Address
	for range 3 {
		to = append(to, address("Någon med ett långt namn", `"john   `+strings.Repeat("long ", 10)+`doe"@kund.example`))
	}
	raw := letterTo(t, to)
	if n := bytes.Count(raw, []byte(`<`+to[0].Value+`>`)); n != 3 {
		t.Errorf("%d of 3 stand whole in\n%s", n, raw)
	}
	if diff := cmp.Diff(to, letter.Parse(raw).To); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}

// TestBounceOfAQuotedLocalPart: a report names whom the mail was written to.
func TestBounceOfAQuotedLocalPart(t *testing.T) {
	raw := "From: MAILER-DAEMON@mx.kund.example\r\nSubject: Undelivered\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n" +
		"--b\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\n" +
		"Final-Recipient: rfc822; \"John Doe\"@kund.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n"
	l := letter.Parse([]byte(raw))
	if l.Bounce == nil || len(l.Bounce.Recipients) != 1 || l.Bounce.Recipients[0].Address != `"john doe"@kund.example` {
		t.Errorf("got %+v", l.Bounce)
	}
}
