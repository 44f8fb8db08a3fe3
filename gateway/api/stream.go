package api

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/time/rate"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/feed"
)

// finishWithin is how long a frame under way has when its console ends: cut in its middle,
// no close frame could follow.
const finishWithin = time.Second

// send writes one frame. A console that does not take it in time is too slow.
func (c *console) send(ctx context.Context, f frame) error {
	f.V, f.TS = 1, time.Now().UTC()
	body, err := json.Marshal(f)
	if err != nil {
		return err
	}
	writing, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), deadAfter, feed.ErrSlow)
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(finishWithin, cancel) })()
	if err := c.conn.Write(writing, websocket.MessageText, body); err != nil {
		return errors.Join(err, context.Cause(writing))
	}
	return nil
}

// pump takes events from the feed and makes frames of them.
func (c *console) pump(ctx context.Context, frames chan<- frame) error {
	for {
		event, ok, err := c.next(ctx)
		if err != nil {
			return err
		}
		out := c.others.Due(time.Now())
		if ok && c.hears(ctx, event) && !c.later(event) {
			out = append(out, event)
		}
		for _, event := range out {
			f, err := c.frame(ctx, event)
			if err != nil {
				return err
			}
			if c.others.Waiting() {
				f.At = ""
			}
			select {
			case frames <- f:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}

// write is the one goroutine that writes after the welcome.
func (c *console) write(ctx context.Context, frames <-chan frame) error {
	for {
		var f frame
		select {
		case f = <-frames:
			if f.Type != "typing" { // worth nothing a moment later, so it may be missed
				c.n++
				f.N = c.n
			}
		case f = <-c.ticks:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := c.send(ctx, f); err != nil {
			return err
		}
	}
}

// tick gives an ephemeral frame to the console, or drops it, and says which.
func (c *console) tick(f frame) bool {
	select {
	case c.ticks <- f:
		return true
	default:
		return false
	}
}

// watch pings the console, and ends it when its session does or the server stops.
func (c *console) watch(ctx context.Context) error {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		select {
		case <-beat.C:
			if err := c.ping(ctx); err != nil {
				return err
			}
		case err := <-c.ended:
			return err
		case <-c.s.stopping:
			return errStopping
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (c *console) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, deadAfter-heartbeat, feed.ErrSlow)
	defer cancel()
	if err := c.conn.Ping(ctx); err != nil {
		return errors.Join(err, context.Cause(ctx))
	}
	c.Hear()
	return nil
}

// read takes what a console may send: what to follow, and that its agent types.
func (c *console) read(ctx context.Context) error {
	pace := rate.NewLimiter(saidPerSecond, saidAtOnce)
	for {
		m, err := c.receive(ctx)
		if err != nil {
			return err
		}
		c.Hear()
		if err := pace.Wait(ctx); err != nil {
			return err
		}
		switch m.Type {
		case "subs":
			add := c.permitted(ctx, m.Add)
			remove := slices.DeleteFunc(m.Remove, func(t string) bool {
				return t == gateway.TopicAgent(c.by.Agent) || t == gateway.TopicAll || t == gateway.TopicSupervisors
			})
			if err := c.remember(add, remove); err != nil {
				return err
			}
			c.follower.Topics(add, remove)
		case "typing":
			if c.attends(gateway.TopicConversation(m.Conversation)) {
				c.s.typing(c.by, m)
			}
		case "ping": // a browser does not see WebSocket pings, so it asks in words
			c.tick(frame{Type: "pong"})
		}
	}
}

// typing shows the visitor, and whoever else follows, that an agent types. It is told
// and forgotten.
func (s *Server) typing(by access.Caller, m incoming) {
	e := gateway.NewEvent(gateway.TopicConversation(m.Conversation), "typing", 0, typing{Author: author(by), On: m.On})
	e.Conversation = m.Conversation
	s.Feed.Announce(e)
}
