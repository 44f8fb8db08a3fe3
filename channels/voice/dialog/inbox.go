package dialog

import "sync"

// Inbox is what an actor still has to do. Put never waits, so that whoever tells an
// actor something may hold a lock; it isn't bounded, because what comes in is: SIP by
// the gate, timers and people by themselves.
type Inbox[T any] struct {
	mu     sync.Mutex // guards what follows
	wake   sync.Cond
	items  []T
	closed bool
}

// NewInbox makes an open inbox.
func NewInbox[T any]() *Inbox[T] {
	q := &Inbox[T]{}
	q.wake.L = &q.mu
	return q
}

// Put adds an item and says whether anybody will take it.
func (q *Inbox[T]) Put(v T) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	q.items = append(q.items, v)
	q.wake.Signal()
	return true
}

// Take waits for the oldest item. Once closed it gives nothing more.
func (q *Inbox[T]) Take() (v T, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) == 0 && !q.closed {
		q.wake.Wait()
	}
	if q.closed {
		return v, false
	}
	v = q.items[0]
	var none T
	q.items[0] = none
	if q.items = q.items[1:]; len(q.items) == 0 {
		q.items = nil
	}
	return v, true
}

// Close ends the inbox; what is in it is dropped.
func (q *Inbox[T]) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed, q.items = true, nil
	q.wake.Broadcast()
}
