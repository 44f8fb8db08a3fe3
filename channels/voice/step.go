package voice

import (
	"context"
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
			c.v.log.Warn("look up a caller's place", "interaction", id, "err", err)
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
