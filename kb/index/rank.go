package index

import (
	"cmp"
	"math"
	"slices"
)

// BM25's usual saturation, and less length normalisation than usual: answers are short.
const (
	k1 = 1.2
	b  = 0.5
)

// question is what somebody asked, with what each of its words tells.
type question struct {
	words  []word
	idf    []float64 // of each word, over all indexes that are searched together
	pieces []string
	rare   []float64 // idf of each piece
	full   float64   // idf of all words that are no stop words
	all    float64   // of stop words too
}

// newQuestion reads a question: at most maxRunes characters and maxTerms words, each once.
func newQuestion(t tongue, typed string, among []*memory) question {
	var q question
	typed = cut(typed)
	seen := map[string]bool{}
	for _, w := range t.read(typed) {
		if !seen[w.term] && len(q.words) < maxTerms {
			seen[w.term] = true
			q.words = append(q.words, w)
		}
	}
	for _, w := range q.words {
		idf := idfOf(among, func(m *memory) int { return m.words.among(w.term) })
		q.idf = append(q.idf, idf)
		q.all += idf
		if !w.stop {
			q.full += idf
		}
	}
	raw := split(typed)
	q.pieces = distinct(pieces(raw[:min(len(raw), maxTerms)]))
	for _, p := range q.pieces {
		q.rare = append(q.rare, idfOf(among, func(m *memory) int { return m.pieces.among(p) }))
	}
	return q
}

// idfOf is how much a term tells that stands in so many texts: rare ones more.
func idfOf(among []*memory, standsIn func(*memory) int) float64 {
	var n, df float64
	for _, m := range among {
		n += float64(len(m.texts))
		df += float64(standsIn(m))
	}
	return math.Log(1 + (n-df+0.5)/(df+0.5))
}

// score says how well the text answers, 0 to about 1, and how sure it is that it does at
// all: the part of the question's weight that the text knows, tempered by its score.
func (m *memory) score(q *numbered, t *text) (score, cover float64) {
	mean := m.meanLength()
	var content, every, known float64
	for i, w := range q.words {
		tf, sure := q.frequency(t, i)
		if tf == 0 {
			continue
		}
		gain := q.idf[i] * tf / (tf + k1*(1-b+b*t.length/mean))
		every += gain
		if !w.stop {
			content += gain
			known += sure * q.idf[i]
		}
	}
	alike, same := 0.0, 0.0
	for _, a := range t.asks {
		alike = max(alike, q.alike(a))
		same = max(same, q.near(a))
	}
	if q.full > 0 {
		content, known = content/q.full, known/q.full
	}
	score = 0.2*content + 0.4*every/max(q.all, 1e-9) + 0.31*alike + 0.09*same
	return score, (max(known, alike) + score) / 2
}

// kinWeight is how much a word counts that is only spelled like the one asked for.
const kinWeight = 0.4

// frequency is how much the text says of the question's i-th word, or of its kin, and how
// sure it is that this is the word that was meant, 0 to 1.
func (q *numbered) frequency(t *text, i int) (tf, sure float64) {
	if tf := t.weight(q.terms[i]); q.terms[i] != none && tf > 0 {
		return float64(tf), 1
	}
	for _, k := range q.kin[i] {
		if weight := t.weight(k.number); weight > 0 {
			tf, sure = max(tf, k.like*float64(weight)), max(sure, k.like)
		}
	}
	return tf, sure
}

// numbered is a question in the numbers of one memory.
type numbered struct {
	question
	memory *memory  // whose numbers they are; another may have taken its place in the index
	terms  []uint32 // of each word
	kin    [][]kin  // of each word
	sorted []pair   // the pieces that the memory knows, by number
	weight float64  // of all pieces
	asked  []pair   // the words, by number
}

// pair is a term or a piece with what it tells.
type pair struct {
	number uint32
	idf    float64
}

// none is the number of no term.
const none = math.MaxUint32

// numbered looks the question's words up once, so that scoring a text compares numbers only.
func (m *memory) numbered(q question) *numbered {
	out := &numbered{question: q, memory: m}
	shared := make([]uint16, len(m.words.terms))
	for i, w := range q.words {
		n, ok := m.words.numbers[w.term]
		if !ok {
			n = none
		} else {
			out.asked = append(out.asked, pair{n, q.idf[i]})
		}
		out.terms = append(out.terms, n)
		out.kin = append(out.kin, nil)
		if !w.stop {
			out.kin[i] = append(m.synonymsOf(w.term), m.kin(w.term, shared)...)
		}
	}
	for i, p := range q.pieces {
		out.weight += q.rare[i]
		if n, ok := m.pieces.numbers[p]; ok {
			out.sorted = append(out.sorted, pair{n, q.rare[i]})
		}
	}
	slices.SortFunc(out.sorted, func(a, b pair) int { return cmp.Compare(a.number, b.number) })
	slices.SortFunc(out.asked, func(a, b pair) int { return cmp.Compare(a.number, b.number) })
	return out
}

// kin are the words of the texts that are spelled like a term.
func (m *memory) kin(term string, shared []uint16) []kin {
	own := distinct(pieces([]string{term}))
	var known []uint32
	for _, p := range own {
		if n, ok := m.pieces.numbers[p]; ok {
			known = append(known, n)
		}
	}
	return m.near.find(known, len(own), shared, func(n uint32) bool { return m.words.df[n] > 0 })
}

// alike is how much of the pieces' weight question and wording share, 0 to 1: the
// geometric mean of both sides' shares, where a wording's pieces count alike.
func (q *numbered) alike(a ask) float64 {
	both, count := common(q.sorted, a.pieces)
	if count == 0 || q.weight == 0 {
		return 0
	}
	return math.Sqrt(both / q.weight * float64(count) / float64(len(a.pieces)))
}

// near is the same for whole words.
func (q *numbered) near(a ask) float64 {
	both, count := common(q.asked, a.terms)
	if count == 0 {
		return 0
	}
	return math.Sqrt(both / q.all * float64(count) / float64(len(a.terms)))
}

// common is the weight and number of what both hold; both are sorted.
func common(q []pair, a []uint32) (weight float64, n int) {
	for i, j := 0, 0; i < len(q) && j < len(a); {
		switch {
		case q[i].number < a[j]:
			i++
		case q[i].number > a[j]:
			j++
		default:
			weight += q[i].idf
			n++
			i++
			j++
		}
	}
	return weight, n
}

// weight is the term's in the text, 0 if it does not hold it.
func (t *text) weight(term uint32) float32 {
	i, ok := slices.BinarySearchFunc(t.terms, term, func(w weighed, n uint32) int { return cmp.Compare(w.term, n) })
	if !ok {
		return 0
	}
	return t.terms[i].weight
}

func sortWeighed(w []weighed) {
	slices.SortFunc(w, func(a, b weighed) int { return cmp.Compare(a.term, b.term) })
}

// set sorts numbers in place and gives each once, in no more room than they need.
func set(numbers []uint32) []uint32 {
	slices.Sort(numbers)
	return slices.Clip(slices.Clone(slices.Compact(numbers)))
}

func distinct(list []string) []string {
	out := slices.Clone(list)
	slices.Sort(out)
	return slices.Compact(out)
}
