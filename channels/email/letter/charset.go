package letter

import (
	"bytes"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/gogs/chardet"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
)

// toUTF8 decodes text whose sender declared a charset, or none. A declaration that
// can't be right loses to valid UTF-8, and both to detection. ok is false if the text
// had to be guessed or mended.
func toUTF8(b []byte, declared string) (text string, ok bool) {
	enc := lookup(declared)
	switch {
	case isASCII(b) && !bytes.ContainsAny(b, "\x1b~+"):
		return clean(string(b)), true
	case enc != nil && !is8bitGuess(declared, b):
		if s, err := enc.NewDecoder().Bytes(b); err == nil {
			// A few broken characters are the sender's; many mean another charset.
			if broken := bytes.Count(s, []byte("\uFFFD")); broken*50 <= len(s) {
				return clean(string(s)), broken == 0
			}
		}
	}
	return detect(b)
}

// is8bitGuess says whether the bytes are UTF-8 although something else was declared:
// several letters in a row that are valid UTF-8 are never windows-1252 by chance.
func is8bitGuess(declared string, b []byte) bool {
	switch strings.ToLower(declared) {
	case "utf-8", "utf8":
		return !utf8.Valid(b)
	case "us-ascii", "ascii", "iso-8859-1", "latin1", "windows-1252":
		return utf8.Valid(b)
	}
	return false
}

func lookup(name string) encoding.Encoding {
	name = strings.ToLower(strings.Trim(name, "\"' \t"))
	if name == "" {
		return nil
	}
	if strings.HasPrefix(name, "cp") && len(name) > 2 && name[2] >= '0' && name[2] <= '9' {
		name = "windows-" + name[2:]
	}
	if enc, err := htmlindex.Get(name); err == nil && enc != encoding.Replacement {
		return enc
	}
	if enc, err := ianaindex.MIME.Encoding(name); err == nil {
		return enc // nil for what x/text knows by name only
	}
	return nil
}

// iso2022 finds the escapes that ISO-2022-JP needs before anything that is not ASCII.
var iso2022 = regexp.MustCompile(`\x1b(\$[@B]|\([BJI])`)

func detect(b []byte) (string, bool) {
	switch {
	case utf8.Valid(b) && !iso2022.Match(b):
		return clean(string(b)), true
	case iso2022.Match(b):
		if enc := lookup("iso-2022-jp"); enc != nil {
			if s, err := enc.NewDecoder().Bytes(b); err == nil {
				return clean(string(s)), false
			}
		}
	}
	var enc encoding.Encoding = charmap.Windows1252
	sample := b[:min(len(b), 16<<10)]
	if best, err := chardet.NewTextDetector().DetectBest(sample); err == nil && best.Confidence >= 50 {
		if e := lookup(best.Charset); e != nil {
			enc = e
		}
	}
	s, err := enc.NewDecoder().Bytes(b)
	if err != nil {
		s = b
	}
	return clean(string(s)), false
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// clean makes text fit for PostgreSQL, JSON and eyes: valid UTF-8, no NUL, no lone
// control characters.
func clean(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if strings.IndexFunc(s, unwanted) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if unwanted(r) {
			return -1
		}
		return r
	}, s)
}

func unwanted(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f || r == 0xFEFF
}
