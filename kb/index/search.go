package index

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/search/query"
)

const (
	deadline   = 250 * time.Millisecond // then a search finds nothing
	candidates = 50                     // that bleve chooses for the ranking, in each index
	maxPieces  = 96                     // of a question that candidates are sought by
)

// Hit is a text that was found.
type Hit struct {
	ID    string
	Score float64 // 0 to about 1; tells hits of one search apart and nothing more
	Cover float64 // how much of the question's weight the text knows, 0 to 1
}

// Search gives the texts that answer a question best, at most n, best first, from one or
// more indexes of the same language, and none that knows less than cover of it: rather
// nothing than nonsense. A search that takes over 250 ms finds nothing.
func Search(ctx context.Context, typed string, n int, cover float64, in ...*Index) ([]Hit, error) {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	var hits []Hit
	q := readQuestion(typed, in)
	if len(q.words) == 0 {
		return nil, nil
	}
	for _, x := range in {
		ids, err := x.candidates(ctx, q)
		if errors.Is(err, context.DeadlineExceeded) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("search: %w", err)
		}
		hits = append(hits, x.rank(q, ids, cover)...)
	}
	slices.SortFunc(hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID))
	})
	return hits[:min(n, len(hits))], nil
}

// readQuestion reads a question with what its words tell among all that is searched.
func readQuestion(typed string, in []*Index) question {
	if len(in) == 0 {
		return question{}
	}
	var among []*memory
	for _, x := range in {
		x.mu.RLock()
		defer x.mu.RUnlock()
		among = append(among, x.memory)
	}
	return newQuestion(in[0].tongue, typed, among)
}

// candidates are the ids of what bleve finds: any of the words, in what asks rather than
// in what answers, or any of their pieces. The query is made of terms only.
func (x *Index) candidates(ctx context.Context, q question) ([]string, error) {
	var parts []query.Query
	add := func(term, field string, boost float64) {
		t := bleve.NewTermQuery(term)
		t.SetField(field)
		t.SetBoost(boost)
		parts = append(parts, t)
	}
	for _, w := range q.words {
		boost := 1.0
		if w.stop {
			boost = 0.3
		}
		add(w.term, askField, 2*boost)
		add(w.term, bodyField, boost)
	}
	for _, p := range q.pieces[:min(len(q.pieces), maxPieces)] {
		add(p, pieceField, 0.4)
	}
	request := bleve.NewSearchRequestOptions(bleve.NewDisjunctionQuery(parts...), candidates, 0, false)
	found, err := x.alias.SearchInContext(ctx, request)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(found.Hits))
	for i, h := range found.Hits {
		ids[i] = h.ID
	}
	return ids, nil
}

func (x *Index) rank(q question, ids []string, cover float64) []Hit {
	x.mu.RLock()
	defer x.mu.RUnlock()
	asked := x.memory.numbered(q)
	var hits []Hit
	for _, id := range ids {
		t := x.memory.texts[id]
		if t == nil {
			continue // removed since
		}
		if score, known := x.memory.score(asked, t); known >= cover {
			hits = append(hits, Hit{id, score, known})
		}
	}
	return hits
}
