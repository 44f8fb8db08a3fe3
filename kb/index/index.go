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
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/analysis/analyzer/custom"
	"github.com/blevesearch/bleve/v2/analysis/tokenizer/whitespace"
	"github.com/blevesearch/bleve/v2/index/scorch"
	"github.com/blevesearch/bleve/v2/mapping"
	"github.com/blevesearch/bleve/v2/search/searcher"
)

// maxClauses ends a search that would look for more terms than any of ours does.
const maxClauses = 1024

func init() { searcher.DisjunctionMaxClauseCount = maxClauses }

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

// stampKey holds what the store was last brought to: the change number, and the sum of
// its texts.
var stampKey = []byte("stamp")

type stamp struct {
	change int64
	sum    uint64
}

// opening makes a library that finds its files locked give up. It writes into the map.
func opening() map[string]any { return map[string]any{"bolt_timeout": "2s"} }

// Index holds the texts of one language and one audience. It is open until Close and
// safe for concurrent use.
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

// newest is the latest generation in dir that was finished; a rebuild makes the next one.
func newest(dir string) int {
	entries, _ := os.ReadDir(dir) // nothing to read is no generation
	last := 1
	for _, e := range entries {
		if n, err := strconv.Atoi(e.Name()); err == nil {
			last = max(last, n)
		}
	}
	return last
}

// schema has one field, split and stemmed by us: the words, those of what asks twice.
// Nothing is stored.
var schema = func() mapping.IndexMapping {
	m := bleve.NewIndexMapping()
	must(m.AddCustomAnalyzer("ours", map[string]any{"type": custom.Name, "tokenizer": whitespace.Name}))
	field := bleve.NewTextFieldMapping()
	field.Analyzer, field.Store, field.IncludeTermVectors, field.IncludeInAll, field.DocValues = "ours", false, false, false, false
	doc := bleve.NewDocumentStaticMapping()
	doc.AddFieldMappingsAt(wordField, field)
	m.DefaultMapping = doc
	return m
}()

const wordField = "word"

// stampLocked is the store's stamp, zero when it must be filled.
func (x *Index) stampLocked() stamp {
	body, err := x.store.GetInternal(stampKey)
	if err != nil || len(body) != 16 {
		return stamp{}
	}
	return stamp{int64(binary.BigEndian.Uint64(body)), binary.BigEndian.Uint64(body[8:])} // it was an int64
}

func (s stamp) bytes() []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(s.change)) // never negative
	return binary.BigEndian.AppendUint64(b, s.sum)
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

// writeLocked stores what is remembered already.
func (x *Index) writeLocked(change int64, read []reading, gone []string) error {
	batch := x.store.NewBatch()
	for _, id := range gone {
		batch.Delete(id)
	}
	for _, r := range read {
		if err := batch.Index(r.id, r.fields()); err != nil {
			return fmt.Errorf("index %s: %w", r.id, err)
		}
	}
	batch.SetInternal(stampKey, stamp{change, x.sum()}.bytes())
	if err := x.store.Batch(batch); err != nil {
		return fmt.Errorf("index %d texts: %w", len(read), err)
	}
	return nil
}

// Rebuild makes the index anew beside the old one and swaps it in. Searches go on.
func (x *Index) Rebuild(change int64, docs []Doc) error {
	x.writing.Lock()
	defer x.writing.Unlock()
	read := x.readAll(docs)
	var filling sync.WaitGroup
	filling.Go(func() { x.fill(read) })
	defer filling.Wait()
	return x.rebuildLocked(change, read)
}

func (x *Index) rebuildLocked(change int64, read []reading) error {
	home := filepath.Join(x.dir, strconv.Itoa(newest(x.dir)+1))
	store, err := build(home, stamp{change, sumOf(read)}, read)
	if err != nil {
		return errors.Join(fmt.Errorf("rebuild the index: %w", err), os.RemoveAll(home))
	}
	x.alias.Swap([]bleve.Index{store}, []bleve.Index{x.store})
	old, oldHome := x.store, x.home
	x.store, x.home = store, home
	return errors.Join(old.Close(), os.RemoveAll(oldHome))
}

// sumOf is the sum of texts, as the memory adds it up.
func sumOf(read []reading) (sum uint64) {
	for _, r := range read {
		sum += r.sum
	}
	return sum
}

// build writes all texts in one go, offline, and last the stamp that makes the index
// worth opening.
func build(home string, s stamp, read []reading) (bleve.Index, error) {
	if len(read) > 0 { // the builder makes no index of nothing
		if err := buildTexts(home, read); err != nil {
			return nil, err
		}
	} else if empty, err := bleve.NewUsing(home, schema, scorch.Name, scorch.Name, opening()); err != nil {
		return nil, err
	} else if err := empty.Close(); err != nil {
		return nil, err
	}
	store, err := bleve.OpenUsing(home, opening())
	if err != nil {
		return nil, err
	}
	if err := store.SetInternal(stampKey, s.bytes()); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return store, nil
}

func buildTexts(home string, read []reading) error {
	// The library leaves its scratch directory behind: give it one that goes with ours.
	scratch := home + ".building"
	if err := os.MkdirAll(scratch, 0o750); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(scratch) }() // swept by the next Open's RemoveAll at the latest
	builder, err := bleve.NewBuilder(home, schema, map[string]any{"buildPathPrefix": scratch})
	if err != nil {
		return err
	}
	for _, r := range read {
		if err := builder.Index(r.id, r.fields()); err != nil {
			return errors.Join(err, builder.Close())
		}
	}
	return builder.Close()
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

func (r reading) fields() map[string]any {
	words := terms(r.tags)
	for _, w := range r.asks {
		words = append(words, terms(w.words)...)
	}
	return map[string]any{wordField: strings.Join(slices.Concat(words, words, terms(r.body)), " ")}
}

func terms(words []word) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = w.term
	}
	return out
}
