package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/sync/errgroup"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/feed"
)

// The socket's protocol, spoken as Subprotocol; docs/api.md describes the frames.
const (
	Subprotocol = "vaxel.v1"

	closeTokenGone  = 4001
	closeSlow       = 4008
	closeRestarting = websocket.StatusServiceRestart

	heartbeat    = 5 * time.Second
	deadAfter    = 15 * time.Second
	helloWithin  = 10 * time.Second
	recheckEvery = 30 * time.Second
	frameMax     = 64 << 10
)

// frame is one message to a console. N counts those that must not be missed; At, when
// the frame comes from the log, is where to resume.
type frame struct {
	V            int                    `json:"v"`
	Type         string                 `json:"t"`
	N            int64                  `json:"n,omitempty"`
	At           string                 `json:"at,omitempty"`
	TS           time.Time              `json:"ts"`
	Conversation gateway.ConversationID `json:"conversation,omitempty"`
	Rev          int64                  `json:"rev,omitempty"`
	Data         any                    `json:"data,omitempty"`
}

// incoming is what a console may send.
type incoming struct {
	Type         string                 `json:"t"`
	Ticket       string                 `json:"ticket"`
	At           string                 `json:"at"`
	Subs         []string               `json:"subs"`
	Add          []string               `json:"add"`
	Remove       []string               `json:"remove"`
	Conversation gateway.ConversationID `json:"conversation"`
	On           bool                   `json:"on"`
}

// console is one open socket of an agent.
type console struct {
	s        *Server
	conn     *websocket.Conn
	by       access.Caller
	follower *feed.Follower
	ticks    chan frame // ephemeral frames; dropped when full
	n        int64      // only the writer touches it
}

// socket upgrades the request and serves the console until either side ends.
func (s *Server) socket(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols: []string{Subprotocol}, OriginPatterns: hosts(s.Origins),
	})
	if err != nil {
		return // Accept has answered
	}
	conn.SetReadLimit(frameMax)
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	c := &console{s: s, conn: conn, ticks: make(chan frame, 64)}
	code, reason := c.serve(ctx)
	_ = conn.Close(code, reason)
}

// hosts are the host patterns of full origins, as websocket.Accept wants them.
func hosts(origins []string) []string {
	var out []string
	for _, o := range origins {
		if u, err := url.Parse(o); err == nil {
			out = append(out, u.Host)
		}
	}
	return out
}

// serve lives through hello, welcome, snapshot or resume, and then events.
func (c *console) serve(ctx context.Context) (websocket.StatusCode, string) {
	hello, err := c.hello(ctx)
	if err != nil {
		return closeTokenGone, closeReason(err)
	}
	resumed, err := c.follow(ctx, hello)
	if err != nil {
		return websocket.StatusInternalError, "try again"
	}
	defer c.follower.Close()
	defer c.s.consoles.join(c)()
	if err := c.welcome(ctx, resumed); err != nil {
		return websocket.StatusInternalError, "try again"
	}
	return c.live(ctx)
}

// live runs until any part of it ends. The close frame goes out before reading stops:
// a cancelled Read would cut the connection instead.
func (c *console) live(ctx context.Context) (websocket.StatusCode, string) {
	group, alive := errgroup.WithContext(ctx)
	frames := make(chan frame)
	group.Go(func() error { return c.pump(alive, frames) })
	group.Go(func() error { return c.write(alive, frames) })
	group.Go(func() error { return c.watch(alive) })
	group.Go(func() error { return c.read(ctx) })
	<-alive.Done()
	code, reason := closing(context.Cause(alive))
	_ = c.conn.Close(code, reason)
	_ = group.Wait()
	return code, reason
}

func closing(err error) (websocket.StatusCode, string) {
	switch {
	case errors.Is(err, feed.ErrSlow):
		return closeSlow, "too slow; resume from the last at"
	case errors.Is(err, gateway.ErrDenied):
		return closeTokenGone, closeReason(err)
	case errors.Is(err, errStopping):
		return closeRestarting, "restarting; connect again"
	default:
		return websocket.StatusNormalClosure, ""
	}
}

// closeReason fits RFC 6455 §5.5: at most 123 bytes.
func closeReason(err error) string {
	text := err.Error()
	return text[:min(len(text), 120)]
}

func (c *console) hello(ctx context.Context) (incoming, error) {
	ctx, cancel := context.WithTimeout(ctx, helloWithin)
	defer cancel()
	m, err := c.receive(ctx)
	if err != nil {
		return m, err
	}
	if m.Type != "hello" {
		return m, gateway.Invalid("hello_first", `the first frame is {"t":"hello","ticket":…}`)
	}
	c.by, err = c.s.Access.Redeem(ctx, m.Ticket)
	if err != nil {
		return m, err
	}
	return m, require(c.by, gateway.RoleAgent)
}

func (c *console) receive(ctx context.Context) (m incoming, err error) {
	kind, body, err := c.conn.Read(ctx)
	if err != nil {
		return m, err
	}
	if kind != websocket.MessageText {
		return m, gateway.Invalid("text_only", "frames are JSON text")
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return m, gateway.Invalid("bad_frame", "the frame is not the JSON that docs/api.md describes")
	}
	return m, nil
}

