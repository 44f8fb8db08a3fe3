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
	mu  sync.Mutex // guards all
	all map[*Tape]struct{}
}

func (ts *tapes) add(t *Tape) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if ts.all == nil {
		ts.all = map[*Tape]struct{}{}
	}
	ts.all[t] = struct{}{}
}

func (ts *tapes) remove(t *Tape) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	delete(ts.all, t)
}

// run writes all recordings, one after the other, so that a disk that is slow costs sound
// nothing: packets are taken into memory meanwhile.
func (ts *tapes) run(ctx context.Context) error {
	tick := time.NewTicker(tapeFlush)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		for _, t := range ts.now() {
			_ = t.flush() // which says so itself; what failed is written with the next
		}
	}
}

// now copies the list: a write may take long, and recordings come and go.
func (ts *tapes) now() []*Tape {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	return slices.Collect(maps.Keys(ts.all))
}
