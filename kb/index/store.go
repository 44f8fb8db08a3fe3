package index

import (
	"encoding/binary"
	"fmt"
	"os"
	"strconv"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/analysis/analyzer/custom"
	"github.com/blevesearch/bleve/v2/analysis/tokenizer/whitespace"
	"github.com/blevesearch/bleve/v2/mapping"
)

// opening makes a library that finds its files locked give up. It writes into the map.
func opening() map[string]any { return map[string]any{"bolt_timeout": "2s"} }

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

const wordField = "word"

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

// stampKey holds what the store was last brought to: the change number, and the sum of
// its texts.
var stampKey = []byte("stamp")

// stamp says what the store holds: up to which change, and which texts.
type stamp struct {
	change int64
	sum    uint64
}

// stampLocked is the store's stamp, zero when it must be filled.
func (x *Index) stampLocked() stamp {
	body, err := x.store.GetInternal(stampKey)
	if err != nil || len(body) != 16 {
		return stamp{}
	}
	return stamp{int64(binary.BigEndian.Uint64(body)), binary.BigEndian.Uint64(body[8:])} // it was an int64
}

// bytes is the stamp as it is stored, 16 of them, big-endian.
func (s stamp) bytes() []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(s.change)) // never negative
	return binary.BigEndian.AppendUint64(b, s.sum)
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
