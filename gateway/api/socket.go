package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

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
	closeBadFrame   = websocket.StatusInvalidFramePayloadData
	closeBroken     = websocket.StatusInternalError

	heartbeat   = 5 * time.Second // pings, and asks whether the session is still good
	deadAfter   = 15 * time.Second
	helloWithin = 10 * time.Second
	frameMax    = 64 << 10

	saidPerSecond = 20 // frames from a console; what comes faster waits in its own connection
	saidAtOnce    = 100
	topicsMax     = 500
)

// errSilent ends a console that has not said hello in time.
var errSilent = &gateway.Error{Kind: gateway.KindDenied, Code: "hello_first", Detail: `say {"t":"hello","ticket":…} first`}

// errRights ends a console whose caller's role or agent is another one now.
var errRights = errors.New("rights changed")

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
	early    early      // only the pump touches it
	others   others     // the same
	board    atomic.Bool

	mu     sync.Mutex // guards topics
	topics map[string]bool
}

// socket upgrades the request and serves the console until either side ends.
func (s *Server) socket(w http.ResponseWriter, r *http.Request) {
	if !s.consoles.enter() {
		s.refuse(r.Context(), w, &gateway.Error{Kind: gateway.KindTryAgain, Code: "restarting", Detail: "this node is stopping; connect again"})
		return
	}
	defer s.consoles.leave()
	if !s.sameOrigin(r) {
		s.refuse(r.Context(), w, gateway.Forbidden("foreign_origin", "a page of another site may not open the socket; add it to the origins"))
		return
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols: []string{Subprotocol}, OriginPatterns: hosts(s.Origins),
	})
	if err != nil {
		return // Accept has answered
	}
	conn.SetReadLimit(frameMax)
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	c := &console{s: s, conn: conn, ticks: make(chan frame, 64), topics: map[string]bool{}}
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
		return c.closing(err)
	}
	resumed, err := c.follow(ctx, hello)
	if err != nil {
		return c.closing(err)
	}
	defer c.follower.Close()
	defer c.s.consoles.join(c)()
	if err := c.welcome(ctx, resumed); err != nil {
		return c.closing(err)
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
	code, reason := c.closing(context.Cause(alive))
	_ = c.conn.Close(code, reason)
	_ = group.Wait()
	return code, reason
}

// closing is how an error is told to the console. One that has gone by itself hears
// nothing of it.
func (c *console) closing(err error) (websocket.StatusCode, string) {
	switch {
	case errors.Is(err, feed.ErrSlow):
		return closeSlow, "too slow; resume from the last at"
	case errors.Is(err, gateway.ErrDenied), errors.Is(err, gateway.ErrForbidden):
		return closeTokenGone, closeReason(err)
	case errors.Is(err, gateway.ErrInvalid):
		return closeBadFrame, closeReason(err)
	case errors.Is(err, errRights):
		return closeRestarting, "your rights have changed; connect again"
	case errors.Is(err, errStopping):
		return closeRestarting, "restarting; connect again"
	case errors.Is(err, context.Canceled), websocket.CloseStatus(err) >= 0, c.gone(err):
		return websocket.StatusNormalClosure, ""
	default:
		c.s.log.Warn("serve a console", "agent", c.by.Agent, "err", err)
		return closeBroken, "something broke; resume from the last at"
	}
}

// gone says whether the connection broke: nobody's fault.
func (c *console) gone(err error) bool {
	var broken interface{ Timeout() bool } // net.Error
	return errors.As(err, &broken) || errors.Is(err, websocket.ErrMessageTooBig) || isEOF(err)
}

// closeReason fits RFC 6455 §5.5: at most 123 bytes.
func closeReason(err error) string {
	text := err.Error()
	return strings.ToValidUTF8(text[:min(len(text), 120)], "")
}

