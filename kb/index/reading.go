package index

import (
	"hash/fnv"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// reading is a text, read: its fields' words.
type reading struct {
	id             string
	sum            uint64    // of all that was read
	asks           []wording // the title, the question, other wordings
	tags, body     []word
	titleIsWording bool
}

// wording is one way to ask.
type wording struct {
	words []word
	raw   []string
}

// readAll reads texts, many at a time.
func (x *Index) readAll(docs []Doc) []reading {
	read := make([]reading, len(docs))
	share := max(100, (len(docs)+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0))
	var readers sync.WaitGroup
	for from := 0; from < len(docs); from += share {
		readers.Go(func() {
			for i := from; i < min(from+share, len(docs)); i++ {
				read[i] = x.read(docs[i])
			}
		})
	}
	readers.Wait()
	return read
}

// read splits and stems a text's fields in the index's language. It is the slow part of
// taking one in, and needs no lock.
func (x *Index) read(d Doc) reading {
	r := reading{id: d.ID, sum: d.sum(), body: x.tongue.read(d.Body), tags: x.tongue.read(strings.Join(d.Tags, " "))}
	for _, ask := range append([]string{d.Title, d.Question}, d.Alternates...) {
		if ask != "" {
			r.asks = append(r.asks, wording{x.tongue.read(ask), split(ask)})
		}
	}
	r.titleIsWording = d.Title != ""
	return r
}

// edition grows when texts are indexed otherwise than before: an index of another edition
// fails the audit.
const edition = 2

// sum tells texts apart, and editions.
func (d Doc) sum() uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte{edition}) // never fails
	for _, part := range slices.Concat([]string{d.ID, d.Title, d.Question, d.Body}, d.Alternates, []string{""}, d.Tags) {
		_, _ = h.Write([]byte(part)) // never fails
		_, _ = h.Write([]byte{0})
	}
	return h.Sum64()
}

// fields are what bleve gets: one line of stems. What asks stands there twice, so that it
// counts twice when candidates are chosen; the ranking knows better.
func (r reading) fields() map[string]any {
	words := terms(r.tags)
	for _, w := range r.asks {
		words = append(words, terms(w.words)...)
	}
	return map[string]any{wordField: strings.Join(slices.Concat(words, words, terms(r.body)), " ")}
}

// terms are the words' stems, in their order.
func terms(words []word) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = w.term
	}
	return out
}
