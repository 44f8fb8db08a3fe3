package api_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/vaxelhq/vaxel/gateway/api"
	"github.com/vaxelhq/vaxel/gateway/api/frametest"
)

// socket is a console's live side.
type socket struct {
	*client
	conn *websocket.Conn
	n    float64
	at   string
}

const patience = time.Minute

// open connects and says hello; it gives the welcome's data.
func (c *client) open(at string, subs ...string) (*socket, m) {
	c.t.Helper()
	s := c.connect()
	ticket := c.post("/socket-ticket", nil, 200)["ticket"]
	s.say(m{"t": "hello", "ticket": ticket, "at": at, "subs": subs})
	welcome := s.next()
	if welcome["t"] != "welcome" {
		c.t.Fatalf("got %v want a welcome", welcome)
	}
	return s, welcome["data"].(m)
}

func (c *client) connect() *socket { return c.connectTo("/socket") }

func (c *client) connectTo(path string) *socket {
	c.t.Helper()
	conn, _, err := websocket.Dial(c.t.Context(), "ws"+strings.TrimPrefix(c.h.web.URL, "http")+api.Prefix+path, &websocket.DialOptions{ //nolint:bodyclose // the library's own
		Subprotocols: []string{api.Subprotocol},
	})
	check(c.t, err)
	conn.SetReadLimit(8 << 20)
	c.t.Cleanup(func() { _ = conn.CloseNow() })
	return &socket{client: c, conn: conn}
}

func (s *socket) say(v any) {
	s.t.Helper()
	body, err := json.Marshal(v)
	check(s.t, err)
	check(s.t, s.conn.Write(s.t.Context(), websocket.MessageText, body))
}

// read gives the next frame, or how the socket was closed.
func (s *socket) read() (m, error) {
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	_, body, err := s.conn.Read(ctx)
	if err != nil {
		return nil, err
	}
	f := m{}
	if err := json.Unmarshal(body, &f); err != nil {
		return nil, err
	}
	if fault := committedFrames().Fault("AgentHears", body); fault != "" && f["t"] != madeUp {
		s.t.Errorf("a frame that docs/frames.json does not describe: %s", fault)
	}
	return f, nil
}

// committedFrames is docs/frames.json, to which every frame is held.
var committedFrames = sync.OnceValue(func() *frametest.Schema { return frametest.Read("../../docs/frames.json") })

// madeUp is what tests tell consoles that no room does.
const madeUp = "flood"

// next is the next frame; it holds n to 1, 2, 3 … and keeps the cursor.
func (s *socket) next() m {
	s.t.Helper()
	f, err := s.read()
	if err != nil {
		s.t.Fatalf("read the socket: %v", err)
	}
	if n, ok := f["n"].(float64); ok {
		if n != s.n+1 {
			s.t.Fatalf("got frame %v after %v", n, s.n)
		}
		s.n = n
	}
	if at, ok := f["at"].(string); ok {
		s.at = at
	}
	return f
}

// until is the next frame of a type for which ok holds.
func (s *socket) until(kind string, ok func(data m) bool) m {
	s.t.Helper()
	for {
		f := s.next()
		if data, is := f["data"].(m); f["t"] == kind && is && (ok == nil || ok(data)) {
			return data
		}
	}
}

// closed is the code with which the server closes the socket.
func (s *socket) closed() websocket.StatusCode {
	s.t.Helper()
	for {
		if _, err := s.read(); err != nil {
			return websocket.CloseStatus(err)
		}
	}
}
