package index

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/index/scorch"
)

// rebuildLocked makes the next generation, swaps it in under running searches and removes
// the old one. Killed at any moment it leaves one that can be opened, or none: the stamp is
// written last, and Load rebuilds what has none.
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

// buildTexts uses bleve's builder, which writes offline what batches would have to merge.
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