// follow begins to listen before anything is read, so that nothing falls between.
func (c *console) follow(ctx context.Context, hello incoming) (resumed bool, err error) {
	topics := []string{gateway.TopicAll}
	if c.by.Agent != 0 {
		topics = append(topics, gateway.TopicAgent(c.by.Agent))
		held, err := c.s.Floor.Held(ctx, c.by.Agent)
		if err != nil {
			return false, err
		}
		for _, i := range held {
			topics = append(topics, gateway.TopicConversation(i.Conversation))
		}
	}
	topics = append(topics, c.permitted(ctx, hello.Subs)...)
	c.follower, err = c.s.Feed.Follow(ctx, hello.At, topics)
	if errors.Is(err, feed.ErrTooOld) {
		hello.At = ""
		c.follower, err = c.s.Feed.Follow(ctx, "", topics)
	}
	return hello.At != "", err
}

// permitted are those topics that a console may ask for by name: the board, and
// conversations with customers.
func (c *console) permitted(ctx context.Context, topics []string) []string {
	var out []string
	for _, t := range topics {
		number, ok := strings.CutPrefix(t, "conversation:")
		var id gateway.ConversationID
		if t == gateway.TopicBoard || (ok && id.UnmarshalText([]byte(number)) == nil && c.s.readable(ctx, id) == nil) {
			out = append(out, t)
		}
	}
	return out
}

func (c *console) welcome(ctx context.Context, resumed bool) error {
	err := c.send(ctx, frame{Type: "welcome", Data: map[string]any{
		"node": c.s.Node, "server_time": time.Now().UTC(), "heartbeat_s": int(heartbeat.Seconds()), "resumed": resumed,
	}})
	if err != nil || resumed {
		return err
	}
	snapshot, err := c.s.snapshot(ctx, c.by)
	if err != nil {
		return err
	}
	at, err := c.s.Feed.Cursor(ctx)
	if err != nil {
		return err
	}
	return c.send(ctx, frame{Type: "snapshot", At: at, Data: snapshot})
}

func (c *console) send(ctx context.Context, f frame) error {
	f.V, f.TS = 1, time.Now().UTC()
	body, err := json.Marshal(f)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, deadAfter)
	defer cancel()
	return c.conn.Write(ctx, websocket.MessageText, body)
}

// pump takes events from the feed and makes frames of them.
func (c *console) pump(ctx context.Context, frames chan<- frame) error {
	for {
		event, err := c.follower.Next(ctx)
		if err != nil {
			return err
		}
		f, err := c.frame(ctx, event)
		if err != nil {
			return err
		}
		select {
		case frames <- f:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// frame is an event as a console gets it. An interaction that becomes the agent's own
// brings its conversation along before the agent hears of it, so that no line is missed.
func (c *console) frame(ctx context.Context, event feed.Frame) (frame, error) {
	f := frame{Type: event.Type, At: event.At, Conversation: event.Conversation, Rev: event.Rev, Data: event.Data}
	switch event.Type {
	case "interaction.changed":
		var i gateway.Interaction
		if err := json.Unmarshal(event.Data, &i); err != nil {
			return f, err
		}
		if i.Agent == c.by.Agent && i.State == gateway.StateActive {
			c.follower.Topics([]string{gateway.TopicConversation(i.Conversation)}, nil)
		}
		view, err := c.s.view(ctx, i)
		f.Data = view
		return f, err
	case "offer.created":
		var o gateway.Offer
		if err := json.Unmarshal(event.Data, &o); err != nil {
			return f, err
		}
		view, err := c.s.offerView(ctx, o)
		f.Data = view
		return f, err
	}
	return f, nil
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

// tick gives an ephemeral frame to the console, or drops it.
func (c *console) tick(f frame) {
	select {
	case c.ticks <- f:
	default:
	}
}

// watch pings the console, and ends it when its session does or the server stops.
func (c *console) watch(ctx context.Context) error {
	ping := time.NewTicker(heartbeat)
	defer ping.Stop()
	check := time.NewTicker(recheckEvery)
	defer check.Stop()
	for {
		select {
		case <-ping.C:
			if err := c.ping(ctx); err != nil {
				return err
			}
		case <-check.C:
			if _, err := c.s.Access.Still(ctx, c.by); errors.Is(err, gateway.ErrDenied) {
				return err
			}
		case <-c.s.stopping:
			return errStopping
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (c *console) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, deadAfter-heartbeat)
	defer cancel()
	return c.conn.Ping(ctx)
}

// read takes what a console may send: what to follow, and that its agent types.
func (c *console) read(ctx context.Context) error {
	for {
		m, err := c.receive(ctx)
		if err != nil {
			return err
		}
		switch m.Type {
		case "subs":
			c.follower.Topics(c.permitted(ctx, m.Add), m.Remove)
		case "typing":
			c.s.typing(c.by, m)
		case "ping": // a browser does not see WebSocket pings, so it asks in words
			c.tick(frame{Type: "pong"})
		}
	}
}

// typing shows the visitor, and whoever else follows, that an agent types. It is told
// and forgotten.
func (s *Server) typing(by access.Caller, m incoming) {
	e := gateway.NewEvent(gateway.TopicConversation(m.Conversation), "typing", 0, struct {
		Author gateway.Author `json:"author"`
		On     bool           `json:"on"`
	}{author(by), m.On})
	e.Conversation = m.Conversation
	s.Feed.Announce(e)
}
