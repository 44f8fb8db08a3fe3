package chat

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

const (
	maxPoll      = 256 << 10        // bytes of frames in one request
	maxPollWait  = 25 * time.Second // under what proxies give a request
	framesInPoll = 20
)

// answer is a socket for one request, for networks that let no WebSocket through: what would
// be written to the socket is gathered, and how it is closed. It is the same session, which
// resumes with every request; so any node may take the next one, and nothing is kept between.
type answer struct {
	news chan struct{} // holds one: something came that is worth answering for
	gone chan struct{} // closed when it is

	mu     sync.Mutex // guards what follows
	frames []json.RawMessage
	code   websocket.StatusCode // zero: the request is answered, nothing else
	closed bool
}

func newAnswer() *answer { return &answer{news: make(chan struct{}, 1), gone: make(chan struct{})} }

// Read implements socket: a request's frames are all there at once.
func (a *answer) Read(context.Context) (websocket.MessageType, []byte, error) { return 0, nil, io.EOF }

// Write implements socket.
func (a *answer) Write(_ context.Context, _ websocket.MessageType, data []byte) error {
	a.mu.Lock()
	a.frames = append(a.frames, data)
	a.mu.Unlock()
	if tells(data) {
		select {
		case a.news <- struct{}{}:
		default:
		}
	}
	return nil
}

// tells says whether a frame is news: what a resume always brings is not, an identity that is
// not believed among it, nor a place in the queue, which goes along.
func tells(data []byte) bool {
	var f struct {
		T     string            `json:"t"`
		Code  string            `json:"code"`
		Lines []json.RawMessage `json:"lines"`
	}
	if json.Unmarshal(data, &f) != nil {
		return true
	}
	switch f.T {
	case "welcome", "queue", "ping":
		return false
	case "snap":
		return len(f.Lines) > 0
	case "error":
		return !strings.HasPrefix(f.Code, "identity_")
	}
	return true
}

// Close implements socket.
func (a *answer) Close(code websocket.StatusCode, _ string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.closed {
		a.closed, a.code = true, code
		close(a.gone)
	}
	return nil
}

// CloseNow implements socket.
func (a *answer) CloseNow() error { return a.Close(0, "") }

// pollOut is what the request is answered with.
type pollOut struct {
	Frames []json.RawMessage    `json:"frames"`
	Close  websocket.StatusCode `json:"close,omitempty"` // as the socket would be
}

// servePoll takes a hello and what else would go over the socket, and answers once there is
// news, or after wait seconds.
func (s *Server) servePoll(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Origin")
	var in struct {
		Frames []json.RawMessage `json:"frames"`
		Wait   int               `json:"wait"`
	}
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxPoll)).Decode(&in)
	if err != nil || len(in.Frames) == 0 || len(in.Frames) > framesInPoll {
		http.Error(w, "Send frames, 1 to 20 of them, the first a hello.", http.StatusBadRequest)
		return
	}
	v, a := &session{srv: s, source: network(s.Source(r))}, newAnswer()
	v.out.ws, v.out.spawn = a, s.spawn
	defer context.AfterFunc(r.Context(), func() { _ = a.CloseNow() })()
	origin, done := r.Header.Get("Origin"), make(chan struct{})
	wait := min(time.Duration(max(in.Wait, 0))*time.Second, maxPollWait)
	if !s.spawn(func(ctx context.Context) { defer close(done); v.poll(ctx, a, in.Frames, wait, origin, r.Host) }) {
		s.unavailable(w, errors.New("this node stops"))
		return
	}
	<-done
	if v.widget != nil && v.widget.allows(origin, r.Host) {
		w.Header().Set("Access-Control-Allow-Origin", origin)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	writeJSON(w, pollOut{a.frames, a.code})
}

// poll is the session of one request.
func (v *session) poll(ctx context.Context, a *answer, frames []json.RawMessage, wait time.Duration, origin, host string) {
	defer v.out.settle()
	if !v.greet(ctx, frames[0], origin, host) {
		return
	}
	defer v.leave(ctx)
	for _, f := range frames[1:] {
		if !v.handle(ctx, f) {
			return
		}
	}
	v.placeNow()
	late := time.NewTimer(wait)
	defer late.Stop()
	select {
	case <-a.news:
	case <-a.gone:
	case <-late.C:
	case <-ctx.Done():
	}
	_ = v.out.drained(ctx) // what came together is answered together
}

// placeNow tells a visitor who waits where they stand, as it was found when they came.
func (v *session) placeNow() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.phase == phaseQueued {
		v.out.tell(v.queueFrameLocked())
	}
}
