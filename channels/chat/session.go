package chat

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/time/rate"

	"github.com/vaxelhq/vaxel/gateway"
)

// session is one visitor's socket. Its own goroutine reads; whatever must be told goes
// through out.
type session struct {
	srv     *Server
	out     outlet
	wire    wire
	token   tokenHash
	claimed claim // what other nodes are told of this socket
	widget  *Widget
	source  netip.Prefix  // not valid for this machine
	lines   *rate.Limiter // the visitor's, also over their next sockets
	typed   time.Time     // when typing was last passed on; the reader's own
	paged   time.Time
	seenTo  int64  // the last position that was noted as seen; the reader's own
	let     string // client id of the last line that might begin a chat: again, it costs nothing; the reader's own
	writes  bool   // typing was passed on as on; the reader's own
	lang    string
	slot    int
	silent  atomic.Bool // pinged and not heard of since
	stop    func()      // ends listening to the conversation; the reader's own
	heeds   func()      // and to that of a wish to be called; nil: none

	mu      sync.Mutex // guards what follows
	visitor visitor
	phase   phase
	sent    int64  // the last position handled for this socket
	told    int64  // the last one that the widget knows of; what is not for customers lies between
	filling bool   // a goroutine is reading what is missing
	dirty   bool   // and must look once more
	saying  string // client id of the line being stored: its ack will stand for its entry
	placed  time.Time
	place   Place
	stirred time.Time // when the visitor last typed
	look    time.Time // for silence, not before
	looking bool      // now
}

// serveSocket upgrades and returns; the socket lives on in a goroutine of its own with
// the node's context, since the request's ends here. The origin is checked with the
// widget's key, in hello.
func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	v := &session{srv: s, source: network(s.Source(r))}
	ws, err := websocket.Accept(lean{w, &v.wire}, r, &websocket.AcceptOptions{
		InsecureSkipVerify: true, // see above
		CompressionMode:    websocket.CompressionDisabled,
	})
	if err != nil {
		s.Log.Debug("socket refused", "err", err)
		return
	}
	ws.SetReadLimit(maxFrame)
	v.out.ws, v.out.spawn = ws, s.spawn
	origin, host := r.Header.Get("Origin"), r.Host
	if !s.spawn(func(ctx context.Context) { v.serve(ctx, origin, host) }) {
		_ = ws.CloseNow() // not running: the client comes again
	}
}

// serve is the socket's life: hello, then frame after frame.
func (v *session) serve(ctx context.Context, origin, host string) {
	defer v.out.settle()
	defer context.AfterFunc(ctx, func() { _ = v.out.ws.CloseNow() })() // the quiet know no context
	if !v.apart(func(ctx context.Context) bool { return v.hello(ctx, origin, host) }) {
		return
	}
	defer v.leave(ctx)
	for v.next(ctx) {
	}
}

// next waits for a frame and does what it asks. Where the wire can be listened to, its
// reading too happens apart.
func (v *session) next(ctx context.Context) bool {
	if v.wire.raw == nil {
		data, ok := v.read(ctx)
		return ok && v.apart(func(ctx context.Context) bool { return v.handle(ctx, data) })
	}
	if v.out.whileOpen(v.wire.empty) {
		v.wire.listen()
	}
	return v.apart(func(ctx context.Context) bool {
		data, ok := v.read(ctx)
		return ok && v.handle(ctx, data)
	})
}

// apart runs f on a goroutine of its own and waits for it: so the stack that an idle
// socket keeps is that of waiting and not that of a transaction (2 against 8 KiB).
func (v *session) apart(f func(context.Context) bool) bool {
	done := make(chan bool, 1)
	return v.srv.spawn(func(ctx context.Context) { done <- f(ctx) }) && <-done
}

// hello waits for the first frame, not for long: until then nobody knows whose the socket is.
func (v *session) hello(ctx context.Context, origin, host string) bool {
	first, cancel := context.WithTimeout(ctx, helloTimeout)
	defer cancel()
	data, ok := v.read(first)
	return ok && v.greet(ctx, data, origin, host)
}

// read gives the next frame; false when the socket is gone, or must go.
func (v *session) read(ctx context.Context) ([]byte, bool) {
	kind, data, err := v.out.ws.Read(ctx)
	if errors.Is(err, websocket.ErrMessageTooBig) { // the library has said 1009
		v.wire.hearOut()
	}
	if err != nil {
		return nil, false
	}
	v.silent.Store(false)
	if kind != websocket.MessageText {
		v.out.close(closeNotText, "send JSON text frames")
	}
	return data, kind == websocket.MessageText
}

// parse reads a frame. Junk closes the socket with a code that says what was wrong.
func (v *session) parse(data []byte) (f frameIn, ok bool) {
	if err := json.Unmarshal(data, &f); err != nil {
		v.out.close(closeBadText, "send one JSON object a frame")
		return f, false
	}
	return f, true
}

// greet takes the hello, tells the visitor where they stand and starts the stream.
func (v *session) greet(ctx context.Context, data []byte, origin, host string) bool {
	f, ok := v.parse(data)
	if !ok {
		return false
	}
	if f.T != "hello" {
		v.out.close(closePolicy, "begin with hello")
		return false
	}
	widget, err := v.srv.widget(ctx, f.Key)
	v.widget = widget
	switch {
	case errors.Is(err, gateway.ErrNotFound) || err == nil && !v.widget.allows(origin, host):
		v.refuse("", gateway.Forbidden("origin_refused", "This page may not embed this widget; add its origin in the administration."))
		v.out.close(closeOrigin, "origin refused")
		return false
	case err != nil:
		return v.comeAgain(err)
	}
	token := f.Token
	hash, ok := hashToken(token)
	if !ok {
		token = newToken()
		hash, _ = hashToken(token)
	}
	v.token, v.lang = hash, v.widget.language(f.Lang)
	says, refusal := v.srv.identify(ctx, v.widget, f)
	if _, ours := answerTo(refusal, ""); refusal != nil && ours {
		return v.comeAgain(refusal)
	}
	return v.resume(ctx, token, f, says, refusal)
}

