package index

import (
	"cmp"
	"slices"
	"strings"
	"sync"
)

// Heads completes what is being typed: shortcuts first, then titles. It lives in memory
// and is safe for concurrent use.
type Heads struct {
	mu        sync.RWMutex // guards all below
	exact     map[string]string
	shortcuts []head // by key
	titles    []head // one for each word of a title: the title from there on
	of        map[string]names
}

// head is a key that leads to a document. The slices are sorted by key, then id.
type head struct{ key, id string }

type names struct{ shortcut, title string }

// maxScan is how many heads one completion looks at.
const maxScan = 4096

// NewHeads gives an empty Heads.
func NewHeads() *Heads { return &Heads{exact: map[string]string{}, of: map[string]names{}} }

// Put makes documents findable by shortcut and title in place of what was there under
// their ids. Both may be empty.
func (h *Heads) Put(docs ...Head) {
	h.mu.Lock()
	defer h.mu.Unlock()
	ids := map[string]bool{}
	for _, d := range docs {
		ids[d.ID] = true
	}
	h.removeLocked(ids)
	for _, d := range docs {
		n := names{Fold(d.Shortcut), foldWords(d.Title)}
		h.of[d.ID] = n
		if n.shortcut != "" {
			h.exact[n.shortcut] = d.ID
			h.shortcuts = append(h.shortcuts, head{n.shortcut, d.ID})
		}
		for rest := n.title; rest != ""; _, rest, _ = strings.Cut(rest, " ") {
			h.titles = append(h.titles, head{rest, d.ID})
		}
	}
	slices.SortFunc(h.shortcuts, byKey)
	slices.SortFunc(h.titles, byKey)
}

// Head is what a document is completed by.
type Head struct{ ID, Shortcut, Title string }

func byKey(a, b head) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.id, b.id)) }

// Remove forgets documents.
func (h *Heads) Remove(ids ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	gone := map[string]bool{}
	for _, id := range ids {
		gone[id] = true
	}
	h.removeLocked(gone)
}

func (h *Heads) removeLocked(ids map[string]bool) {
	known := false
	for id := range ids {
		n, ok := h.of[id]
		known = known || ok
		if h.exact[n.shortcut] == id {
			delete(h.exact, n.shortcut)
		}
		delete(h.of, id)
	}
	if !known {
		return
	}
	gone := func(e head) bool { return ids[e.id] }
	h.shortcuts = slices.DeleteFunc(h.shortcuts, gone)
	h.titles = slices.DeleteFunc(h.titles, gone)
}

// Shortcut is the document whose shortcut the word is, but for case and accents.
func (h *Heads) Shortcut(word string) (id string, ok bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	id, ok = h.exact[Fold(word)]
	return id, ok
}

// Begun gives at most n documents whose shortcut begins as typed, those with the least
// left to type first.
func (h *Heads) Begun(typed string, n int) []string {
	folded := Fold(cut(typed))
	if folded == "" {
		return nil
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	var found []string
	for _, e := range h.begun(folded) {
		if len(found) < n {
			found = append(found, e.id)
		}
	}
	return found
}

// Complete gives at most n documents that what is typed may lead to: the shortcut, then
// shortcuts that begin so, those with the least left to type first, titles that hold it as it stands, and titles that hold a word
// beginning with each of its words.
func (h *Heads) Complete(typed string, n int) []string {
	typed = cut(typed)
	h.mu.RLock()
	defer h.mu.RUnlock()
	var found []string
	seen := map[string]bool{}
	add := func(id string) bool {
		if !seen[id] && len(found) < n {
			seen[id] = true
			found = append(found, id)
		}
		return len(found) < n
	}
	folded := Fold(typed)
	if folded == "" {
		return nil
	}
	for _, e := range h.begun(folded) {
		if !add(e.id) {
			return found
		}
	}
	phrase := foldWords(typed)
	each(h.titles, phrase, add)
	words := strings.Fields(phrase)
	longest := slices.MaxFunc(words, func(a, b string) int { return cmp.Compare(len(a), len(b)) })
	each(h.titles, longest, func(id string) bool {
		return !holds(h.of[id].title, words) || add(id)
	})
	return found
}

// begun are the shortcuts that begin with prefix, the shortest first.
func (h *Heads) begun(prefix string) []head {
	from, _ := slices.BinarySearchFunc(h.shortcuts, prefix, byPrefix)
	some := h.shortcuts[from:min(from+maxScan, len(h.shortcuts))]
	if end := slices.IndexFunc(some, func(e head) bool { return !strings.HasPrefix(e.key, prefix) }); end >= 0 {
		some = some[:end]
	}
	some = slices.Clone(some)
	slices.SortStableFunc(some, func(a, b head) int { return cmp.Compare(len(a.key), len(b.key)) })
	return some
}

func byPrefix(e head, prefix string) int { return cmp.Compare(e.key, prefix) }

// each calls f with the id of each head that begins with prefix, until f is false.
func each(heads []head, prefix string, f func(id string) bool) {
	from, _ := slices.BinarySearchFunc(heads, prefix, byPrefix)
	for _, e := range heads[from:min(from+maxScan, len(heads))] {
		if !strings.HasPrefix(e.key, prefix) || !f(e.id) {
			return
		}
	}
}

// holds says whether each word begins some word of the title.
func holds(title string, words []string) bool {
	for _, w := range words {
		if !strings.HasPrefix(title, w) && !strings.Contains(title, " "+w) {
			return false
		}
	}
	return true
}
