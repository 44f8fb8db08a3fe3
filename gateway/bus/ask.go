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
	l.cameLocked(name)
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

// cameLocked wakes those who ask for a name.
func (l *Local) cameLocked(name string) {
	if c := l.came[name]; c != nil {
		close(c)
		delete(l.came, name)
	}
}

// Ask is described at Bus.
func (l *Local) Ask(ctx context.Context, name, key string, body []byte) ([]byte, error) {
	return l.persist(ctx, name, key, body, nil)
}

// elsewhere asks a holder on another node. It gives up with ctx, or when moved is closed:
// a holder has come, and it may be another one.
type elsewhere func(ctx context.Context, moved <-chan struct{}, name, key string, body []byte) ([]byte, error)

// persist asks the holder here, else elsewhere, until there is an answer.
func (l *Local) persist(ctx context.Context, name, key string, body []byte, away elsewhere) ([]byte, error) {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	last := nobody(name)
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		h, came := l.take(name)
		var again <-chan time.Time
		if h != nil || away != nil {
			answer, err := h.askOr(ctx, away, came, name, key, body)
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

func (h *holder) askOr(ctx context.Context, away elsewhere, came <-chan struct{}, name, key string, body []byte) ([]byte, error) {
	if h != nil {
		return h.ask(ctx, key, body)
	}
	return away(ctx, came, name, key, body)
}

func withDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, patience)
}

// take is the holder of a name, counted as answering, and what tells of the next one.
func (l *Local) take(name string) (*holder, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.holders[name]
	if h != nil {
		h.under.Add(1) // under the lock: cancel has not begun to wait
	}
	if l.came[name] == nil {
		l.came[name] = make(chan struct{})
	}
	return h, l.came[name]
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
