package tickets

import (
	"strings"

	"github.com/nyaruka/phonenumbers"

	"github.com/vaxelhq/vaxel/gateway"
)

const longestAddress = 320 // RFC 5321 §4.5.3.1: 64 + @ + 255

var separators = strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", ".", "", "/", "", "\u00a0", "")

// settle gives an address in the form in which it is kept and compared. It is not ok if
// nobody can be found by it: an empty one, a withheld number.
func (s *Store) settle(a gateway.Address) (_ gateway.Address, ok bool) {
	a.Name = short(a.Name, 200)
	a.Value = strings.TrimSpace(gateway.Clean(a.Value))
	switch a.Kind {
	case gateway.AddressEmail:
		a.Value = gateway.MailAddress(a.Value)
		ok = strings.Contains(a.Value, "@")
	case gateway.AddressPhone:
		a.Value = international(a.Value, s.Region)
		ok = a.Value != ""
	case gateway.AddressVisitor:
		ok = a.Value != ""
	}
	return a, ok && len(a.Value) <= longestAddress
}

// number is a phone number without separators, with + if it has its country code; ""
// if it is none (RFC 3323's anonymous).
func number(s string) string {
	n := separators.Replace(s)
	if rest, found := strings.CutPrefix(n, "00"); found {
		n = "+" + rest
	}
	if strings.Trim(strings.TrimPrefix(n, "+"), "0123456789") != "" || len(n) < 2 {
		return ""
	}
	return n
}

// international is a number as E.164 has it, whoever of the region wrote it how: 070-174 06
// 05, 0046 70 174 06 05 and 46701740605 are +46701740605. What is in no numbering plan,
// such as an extension of the house's own, stays as it is dialled.
func international(s, region string) string {
	dialled := number(s)
	if dialled == "" {
		return ""
	}
	n, err := phonenumbers.Parse(dialled, region)
	if err != nil || !phonenumbers.IsValidNumber(n) {
		return dialled
	}
	return phonenumbers.Format(n, phonenumbers.E164)
}
