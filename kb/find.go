package kb

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/kb/index"
)

// Hit is an article that was found, in one language.
type Hit struct {
	ID       gateway.ArticleID
	Number   int64
	Category string
	Internal bool
	Language string
	Wording  Wording
	Snippet  string // the answer's beginning, as plain text
	Score    float64
}

// How sure an answer must be to be shown: at 0.4 one in ten questions that no article
// answers gets one all the same, and three in four of the others.
const (
	agentCover    = 0.28
	customerCover = 0.42
	typingCover   = 0.28 // by a question that is not written to its end
)

const (
	maxHits     = 50
	maxSuggests = 3
)

// Shortcut is the article that a shortcut (/word) or a number (#123) leads to, in the
// language if it has it. A shortcut of another language leads there too.
func (s *Store) Shortcut(_ context.Context, word, language string) (Hit, bool) {
	for _, shelf := range s.shelves() {
		if h, ok := shelf.shortcut(word, language); ok {
			return h, true
		}
	}
	return Hit{}, false
}

// Shortcut is Store.Shortcut for customers.
func (p *Public) Shortcut(_ context.Context, word, language string) (Hit, bool) {
	return p.open.shortcut(word, language)
}

// shelves are what agents see.
func (s *Store) shelves() []*shelf { return []*shelf{s.open, s.internal} }

// shortcut looks in the language first and then in the others; what an agent types from
// memory need not be in the customer's.
func (s *shelf) shortcut(word, language string) (Hit, bool) {
	language = s.nearest(language)
	word = strings.TrimPrefix(strings.TrimSpace(word), "/")
	if number, ok := strings.CutPrefix(word, "#"); ok {
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return Hit{}, false
		}
		a, ok := s.byNumber(n)
		if !ok {
			return Hit{}, false
		}
		return s.hit(a.ID, language)
	}
	for _, l := range append([]string{language}, s.others(language)...) {
		if at := s.in(l); at != nil {
			if id, ok := at.heads.Shortcut(word); ok {
				return s.hit(articleID(id), language)
			}
		}
	}
	return Hit{}, false
}

// articleID reads what the indexes know an article by.
func articleID(id string) gateway.ArticleID {
	n, _ := strconv.ParseInt(id, 10, 64) // we wrote it
	return gateway.ArticleID(n)
}

// Complete gives agents what the beginning of a shortcut or of a title's words may
// become, at most limit: the exact shortcut, then those with the least left to type.
func (s *Store) Complete(_ context.Context, typed, language string, limit int) []Hit {
	return complete(typed, language, limit, s.shelves()...)
}

// Complete is Store.Complete for customers.
func (p *Public) Complete(_ context.Context, typed, language string, limit int) []Hit {
	return complete(typed, language, limit, p.open)
}

// complete asks memory only: it runs at every key that is pressed. What an agent remembers
// may be the shortcut of another language than the customer's: those that begin as typed
// come after the language's own, and before titles.
func complete(typed, language string, limit int, shelves ...*shelf) []Hit {
	limit = min(max(limit, 1), maxHits)
	typed = strings.TrimPrefix(strings.TrimSpace(typed), "/")
	var found []completion
	seen := map[gateway.ArticleID]bool{}
	add := func(h Hit, left int) {
		if !seen[h.ID] {
			seen[h.ID] = true
			found = append(found, completion{h, left})
		}
	}
	for _, shelf := range shelves {
		if h, ok := shelf.shortcut(typed, language); ok {
			add(h, exact)
		}
	}
	folded := index.Fold(typed)
	for _, shelf := range shelves {
		for _, h := range shelf.complete(typed, language, limit) {
			add(h, untyped(h, folded))
		}
	}
	for _, shelf := range shelves {
		for _, h := range shelf.elsewhere(typed, language, limit) {
			add(h, otherLanguage)
		}
	}
	slices.SortStableFunc(found, func(a, b completion) int { return cmp.Compare(a.left, b.left) })
	hits := make([]Hit, 0, min(limit, len(found)))
	for _, c := range found[:min(limit, len(found))] {
		hits = append(hits, c.Hit)
	}
	return hits
}

// completion is a hit and how much of its shortcut is still to be typed.
type completion struct {
	Hit
	left int
}

// What stands for no count: the shortcut itself goes first, and after those of the language
// come those of another, then titles.
const (
	exact         = -1
	otherLanguage = math.MaxInt - 1
	byTitle       = math.MaxInt
)

// complete gives what is begun in a language: shortcuts, then titles.
func (s *shelf) complete(typed, language string, limit int) (hits []Hit) {
	language = s.nearest(language)
	at := s.in(language)
	if at == nil {
		return nil
	}
	for _, id := range at.heads.Complete(typed, limit) {
		if h, ok := s.hit(articleID(id), language); ok {
			hits = append(hits, h)
		}
	}
	return hits
}

