package kb

import (
	"html/template"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/vaxelhq/vaxel/kb/index"
)

// marked are hits with what was typed made visible in them.
func marked(hits []Hit, typed string) []pageHit {
	var stems []string
	for w := range strings.FieldsSeq(typed) {
		if f := index.Fold(w); utf8.RuneCountInString(f) >= minMark {
			stems = append(stems, f)
		}
	}
	out := make([]pageHit, len(hits))
	for i, h := range hits {
		out[i] = pageHit{place(h), mark(h.Wording.Title, stems), mark(h.Snippet, stems)}
	}
	return out
}

// minMark is the shortest word that is marked, in characters: shorter ones stand
// everywhere.
const minMark = 3

// mark escapes a text and marks the beginnings of its words that were typed.
func mark(text string, typed []string) template.HTML {
	var b strings.Builder
	for text != "" {
		n := strings.IndexFunc(text, isWord)
		if n < 0 {
			n = len(text)
		}
		b.WriteString(template.HTMLEscapeString(text[:n]))
		text = text[n:]
		end := strings.IndexFunc(text, func(r rune) bool { return !isWord(r) })
		if end < 0 {
			end = len(text)
		}
		markWord(&b, text[:end], typed)
		text = text[end:]
	}
	return template.HTML(b.String()) //nolint:gosec // every part is escaped
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func markWord(b *strings.Builder, word string, typed []string) {
	runes := []rune(word)
	folded := index.Fold(word)
	best := 0
	for _, t := range typed {
		if n := utf8.RuneCountInString(t); strings.HasPrefix(folded, t) && n <= len(runes) {
			best = max(best, n)
		}
	}
	if best > 0 {
		b.WriteString("<mark>" + template.HTMLEscapeString(string(runes[:best])) + "</mark>")
	}
	b.WriteString(template.HTMLEscapeString(string(runes[best:])))
}
