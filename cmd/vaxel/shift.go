package main

import (
	"context"
	"sync"
)

// shift runs a room while it is wanted here. It begins wanted; a room that is stood down is
// stopped in good order, so what it holds is given back, and begins again when it is wanted
// again.
type shift struct {
	run func(context.Context) error

	mu      sync.Mutex // guards what follows
	off     bool
	works   bool
	stop    context.CancelFunc // of the run that is on
	changed chan struct{}      // closed and replaced when off changes
}

func newShift(run func(context.Context) error) *shift {
	return &shift{run: run, changed: make(chan struct{})}
}

// Want starts the room, or stops it; it doesn't wait for that.
func (s *shift) Want(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.off == !on {
		return
	}
	s.off = !on
	close(s.changed)
	s.changed = make(chan struct{})
	if s.off && s.stop != nil {
		s.stop()
	}
}

// Works says whether the room has not ended yet.
func (s *shift) Works() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.works
}

// Run keeps the room as it is wanted until ctx ends or the room fails.
func (s *shift) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		s.mu.Lock()
		changed, off := s.changed, s.off
		turn, stop := context.WithCancel(ctx)
		s.works, s.stop = !off, stop
		s.mu.Unlock()
		var err error
		if !off {
			err = s.run(turn)
		}
		stop()
		s.mu.Lock()
		s.works = false
		s.mu.Unlock()
		if err != nil {
			return err
		}
		if off {
			select {
			case <-changed:
			case <-ctx.Done():
			}
		}
	}
	return nil
}
