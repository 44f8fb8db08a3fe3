package routing

import (
	"slices"

	"github.com/vaxelhq/vaxel/gateway"
)

// regroup lets interactions belong to another case. Who has them, and where they wait,
// stays as it is; what is next written on that case joins them.
func (c *Core) regroup(e gateway.Regroup) {
	if e.From == 0 || e.Into == 0 || e.From == e.Into {
		return
	}
	whole := len(e.Conversations) == 0
	for it := c.cases.at(e.From); it != nil; {
		next := it.younger
		if whole || slices.Contains(e.Conversations, it.Conversation) {
			c.unfile(it)
			it.Case, it.older, it.younger = e.Into, nil, nil
			c.file(it)
			c.touch(it)
		}
		it = next
	}
	if whole {
		c.gone.regroup(e.From, e.Into)
	}
}

// file puts an interaction among the others of its case, which stand in the order of entry.
func (c *Core) file(it *item) {
	if it.Case == 0 {
		return
	}
	first := c.cases.at(it.Case)
	if first == nil || it.Seq < first.Seq {
		c.cases.set(it.Case, it)
		it.follow(nil, first)
		return
	}
	last := first
	for last.younger != nil && last.younger.Seq < it.Seq {
		last = last.younger
	}
	it.follow(last, last.younger)
}

// follow puts it between two neighbours, each nil if there is none.
func (it *item) follow(older, younger *item) {
	it.older, it.younger = older, younger
	if older != nil {
		older.younger = it
	}
	if younger != nil {
		younger.older = it
	}
}

// unfile takes it out from among them.
func (c *Core) unfile(it *item) {
	switch {
	case it.Case == 0:
	case it.older != nil:
		it.older.younger = it.younger
	case it.younger != nil:
		c.cases.set(it.Case, it.younger)
	default:
		c.cases.drop(it.Case)
	}
	if it.younger != nil {
		it.younger.older = it.older
	}
}
