package letter

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/vaxelhq/vaxel/gateway"
)

// maxAddresses bounds one field; a mail to more is a mail to a list.
const maxAddresses = 1000

// parseAddresses reads an address list as leniently as people expect: RFC 5322 §3.4
// and §4.4, bare words, missing quotes, semicolons, groups and encoded names.
func parseAddresses(s string) []gateway.Address {
	var list []gateway.Address
	for _, item := range splitAddresses(s) {
		if a, ok := parseAddress(item); ok {
			list = append(list, a)
		}
	}
	return list
}

// splitAddresses cuts at commas and semicolons outside quotes, comments and brackets,
// and drops group names.
func splitAddresses(s string) []string {
	var items []string
	var quoted, bracket bool
	depth, start := 0, 0
	for i := 0; i < len(s) && len(items) < maxAddresses; i++ {
		switch c := s[i]; {
		case c == '\\' && (quoted || depth > 0):
			i++
		case c == '"' && depth == 0:
			quoted = !quoted && strings.IndexByte(s[i+1:], '"') >= 0 // a lone quote opens nothing
		case quoted:
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth > 0:
		case c == '<':
			bracket = true
		case c == '>':
			bracket = false
		case c == ':' && !bracket && !strings.ContainsAny(s[start:i], "@<"):
			start = i + 1
		case (c == ',' || c == ';') && !bracket:
			items = append(items, s[start:i])
			start = i + 1
		}
	}
	return append(items, s[start:])
}

func parseAddress(item string) (gateway.Address, bool) {
	item = strings.TrimSpace(item)
	if item == "" {
		return gateway.Address{}, false
	}
	name, addr := parts(item)
	if i := strings.LastIndexByte(addr, ':'); i >= 0 && strings.HasPrefix(addr, "@") {
		addr = addr[i+1:] // RFC 5322 §4.4: a source route
	}
	value := cleanAddress(decodeWords(addr))
	name = cleanName(name)
	if !strings.Contains(value, "@") {
		if name == "" {
			name = strings.Trim(cleanName(item), "<>")
		}
		value = ""
	}
	if strings.EqualFold(name, value) {
		name = ""
	}
	return gateway.Address{Kind: gateway.AddressEmail, Value: value, Name: name}, value != "" || name != ""
}

// quotedAddress is one whose local part is a quoted string, where no brackets stand around it.
var quotedAddress = regexp.MustCompile(`"(?:[^"\\]|\\.)*"@[^\s"<>(),;]+`)

// parts tells a name from the address beside it. Brackets in quotes are letters like others, unless
// no others are there: some put quotes around the whole.
func parts(item string) (name, addr string) {
	if _, i := outside(item, '<'); i >= 0 {
		return item[:i], bracketed(item[i+1:])
	}
	if at := quotedAddress.FindStringIndex(item); at != nil {
		return strings.Trim(item[:at[0]]+item[at[1]:], "() "), item[at[0]:at[1]]
	}
	if i := strings.LastIndexByte(item, '<'); i >= 0 {
		return item[:i], bracketed(item[i+1:])
	}
	if i := strings.IndexByte(item, '('); i >= 0 {
		return strings.Trim(item[i:], "() "), item[:i]
	}
	if word := wordWithAt(item); word != "" && word != item {
		return strings.Replace(item, word, "", 1), word
	}
	return "", item
}

// bracketed is what stands before the bracket that closes.
func bracketed(s string) string {
	if i, _ := outside(s, '>'); i >= 0 {
		return s[:i]
	}
	s, _, _ = strings.Cut(s, ">")
	return s
}

// outside is where a byte stands outside quotes first and last, -1 if nowhere.
func outside(s string, want byte) (first, last int) {
	first, last = -1, -1
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted && strings.IndexByte(s[i+1:], '"') >= 0 // a lone quote opens nothing
		case c == want && !quoted:
			if last = i; first < 0 {
				first = i
			}
		}
	}
	return first, last
}

func wordWithAt(s string) string {
	for word := range strings.FieldsSeq(s) {
		if i := strings.IndexByte(word, '@'); i > 0 && i < len(word)-1 {
			return strings.Trim(word, "\"'[]")
		}
	}
	return ""
}

// around is what people and programs leave around an address.
const around = "<>',; "

// cleanAddress gives an address as gateway.MailAddress writes it, whatever stands around it.
func cleanAddress(s string) string {
	s = strings.TrimRight(strings.TrimLeft(strings.TrimSpace(clean(s)), around), around+`"`)
	at := strings.LastIndexByte(s, '@')
	if strings.Count(s[:max(0, at)], `"`) < 2 {
		s = strings.TrimLeft(s, around+`"`) // it holds nothing
	}
	s = strings.TrimPrefix(s, "mailto:")
	if at = strings.LastIndexByte(s, '@'); at < 1 {
		s = strings.Join(strings.Fields(s), "")
	} else {
		s = gateway.QuoteLocal(unquoted(s[:at])) + strings.Join(strings.Fields(s[at:]), "")
	}
	if len(s) > 320 {
		return ""
	}
	return strings.ToLower(s)
}

// unquoted is a local part without its quotes, and without the blanks outside them: RFC 5322 §3.4.1,
// and §4.4, where words that are quoted and others stand between dots.
func unquoted(local string) string {
	var plain strings.Builder
	quoted, escaped := false, false
	for i, c := range local {
		switch {
		case c < ' ' || unicode.IsSpace(c) && !quoted:
		case escaped:
			escaped = false
			plain.WriteRune(c)
		case c == '"':
			quoted = !quoted && strings.IndexByte(local[i+1:], '"') >= 0
		case c == '\\' && quoted:
			escaped = true
		default:
			plain.WriteRune(c)
		}
	}
	return plain.String()
}

func cleanName(s string) string {
	s = strings.TrimSpace(s)
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		s = s[1 : len(s)-1]
	}
	s = strings.ReplaceAll(s, `\"`, `"`)
	s = strings.ReplaceAll(s, `\\`, `\`)
	s = strings.Trim(decodeWords(s), "\"' ")
	if len(s) > 500 {
		s = strings.ToValidUTF8(s[:500], "")
	}
	return s
}
