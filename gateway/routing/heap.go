package routing

// heap is a binary heap whose elements are told where they are, so that any of them
// can leave in O(log n). less must be a strict total order: then what comes out never
// depends on what went in first.
type heap[T any] struct {
	s     []T
	less  func(a, b T) bool
	moved func(t T, i int) // i is -1 once t has left
}

func (h *heap[T]) push(t T) {
	h.s = append(h.s, t)
	h.moved(t, len(h.s)-1)
	h.up(len(h.s) - 1)
}

// remove takes out the element at i.
func (h *heap[T]) remove(i int) {
	gone, last := h.s[i], len(h.s)-1
	h.s[i] = h.s[last]
	h.moved(h.s[i], i)
	var none T
	h.s[last] = none
	h.s = h.s[:last]
	if i < last && !h.up(i) {
		h.down(i)
	}
	h.moved(gone, -1)
}

// fix restores the order after the key of the element at i has changed.
func (h *heap[T]) fix(i int) {
	if !h.up(i) {
		h.down(i)
	}
}

func (h *heap[T]) up(i int) (moved bool) {
	for i > 0 {
		parent := (i - 1) / 2
		if !h.less(h.s[i], h.s[parent]) {
			return moved
		}
		h.swap(i, parent)
		i, moved = parent, true
	}
	return moved
}

func (h *heap[T]) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(h.s) {
			return
		}
		if child+1 < len(h.s) && h.less(h.s[child+1], h.s[child]) {
			child++
		}
		if !h.less(h.s[child], h.s[i]) {
			return
		}
		h.swap(i, child)
		i = child
	}
}

func (h *heap[T]) swap(i, j int) {
	h.s[i], h.s[j] = h.s[j], h.s[i]
	h.moved(h.s[i], i)
	h.moved(h.s[j], j)
}

// first is the smallest element that ok allows. Elements that it forbids are few, so
// the search seldom goes past the head.
func (h *heap[T]) first(ok func(T) bool) (best T, found bool) {
	if len(h.s) == 0 {
		return best, false
	}
	if ok(h.s[0]) {
		return h.s[0], true
	}
	edge := []int{1, 2} // children of forbidden elements: the next smallest is among them
	for len(edge) > 0 {
		at := -1
		for e, i := range edge {
			if i < len(h.s) && (at < 0 || h.less(h.s[i], h.s[edge[at]])) {
				at = e
			}
		}
		if at < 0 {
			break
		}
		i := edge[at]
		if ok(h.s[i]) {
			return h.s[i], true
		}
		edge[at] = 2*i + 1
		edge = append(edge, 2*i+2)
	}
	return best, false
}
