package dialog

import "bytes"

// kind is what a datagram is at first sight.
type kind int

const (
	junk      kind = iota // no SIP, or a scanner's: it gets no answer
	malformed             // a request that can't be read: 400
	request
	response
)

// verdict looks at a datagram without parsing it. A header section that is not text
// would put its line ends into our messages.
func verdict(data []byte) kind {
	first, _, ok := bytes.Cut(data, []byte("\r\n"))
	if !ok || len(first) > 2048 {
		return junk
	}
	if bytes.HasPrefix(first, []byte("SIP/2.0 ")) {
		if head, _, ok := bytes.Cut(data, []byte("\r\n\r\n")); !ok || !text(head) {
			return junk
		}
		return response
	}
	version := bytes.LastIndex(first, []byte(" SIP/"))
	method := bytes.IndexByte(first, ' ')
	if version < 0 || method <= 0 || version <= method || !token(first[:method]) || scanner(data) {
		return junk
	}
	head, _, ok := bytes.Cut(data, []byte("\r\n\r\n"))
	if !ok || !text(head) || string(first[version:]) != " SIP/2.0" && !text(first) {
		return malformed
	}
	return request
}

func token(b []byte) bool {
	for _, c := range b {
		letter := c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
		if !letter && bytes.IndexByte([]byte("-.!%*_+`'~"), c) < 0 {
			return false
		}
	}
	return len(b) <= 32
}

// text has no NUL and no CR or LF but in pairs.
func text(head []byte) bool {
	for i, c := range head {
		switch c {
		case 0:
			return false
		case '\r':
			if i+1 < len(head) && head[i+1] != '\n' {
				return false
			}
		case '\n':
			if i == 0 || head[i-1] != '\r' {
				return false
			}
		}
	}
	return true
}

// scanner knows the tools that try every telephone on the internet.
func scanner(data []byte) bool {
	for _, name := range []string{"friendly-scanner", "sipvicious", "sipcli/", "VaxSIPUserAgent", "sundayddr", "pplsip"} {
		if bytes.Contains(data, []byte(name)) {
			return true
		}
	}
	return false
}

// badRequest is a 400 with the lines that a response needs (RFC 3261 §8.2.6.2), or
// nothing if they are missing, or if it would answer an ACK.
func badRequest(data []byte) []byte {
	out := []byte("SIP/2.0 400 Bad Request\r\n")
	var via bool
	head, _, _ := bytes.Cut(data, []byte("\r\n\r\n"))
	for i, line := range bytes.Split(head, []byte("\r\n")) {
		name, value, ok := bytes.Cut(line, []byte(":"))
		if i == 0 || !ok || !text(line) || bytes.ContainsAny(line, "\r\n") || len(line) > 1024 {
			continue
		}
		switch string(bytes.ToLower(bytes.TrimSpace(name))) {
		case "via", "v":
			via = true
		case "from", "f", "to", "t", "call-id", "i":
		case "cseq":
			if bytes.Contains(value, []byte("ACK")) {
				return nil
			}
		default:
			continue
		}
		out = append(append(out, line...), "\r\n"...)
	}
	if !via || bytes.HasPrefix(data, []byte("ACK ")) {
		return nil
	}
	return append(out, "Content-Length: 0\r\n\r\n"...)
}
