package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/sync/errgroup"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/api/consoles"
	"github.com/vaxelhq/vaxel/gateway/api/pace"
	"github.com/vaxelhq/vaxel/gateway/feed"
)

// The socket's protocol, spoken as Subprotocol; docs/api.md describes the frames.
const (
	Subprotocol = "vaxel.v1"

	closeTokenGone  = 4001
	closeSlow       = 4008
	closeDraining   = 4010
	closeRestarting = websocket.StatusServiceRestart
	closeBadFrame   = websocket.StatusInvalidFramePayloadData
	closeBroken     = websocket.StatusInternalError

	heartbeat   = consoles.Heartbeat // pings, and asks whether the session is still good
	deadAfter   = 15 * time.Second
	helloWithin = 10 * time.Second
	frameMax    = 64 << 10

	saidPerSecond = 20 // frames from a console; what comes faster waits in its own connection
	saidAtOnce    = 100
	topicsMax     = 500 // that a console asks for by name, in one frame and in all
)

// errSilent ends a console that has not said hello in time.
var errSilent = &gateway.Error{Kind: gateway.KindDenied, Code: "hello_first", Detail: `say {"t":"hello","ticket":…} first`}

// errRights ends a console whose caller's role or agent is another one now.
var errRights = errors.New("rights changed")

// console is one open socket of an agent.
type console struct {
	consoles.Heard

	s        *Server
	conn     *websocket.Conn
	by       access.Caller
	follower *feed.Follower
	ticks    chan frame  // ephemeral frames; dropped when full
	n        int64       // only the writer touches it
	early    early       // only the pump touches it
	others   pace.Agents // the same
	shown    string      // of the board; only tellBoards touches it
	board    atomic.Bool
	ended    chan error // holds one: why it may be here no longer

	mu     sync.Mutex      // guards topics
	topics map[string]bool // what is followed; true: unasked, as the agent's own
}

// socket upgrades the request and serves the console until either side ends.
func (s *Server) socket(w http.ResponseWriter, r *http.Request) {
	if !s.consoles.Enter() {
		s.refuse(r.Context(), w, &gateway.Error{Kind: gateway.KindTryAgain, Code: "restarting", Detail: "this node is stopping; connect again"})
		return
	}
	defer s.consoles.Leave()
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
	c := &console{s: s, conn: conn, ticks: make(chan frame, 64), topics: map[string]bool{}, ended: make(chan error, 1)}
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
	defer c.s.consoles.Join(c)()
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
	if !errors.Is(context.Cause(alive), feed.ErrSlow) { // it, or this node, has said that it goes
		c.Hear()
	}
	code, reason := c.closing(context.Cause(alive))
	_ = c.conn.Close(code, reason)
	_ = group.Wait()
	return code, reason
}

// Agent is whose console it is, 0 if its caller is none.
func (c *console) Agent() gateway.AgentID { return c.by.Agent }

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
