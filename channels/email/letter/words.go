package letter

import (
	"encoding/base64"
	"strings"
)

// decodeWords makes a header value plain text: RFC 2047 encoded words wherever they
// stand (also where §5 forbids them), and bare 8-bit text by detection.
func decodeWords(s string) string {
	if !strings.Contains(s, "=?") {
		text, _ := toUTF8([]byte(s), "")
		return strings.TrimSpace(oneLine(text))
	}
	var out strings.Builder
	var run encodedRun
	for len(s) > 0 {
		word, before, after, ok := nextWord(s)
		if !ok {
			break
		}
		if strings.TrimSpace(before) != "" || run.charset == "" {
			run.flush(&out)
			text, _ := toUTF8([]byte(before), "")
			out.WriteString(text)
		} // RFC 2047 §6.2: blanks between encoded words are not shown
		run.add(word, &out)
		s = after
	}
	run.flush(&out)
	text, _ := toUTF8([]byte(s), "")
	out.WriteString(text)
	return strings.TrimSpace(oneLine(out.String()))
}

func oneLine(s string) string {
	if !strings.ContainsAny(s, "\r\n\t") {
		return s
	}
	return strings.Join(strings.Fields(s), " ")
}

type encodedWord struct {
	charset string
	bytes   []byte
}

// encodedRun gathers neighbouring words of one charset, because senders cut
// characters in two between words.
type encodedRun struct {
	charset string
	bytes   []byte
}

func (r *encodedRun) add(w encodedWord, out *strings.Builder) {
	if r.charset != "" && !strings.EqualFold(r.charset, w.charset) {
		r.flush(out)
	}
	r.charset = w.charset
	r.bytes = append(r.bytes, w.bytes...)
}

func (r *encodedRun) flush(out *strings.Builder) {
	if r.charset == "" {
		return
	}
	text, _ := toUTF8(r.bytes, r.charset)
	out.WriteString(text)
	r.charset, r.bytes = "", nil
}

// nextWord finds the next =?charset?encoding?text?= in s.
func nextWord(s string) (w encodedWord, before, after string, ok bool) {
	for from := 0; ; {
		i := strings.Index(s[from:], "=?")
		if i < 0 {
			return w, "", "", false
		}
		i += from
		near := s[i+2 : min(len(s), i+4096)]
		parts := strings.SplitN(near, "?", 4)
		if len(parts) < 4 || len(parts[1]) != 1 {
			from = i + 2
			continue
		}
		text, end := parts[2], i+2+len(parts[0])+len(parts[2])+4
		if strings.HasPrefix(parts[3], "=") {
			end++
		} else if rest := near[len(parts[0])+3:]; strings.Contains(rest, "?=") { // a bare ? inside
			c := strings.Index(rest, "?=")
			text = rest[:c]
			end = i + 2 + len(parts[0]) + 3 + c + 2
		} else {
			from = i + 2
			continue
		}
		charset, _, _ := strings.Cut(parts[0], "*") // RFC 2231 §5: a language may follow
		w = encodedWord{charset, decodeWord(parts[1], text)}
		return w, s[:i], s[min(end, len(s)):], true
	}
}

func decodeWord(enc, text string) []byte {
	if enc == "b" || enc == "B" {
		return decodeBase64([]byte(text))
	}
	text = strings.ReplaceAll(text, "_", " ") // RFC 2047 §4.2
	return unescape(text, '=')
}

// unescape decodes =XX or %XX; what is not two hex digits stays as it is.
func unescape(s string, mark byte) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == mark && i+2 < len(s) {
			if hi, lo := unhex(s[i+1]), unhex(s[i+2]); hi >= 0 && lo >= 0 {
				out = append(out, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return out
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}

// decodeBase64 decodes what is base64 in b and skips the rest, as RFC 2045 §6.8 asks.
// Padding in the middle (joined attachments) starts anew.
func decodeBase64(b []byte) []byte {
	out := make([]byte, 0, len(b)/4*3+3)
	chunk := make([]byte, 0, min(len(b), 4096)+4)
	flush := func() {
		n := base64.RawStdEncoding.DecodedLen(len(chunk))
		if len(chunk)%4 == 1 {
			chunk = chunk[:len(chunk)-1] // six bits make no byte
		}
		at := len(out)
		out = append(out, make([]byte, n)...)
		m, _ := base64.RawStdEncoding.Decode(out[at:], chunk)
		out, chunk = out[:at+m], chunk[:0]
	}
	for _, c := range b {
		switch {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '+', c == '/':
			chunk = append(chunk, c)
		case c == '-' || c == '_': // base64url, by mistake
			chunk = append(chunk, map[byte]byte{'-': '+', '_': '/'}[c])
		case c == '=':
			flush()
		}
		if len(chunk) >= 4096 && len(chunk)%4 == 0 {
			flush()
		}
	}
	flush()
	return out
}
