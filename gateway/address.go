package gateway

import "strings"

// longestMailAddress is in bytes: RFC 5321 §4.5.3.1 gives 64, an @ and 255.
const longestMailAddress = 320

// MailAddress writes a mail address as it is kept and compared: in lower case, its local part in
// quotes only where it cannot be without. RFC 5321 §4.1.2: with and without them it names the same
// mailbox, and is best written without; §2.4 lets local parts differ by case, which nobody does.
// All of a domain, "@example.org", stays so.
func MailAddress(s string) string {
	return strings.ToLower(Requote(s))
}

// Requote takes needless quotes off an address and sets those that are missing; its letters stay as
// they were written.
func Requote(s string) string {
	at := strings.LastIndexByte(s, '@')
	if at < 1 {
		return s
	}
	return QuoteLocal(UnquoteLocal(s[:at])) + s[at:]
}

// TypedMailAddress reads an address that somebody has typed. It is not ok if that is none: without an
// @, with a name beside it, with a blank or a comma that no quotes hold.
func TypedMailAddress(s string) (address string, ok bool) {
	s = strings.TrimSpace(Clean(s))
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at == len(s)-1 || len(s) > longestMailAddress || strings.ContainsAny(s[at:], " \t\r\n<>,\"") {
		return "", false
	}
	local := UnquoteLocal(s[:at])
	bare := local == s[:at]
	return MailAddress(s), !strings.ContainsFunc(local, control) && (!bare || !strings.ContainsFunc(local, special))
}

// QuoteLocal writes a local part: as it is where it is a dot-atom (RFC 5322 §3.2.3) of whatever
// script, else as a quoted string (§3.2.4).
func QuoteLocal(local string) string {
	for atom := range strings.SplitSeq(local, ".") {
		if atom == "" || strings.ContainsFunc(atom, special) {
			return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(local) + `"`
		}
	}
	return local
}

// UnquoteLocal takes the quotes off a local part that is one quoted string; any other stays as it is.
func UnquoteLocal(local string) string {
	if len(local) < 2 || local[0] != '"' {
		return local
	}
	var plain strings.Builder
	for i := 1; i < len(local); i++ {
		switch {
		case local[i] == '"' && i == len(local)-1:
			return plain.String()
		case local[i] == '"' || i == len(local)-1:
			return local
		case local[i] == '\\':
			i++
		}
		plain.WriteByte(local[i])
	}
	return local
}

// special says whether only quotes can hold a letter (RFC 5322 §3.2.3).
func special(r rune) bool { return r == ' ' || control(r) || strings.ContainsRune(`()<>[]:;@\,"`, r) }

// control says whether nothing can.
func control(r rune) bool { return r < ' ' || r == 0x7f }
