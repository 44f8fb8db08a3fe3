package lazy

import (
	"context"
	"maps"
	"runtime"
	"slices"
	"sync"
	"time"
)

// Together has one question asked for all who want to know something of the same kind at
// the same moment. Nobody lingers for company: whoever comes while no reading is under
// way begins one, with all who are ready to run, and those who come meanwhile are the
// next. So a busy server asks seldom, and an idle one at once.
//
// What is told was read after it was asked for, never before.
type Together[K comparable, V any] struct {
	read func(ctx context.Context, keys []K) (map[K]V, error)

	mu   sync.Mutex // guards what follows
	next *reading[K, V]
	busy bool // somebody reads, and will read the next one too
}

// reading is one question, and its answer once done is closed.
type reading[K comparable, V any] struct {
	keys  map[K]struct{}
	done  chan struct{}
	found map[K]V
	err   error
}

// readWithin is how long a reading may take. It has nobody's context: it is for them all.
const readWithin = 30 * time.Second

// NewTogether gives one over a function that reads what is known of some keys.
func NewTogether[K comparable, V any](read func(ctx context.Context, keys []K) (map[K]V, error)) *Together[K, V] {
	return &Together[K, V]{read: read}
}

// Get reads what is known of the keys; others may stand beside it, for others asked. It is
// everybody's, so nobody changes it.
func (t *Together[K, V]) Get(ctx context.Context, keys ...K) (map[K]V, error) {
	r := t.ask(ctx, keys)
	select {
	case <-r.done:
		return r.found, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Begin has the keys read for whoever keeps what is read; it waits for nothing.
func (t *Together[K, V]) Begin(ctx context.Context, keys ...K) { t.ask(ctx, keys) }

// ask adds the keys to the next reading.
func (t *Together[K, V]) ask(ctx context.Context, keys []K) *reading[K, V] {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.next == nil {
		t.next = &reading[K, V]{keys: map[K]struct{}{}, done: make(chan struct{})}
	}
	for _, k := range keys {
		t.next.keys[k] = struct{}{}
	}
	if !t.busy {
		t.busy = true
		go t.run(context.WithoutCancel(ctx))
	}
	return t.next
}

// run reads until nobody waits.
func (t *Together[K, V]) run(ctx context.Context) {
	for {
		runtime.Gosched() // who is about to ask does it now
		r := t.take()
		if r == nil {
			return
		}
		within, cancel := context.WithTimeout(ctx, readWithin)
		r.found, r.err = t.read(within, slices.Collect(maps.Keys(r.keys)))
		cancel()
		close(r.done)
	}
}

func (t *Together[K, V]) take() *reading[K, V] {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.next
	t.next, t.busy = nil, r != nil
	return r
}
