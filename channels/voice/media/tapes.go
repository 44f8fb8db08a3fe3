package media

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// tapes is the one writer of all recordings.
type tapes struct {
	mu    sync.Mutex // guards all
	all   map[*Tape]struct{}
	first chan struct{} // holds one hint that there is one
}

func newTapes() *tapes { return &tapes{all: map[*Tape]struct{}{}, first: make(chan struct{}, 1)} }

func (ts *tapes) add(t *Tape) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.all[t] = struct{}{}
	if len(ts.all) == 1 {
		select {
		case ts.first <- struct{}{}:
		default:
		}
	}
}

func (ts *tapes) remove(t *Tape) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	delete(ts.all, t)
}

// run writes all recordings, one after the other, so that a disk that is slow costs sound
// nothing: packets are taken into memory meanwhile. It sleeps while there is none.
func (ts *tapes) run(ctx context.Context) error {
	flush := time.NewTimer(tapeFlush)
	defer flush.Stop()
	for {
		select {
		case <-ts.first:
		case <-flush.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		all := ts.now()
		for _, t := range all {
			_ = t.flush() // which says so itself; what failed is written with the next
		}
		if len(all) > 0 {
			flush.Reset(tapeFlush)
		}
	}
}

// now copies the list: a write may take long, and recordings come and go.
func (ts *tapes) now() []*Tape {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	return slices.Collect(maps.Keys(ts.all))
}
