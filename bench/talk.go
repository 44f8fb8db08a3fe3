package bench

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// talker is a visitor with what has become of the lines.
type talker struct {
	*visitor
	turn chan struct{} // a line has come all the way

	mu      sync.Mutex // guards what follows
	said    int        // lines, counted from 1; the next is said+1
	acked   int        // all up to here are acknowledged
	shown   int        // all up to here stand on the agent's socket
	due     map[int]time.Time
	delays  []time.Duration
	timing  bool
	muddled int // acknowledged or shown out of order
}

// acknowledged hears of the visitor's side.
func (v *talker) acknowledged(cid []byte) {
	n := 0
	for _, c := range cid {
		n = n*10 + int(c-'0')
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if n != v.acked+1 {
		v.muddled++
	}
	v.acked = n
	v.wakeLocked()
}

// shown hears of the agents' side. Each frame comes twice, early and from the log; the
// first counts.
func (t *talk) shown(frame []byte, at time.Time) {
	no, n, ok := lineIn(frame)
	if !ok || n == 0 {
		return
	}
	v := t.list[no]
	v.mu.Lock()
	defer v.mu.Unlock()
	if n <= v.shown {
		return
	}
	if n != v.shown+1 {
		v.muddled++
	}
	v.shown = n
	if v.timing {
		v.delays = append(v.delays, at.Sub(v.due[n]))
		delete(v.due, n)
	}
	v.wakeLocked()
}

func (v *talker) wakeLocked() {
	if v.acked == v.said && v.shown == v.said {
		select {
		case v.turn <- struct{}{}:
		default:
		}
	}
}

// next says the next line.
func (v *talker) next(ctx context.Context) error {
	v.mu.Lock()
	v.said++
	n := v.said
	v.mu.Unlock()
	return v.say(ctx, n)
}

// closedLoop has every visitor talk for a while, line after line.
func (t *talk) closedLoop(ctx context.Context, d time.Duration) (lines int) {
	t.going.Store(true)
	defer t.going.Store(false)
	end := time.Now().Add(d)
	var all sync.WaitGroup
	var count atomic.Int64
	for _, v := range t.list {
		all.Go(func() {
			for time.Now().Before(end) {
				if err := v.next(ctx); err != nil {
					t.fault.Add(1)
					return
				}
				select {
				case <-v.turn:
					count.Add(1)
				case <-time.After(patience / 4):
					t.fault.Add(1)
					return
				case <-ctx.Done():
					return
				}
			}
		})
	}
	all.Wait()
	return int(count.Load())
}

// openLoop says so many lines a second, whatever becomes of them, and gives how long each
// took from when it was due.
func (t *talk) openLoop(ctx context.Context, perSecond int, d time.Duration) (delays []time.Duration) {
	t.going.Store(true)
	defer t.going.Store(false)
	begin := time.Now().Add(20 * time.Millisecond)
	step := time.Second / time.Duration(perSecond)
	var all sync.WaitGroup
	for i, v := range t.list {
		all.Go(func() {
			for at := begin.Add(time.Duration(i) * step); at.Before(begin.Add(d)); at = at.Add(time.Duration(len(t.list)) * step) {
				time.Sleep(time.Until(at))
				v.mu.Lock()
				v.timing = true
				v.due[v.said+1] = at
				v.mu.Unlock()
				if err := v.next(ctx); err != nil {
					t.fault.Add(1)
					return
				}
			}
		})
	}
	all.Wait()
	soon(ctx, patience/4, func() bool { return t.lost() == 0 })
	for _, v := range t.list {
		v.mu.Lock()
		delays = append(delays, v.delays...)
		v.delays, v.timing = nil, false
		v.mu.Unlock()
	}
	return delays
}
