package routing

import "time"

// timer is the one deadline of an agent or an item: the earliest of all that may
// happen to it by itself. It follows from the state, so snapshots do not hold it.
type timer struct {
	agent  *agent // or
	item   *item
	micros int64 // when, as time.UnixMicro has it
	i      int   // index in the heap, -1 none
}

func (t *timer) at() time.Time { return time.UnixMicro(t.micros).UTC() }

// deadline is worked out anew each time something has touched its owner: no timer is ever
// wrong for longer than a turn.
func (t *timer) deadline() time.Time {
	if t.agent != nil {
		return t.agent.deadline()
	}
	return t.item.deadline()
}

// timers is every deadline, the earliest first.
type timers struct{ heap[*timer] }

func newTimers() timers {
	return timers{heap[*timer]{less: timerBefore, moved: func(t *timer, i int) { t.i = i }}}
}

// timerBefore puts agents before items of the same moment, and both by id.
func timerBefore(a, b *timer) bool {
	if a.micros != b.micros {
		return a.micros < b.micros
	}
	switch {
	case a.agent != nil && b.agent != nil:
		return a.agent.id < b.agent.id
	case a.agent != nil || b.agent != nil:
		return a.agent != nil
	}
	return a.item.ID < b.item.ID
}

// set moves a timer; the zero time stops it.
func (ts *timers) set(t *timer, at time.Time) {
	switch {
	case at.IsZero():
		if t.i >= 0 {
			ts.remove(t.i)
		}
	case t.i < 0:
		t.micros = at.UnixMicro()
		ts.push(t)
	case t.micros != at.UnixMicro():
		t.micros = at.UnixMicro()
		ts.fix(t.i)
	}
}

// next is the earliest deadline, zero if there is none.
func (ts *timers) next() time.Time {
	if len(ts.s) == 0 {
		return time.Time{}
	}
	return ts.s[0].at()
}

// due takes out the timers that have run out, the earliest first.
func (ts *timers) due(now time.Time) (due []*timer) {
	for len(ts.s) > 0 && ts.s[0].micros <= now.UnixMicro() {
		due = append(due, ts.s[0])
		ts.remove(0)
	}
	return due
}

// sooner lowers at to t; zero means never.
func sooner(at *time.Time, t time.Time) {
	if !t.IsZero() && (at.IsZero() || t.Before(*at)) {
		*at = t
	}
}
