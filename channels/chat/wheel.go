package chat

import "sync"

// A socket is pinged every 25 seconds, in the second that fell to it, and has 10 to
// answer. One wheel serves all of a node's sockets: no timer and no goroutine each.
const (
	wheelSlots = 25
	answerIn   = 10
)

// wheel has a slot for each second of a round.
type wheel struct {
	mu    sync.Mutex // guards what follows
	slots [wheelSlots]map[*session]struct{}
	now   int
	next  int // slot of the next socket: they are spread evenly

	company chan struct{} // holds one hint that a socket has come
}

// add gives the socket a slot, for remove.
func (w *wheel) add(s *session) (slot int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.next = (w.next + 1) % wheelSlots
	if w.slots[w.next] == nil {
		w.slots[w.next] = map[*session]struct{}{}
	}
	w.slots[w.next][s] = struct{}{}
	select {
	case w.company <- struct{}{}:
	default:
	}
	return w.next
}

func (w *wheel) remove(s *session, slot int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.slots[slot], s)
}

// turn moves on by a second: it pings this second's sockets and cuts off those that were
// pinged ten seconds ago and are silent.
func (w *wheel) turn() {
	ping, check := w.due()
	for _, s := range ping {
		s.ping()
	}
	for _, s := range check {
		s.check()
	}
}

// due moves on and copies two slots: this second's, and that of ten seconds ago.
func (w *wheel) due() (ping, check []*session) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = (w.now + 1) % wheelSlots
	return listed(w.slots[w.now]), listed(w.slots[(w.now+wheelSlots-answerIn)%wheelSlots])
}

func listed(slot map[*session]struct{}) []*session {
	list := make([]*session, 0, len(slot))
	for s := range slot {
		list = append(list, s)
	}
	return list
}
