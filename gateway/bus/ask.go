package bus

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

const (
	patience   = 10 * time.Second // of an asker that sets no deadline
	firstPause = 5 * time.Millisecond
	longPause  = 200 * time.Millisecond
)

// answerer is what Serve takes.
type answerer = func(ctx context.Context, key string, body []byte) ([]byte, error)

// holder is one Serve.
type holder struct {
	f     answerer
	under sync.WaitGroup // answers under way
}

// Serve is described at Bus.
func (l *Local) Serve(name string, f func(ctx context.Context, key string, body []byte) ([]byte, error)) (cancel func()) {
	h := &holder{f: f}
	l.mu.Lock()
	l.holders[name] = h
	close(l.came)
	l.came = make(chan struct{})
	l.mu.Unlock()
	return sync.OnceFunc(func() {
		l.mu.Lock()
		if l.holders[name] == h {
			delete(l.holders, name)
		}
		l.mu.Unlock()
		h.under.Wait()
	})
}

// Ask is described at Bus.
func (l *Local) Ask(ctx context.Context, name, key string, body []byte) ([]byte, error) {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	last := nobody(name)
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		h, came := l.take(name)
		var again <-chan time.Time
		if h != nil {
			answer, err := h.ask(ctx, key, body)
			if !errors.Is(err, gateway.ErrTryAgain) {
				return answer, err
			}
			last = err
			again = time.After(pause)
		}
		select {
		case <-ctx.Done():
			return nil, ended(ctx, last)
		case <-came:
		case <-again:
		}
	}
}

func withDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, patience)
}

// take is the holder of a name, counted as answering, and what tells of the next one.
func (l *Local) take(name string) (*holder, <-chan struct{}) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	h := l.holders[name]
	if h != nil {
		h.under.Add(1) // under the lock: cancel has not begun to wait
	}
	return h, l.came
}

// ask gives up with its context, whether the holder heeds it or not: a node that hangs
// must not hang its askers.
func (h *holder) ask(ctx context.Context, key string, body []byte) ([]byte, error) {
	type reply struct{ body, refusal []byte }
	answered := make(chan reply, 1)
	go func() {
		defer h.under.Done()
		answer, err := h.f(ctx, key, body)
		answered <- reply{answer, encode(err)}
	}()
	select {
	case r := <-answered:
		if r.refusal == nil {
			return r.body, nil
		}
		if err := decode(r.refusal); ctx.Err() == nil || isRefusal(err) {
			return nil, err
		}
	case <-ctx.Done():
	}
	return nil, ended(ctx, silent)
}

// ended is what an asker is told whose context ended: its own wish if it left, else the
// reason for which there was no answer in time.
func ended(ctx context.Context, why error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return context.Cause(ctx)
	}
	return why
}