// elsewhere gives what is begun by a shortcut of another language, in the language wanted
// where it has that.
func (s *shelf) elsewhere(typed, language string, limit int) (hits []Hit) {
	language = s.nearest(language)
	for _, l := range s.others(language) {
		for _, id := range s.in(l).heads.Begun(typed, limit) {
			if h, ok := s.hit(articleID(id), language); ok {
				hits = append(hits, h)
			}
		}
	}
	return hits
}

// untyped is how much of a hit's shortcut is still to be typed; one that is not begun comes last.
func untyped(h Hit, typed string) int {
	rest, begun := strings.CutPrefix(index.Fold(h.Wording.Shortcut), typed)
	if !begun || h.Wording.Shortcut == "" {
		return byTitle
	}
	return len(rest)
}

// Language is the language that somebody writes in, as far as their small words tell; empty
// if they do not.
func Language(texts ...string) string { return index.Language(texts...) }

// Search gives agents what answers a question, internal articles too, best first.
func (s *Store) Search(ctx context.Context, q, language string, limit int) ([]Hit, error) {
	return search(ctx, q, language, limit, agentCover, s.shelves()...)
}

// Search gives customers what answers a question, best first, or nothing rather than
// nonsense.
func (p *Public) Search(ctx context.Context, q, language string, limit int) ([]Hit, error) {
	return search(ctx, q, language, limit, customerCover, p.open)
}

// search asks the shelves' indexes as one, so that a word is as rare as it is among all of
// them, and turns what was found into articles. One that was taken off the shelf since is
// left out. A language that nobody has written in finds the nearest (nearest).
func search(ctx context.Context, q, language string, limit int, cover float64, shelves ...*shelf) ([]Hit, error) {
	language = shelves[0].nearest(language)
	var in []*index.Index
	for _, shelf := range shelves {
		if at := shelf.in(language); at != nil {
			in = append(in, at.index)
		}
	}
	found, err := index.Search(ctx, q, min(max(limit, 1), maxHits), cover, in...)
	if err != nil {
		return nil, err
	}
	var hits []Hit
	for _, f := range found {
		for _, shelf := range shelves {
			if h, ok := shelf.hit(articleID(f.ID), language); ok {
				h.Score = f.Score
				hits = append(hits, h)
				break
			}
		}
	}
	return hits, nil
}

// Find is what a search box gives an agent: shortcuts and titles that begin as typed,
// then what answers it as a question.
func (s *Store) Find(ctx context.Context, typed, language string, limit int) ([]Hit, error) {
	hits := s.Complete(ctx, typed, language, limit)
	if strings.HasPrefix(typed, "/") || strings.HasPrefix(typed, "#") || len(hits) >= limit {
		return hits, nil
	}
	found, err := search(ctx, typed, language, limit, typingCover, s.shelves()...)
	return merge(hits, found, limit), err
}

// Find is Store.Find for customers: whatever they type is asked as a question too.
func (p *Public) Find(ctx context.Context, typed, language string, limit int) ([]Hit, error) {
	hits := p.Complete(ctx, typed, language, limit)
	found, err := search(ctx, typed, language, limit, typingCover, p.open)
	return merge(hits, found, limit), err
}

// merge appends what is not there yet.
func merge(hits, more []Hit, limit int) []Hit {
	for _, h := range more {
		if !slices.ContainsFunc(hits, func(have Hit) bool { return have.ID == h.ID }) {
			hits = append(hits, h)
		}
	}
	return hits[:min(limit, len(hits))]
}

// weights of a customer's latest lines, newest first; what is older says nothing.
var weights = []float64{1, 0.5, 0.5}

// Suggest gives an agent at most three articles that may answer what a customer wrote,
// newest line first, without those that the conversation has already got.
func (s *Store) Suggest(ctx context.Context, lines []string, language string, without []gateway.ArticleID) ([]Hit, error) {
	best := map[gateway.ArticleID]Hit{}
	for i, text := range lines[:min(len(lines), len(weights))] {
		found, err := s.Search(ctx, text, language, maxHits)
		if err != nil {
			return nil, err
		}
		for _, h := range found {
			h.Score = best[h.ID].Score + weights[i]*h.Score
			best[h.ID] = h
		}
	}
	for _, id := range without {
		delete(best, id)
	}
	var hits []Hit
	for _, h := range best {
		hits = append(hits, h)
	}
	slices.SortFunc(hits, func(a, b Hit) int { return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Number, b.Number)) })
	return hits[:min(maxSuggests, len(hits))], nil
}

// Read gives an agent a published article in the language, if it has it.
func (s *Store) Read(_ context.Context, id gateway.ArticleID, language string) (Hit, error) {
	for _, shelf := range s.shelves() {
		if h, ok := shelf.hit(id, shelf.nearest(language)); ok {
			return h, nil
		}
	}
	return Hit{}, noArticle()
}
