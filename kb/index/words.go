package index

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/blevesearch/bleve/v2/analysis"
	"github.com/blevesearch/bleve/v2/analysis/lang/en"
	"github.com/blevesearch/bleve/v2/analysis/lang/sv"
	"github.com/blevesearch/bleve/v2/registry"
)

// Limits on what people type; the rest is not read.
const (
	maxRunes = 512
	maxTerms = 48
)

// tongue is how a language's words are made comparable. Without a tongue of its own a
// language has neither stop words nor stems.
type tongue struct {
	stop map[string]bool
	stem analysis.TokenFilter
}

var tongues = map[string]tongue{
	"sv": newTongue(sv.StopName, sv.SnowballStemmerName),
	"en": newTongue(en.StopName, en.SnowballStemmerName),
}

func newTongue(stop, stem string) tongue {
	cache := registry.NewCache()
	words, err := cache.TokenMapNamed(stop)
	must(err)
	filter, err := cache.TokenFilterNamed(stem)
	must(err)
	return tongue{words, filter}
}

func must(err error) {
	if err != nil {
		panic(err) // our own constant configuration
	}
}

// word is one word of a text as it is compared.
type word struct {
	term string // its stem
	stop bool   // it says little by itself
}

// read splits a text into words. Å, ä and ö stay what they are: they tell words apart.
func (t tongue) read(text string) []word {
	raw := split(text)
	stream := make(analysis.TokenStream, len(raw))
	for i, w := range raw {
		stream[i] = &analysis.Token{Term: []byte(w)}
	}
	if t.stem != nil {
		stream = t.stem.Filter(stream)
	}
	words := make([]word, len(raw))
	for i, token := range stream {
		words[i] = word{string(token.Term), t.stop[raw[i]]}
	}
	return words
}

// split gives the runs of letters and digits, in lower case. An apostrophe inside a word
// is no more than a slip of the pen.
func split(text string) []string {
	text = strings.NewReplacer("'", "", "’", "").Replace(strings.ToLower(text))
	return strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// Language is the language that texts are written in, as their small words tell: each has
// its own, and shares some. Empty if they do not tell enough, or of none that is known here.
func Language(texts ...string) string {
	count := map[string]int{}
	for _, text := range texts {
		for _, w := range split(cut(text)) {
			for l, t := range tongues {
				if t.stop[w] {
					count[l]++
				}
			}
		}
	}
	best, shared := "", false
	for l, n := range count {
		switch {
		case n > count[best]:
			best, shared = l, false
		case n == count[best]:
			shared = true
		}
	}
	if count[best] < 2 || shared {
		return ""
	}
	return best
}

// Fold makes a shortcut or the beginning of a title comparable: lower case, letters and
// digits only, and the accents gone that people leave out (å and ä are a, ö is o).
func Fold(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		if plain, ok := accents[r]; ok {
			r = plain
		}
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

var accents = func() map[rune]rune {
	m := map[rune]rune{}
	for plain, accented := range map[rune]string{
		'a': "åäàáâãæ", 'o': "öøòóôõ", 'e': "éèêë", 'u': "üùúû", 'i': "íìîï", 'n': "ñ", 'c': "ç",
	} {
		for _, r := range accented {
			m[r] = plain
		}
	}
	return m
}()

// foldWords folds each word for itself and joins them with single spaces.
func foldWords(text string) string {
	words := split(text)
	for i, w := range words {
		words[i] = Fold(w)
	}
	return strings.Join(words, " ")
}

// cut is the text's first maxRunes characters.
func cut(text string) string {
	if utf8.RuneCountInString(text) <= maxRunes {
		return text
	}
	return string([]rune(text)[:maxRunes])
}

// pieces are the 3-character pieces of a text's words, each word with its edges marked:
// they find compounds, endings and mistyped words.
func pieces(words []string) []string {
	var out []string
	var starts []int
	for _, w := range words {
		w = "^" + w + "$"
		starts = starts[:0]
		for i := range w {
			starts = append(starts, i)
		}
		starts = append(starts, len(w))
		for i := pieceSize; i < len(starts); i++ {
			out = append(out, w[starts[i-pieceSize]:starts[i]])
		}
	}
	return out
}

const pieceSize = 3
