// Package index finds small texts: bleve chooses candidates on disk, and a ranking of
// our own, which needs only memory, puts them in order.
//
// An index is a copy that can be made again. It promises that the change number it holds
// is stored together with the texts, whatever kills it; that one which cannot be opened
// or is damaged is empty and must be filled again; that a rebuild swaps the new one in
// under running searches; and that nothing people type is read as a query. What somebody
// must not find lives in another index.
package index

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/index/scorch"
)

// Doc is a text to be found.
type Doc struct {
	ID         string
	Title      string
	Question   string
	Alternates []string // other ways to ask it
	Tags       []string
	Body       string
	Change     int64 // the change that made it what it is
}

// Index holds the texts of one language and one audience. It is open until Close and
// safe for concurrent use: searches go on while it is written and while it is rebuilt.
// writing is taken before mu; mu is never held over a look at the disk.
type Index struct {
	dir    string
	tongue tongue

	writing sync.Mutex // one Put or Rebuild at a time; guards the next three
	store   bleve.Index
	home    string // store's directory, a generation inside dir
	closed  bool

	alias bleve.IndexAlias // what is searched: store

	mu     sync.RWMutex // guards memory
	memory *memory
}

// Open opens the index in dir, made if there is none. One that cannot be opened or whose
// segments are damaged is thrown away. Load must follow, before anything else.
func Open(dir, language string) (*Index, error) {
	x := &Index{dir: dir, tongue: tongues[language], memory: newMemory(), alias: bleve.NewIndexAlias()}
	x.home = filepath.Join(dir, strconv.Itoa(newest(dir)))
	err := dropDamaged(x.home)
	if err == nil {
		x.store, err = bleve.OpenUsing(x.home, opening())
	}
	if err != nil {
		if err := os.RemoveAll(dir); err != nil { //nolint:gosec // G703: the caller names it, never a reader
			return nil, fmt.Errorf("throw the index away: %w", err)
		}
		x.store, err = bleve.NewUsing(x.home, schema, scorch.Name, scorch.Name, opening())
	}
	if err != nil {
		return nil, fmt.Errorf("open the index %s: %w", dir, err)
	}
	x.alias.Add(x.store)
	return x, nil
}

// Load fills the ranking's memory after Open with all texts there are as of a change, and
// audits the store against them: what is newer is put, and if count or contents then
// differ, the index is rebuilt.
func (x *Index) Load(change int64, docs []Doc) (rebuilt bool, err error) {
	x.writing.Lock()
	defer x.writing.Unlock()
	read := x.readAll(docs)
	x.fill(read)
	had := x.stampLocked()
	if had.change == 0 || had.change > change {
		return true, x.rebuildLocked(change, read)
	}
	var newer []reading
	for i, d := range docs {
		if d.Change > had.change {
			newer = append(newer, read[i])
		}
	}
	switch {
	case len(newer) > 0:
		err = x.writeLocked(change, newer, nil)
	case had.sum != x.sum():
		return true, x.rebuildLocked(change, read)
	}
	if err != nil {
		return false, err
	}
	if n, err := x.store.DocCount(); err != nil || n != uint64(len(docs)) {
		return true, x.rebuildLocked(change, read)
	}
	return false, nil
}

// fill replaces all that is remembered, but for the synonyms.
func (x *Index) fill(read []reading) {
	m := newMemory()
	for _, r := range read {
		m.put(r)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	m.means = x.memory.means
	x.memory = m
}

// SetSynonyms says which words mean the same as others to those who ask. A word of
// several words counts by each of them.
func (x *Index) SetSynonyms(means map[string][]string) {
	stems := map[string][]string{}
	for word, others := range means {
		for _, w := range terms(x.tongue.read(word)) {
			stems[w] = append(stems[w], terms(x.tongue.read(strings.Join(others, " ")))...)
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.memory.means = stems
}

// sum is that of all texts that are remembered.
func (x *Index) sum() uint64 {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.memory.sum
}

// Count is how many texts can be found.
func (x *Index) Count() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return len(x.memory.texts)
}

// Put stores and removes texts together with the change number that they bring: all or
// nothing, also over a kill. The index must have been loaded.
func (x *Index) Put(change int64, docs []Doc, gone []string) error {
	x.writing.Lock()
	defer x.writing.Unlock()
	read := x.readAll(docs)
	x.remember(read, gone)
	return x.writeLocked(change, read, gone)
}

// remember brings memory up to date before the store. If the store then fails, the stamp
// there is the old one, and Load puts the rest at the next start.
func (x *Index) remember(read []reading, gone []string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, id := range gone {
		x.memory.forget(id)
	}
	for _, r := range read {
		x.memory.put(r)
	}
}

// Close closes the index. Closing it again does nothing.
func (x *Index) Close() error {
	x.writing.Lock()
	defer x.writing.Unlock()
	if x.closed {
		return nil
	}
	x.closed = true // the library panics at the second time
	return x.store.Close()
}
