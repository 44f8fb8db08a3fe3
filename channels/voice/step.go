package voice

import (
	"context"
	"fmt"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/media"
	"github.com/vaxelhq/vaxel/gateway"
)

// stepTaken is what the floor says of a step of the queue's plan.
type stepTaken struct {
	Interaction gateway.InteractionID `json:"interaction"`
	Step        gateway.Step          `json:"step"`
}

const (
	causeCallback = "callback"
	causeClosed   = "closed"
	stepComes     = 2 * time.Second // after the end that it has made, or before
	outsideMost   = 4 * time.Hour
)

// stepped acts on what a step says beside the end that it may have made.
func (c *Call) stepped(ctx context.Context, s gateway.Step) {
	switch {
	case s.Do == gateway.OfferCallback && c.row.State == waiting && Number(c.row.From) != "":
		c.callable = true
		c.announce(c.v.sounds.say("callback", c.row.Language))
	case s.Do == gateway.ToExternal && s.To != "":
		c.elsewhere = s.To
		if c.sentAway {
			c.goOutside(ctx)
		}
	}
}

// announce says something to a caller who waits, and goes on with the music.
func (c *Call) announce(what *media.Clip) { c.customer.stream.Play(what, false, c.music) }

// tellWait says every while where the caller stands, how long it may take, and that they may
// be called back. What is not known is not said.
func (c *Call) tellWait(ctx context.Context, wait int) {
	if wait != c.waits || c.row.State != waiting || c.done {
		return
	}
	id := c.row.Interaction
	c.v.calls.Go(func() {
		asked, stop := context.WithTimeout(ctx, 2*time.Second)
		defer stop()
		position, most, err := c.v.rooms.Places.Place(asked, id)
		if err != nil {
			c.v.log.Info("look up a caller's place", "interaction", id, "err", err)
		}
		c.post(func(ctx context.Context) {
			if wait != c.waits || c.row.State != waiting {
				return
			}
			next := c.v.cfg.Patience.Announce
			if what := c.v.sounds.place(position, most, c.callable, c.row.Language); what != nil {
				c.announce(what)
				next += what.Duration()
			}
			c.after(next, func(ctx context.Context) { c.tellWait(ctx, wait) })
		})
	})
}

// callMe is a caller who would rather be called back: the callback takes their place. Its
// number is written down before it is promised, so that there is one.
func (c *Call) callMe(ctx context.Context) {
	c.callable, c.row.Cause = false, causeCallback
	if err := c.promise(ctx); err != nil {
		c.v.log.Error("promise a callback", "call", c.row.ID, "err", err)
		c.callable, c.row.Cause = true, ""
		return
	}
	refusal, told := c.command(ctx, causeCallback, c.callBackCommand())
	switch {
	case !told:
		c.stay()
	case refusal != nil: // somebody has answered meanwhile
		c.row.Cause = ""
	default:
		c.farewell(ctx, "promised", causeCallback)
	}
}

func (c *Call) callBackCommand() gateway.CallBack {
	return gateway.CallBack{Interaction: c.row.Interaction, Callback: c.row.Callback}
}

// farewell says a last sentence to somebody whose interaction the floor has ended. From here
// on the call is only leaving, so that nobody is called back because we die meanwhile.
func (c *Call) farewell(ctx context.Context, sentence, cause string) {
	c.dropRings(ctx, cause)
	c.row.Cause = cause
	if err := c.turn(ctx, leaving, nil); err != nil {
		c.v.log.Error("write that a call is over", "call", c.row.ID, "err", err)
		c.row.State = leaving
	}
	c.customer.stream.Play(c.v.sounds.say(sentence, c.row.Language), false, func() {
		c.post(func(ctx context.Context) { c.over(ctx, gateway.Leave{Interaction: c.row.Interaction}, cause) })
	})
}

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
	if err := c.placePhone(ctx, l, c.row.From, c.row.Name); err != nil {
		c.v.log.Warn("send a caller on", "call", c.row.ID, "to", c.elsewhere, "err", err)
		c.takeMessage(ctx)
		return
	}
	c.outside = l
	c.customer.stream.Play(c.v.sounds.say("outside", c.row.Language), false, func() {
		c.post(func(context.Context) {
			if c.row.State == waiting {
				c.customer.stream.Play(c.v.sounds.ringing, true, nil)
			}
		})
	})
	c.after(c.v.cfg.Patience.Ring, func(ctx context.Context) {
		if c.outside == l && !l.up {
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
		c.arrange()
		c.freeLine2(ctx)
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

// endOutside ends a call of which the floor knows nothing more.
func (c *Call) endOutside(ctx context.Context, cause string) {
	if c.row.State != outside || c.done {
		return
	}
	c.hangUp(cause)
	c.finish(ctx, cause)
}

// recall does again what a caller had asked for when we died, and says whether they are
// called back.
func (c *Call) recall(ctx context.Context) (bool, error) {
	if c.row.Cause != causeCallback || c.row.Callback == 0 {
		return false, nil
	}
	_, err := c.v.rooms.Floor.Do(ctx, c.key(causeCallback), c.callBackCommand())
	if refused(err) {
		return false, nil
	}
	return err == nil, err
}

func (c *Call) key(what string) string { return fmt.Sprintf("voice/call/%d/%s", c.row.ID, what) }
