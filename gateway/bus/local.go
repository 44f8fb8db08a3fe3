package bus

import (
	"sync"
	"sync/atomic"
)

// buffer is how many hints one subscription may be behind: several of the floor's
// longest batches (256), for 24 KB.
const buffer = 1024

// Local is the bus of a single process.
type Local struct {
	mu      sync.RWMutex // guards what follows
	subs    map[string]map[*subscription]struct{}
	holders map[string]*holder
	came    map[string]chan struct{} // of names that are waited for: closed when a holder comes
}

var _ Bus = (*Local)(nil)

// New makes a bus for one process.
func New() *Local {
	return &Local{
		subs:    map[string]map[*subscription]struct{}{},
		holders: map[string]*holder{},
		came:    map[string]chan struct{}{},
	}
}

// Publish is described at Bus.
func (l *Local) Publish(subject string, data []byte) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for s := range l.subs[subject] {
		s.offer(data)
	}
}

// missed tells every subscription that hints may have been lost on their way here.
func (l *Local) missed() {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, subs := range l.subs {
		for s := range subs {
			s.offer(nil)
		}
	}
}

// Subscribe is described at Bus.
func (l *Local) Subscribe(subject string, f func(data []byte)) (cancel func()) {
	s := &subscription{waiting: make(chan []byte, buffer), stop: make(chan struct{}), ended: make(chan struct{})}
	l.mu.Lock()
	if l.subs[subject] == nil {
		l.subs[subject] = map[*subscription]struct{}{}
	}
	l.subs[subject][s] = struct{}{}
	l.mu.Unlock()
	go s.run(f)
	return sync.OnceFunc(func() {
		l.mu.Lock()
		delete(l.subs[subject], s)
		if len(l.subs[subject]) == 0 {
			delete(l.subs, subject)
		}
		l.mu.Unlock()
		close(s.stop)
		<-s.ended
	})
}

type subscription struct {
	waiting chan []byte
	bare    atomic.Bool // a hint without data waits
	stop    chan struct{}
	ended   chan struct{}
}

func (s *subscription) offer(data []byte) {
	if len(data) == 0 && s.bare.Swap(true) {
		return
	}
	select {
	case s.waiting <- data:
	default: // a slow reader loses hints; nobody waits for it
		if len(data) == 0 {
			s.bare.Store(false)
		}
	}
}

func (s *subscription) run(f func([]byte)) {
	defer close(s.ended)
	for {
		select {
		case <-s.stop:
			return
		case data := <-s.waiting:
			if len(data) == 0 {
				s.bare.Store(false) // before f looks: what comes now is a new hint
			}
			if !s.stopped() {
				f(data)
			}
		}
	}
}

func (s *subscription) stopped() bool {
	select {
	case <-s.stop:
		return true
	default:
		return false
	}
}
