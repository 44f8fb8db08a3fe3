package routing

import (
	"slices"

	"github.com/vaxelhq/vaxel/gateway"
)

// settleCase ends the callbacks of a closed case that nobody has: there is nothing to call about any
// more. One that an agent has is theirs to end; one that was asked for since the case was closed
// is about something new.
func (c *Core) settleCase(e gateway.Settle) {
	if e.Case == 0 {
		return
	}
	for it := c.cases.at(e.Case); it != nil; {
		next := it.younger
		if it.lane == callback && it.active() == nil && it.EndedAt.IsZero() && !it.entered.After(e.At) {
			for _, o := range slices.Clone(it.offers) {
				c.close(o, gateway.Withdrawn, CauseSettled)
			}
			c.abandon(it, gateway.EndSettled)
		}
		it = next
	}
}
