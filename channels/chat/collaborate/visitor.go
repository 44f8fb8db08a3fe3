package collaborate

import (
	"bytes"
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

// handle does what one frame asks. A refusal is told and is not the end.
func (v *visitor) handle(ctx context.Context, f visitorIn) {
	var err error
	s := v.now()
	switch f.T {
	case "share":
		err = v.answer(ctx, s, f.On)
	case "control":
		v.act()
		_, err = v.room.answerControl(ctx, s.ID, f.On)
	case "stop":
		_, err = v.room.End(ctx, s.ID, stopped(f.Cause))
	case "page":
		err = v.show(ctx, s, f)
	case "events":
		v.passOn(s, f)
	case "acted":
		v.tell(s, agentOut{T: "acted", N: f.N, OK: f.OK, Why: clip(f.Why, 100)})
	}
	if err == nil {
		return
	}
	refusal, ours := refusalOf(err, v.guest.Language)
	if ours {
		v.room.Log.Warn("co-browsing", "conversation", s.Conversation, "err", err)
	}
	v.out.send(visitorOut{T: "error", Code: refusal.Code, Detail: refusal.Detail})
}

// stopped is why the page ended it: the customer did, unless it could not be shown at all.
func stopped(cause string) string {
	if cause == TooLarge || cause == BadRules {
		return cause
	}
	return ByCustomer
}

// answer is the first consent, or its refusal.
func (v *visitor) answer(ctx context.Context, s Session, on bool) error {
	if s.State != Asked {
		return nil
	}
	if !on {
		_, err := v.room.End(ctx, s.ID, Declined)
		return err
	}
	v.mu.Lock()
	if v.pass == "" {
		v.pass = newPass() // known before it is kept: whoever reads the session then knows whose it is
	}
	pass := v.pass
	v.acted = time.Now()
	v.mu.Unlock()
	defer v.hint() // another tab may have been the first
	return v.room.share(ctx, s, pass)
}

// show says which page it is. One that is too large is shown to nobody.
func (v *visitor) show(ctx context.Context, s Session, f visitorIn) error {
	if s.State != Shared {
		return nil
	}
	if f.Nodes > nodesMax {
		_, err := v.room.End(ctx, s.ID, TooLarge)
		return err
	}
	page := plainURL(f.URL)
	v.tell(s, agentOut{T: "page", URL: page, Nodes: f.Nodes, Large: f.Nodes > nodesLarge})
	return v.seen(ctx, s, page)
}

// passOn passes on what the page shows, once the customer has consented.
func (v *visitor) passOn(s Session, f visitorIn) {
	if s.State != Shared || len(f.Events) == 0 {
		return
	}
	if f.Busy {
		v.act()
	}
	data, _ := json.Marshal(agentOut{T: "events", Events: f.Events, Whole: f.Whole}) // JSON that was read
	v.send.publish(v.room.Bus, subjectPage(s.ID), data, f.Whole)
}

func (v *visitor) tell(s Session, f agentOut) {
	data, _ := json.Marshal(f) // strings and numbers
	v.send.publish(v.room.Bus, subjectPage(s.ID), data, false)
}

// hearHand takes what the agent does: it must not block. Without the second consent nothing
// is done on the page, whatever the other side says.
func (v *visitor) hearHand() func([]byte) {
	var j joiner
	return func(piece []byte) {
		data, _, _ := j.join(piece)
		var f visitorOut
		if data == nil || json.Unmarshal(data, &f) != nil {
			return
		}
		s := v.now()
		if s.State != Shared || f.T == "act" && s.Control != ControlGiven {
			return
		}
		if f.T != "snapshot" {
			v.act()
		}
		v.out.send(f) // what does not fit is not worth waiting for
	}
}

// hearEvent notices at once that the agent has let go of the customer.
func (v *visitor) hearEvent(ctx context.Context, s Session) func(gateway.Event) {
	return func(e gateway.Event) {
		var entry gateway.Entry
		var h gateway.Happening
		if e.Type != "message.created" || json.Unmarshal(e.Data, &entry) != nil || entry.Kind != gateway.EntryEvent || json.Unmarshal(entry.Body, &h) != nil {
			return
		}
		switch h.What {
		case "ended", "transferred", "left", "joined", "finished":
			go v.room.verify(ctx, s)
		}
	}
}

// watch looks when the session has changed, keeps the socket alive, notes that the page is
// there, and ends what nobody does anything in.
func (v *visitor) watch(ctx context.Context) error {
	ping, note := time.NewTicker(pingEvery), time.NewTicker(seenEvery)
	defer ping.Stop()
	defer note.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-v.look:
			err = v.changed(ctx)
		case <-ping.C:
			v.out.send(visitorOut{T: "ping"})
		case <-note.C:
			err = v.note(ctx)
		}
		if err != nil {
			return err
		}
	}
}

// changed reads the session and tells the page.
func (v *visitor) changed(ctx context.Context) error {
	s, err := v.room.Session(ctx, v.now().ID)
	if err != nil {
		return err
	}
	rules, err := v.room.rules(ctx)
	if err != nil {
		return err
	}
	v.mu.Lock()
	s.Widget = v.session.Widget
	mine := bytes.Equal(hashOf(v.pass), s.PassHash)
	v.session = s
	f := visitorOut{T: "state", State: s.State, Control: s.Control, Agent: s.AgentName, Cause: s.Cause, Rules: rules}
	if mine {
		f.Pass = v.pass
	}
	v.mu.Unlock()
	if s.State == Shared && !mine { // another tab was the first to consent
		f.State, f.Cause = Ended, "elsewhere"
	}
	if f.State != Ended {
		v.out.send(f)
		return nil
	}
	f.Rules, f.Pass = nil, ""
	v.out.send(f)
	return errors.Join(v.out.flush(ctx), errOver)
}

func (v *visitor) note(ctx context.Context) error {
	v.mu.Lock()
	s, idle := v.session, time.Since(v.acted)
	v.mu.Unlock()
	if s.State != Shared {
		return nil
	}
	if idle > v.room.IdleAfter {
		_, err := v.room.End(ctx, s.ID, Idle)
		return err
	}
	return v.seen(ctx, s, "")
}

// seen notes that the page is there. That the session has changed is noticed here at the
// latest, should the word of it have been lost.
func (v *visitor) seen(ctx context.Context, s Session, page string) error {
	rev, err := v.room.seen(ctx, s.ID, page)
	if err == nil && rev != s.Rev {
		v.hint()
	}
	return err
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
