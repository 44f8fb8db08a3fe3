package letter

import (
	"bytes"
	"strings"
)

// decodeTransfer undoes a Content-Transfer-Encoding (RFC 2045 §6). ok is false for
// one that leaves the bytes as they are.
func decodeTransfer(b []byte, encoding string) (decoded []byte, ok bool) {
	encoding, _ = parseParams(encoding)
	switch strings.Trim(encoding, "\"'") {
	case "base64":
		return decodeBase64(b), true
	case "quoted-printable":
		return decodeQuoted(b), true
	case "x-uuencode", "uuencode", "x-uue":
		if files, _ := cutUU(b); len(files) > 0 {
			return files[0].Data, true
		}
	}
	return b, false
}

// decodeQuoted decodes quoted-printable; what is not an escape stays as it is
// (RFC 2045 §6.7, robustness notes).
func decodeQuoted(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for len(b) > 0 {
		line, rest := cutLine(b)
		hasEnd := len(rest) > 0 || b[len(b)-1] == '\n'
		b = rest
		line = bytes.TrimRight(line, " \t\r") // transport padding
		if bytes.HasSuffix(line, []byte{'='}) {
			line, hasEnd = line[:len(line)-1], false
		}
		for i := 0; i < len(line); i++ {
			if line[i] == '=' && i+2 < len(line) {
				if hi, lo := unhex(line[i+1]), unhex(line[i+2]); hi >= 0 && lo >= 0 {
					out = append(out, byte(hi<<4|lo))
					i += 2
					continue
				}
			}
			out = append(out, line[i])
		}
		if hasEnd {
			out = append(out, '\n')
		}
	}
	return out
}

// cutUU takes uuencoded files ("begin 644 name" … "end") out of text.
func cutUU(b []byte) (files []Attachment, rest []byte) {
	if !bytes.Contains(b, []byte("begin ")) {
		return nil, b
	}
	var text []byte
	for at := b; len(at) > 0; {
		line, after := cutLine(at)
		if name, ok := uuBegin(line); ok {
			if data, end, ok := decodeUU(after); ok {
				files = append(files, Attachment{Name: name, Type: "application/octet-stream", Data: data})
				at = end
				continue
			}
		}
		text = append(text, at[:len(at)-len(after)]...)
		at = after
	}
	return files, text
}

func uuBegin(line []byte) (name string, ok bool) {
	f := strings.Fields(string(line[:min(len(line), 300)]))
	if len(f) < 3 || f[0] != "begin" || len(f[1]) < 3 || strings.Trim(f[1], "01234567") != "" {
		return "", false
	}
	return strings.Join(f[2:], " "), true
}

// decodeUU reads lines until "end"; ok is false when a line is not uuencoded.
func decodeUU(b []byte) (data, rest []byte, ok bool) {
	for len(b) > 0 {
		var line []byte
		line, b = cutLine(b)
		line = bytes.TrimRight(line, " \r")
		if string(line) == "end" {
			return data, b, true
		}
		if len(line) == 0 || string(line) == "`" {
			continue
		}
		n := int(line[0]-' ') & 0x3f
		if line[0] < ' ' || line[0] > '`' || (n+2)/3*4 > len(line)-1+4 {
			return nil, nil, false
		}
		data = appendUU(data, line[1:], n)
	}
	return nil, nil, false
}

func appendUU(data, line []byte, n int) []byte {
	at := func(i int) byte {
		if i < len(line) {
			return (line[i] - ' ') & 0x3f
		}
		return 0
	}
	for i := 0; n > 0; i += 4 {
		triple := []byte{at(i)<<2 | at(i+1)>>4, at(i+1)<<4 | at(i+2)>>2, at(i+2)<<6 | at(i+3)}
		data = append(data, triple[:min(n, 3)]...)
		n -= 3
	}
	return data
}
