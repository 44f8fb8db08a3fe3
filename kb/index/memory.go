package index

import "strings"

// memory is what ranking knows: each text as numbers, and in how many texts each term
// and piece stands. A number never changes; the words of a language are few.
type memory struct {
	words   vocabulary
	pieces  vocabulary
	near    near
	means   map[string][]string // stem → stems of its synonyms
	texts   map[string]*text
	lengths float64 // of all texts together
	sum     uint64  // of all texts; their order does not matter
}

// vocabulary numbers terms, 0, 1, 2 …
type vocabulary struct {
	numbers map[string]uint32
	terms   []string // by number
	df      []int32  // by number: texts that hold it
}

// number is the term's, given to it now if it is new.
func (v *vocabulary) number(term string) (n uint32, fresh bool) {
	if n, ok := v.numbers[term]; ok {
		return n, false
	}
	n = uint32(len(v.df)) // no language has so many words
	term = strings.Clone(term)
	v.numbers[term] = n
	v.terms, v.df = append(v.terms, term), append(v.df, 0)
	return n, true
}

// among is in how many texts the term stands.
func (v *vocabulary) among(term string) int {
	if n, ok := v.numbers[term]; ok {
		return int(v.df[n])
	}
	return 0
}

// text is a document as numbers.
type text struct {
	sum    uint64
	terms  []weighed // by term
	length float64
	asks   []ask
}

// weighed is a term of a text.
type weighed struct {
	term   uint32
	weight float32 // BM25F's frequency: occurrences by the weight of their fields
}

// ask is one way to ask.
type ask struct {
	terms  []uint32 // sorted, each once
	pieces []uint32 // sorted, each once
}

// The weights of BM25F's fields: what asks counts for more than what answers.
const (
	titleWeight  = 2
	askWeight    = 1.5
	tagWeight    = 1.5
	answerWeight = 1
)

// newMemory knows no text and no synonym.
func newMemory() *memory {
	return &memory{
		words: vocabulary{numbers: map[string]uint32{}}, pieces: vocabulary{numbers: map[string]uint32{}}, texts: map[string]*text{},
	}
}

// word is the number of a word.
func (m *memory) word(term string) uint32 {
	n, fresh := m.words.number(term)
	if fresh {
		m.near.add(n, m.pieced([]string{term}))
	}
	return n
}

// pieced are the numbers of the words' pieces, sorted, each once.
func (m *memory) pieced(words []string) []uint32 {
	all := pieces(words)
	numbers := make([]uint32, len(all))
	for i, p := range all {
		numbers[i], _ = m.pieces.number(p)
	}
	return set(numbers)
}

// synonymsOf are the words of the texts that mean the same.
func (m *memory) synonymsOf(term string) []kin {
	var all []kin
	for _, other := range m.means[term] {
		if n, ok := m.words.numbers[other]; ok {
			all = append(all, kin{n, synonymSure})
		}
	}
	return all
}

// put knows a text, in place of what stood under its id.
func (m *memory) put(r reading) {
	m.forget(r.id)
	t := &text{sum: r.sum}
	weights := map[uint32]float64{}
	add := func(words []word, weight float64) {
		for _, w := range words {
			weights[m.word(w.term)] += weight
			t.length += weight
		}
	}
	for i, w := range r.asks {
		weight := askWeight
		if i == 0 && r.titleIsWording {
			weight = titleWeight
		}
		add(w.words, weight)
		t.asks = append(t.asks, m.ask(w))
	}
	add(r.tags, tagWeight)
	add(r.body, answerWeight)
	for n, w := range weights {
		t.terms = append(t.terms, weighed{n, float32(w)})
	}
	sortWeighed(t.terms)
	m.texts[r.id] = t
	m.lengths += t.length
	m.sum += t.sum
	m.count(t, 1)
}

// ask turns a wording into numbers.
func (m *memory) ask(w wording) ask {
	numbers := make([]uint32, len(w.words))
	for i, word := range w.words {
		numbers[i] = m.word(word.term)
	}
	return ask{terms: set(numbers), pieces: m.pieced(w.raw)}
}

// forget takes a text away. Its words keep their numbers: they are few and come again.
func (m *memory) forget(id string) {
	if t := m.texts[id]; t != nil {
		m.count(t, -1)
		m.lengths -= t.length
		m.sum -= t.sum
		delete(m.texts, id)
	}
}

// count adds a text to the frequencies, or takes it away.
func (m *memory) count(t *text, by int32) {
	for _, w := range t.terms {
		m.words.df[w.term] += by
	}
	var all []uint32
	for _, a := range t.asks {
		all = append(all, a.pieces...)
	}
	for _, p := range set(all) {
		m.pieces.df[p] += by
	}
}

func (m *memory) meanLength() float64 { return max(m.lengths/float64(max(len(m.texts), 1)), 1) }
