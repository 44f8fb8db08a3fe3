package voice

import (
	"context"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/dialog"
	"github.com/vaxelhq/vaxel/channels/voice/media"
	"github.com/vaxelhq/vaxel/gateway"
)

const (
	stepComes   = 2 * time.Second // after the end that it has made, or before
	outsideMost = 4 * time.Hour
)

// sendOutside calls somebody outside for a caller whom a step has sent there. The floor
// tells of the end and of the step, whichever comes first.
func (c *Call) sendOutside(ctx context.Context) {
	c.sentAway = true
	if c.elsewhere != "" {
		c.goOutside(ctx)
		return
	}
	c.after(stepComes, func(ctx context.Context) {
		if c.row.State == waiting && c.outside == nil {
			c.takeMessage(ctx)
		}
	})
}

// goOutside calls the telephone that the step names: a number through the dial plan, or a
// SIP address. Who can't be brought there leaves a message.
func (c *Call) goOutside(ctx context.Context) {
	if c.row.State != waiting || c.outside != nil {
		return
	}
	c.waits++ // nothing more is said of the queue
	c.unfollow()
	l := &Leg{call: c, role: "outside", address: c.elsewhere}
	c.outside = l
	c.find(ctx, l, func(ctx context.Context, inv dialog.Invitation, err error) {
		if c.outside != l || c.row.State != waiting {
			return
		}
		if err == nil {
			err = c.place(ctx, l, inv)
		}
		if err != nil {
			c.v.log.Warn("send a caller on", "call", c.row.ID, "to", l.address, "err", err)
			c.outside = nil
			c.takeMessage(ctx)
			return
		}
		c.ringOutside(l)
	})
}

// ringOutside lets the caller hear that somebody outside is rung for them, who is not waited
// for for ever.
func (c *Call) ringOutside(l *Leg) {
	c.customer.stream.Play(c.v.sounds.say("outside", c.row.Language), false, func() {
		c.post(func(context.Context) {
			if c.row.State == waiting {
				c.customer.stream.Play(c.v.sounds.ringing, true, nil)
			}
		})
	})
	c.after(c.v.cfg.Patience.Ring, func(ctx context.Context) {
		if c.outside == l && !l.up {
			l.failure = gateway.FailedNoAnswer
			c.outsideFailed(ctx, "no_answer")
		}
	})
}

// outsideAnswered lets the caller talk to whom they were sent to.
func (c *Call) outsideAnswered(ctx context.Context, l *Leg) {
	c.v.legUp(ctx, l)
	if err := c.turn(ctx, outside, nil); err != nil {
		c.v.log.Error("write that a call is with somebody outside", "call", c.row.ID, "err", err)
		c.row.State = outside
	}
	c.withOutside()
	c.after(mediaCheck, c.stillThere)
}

// outsideFailed takes a message from a caller whom nobody outside has answered; an agent who
// has called there talks to the customer again.
func (c *Call) outsideFailed(ctx context.Context, cause string) {
	l := c.outside
	c.outside = nil
	l.bye(`SIP;cause=19;text="No answer"`)
	c.v.legEnded(ctx, l, cause)
	switch c.row.State { //nolint:exhaustive // nobody is left elsewhere
	case waiting:
		c.takeMessage(ctx)
	case talking:
		if c.lonely(ctx) {
			return
		}
		c.arrange()
		c.freeLine2(ctx)
		c.hint(c.row.Agent, "connected") // line 2 is no longer
	}
}

// outsideGone is one of the two hanging up.
func (c *Call) outsideGone(ctx context.Context, l *Leg, cause string) {
	switch {
	case c.row.State != outside: // it had not been let through yet
		c.outsideFailed(ctx, cause)
	case l == c.customer:
		c.endOutside(ctx, "customer_"+cause)
	case l == c.outside:
		c.endOutside(ctx, "outside_"+cause)
	}
}

// withOutside lets the customer talk to somebody outside until one of them hangs up.
func (c *Call) withOutside() {
	c.outside.stream.Part()
	media.Bridge(c.customer.stream, c.outside.stream)
	c.after(outsideMost, func(ctx context.Context) { c.endOutside(ctx, "too_long") })
	c.log().Info("call sent on")
}

// endOutside ends a call of which the floor knows nothing more.
func (c *Call) endOutside(ctx context.Context, cause string) {
	if c.row.State != outside || c.done {
		return
	}
	c.hangUp(cause)
	c.finish(ctx, cause)
}
