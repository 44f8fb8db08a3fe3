package routing

import "github.com/vaxelhq/vaxel/gateway"

// slabs are where what is told is put: many of a kind at once, since there is nothing the
// core does more often. What was told is never written again; a slab goes with the last
// of it.
type slabs struct {
	interactions slab[gateway.Interaction]
	presences    slab[gateway.Presence]
	effects      slab[Effect]
}

const slabSize = 16

// slab hands out places of a block that was allocated in one go.
type slab[T any] struct{ free []T }

// of is a copy of t.
func (s *slab[T]) of(t T) *T {
	if len(s.free) == 0 {
		s.free = make([]T, slabSize)
	}
	told := &s.free[0]
	s.free = s.free[1:]
	*told = t
	return told
}

// list is a copy of all, nil of none.
func (s *slab[T]) list(all []T) []T {
	n := len(all)
	if n == 0 {
		return nil
	}
	if len(s.free) < n {
		s.free = make([]T, max(4*slabSize, n))
	}
	told := s.free[:n:n]
	s.free = s.free[n:]
	copy(told, all)
	return told
}
