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
	"github.com/blevesearch/bleve/v2/search/searcher"
)

var deadline = 250 * time.Millisecond // then a search finds nothing; tests wait longer

const (
	candidates  = 50   // that bleve chooses for the ranking, in each index
	maxPostings = 4000 // places that candidates are sought in
	maxClauses  = 1024 // terms of one search: more than any of ours looks for, so reaching it is a bug
)

func init() { searcher.DisjunctionMaxClauseCount = maxClauses } // the library's own limit is none

// Hit is a text that was found.
type Hit struct {
	ID    string
	Score float64 // 0 to about 1; tells hits of one search apart and nothing more
	Cover float64 // how sure it is that the text answers the question at all, 0 to about 1
}

// Search gives the texts that answer a question best, at most n, best first, from one or
// more indexes of the same language, and none whose cover is less than that asked for:
// rather nothing than nonsense. A search that takes over 250 ms finds nothing.
func Search(ctx context.Context, typed string, n int, cover float64, in ...*Index) ([]Hit, error) {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	var hits []Hit
	q := readQuestion(typed, in)
	if len(q.words) == 0 {
		return nil, nil
	}
	for _, x := range in {
		asked := x.numbered(q)
		ids, err := x.candidates(ctx, asked)
		if errors.Is(err, context.DeadlineExceeded) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("search: %w", err)
		}
		hits = append(hits, x.rank(asked, ids, cover)...)
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

// candidates are the ids of what bleve finds: any of the words, or of their kin. The
// query is made of terms only, the rarest first, until they stand in maxPostings places.
func (x *Index) candidates(ctx context.Context, q *numbered) ([]string, error) {
	request := bleve.NewSearchRequestOptions(bleve.NewDisjunctionQuery(x.sought(q)...), candidates, 0, false)
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

// numbered is the question in this index's numbers, as of now.
func (x *Index) numbered(q question) *numbered {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.memory.numbered(q)
}

// sought are the terms to look for.
func (x *Index) sought(q *numbered) []query.Query {
	x.mu.RLock()
	defer x.mu.RUnlock()
	var parts []query.Query
	places := 0
	add := func(term string, boost float64) {
		t := bleve.NewTermQuery(term)
		t.SetField(wordField)
		t.SetBoost(boost)
		parts = append(parts, t)
		places += q.memory.words.among(term)
	}
	for _, i := range rarest(q.idf) {
		if places > maxPostings {
			break
		}
		add(q.words[i].term, 1)
		for _, k := range q.kin[i] {
			if term := q.memory.words.terms[k.number]; term != q.words[i].term {
				add(term, k.like)
			}
		}
	}
	return parts
}

// rarest are the places of the terms that tell most.
func rarest(idf []float64) []int {
	places := make([]int, len(idf))
	for i := range places {
		places[i] = i
	}
	slices.SortStableFunc(places, func(a, b int) int { return cmp.Compare(idf[b], idf[a]) })
	return places
}

// rank scores the candidates and drops those that it is not sure enough of.
func (x *Index) rank(q *numbered, ids []string, cover float64) []Hit {
	x.mu.RLock()
	defer x.mu.RUnlock()
	var hits []Hit
	for _, id := range ids {
		t := q.memory.texts[id]
		if t == nil {
			continue // removed since
		}
		if score, known := q.memory.score(q, t); known >= cover {
			hits = append(hits, Hit{id, score, known})
		}
	}
	return hits
}
