package letter

import (
	"strings"

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
	name, addr := "", item
	if i := strings.LastIndexByte(item, '<'); i >= 0 {
		name = item[:i]
		addr, _, _ = strings.Cut(item[i+1:], ">")
	} else if i := strings.IndexByte(item, '('); i >= 0 {
		addr, name = item[:i], strings.Trim(item[i:], "() ")
	} else if word := wordWithAt(item); word != "" && word != item {
		name, addr = strings.Replace(item, word, "", 1), word
	}
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

func wordWithAt(s string) string {
	for word := range strings.FieldsSeq(s) {
		if i := strings.IndexByte(word, '@'); i > 0 && i < len(word)-1 {
			return strings.Trim(word, "\"'[]")
		}
	}
	return ""
}

func cleanAddress(s string) string {
	s = strings.Join(strings.Fields(clean(s)), "")
	s = strings.Trim(s, "<>'\",;")
	s = strings.TrimPrefix(s, "mailto:")
	if len(s) > 320 {
		return ""
	}
	return strings.ToLower(s)
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
