package letter

import (
	"path"
	"sort"
	"strconv"
	"strings"
)

// parseParams reads "value; name=value; …" as of Content-Type and Content-Disposition:
// RFC 2045 §5.1 with the continuations and charsets of RFC 2231, encoded words and
// missing quotes as some clients write them.
func parseParams(s string) (value string, params map[string]string) {
	items := splitParams(s)
	value = strings.ToLower(strings.TrimSpace(items[0]))
	if i := strings.IndexAny(value, " \t("); i >= 0 {
		value = value[:i]
	}
	params = map[string]string{}
	pieces := map[string][]piece{}
	for _, item := range items[1:] {
		name, raw, ok := strings.Cut(item, "=")
		name = strings.ToLower(strings.TrimSpace(name))
		if !ok || name == "" {
			continue
		}
		raw = unquote(strings.TrimSpace(raw))
		base, rest, extended := strings.Cut(name, "*")
		if !extended {
			if _, twice := params[name]; !twice {
				params[name] = raw
			}
			continue
		}
		n, _ := strconv.Atoi(strings.TrimSuffix(rest, "*"))
		encoded := rest == "" || strings.HasSuffix(rest, "*")
		pieces[base] = append(pieces[base], piece{n, raw, encoded})
	}
	for name, value := range params {
		params[name] = decodeWords(value)
	}
	for name, list := range pieces {
		params[name] = joinPieces(list)
	}
	return value, params
}

// piece is one name*N*=… of RFC 2231 §3 and §4.
type piece struct {
	n       int
	text    string
	encoded bool
}

func joinPieces(list []piece) string {
	sort.SliceStable(list, func(i, j int) bool { return list[i].n < list[j].n })
	charset, joined := "", []byte(nil)
	for i, p := range list {
		if i == 0 && p.encoded {
			if parts := strings.SplitN(p.text, "'", 3); len(parts) == 3 {
				charset, p.text = parts[0], parts[2]
			}
		}
		if p.encoded {
			joined = append(joined, unescape(p.text, '%')...)
		} else {
			joined = append(joined, p.text...)
		}
	}
	text, _ := toUTF8(joined, charset)
	if strings.Contains(text, "=?") {
		text = decodeWords(text)
	}
	return text
}

// splitParams cuts at semicolons outside quotes.
func splitParams(s string) []string {
	var items []string
	quoted, start := false, 0
	for i := 0; i < len(s) && len(items) < 200; i++ {
		switch {
		case s[i] == '\\' && quoted:
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ';' && !quoted:
			items = append(items, s[start:i])
			start = i + 1
		}
	}
	return append(items, s[start:])
}

func unquote(s string) string {
	if len(s) == 0 || s[0] != '"' {
		return s
	}
	var out strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
			out.WriteByte(s[i])
		case s[i] == '"':
			return out.String()
		default:
			out.WriteByte(s[i])
		}
	}
	return out.String()
}

// fileName makes a declared name safe to store and to offer for download, without
// changing what its sender wrote more than needed.
func fileName(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case r < ' ' || r == 0x7f:
			return -1
		case r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069:
			return -1 // direction marks make "exe.pdf" of "fdp.exe"
		}
		return r
	}, clean(name))
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.Trim(name, " .\"")
	if len(name) > 200 {
		ext := path.Ext(name)
		if len(ext) > 20 {
			ext = ""
		}
		name = strings.ToValidUTF8(name[:200-len(ext)], "") + ext
	}
	return name
}
