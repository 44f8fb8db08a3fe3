package collaborate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"github.com/vaxelhq/vaxel/gateway"
)

// viewer is the socket of the agent who looks.
type viewer struct {
	room   *Room
	id     int64 // of the session
	ws     *websocket.Conn
	out    *outlet
	send   *pieces       // to the page
	points *rate.Limiter // more are dropped
	acts   *rate.Limiter // more are refused
	look   chan struct{} // holds one: the session has changed

	mu      sync.Mutex // guards what follows
	session Session
	stale   bool // what comes builds on a picture that this side does not have
	full    bool // the agent's browser reads too slowly; a new picture when it has caught up
	asked   time.Time
	again   *time.Timer // asks for a picture again
}

// View serves the agent of a session until either side ends it. The caller has accepted the
// socket, knows the agent, and closes it.
func (r *Room) View(ctx context.Context, ws *websocket.Conn, id int64) (websocket.StatusCode, string) {
	ctx, done, ok := r.begin(ctx)
	if !ok {
		return closeAgain, "this node is stopping; come again"
	}
	defer done()
	s, err := r.Session(ctx, id)
	if err != nil {
		return closeNobody, "no such session"
	}
	ws.SetReadLimit(maxHand)
	a := &viewer{
		room: r, id: id, ws: ws, out: newOutlet(ws), send: newPieces(), session: s, stale: true,
		points: perSecond(pointsPerSec, pointsPerSec), acts: perSecond(actsPerSec, actsAtOnce), look: make(chan struct{}, 1),
	}
	defer r.Bus.Subscribe(subjectState(id), func([]byte) { a.hint() })()
	defer r.Bus.Subscribe(subjectPage(id), a.hearPage())()
	defer a.rest()
	a.hint()
	return a.live(ctx)
}

func (a *viewer) live(ctx context.Context) (websocket.StatusCode, string) {
	group, alive := errgroup.WithContext(ctx)
	group.Go(func() error { return a.out.run(alive, ctx, a.caughtUp) })
	group.Go(func() error { return a.watch(alive) })
	group.Go(func() error { return a.read(ctx) })
	<-alive.Done()
	code, reason := closing(context.Cause(alive))
	_ = a.ws.Close(code, reason)
	_ = group.Wait() // what ended it has been told
	return code, reason
}

func (a *viewer) watch(ctx context.Context) error {
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ping.C:
			a.out.send(agentOut{T: "ping"})
		case <-a.look:
			if err := a.changed(ctx); err != nil {
				return err
			}
		}
	}
}

// changed reads the session and tells the agent; who begins to see asks for a picture.
func (a *viewer) changed(ctx context.Context) error {
	s, err := a.room.Session(ctx, a.id)
	if err != nil {
		return err
	}
	a.mu.Lock()
	a.session = s
	wants := s.State == Shared && a.stale
	a.mu.Unlock()
	a.out.send(agentOut{T: "state", State: s.State, Control: s.Control, Rev: s.Rev, Cause: s.Cause})
	if s.State == Ended {
		return errors.Join(a.out.flush(ctx), errOver)
	}
	if wants {
		a.picture()
	}
	return nil
}

// hearPage takes what the page shows, in pieces: it must not block.
func (a *viewer) hearPage() func([]byte) {
	var j joiner
	return func(piece []byte) {
		frame, whole, lost := j.join(piece)
		if lost && !whole {
			a.lose()
		}
		if frame != nil {
			a.give(frame, whole)
		}
	}
}

// lose begins to wait for a whole picture.
func (a *viewer) lose() {
	a.mu.Lock()
	told := a.stale
	a.stale = true
	a.mu.Unlock()
	if !told {
		a.out.send(agentOut{T: "lost"})
	}
	a.picture()
}

// give passes a frame on, unless it builds on what was missed.
func (a *viewer) give(frame []byte, whole bool) {
	events := bytes.HasPrefix(frame, []byte(`{"t":"events"`))
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case events && whole && !a.full:
		a.stale = false
	case events && a.stale:
		return
	}
	if !a.out.put(frame) && events {
		a.stale, a.full = true, true
	}
}

// caughtUp asks for a new picture once a slow reader has read what there was.
func (a *viewer) caughtUp() {
	a.mu.Lock()
	was := a.full
	a.full = false
	a.mu.Unlock()
	if was {
		a.picture()
	}
}

// picture asks the page for all that it shows: once a second at most, and again when none came.
func (a *viewer) picture() {
	a.mu.Lock()
	defer a.mu.Unlock()
	wait := time.Until(a.asked.Add(pictureEvery))
	if wait <= 0 {
		a.asked, wait = time.Now(), 10*pictureEvery
		a.hand(visitorOut{T: "snapshot"})
	}
	if a.again != nil {
		a.again.Stop()
	}
	a.again = time.AfterFunc(wait, func() {
		a.mu.Lock()
		wants := a.stale && !a.full && a.session.State == Shared
		a.mu.Unlock()
		if wants {
			a.picture()
		}
	})
}

// rest stops asking.
func (a *viewer) rest() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stale = false
	if a.again != nil {
		a.again.Stop()
	}
}

// read does what the agent does, frame after frame.
func (a *viewer) read(ctx context.Context) error {
	for {
		wait, cancel := context.WithTimeout(ctx, silentAfter)
		kind, data, err := a.ws.Read(wait)
		cancel()
		if err != nil {
			return err
		}
		var f agentIn
		if kind != websocket.MessageText || json.Unmarshal(data, &f) != nil {
			return gateway.Invalid("bad_frame", "send JSON text frames")
		}
		a.handle(f)
	}
}

// handle passes the agent's hand on. What must not be is refused here already, and once
// more in the customer's browser, which alone knows the page.
func (a *viewer) handle(f agentIn) {
	s := a.now()
	switch f.T {
	case "point", "mark":
		if s.State == Shared && a.points.Allow() {
			a.hand(visitorOut{T: f.T, X: f.X, Y: f.Y, ID: f.ID})
		}
	case "snapshot":
		a.picture()
	case "act":
		switch {
		case s.Control != ControlGiven:
			a.refuse("no_control", "The customer has not let you click and fill in; ask them first.")
		case f.Do != "click" && f.Do != "fill" && f.Do != "scroll":
			a.refuse("unknown_act", "do is click, fill or scroll")
		case len(f.Value) > maxValue:
			a.refuse("too_long", "That is too long to fill in at once.")
		case !a.acts.Allow():
			a.refuse("too_fast", "That was faster than the customer's page follows; wait a moment.")
		default:
			a.hand(visitorOut{T: "act", N: f.N, ID: f.ID, Do: f.Do, Value: f.Value, X: f.X, Y: f.Y})
		}
	}
}

func (a *viewer) refuse(code, detail string) {
	a.out.send(agentOut{T: "error", Code: code, Detail: detail})
}

func (a *viewer) hand(f visitorOut) {
	data, _ := json.Marshal(f) //nolint:gosec // G117: strings and numbers; the page's pass is not in what an agent says
	a.send.publish(a.room.Bus, subjectHand(a.id), data, false)
}

func (a *viewer) now() Session {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.session
}

func (a *viewer) hint() {
	select {
	case a.look <- struct{}{}:
	default:
	}
}
