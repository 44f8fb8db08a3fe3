package letter

import (
	"strings"

	"github.com/vaxelhq/vaxel/gateway"
)

// authentication is what the topmost Authentication-Results field says, which is that of
// the server which took the mail last (RFC 8601 §5). It says nothing of a mail whose server
// adds none: what stands there then is the sender's own.
func authentication(h Header) *gateway.Authentication {
	value := h.Get("Authentication-Results")
	if value == "" {
		return nil
	}
	a := &gateway.Authentication{}
	for i, part := range strings.Split(withoutComments(value), ";") {
		words := strings.Fields(part)
		if len(words) == 0 {
			continue
		}
		if i == 0 {
			a.Server = clean(words[0])
			continue
		}
		method, result, _ := strings.Cut(strings.ToLower(words[0]), "=")
		switch result = clean(result); method {
		case "spf":
			a.SPF = result
		case "dkim":
			if a.DKIM != "pass" { // one good signature of several is enough
				a.DKIM = result
			}
		case "dmarc":
			a.DMARC = result
		}
	}
	return a
}

// withoutComments takes comments in brackets out, nested ones too (RFC 5322 §3.2.2).
func withoutComments(s string) string {
	var out strings.Builder
	depth := 0
	for _, c := range s {
		switch {
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth == 0:
			out.WriteRune(c)
		}
	}
	return out.String()
}

// spam is what a filter on the way has said, in its own words; empty: nothing.
func spam(h Header) string {
	for _, name := range []string{"X-Spam-Status", "X-Spam-Flag", "X-Spam", "X-Spamd-Bar", "X-MS-Exchange-Organization-SCL"} {
		if v := h.Text(name); v != "" {
			return strings.ToValidUTF8(v[:min(len(v), 300)], "")
		}
	}
	return ""
}
