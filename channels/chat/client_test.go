package chat_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/vaxelhq/vaxel/gateway/api/frametest"
)

// frame is what the server says, as far as tests look at it.
type frame struct {
	T        string `json:"t"`
	Token    string `json:"token"`
	Phase    string `json:"phase"`
	Prev     int64  `json:"prev"`
	Pos      int64  `json:"pos"`
	Lines    []line `json:"lines"`
	Line     *line  `json:"line"`
	Done     bool   `json:"done"`
	Conv     string `json:"conversation"`
	CID      string `json:"cid"`
	Position int    `json:"position"`
	Wait     int    `json:"wait"`
	Name     string `json:"name"`
	Code     string `json:"code"`
	Callback bool   `json:"callback"`
	Known    bool   `json:"known"`
	Site     *struct {
		Name string `json:"name"`
		Open bool   `json:"open"`
	} `json:"site"`
}

type line struct {
	Pos   int64  `json:"pos"`
	Kind  string `json:"kind"`
	From  string `json:"from"`
	Name  string `json:"name"`
	Text  string `json:"text"`
	Lang  string `json:"lang"`
	CID   string `json:"cid"`
	What  string `json:"what"`
	Cause string `json:"cause"`
	File  *struct {
		Name string `json:"name"`
		Type string `json:"type"`
		Size int64  `json:"size"`
		URL  string `json:"url"`
	} `json:"file"`
	Card *struct {
		Title string `json:"title"`
		URL   string `json:"url"`
	} `json:"card"`
}

// committedFrames is docs/frames.json, to which every frame is held.
var committedFrames = sync.OnceValue(func() *frametest.Schema { return frametest.Read("../../docs/frames.json") })

// client is a visitor's browser without the browser. It checks on every frame that
// nothing is missing and nothing comes twice.
type client struct {
	t      *testing.T
	ws     *websocket.Conn
	source string // where it comes from
	as     m      // who its website says, in a poll
	token  string
	conv   string
	pos    int64
	lines  []line
	phase  string
}

const inTime = 30 * time.Second

func (n *node) dial(t *testing.T) *client {
	t.Helper()
	c := &client{t: t}
	c.connect(n, "https://shop.example")
	return c
}

// dialFrom is dial from an address.
func (n *node) dialFrom(t *testing.T, source string) *client {
	t.Helper()
	c := &client{t: t, source: source}
	c.connect(n, "https://shop.example")
	return c
}

func (c *client) connect(n *node, origin string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), inTime)
	defer cancel()
	ws, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(n.http.URL, "http")+"/w/socket", //nolint:bodyclose // Dial's is nil on success
		&websocket.DialOptions{HTTPHeader: http.Header{"Origin": {origin}, "X-Test-Source": {c.source}}})
	if err != nil {
		c.t.Fatal(err)
	}
	ws.SetReadLimit(4 << 20)
	c.ws = ws
	c.t.Cleanup(func() { _ = ws.CloseNow() })
}

func (c *client) send(v any) {
	c.t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := c.ws.Write(c.t.Context(), websocket.MessageText, data); err != nil {
		c.t.Fatal(err)
	}
}

type m = map[string]any

func (c *client) hello() frame {
	c.t.Helper()
	hello := m{"t": "hello", "key": "nordvind", "token": c.token, "pos": c.pos, "lang": "sv-SE"}
	if c.conv != "" {
		hello["conversation"] = c.conv
	}
	c.send(hello)
	f := c.until("welcome")
	c.token = f.Token
	return f
}

// resume is a reconnect after whatever happened to the socket.
func (c *client) resume(n *node) frame {
	c.t.Helper()
	_ = c.ws.CloseNow()
	c.connect(n, "https://shop.example")
	f := c.hello()
	if c.pos > 0 || f.Phase != "pre" {
		c.whole()
	}
	return f
}

func (c *client) read() (frame, error) {
	ctx, cancel := context.WithTimeout(c.t.Context(), inTime)
	defer cancel()
	_, data, err := c.ws.Read(ctx)
	if err != nil {
		return frame{}, err
	}
	if fault := committedFrames().Fault("VisitorHears", data); fault != "" {
		c.t.Errorf("a frame that docs/frames.json does not describe: %s", fault)
	}
	var f frame
	if err := json.Unmarshal(data, &f); err != nil {
		c.t.Fatal(err)
	}
	c.apply(f)
	return f, nil
}

func (c *client) apply(f frame) {
	if f.Phase != "" {
		c.phase = f.Phase
	}
	fresh := f.Lines
	if f.Conv != "" {
		c.conv = f.Conv
	}
	switch f.T {
	case "welcome":
		if f.Prev < c.pos {
			c.lines, c.pos = nil, f.Prev
		}
		return
	case "snap":
	case "msg":
		fresh = append(fresh, *f.Line)
	case "ack":
		if !f.Done {
			return
		}
		fresh = append(fresh, line{Pos: f.Pos, Kind: "message", From: "me", CID: f.CID})
	default:
		return
	}
	if f.Prev > c.pos {
		c.t.Errorf("frame %s begins after %d, but the client has %d", f.T, f.Prev, c.pos)
	}
	for _, l := range fresh {
		if l.Pos <= c.pos {
			c.t.Errorf("position %d came again; the client has %d", l.Pos, c.pos)
		}
		c.lines = append(c.lines, l)
		c.pos = l.Pos
	}
	c.pos = max(c.pos, f.Pos)
}

// until reads frames up to the first of the kind.
func (c *client) until(kind string) frame {
	c.t.Helper()
	for {
		f, err := c.read()
		if err != nil {
			c.t.Fatalf("waiting for %s: %v", kind, err)
		}
		if f.T == kind {
			return f
		}
	}
}

// whole reads until the stream is complete.
func (c *client) whole() {
	c.t.Helper()
	for !c.until("snap").Done {
	}
}

// line reads until a line of the stream has come.
func (c *client) line(text string) {
	c.t.Helper()
	for {
		for _, l := range c.lines {
			if l.Text == text || l.What == text || l.Card != nil && l.Card.Title == text {
				return
			}
		}
		if _, err := c.read(); err != nil {
			c.t.Fatalf("waiting for line %q: %v", text, err)
		}
	}
}

func (c *client) begin(text string) frame {
	c.t.Helper()
	c.hello()
	c.send(m{"t": "form", "cid": "form-1", "name": "Anna", "email": "Anna@Kund.example", "topic": "invoice", "text": text})
	return c.until("ack")
}

// closed reads until the server has closed, and gives its code.
func (c *client) closed() websocket.StatusCode {
	c.t.Helper()
	for {
		if _, err := c.read(); err != nil {
			return websocket.CloseStatus(err)
		}
	}
}