// resume finds the visitor that the token names, sends the welcome and goes on after the
// position that the widget has. An unknown token is kept: its visitor may be on the way.
func (v *session) resume(ctx context.Context, token string, f frameIn, says identity, refusal error) bool {
	hash := v.token
	who, err := v.srv.visitor(ctx, hash)
	if err != nil {
		return v.comeAgain(err)
	}
	bars, err := v.srv.blocks(ctx, time.Now())
	if err != nil {
		return v.comeAgain(err)
	}
	if who.Erased {
		v.out.close(closeTokenGone, "this chat is no longer kept")
		return false
	}
	known := who.ID == 0 || who.Widget == v.widget.ID // another widget's token is as good as none
	if !known {
		who = visitor{}
	}
	who, theirs := v.vouched(who, says, refusal)
	if !known || !theirs {
		token = newToken()
		v.token, _ = hashToken(token)
	}
	if bars.holds(v.widget, hash, who, v.source) {
		v.bar()
		return false
	}
	v.visitor, v.phase, v.lines = who, phasePre, v.srv.brakes.get(v.token)
	if who.Conversation != 0 && who.Conversation == f.Conversation {
		v.sent = max(f.Pos, 0)
	}
	v.told = v.sent
	site, err := v.srv.site(ctx, v.widget)
	if err == nil {
		err = v.findPhase(ctx, site)
	}
	if err != nil {
		return v.comeAgain(err)
	}
	v.srv.join(v)
	v.out.send(frameOut{
		T: "welcome", Token: token, Phase: v.phase, Now: time.Now().UnixMilli(), Site: &site,
		Prev: v.sent, Conversation: who.Conversation, Known: who.Identity != "",
	})
	if refusal != nil {
		v.fail("", refusal)
	}
	if who.Conversation != 0 {
		v.goOn(ctx, who.Conversation)
	}
	v.heed(ctx)
	return true
}

// goOn carries on with a conversation that has begun before.
func (v *session) goOn(ctx context.Context, c gateway.ConversationID) {
	v.follow(ctx, c)
	if err := v.srv.setHere(ctx, v.token); err != nil {
		v.srv.Log.Warn("visitor's return not noted", "err", err)
	}
}

// comeAgain closes the socket for trouble of ours; the widget tries again after a pause.
func (v *session) comeAgain(err error) bool {
	v.srv.Log.Warn("visitor not greeted", "err", err)
	v.out.close(closeRestart, "try again")
	return false
}

// findPhase asks the board where the conversation stands, before anything is sent.
func (v *session) findPhase(ctx context.Context, site siteView) error {
	switch {
	case v.visitor.Bot:
		v.phase = phaseBot
		return nil
	case v.visitor.Conversation == 0:
		if !site.Open {
			v.phase = phaseOffline
		}
		return nil
	}
	places, err := v.srv.Board.Places(ctx, []gateway.ConversationID{v.visitor.Conversation})
	if err != nil {
		return err
	}
	v.phase = phaseEnded
	if p, ok := places[v.visitor.Conversation]; ok {
		v.phase, v.place = phaseOf(p.State), p
	}
	return nil
}

// join makes this the visitor's one socket.
func (s *Server) join(v *session) {
	v.claimed = newClaim(v.token)
	s.mu.Lock()
	old := s.byToken[v.token]
	s.byToken[v.token] = v
	s.sessions[v] = struct{}{}
	s.mu.Unlock()
	if old != nil {
		old.out.close(closeTakenOver, "connected again")
	}
	v.tellClaim()
	v.slot = s.wheel.add(v)
}

// leave ends what the socket held. A visitor who does not come back is missed later.
func (v *session) leave(ctx context.Context) {
	s := v.srv
	if v.stop != nil {
		v.stop()
	}
	v.heedNoMore()
	s.wheel.remove(v, v.slot)
	s.mu.Lock()
	last := s.byToken[v.token] == v
	if last {
		delete(s.byToken, v.token)
	}
	delete(s.sessions, v)
	s.mu.Unlock()
	if last && v.conversation() != 0 {
		if err := s.setGone(ctx, v.token); err != nil {
			s.Log.Warn("visitor's leaving not noted", "err", err)
		}
	}
}

// conversation is zero before the first line.
func (v *session) conversation() gateway.ConversationID {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.visitor.Conversation
}

// ping asks for a sign of life and tells the position, so that a widget that missed
// something notices.
func (v *session) ping() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.silent.Store(true)
	v.out.tell(frameOut{T: "ping", Prev: v.told})
}

// check cuts off who has not answered the ping.
func (v *session) check() {
	if v.silent.Load() {
		_ = v.out.ws.CloseNow() // half open: there is nobody to say goodbye to
	}
}

// refuse answers a frame that was not taken; cid names the line, if it was one.
func (v *session) refuse(cid string, e *gateway.Error) {
	e, _ = answerTo(e, v.lang)
	v.out.send(frameOut{T: "error", CID: cid, Code: e.Code, Detail: e.Detail})
}

// fail answers a line that was not taken.
func (v *session) fail(cid string, err error) {
	answer, ours := answerTo(err, v.lang)
	if ours {
		v.srv.Log.Warn("chat line not taken", "err", err)
	}
	v.refuse(cid, answer)
}

// drainSpread is when a client shall come again, in milliseconds: not all at once.
func drainSpread() int64 { return 100 + rand.Int64N(1900) }
