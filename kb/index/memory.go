package index

import "strings"

// memory is what ranking knows: each text as numbers, and in how many texts each term
// and piece stands. A term's number never changes; the words of a language are few.
type memory struct {
	numbers map[string]uint32
	near    *near
	means   map[string][]string // stem → stems of its synonyms
	terms   []string            // by number
	df      []int32             // by number: texts that hold it
	texts   map[string]*text
	lengths float64 // of all texts together
	sum     uint64  // of all texts; their order does not matter
}

// text is a document as numbers.
type text struct {
	sum    uint64
	terms  []weighed // by term
	length float64
	asks   []ask
}

type weighed struct {
	term   uint32
	weight float32 // BM25F's frequency: occurrences by the weight of their fields
}

// ask is one way to ask.
type ask struct {
	terms  []uint32 // sorted, each once
	pieces []uint32 // sorted, each once
	phrase []uint32 // in order
}

// The weights of BM25F's fields: what asks counts for more than what answers.
const (
	titleWeight  = 2
	askWeight    = 1.5
	tagWeight    = 1.5
	answerWeight = 1
)

func newMemory() *memory {
	return &memory{numbers: map[string]uint32{}, near: newNear(), texts: map[string]*text{}}
}

func (m *memory) number(term string) uint32 {
	n, ok := m.numbers[term]
	if !ok {
		n = uint32(len(m.df)) // no language has so many words
		m.numbers[term] = n
		m.terms, m.df = append(m.terms, term), append(m.df, 0)
		m.near.add(term, n, !strings.HasPrefix(term, piecePrefix))
	}
	return n
}

// synonymsOf are the words of the texts that mean the same.
func (m *memory) synonymsOf(term string) []kin {
	var all []kin
	for _, other := range m.means[term] {
		if n, ok := m.numbers[other]; ok {
			all = append(all, kin{n, synonymSure})
		}
	}
	return all
}

// piecePrefix keeps pieces apart from the words that are spelled like them.
const piecePrefix = "\x00"

func (m *memory) put(r reading) {
	m.forget(r.id)
	t := &text{sum: r.sum}
	weights := map[uint32]float64{}
	add := func(words []word, weight float64) {
		for _, w := range words {
			weights[m.number(w.term)] += weight
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

func (m *memory) ask(w wording) ask {
	var a ask
	for _, word := range w.words {
		a.phrase = append(a.phrase, m.number(word.term))
	}
	a.terms = sortedSet(a.phrase)
	for _, p := range pieces(w.raw) {
		a.pieces = append(a.pieces, m.number(piecePrefix+p))
	}
	a.pieces = sortedSet(a.pieces)
	return a
}

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
		m.df[w.term] += by
	}
	var all []uint32
	for _, a := range t.asks {
		all = append(all, a.pieces...)
	}
	for _, p := range sortedSet(all) {
		m.df[p] += by
	}
}

func (m *memory) meanLength() float64 { return max(m.lengths/float64(max(len(m.texts), 1)), 1) }
