package collaborate

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"github.com/vaxelhq/vaxel/gateway"
)

// errOver ends a socket whose session has ended; its side has been told.
var errOver = errors.New("the session is over")

// visitor is the socket of one page of the customer's.
type visitor struct {
	room  *Room
	ws    *websocket.Conn
	out   *outlet
	from  netip.Prefix
	guest Guest
	send  *pieces       // to the agent
	brake *rate.Limiter // bytes
	look  chan struct{} // holds one: the session has changed

	mu      sync.Mutex // guards what follows
	session Session
	pass    string
	acted   time.Time // when either side last did something
}

// serveVisitor upgrades. The origin is checked with the widget's key, in hello.
func (r *Room) serveVisitor(w http.ResponseWriter, req *http.Request) {
	ctx, done, ok := r.begin(req.Context())
	if !ok {
		http.Error(w, "This node is stopping; come again.", http.StatusServiceUnavailable)
		return
	}
	defer done()
	ws, err := websocket.Accept(w, req, &websocket.AcceptOptions{
		InsecureSkipVerify: true, CompressionMode: websocket.CompressionContextTakeover,
	})
	if err != nil {
		r.Log.Debug("socket refused", "err", err)
		return
	}
	ws.SetReadLimit(maxHello)
	v := &visitor{
		room: r, ws: ws, out: newOutlet(ws), from: network(r.Source(req)), send: newPieces(),
		brake: perSecond(bytesPerSecond, bytesAtOnce), look: make(chan struct{}, 1), acted: time.Now(),
	}
	code, reason := v.serve(ctx, req.Header.Get("Origin"), req.Host)
	_ = ws.Close(code, reason)
}

// serve lives through hello, and then until the session or the page is over.
func (v *visitor) serve(ctx context.Context, origin, host string) (websocket.StatusCode, string) {
	if err := v.greet(ctx, origin, host); err != nil {
		return v.refuse(ctx, err)
	}
	v.ws.SetReadLimit(maxFrame)
	s := v.now()
	defer v.room.Bus.Subscribe(subjectState(s.ID), func([]byte) { v.hint() })()
	defer v.room.Bus.Subscribe(subjectHand(s.ID), v.hearHand())()
	defer v.room.Feed.Watch([]string{gateway.TopicConversation(s.Conversation)}, v.hearEvent(ctx, s))()
	v.room.verify(ctx, s) // the agent may have let go of the customer between two pages
	v.hint()
	return v.live(ctx)
}

// greet finds what agent waits for this page.
func (v *visitor) greet(ctx context.Context, origin, host string) error {
	first, cancel := context.WithTimeout(ctx, helloWithin)
	defer cancel()
	f, err := v.next(first)
	if err != nil {
		return err
	}
	if f.T != "hello" {
		return gateway.Invalid("hello_first", "begin with hello")
	}
	if v.guest, err = v.room.Guests.Guest(ctx, f.Key, f.Token, f.Lang, origin, host); err != nil {
		return err
	}
	v.session, v.pass, err = v.room.find(ctx, v.guest, f, v.from)
	return err
}

// refuse says why the page is not let in.
func (v *visitor) refuse(ctx context.Context, err error) (websocket.StatusCode, string) {
	refusal, ours := refusalOf(err, v.guest.Language)
	v.out.send(visitorOut{T: "error", Code: refusal.Code, Detail: refusal.Detail})
	_ = v.out.flush(ctx) // gone already
	switch {
	case errors.Is(err, gateway.ErrForbidden):
		return closeOrigin, "origin refused"
	case ours:
		v.room.Log.Debug("page not let in", "err", err)
		return closeAgain, "try again"
	case errors.Is(err, gateway.ErrInvalid):
		return closeBadText, "hello first"
	}
	return closeNobody, refusal.Code
}

// live runs until any part of it ends. The close frame goes out before reading stops.
func (v *visitor) live(ctx context.Context) (websocket.StatusCode, string) {
	group, alive := errgroup.WithContext(ctx)
	group.Go(func() error { return v.out.run(alive, ctx, func() {}) })
	group.Go(func() error { return v.watch(alive) })
	group.Go(func() error { return v.read(ctx) })
	<-alive.Done()
	code, reason := closing(context.Cause(alive))
	_ = v.ws.Close(code, reason)
	_ = group.Wait() // what ended it has been told
	return code, reason
}

// closing is how the end of a socket is told to it.
func closing(err error) (websocket.StatusCode, string) {
	switch {
	case errors.Is(err, errOver):
		return closeOver, "over"
	case errors.Is(err, gateway.ErrInvalid):
		return closeBadText, "send JSON text frames"
	}
	return closeAgain, "come again"
}

// next reads a frame.
func (v *visitor) next(ctx context.Context) (f visitorIn, err error) {
	kind, data, err := v.ws.Read(ctx)
	if err != nil {
		return f, err
	}
	if kind != websocket.MessageText || json.Unmarshal(data, &f) != nil {
		return f, gateway.Invalid("bad_frame", "send JSON text frames")
	}
	return f, v.brake.WaitN(ctx, len(data))
}

// read does what the page says, frame after frame. A page that is silent is half open.
func (v *visitor) read(ctx context.Context) error {
	for {
		wait, cancel := context.WithTimeout(ctx, silentAfter)
		f, err := v.next(wait)
		cancel()
		if err != nil {
			return err
		}
		v.handle(ctx, f)
	}
}

// rules are what the browser must hold to.
func (r *Room) rules(ctx context.Context) (*rules, error) {
	s, err := r.Settings(ctx)
	return &rules{Mask: s.Mask, Block: s.Block, Forbid: s.Forbid, Allow: s.Allow, NodesMax: nodesMax}, err
}

func (v *visitor) now() Session {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.session
}

// act notes that something is done.
func (v *visitor) act() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.acted = time.Now()
}

func (v *visitor) hint() {
	select {
	case v.look <- struct{}{}:
	default:
	}
}

func clip(s string, n int) string {
	if len(s) > n {
		return s[:n]
	}
	return s
}
