package routing

// line is what waits in one tier of a bucket, the first at its head: a heap of four
// children whose entries carry their keys, so that finding a place in a long line looks
// at few items of it. An item knows its index, so that it can leave from anywhere.
type line struct {
	tier int
	s    []entry
}

// entry repeats its item's key, so that a comparison reads one place in memory, and what
// boards show of all that wait: of 100,000 they would else read as many places a second.
type entry struct {
	key
	arrived, due int64 // microseconds since 1970
	item         *item
}

// push puts an item in at the place that its key gives it, in O(log n).
func (l *line) push(it *item) {
	l.s = append(l.s, entry{})
	l.up(len(l.s)-1, entry{it.key, it.ArrivedAt.UnixMicro(), it.DueAt.UnixMicro(), it})
}

// remove takes out the entry at i.
func (l *line) remove(i int) {
	l.s[i].item.places[l.tier] = -1
	last := len(l.s) - 1
	e := l.s[last]
	l.s[last] = entry{}
	if l.s = l.s[:last]; i == last {
		return
	}
	if i > 0 && e.before(l.s[(i-1)/4].key) {
		l.up(i, e)
	} else {
		l.down(i, e)
	}
}

// up moves the hole at i to where e belongs, and puts e there.
func (l *line) up(i int, e entry) {
	for i > 0 {
		parent := (i - 1) / 4
		if !e.before(l.s[parent].key) {
			break
		}
		l.put(i, l.s[parent])
		i = parent
	}
	l.put(i, e)
}

// down is up the other way: the smallest child rises into the hole until e fits.
func (l *line) down(i int, e entry) {
	for {
		first := 4*i + 1
		if first >= len(l.s) {
			break
		}
		child := first
		for c := first + 1; c < min(first+4, len(l.s)); c++ {
			if l.s[c].before(l.s[child].key) {
				child = c
			}
		}
		if !l.s[child].before(e.key) {
			break
		}
		l.put(i, l.s[child])
		i = child
	}
	l.put(i, e)
}

// put keeps the item's own index true; nothing else writes entries.
func (l *line) put(i int, e entry) {
	l.s[i] = e
	e.item.places[l.tier] = i
}

// first is the first item that ok allows. Those that it forbids are few, so the search
// seldom goes past the head.
func (l *line) first(ok func(*item) bool) *item {
	if len(l.s) == 0 {
		return nil
	}
	if ok(l.s[0].item) {
		return l.s[0].item
	}
	edge := []int{1, 2, 3, 4} // children of forbidden entries: the next one is among them
	for {
		at := -1
		for e, i := range edge {
			if i < len(l.s) && (at < 0 || l.s[i].before(l.s[edge[at]].key)) {
				at = e
			}
		}
		if at < 0 {
			return nil
		}
		i := edge[at]
		if ok(l.s[i].item) {
			return l.s[i].item
		}
		edge[at] = 4*i + 1
		edge = append(edge, 4*i+2, 4*i+3, 4*i+4)
	}
}