func (c *console) hello(ctx context.Context) (incoming, error) {
	timer := time.AfterFunc(helloWithin, func() { _ = c.conn.Close(c.closing(errSilent)) })
	defer timer.Stop()
	m, err := c.receive(ctx)
	if err != nil {
		return m, err
	}
	if m.Type != "hello" {
		return m, errSilent
	}
	c.by, err = c.s.Access.Redeem(ctx, m.Ticket)
	if err != nil {
		return m, err
	}
	if err := c.s.atWork(ctx, c.by); err != nil {
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
	if len(m.Subs)+len(m.Add)+len(m.Remove) > topicsMax {
		return m, gateway.Invalid("too_many_topics", "follow fewer topics")
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
	c.remember(topics, nil)
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

// remember keeps what is followed, to know what the console may speak into.
func (c *console) remember(add, remove []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range remove {
		delete(c.topics, t)
	}
	for _, t := range add {
		c.topics[t] = true
	}
	c.board.Store(c.topics[gateway.TopicBoard])
}

func (c *console) follows(topic string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.topics[topic]
}

func (c *console) welcome(ctx context.Context, resumed bool) error {
	err := c.send(ctx, frame{Type: "welcome", Data: welcome{
		Node: c.s.Node, ServerTime: time.Now().UTC(), Heartbeat: int(heartbeat.Seconds()), Resumed: resumed,
	}})
	if err != nil || resumed {
		return err
	}
	at, err := c.s.Feed.Cursor(ctx) // before the snapshot: what that misses comes after this
	if err != nil {
		return err
	}
	snapshot, err := c.s.snapshot(ctx, c.by)
	if err != nil {
		return err
	}
	return c.send(ctx, frame{Type: "snapshot", At: at, Data: snapshot})
}

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
		out := c.others.due(time.Now())
		if ok && c.hears(ctx, event) {
			f, err := c.frame(ctx, event)
			if err != nil {
				return err
			}
			if !c.later(event, f) {
				out = append(out, f)
			}
		}
		for _, f := range out {
			if len(c.others.kept) > 0 {
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

// tick gives an ephemeral frame to the console, or drops it.
func (c *console) tick(f frame) {
	select {
	case c.ticks <- f:
	default:
	}
}

// watch pings the console, and ends it when its session does or the server stops.
func (c *console) watch(ctx context.Context) error {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		select {
		case <-beat.C:
			if err := c.still(ctx); err != nil {
				return err
			}
			if err := c.ping(ctx); err != nil {
				return err
			}
		case <-c.s.stopping:
			return errStopping
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// still ends a console whose caller may no longer be here, or may do something else than
// when it said hello: the next hello finds out what.
func (c *console) still(ctx context.Context) error {
	now, err := c.s.Access.Still(ctx, c.by)
	if err == nil {
		err = c.s.atWork(ctx, now)
	}
	switch {
	case errors.Is(err, gateway.ErrDenied):
		return err
	case err == nil && (now.Role != c.by.Role || now.Agent != c.by.Agent || now.MustChange != c.by.MustChange):
		return errRights
	}
	return nil // or the database is away, which ends nobody
}

func (c *console) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, deadAfter-heartbeat, feed.ErrSlow)
	defer cancel()
	if err := c.conn.Ping(ctx); err != nil {
		return errors.Join(err, context.Cause(ctx))
	}
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
		if err := pace.Wait(ctx); err != nil {
			return err
		}
		switch m.Type {
		case "subs":
			add := c.permitted(ctx, m.Add)
			remove := slices.DeleteFunc(m.Remove, func(t string) bool { return t == gateway.TopicAgent(c.by.Agent) || t == gateway.TopicAll })
			c.remember(add, remove)
			c.follower.Topics(add, remove)
		case "typing":
			if c.follows(gateway.TopicConversation(m.Conversation)) {
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
	e := gateway.NewEvent(gateway.TopicConversation(m.Conversation), "typing", 0, typing{author(by), m.On})
	e.Conversation = m.Conversation
	s.Feed.Announce(e)
}
