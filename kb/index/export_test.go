package index

import "sync"

// rebuild makes the index anew beside the old one, as Load does with one that is no good,
// while it is searched.
func (x *Index) rebuild(change int64, docs []Doc) error {
	x.writing.Lock()
	defer x.writing.Unlock()
	read := x.readAll(docs)
	var filling sync.WaitGroup
	filling.Go(func() { x.fill(read) })
	defer filling.Wait()
	return x.rebuildLocked(change, read)
}
