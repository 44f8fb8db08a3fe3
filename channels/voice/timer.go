package voice

import (
	"context"
	"math"
	"time"
)

// after does something later, unless the call has ended.
func (c *Call) after(d time.Duration, f func(context.Context)) {
	if c.done {
		return
	}
	var t *time.Timer
	t = time.AfterFunc(d, func() {
		c.post(func(ctx context.Context) {
			delete(c.timers, t)
			f(ctx)
		})
	})
	c.timers[t] = struct{}{}
}

// forEver is the patience with what must not be given up.
const forEver = time.Duration(math.MaxInt64)

// until does something again and again until it succeeds, and says whether it has: it is
// given up after the patience, or when we stop, as the next start sees to it. Only this call
// waits meanwhile.
func (c *Call) until(what string, patience time.Duration, do func() error) bool {
	begun := time.Now()
	for wait := 50 * ms; ; wait = min(2*wait, 2*time.Second) {
		err := do()
		if err == nil {
			return true
		}
		if wait == 50*ms {
			c.v.log.Warn("trying again", "what", what, "call", c.row.ID, "err", err)
		}
		if c.v.stopping() || time.Since(begun) > patience {
			c.v.log.Error("given up", "what", what, "call", c.row.ID, "err", err)
			return false
		}
		time.Sleep(wait)
	}
}
