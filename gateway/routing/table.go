package routing

import "iter"

// table finds what has a number that was counted up: neighbours lie together, so that
// looking one up costs one look at memory where a map of many takes two or three.
type table[K ~int64, V any] struct {
	pages map[K]*page[V]
	n     int
	spare *page[V] // emptied last: where little waits, pages come and go
}

const (
	pageBits = 6
	pageSize = 1 << pageBits // so many numbers share a page: a lone one costs half a kilobyte
)

// page is pageSize neighbours; n of them are there.
type page[V any] struct {
	n    int
	what [pageSize]*V
}

func newTable[K ~int64, V any]() table[K, V] { return table[K, V]{pages: map[K]*page[V]{}} }

// at is what has the number, nil if nothing has.
func (t *table[K, V]) at(k K) *V {
	p := t.pages[k>>pageBits]
	if p == nil {
		return nil
	}
	return p.what[k&(pageSize-1)]
}

// set gives it the number.
func (t *table[K, V]) set(k K, v *V) {
	p := t.pages[k>>pageBits]
	if p == nil {
		if p, t.spare = t.spare, nil; p == nil {
			p = &page[V]{}
		}
		t.pages[k>>pageBits] = p
	}
	if p.what[k&(pageSize-1)] == nil {
		p.n++
		t.n++
	}
	p.what[k&(pageSize-1)] = v
}

// drop takes it out.
func (t *table[K, V]) drop(k K) {
	p := t.pages[k>>pageBits]
	if p == nil || p.what[k&(pageSize-1)] == nil {
		return
	}
	p.what[k&(pageSize-1)] = nil
	t.n--
	if p.n--; p.n == 0 {
		delete(t.pages, k>>pageBits)
		t.spare = p
	}
}

// all is everything in it, in any order.
func (t *table[K, V]) all() iter.Seq[*V] {
	return func(yield func(*V) bool) {
		for _, p := range t.pages {
			for _, v := range p.what {
				if v != nil && !yield(v) {
					return
				}
			}
		}
	}
}
