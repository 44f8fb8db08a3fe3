package kb

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/kb/index"
)

// shelf is this node's copy of the published articles of one visibility. Agents search two,
// customers have only the open one: what is internal is not filtered out of their results,
// it is not there.
type shelf struct {
	visibility Visibility
	dir        string

	mu        sync.RWMutex // guards all below, for memory only
	articles  map[gateway.ArticleID]Article
	numbers   map[int64]gateway.ArticleID
	languages map[string]*language
	snippets  map[textKey]string
}

// textKey names an article in one language.
type textKey struct {
	article  gateway.ArticleID
	language string
}

// language finds the articles of a shelf in one language.
type language struct {
	index *index.Index
	heads *index.Heads
}

// newShelf is empty; its indexes are opened in dir, one for each language that is met.
func newShelf(v Visibility, dir string) *shelf {
	return &shelf{
		visibility: v, dir: dir, articles: map[gateway.ArticleID]Article{}, numbers: map[int64]gateway.ArticleID{},
		languages: map[string]*language{}, snippets: map[textKey]string{},
	}
}

// published is the article without the wordings that nobody may find, or false if the
// shelf has no place for it.
func (s *shelf) published(a Article) (Article, bool) {
	if a.Visibility != s.visibility {
		return a, false
	}
	shown := map[string]Wording{}
	for l, w := range a.Wordings {
		if w.Status == Published {
			shown[l] = w
		}
	}
	a.Wordings = shown
	return a, len(shown) > 0
}

// batch is what changes in one language.
type batch struct {
	docs  []index.Doc
	heads []index.Head
	gone  []string
}

// take brings changed articles, as of a change, into memory and into the indexes. It
// gives the languages whose index had to be made anew. Taking the same again is harmless.
// One language's index that fails does not keep the others from theirs.
func (s *shelf) take(changed []Article, change int64) (rebuilt []string, err error) {
	work := s.sort(changed)
	var wrong error
	for l, b := range work {
		at, fresh, err := s.language(l)
		if err != nil {
			wrong = errors.Join(wrong, err)
			continue
		}
		at.heads.Remove(b.gone...)
		at.heads.Put(b.heads...)
		if fresh {
			anew, err := at.index.Load(change, b.docs)
			if anew {
				rebuilt = append(rebuilt, l)
			}
			wrong = errors.Join(wrong, err)
			continue
		}
		wrong = errors.Join(wrong, at.index.Put(change, b.docs, b.gone))
	}
	return rebuilt, wrong
}

// sort puts articles on the shelf, or takes them off, and says what that means for each
// language.
func (s *shelf) sort(changed []Article) map[string]*batch {
	work := map[string]*batch{}
	of := func(l string) *batch {
		if work[l] == nil {
			work[l] = &batch{}
		}
		return work[l]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range changed {
		id, was := a.ID.String(), s.articles[a.ID]
		a, keep := s.published(a)
		if !keep {
			a.Wordings = nil
		}
		for l := range was.Wordings {
			if _, stays := a.Wordings[l]; !stays {
				of(l).gone = append(of(l).gone, id)
				delete(s.snippets, textKey{a.ID, l})
			}
		}
		for l, w := range a.Wordings {
			plain := plainText(w.Answer)
			s.snippets[textKey{a.ID, l}] = snippet(plain)
			of(l).docs = append(of(l).docs, index.Doc{
				ID: id, Title: w.Title, Question: w.Question, Alternates: w.Alternates, Tags: w.Tags, Body: plain, Change: a.change,
			})
			of(l).heads = append(of(l).heads, index.Head{ID: id, Shortcut: w.Shortcut, Title: w.Title})
		}
		if keep {
			s.articles[a.ID], s.numbers[a.Number] = a, a.ID
		} else {
			delete(s.articles, a.ID)
			delete(s.numbers, was.Number)
		}
	}
	return work
}

// language opens what finds a language, when it is met for the first time.
func (s *shelf) language(l string) (at *language, fresh bool, err error) {
	s.mu.RLock()
	at = s.languages[l]
	s.mu.RUnlock()
	if at != nil {
		return at, false, nil
	}
	x, err := index.Open(filepath.Join(s.dir, l), l)
	if err != nil {
		return nil, false, err
	}
	at = &language{x, index.NewHeads()}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.languages[l] = at
	return at, true, nil
}

// close closes the indexes; searches find nothing from then on.
func (s *shelf) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	for _, l := range s.languages {
		err = errors.Join(err, l.index.Close())
	}
	s.languages = map[string]*language{}
	return err
}

// in is what finds the shelf's articles in a language; nil if it has none in it.
func (s *shelf) in(l string) *language {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.languages[l]
}

// nearest is the language of the shelf that is closest to a wanted one: sv for sv-FI, and
// English, or else any, for one that it has not.
func (s *shelf) nearest(want string) string {
	base, _, _ := strings.Cut(want, "-")
	for _, l := range []string{want, base, "en"} {
		if s.in(l) != nil {
			return l
		}
	}
	if others := s.others(""); len(others) > 0 {
		return others[0]
	}
	return want
}

// others are the languages besides one, sorted.
func (s *shelf) others(than string) []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []string
	for l := range s.languages {
		if l != than {
			out = append(out, l)
		}
	}
	slices.Sort(out)
	return out
}

// hit is the article in the language asked for, else in another that it has.
func (s *shelf) hit(id gateway.ArticleID, want string) (Hit, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	a, ok := s.articles[id]
	if !ok {
		return Hit{}, false
	}
	l := a.speaks(want)
	return Hit{
		ID: a.ID, Number: a.Number, Category: a.Category, Internal: a.Visibility == VisibilityInternal,
		Language: l, Wording: a.Wordings[l], Snippet: s.snippets[textKey{id, l}],
	}, true
}

// speaks is the language wanted if the article has it, else the first that it has.
func (a Article) speaks(want string) string {
	if _, ok := a.Wordings[want]; ok {
		return want
	}
	languages := languagesOf(a)
	slices.Sort(languages)
	return languages[0]
}

// all gives every article on the shelf in a language, by number.
func (s *shelf) all(l string) []Hit {
	s.mu.RLock()
	var ids []gateway.ArticleID
	for id, a := range s.articles {
		if _, ok := a.Wordings[l]; ok {
			ids = append(ids, id)
		}
	}
	s.mu.RUnlock()
	var hits []Hit
	for _, id := range ids {
		if h, ok := s.hit(id, l); ok {
			hits = append(hits, h)
		}
	}
	slices.SortFunc(hits, func(a, b Hit) int { return int(a.Number - b.Number) })
	return hits
}

// byNumber is the article with a number.
func (s *shelf) byNumber(n int64) (Article, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	a, ok := s.articles[s.numbers[n]]
	return a, ok
}
