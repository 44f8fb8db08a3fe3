package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/vaxelhq/vaxel/gateway/api/frametest"
)

// visitor is a customer's widget without the browser: what is not acknowledged is said
// again after every cut, and each line is shown once.
type visitor struct {
	v    *vaxel
	door string
	done chan struct{}
	wake chan struct{}
	stop context.CancelFunc

	mu     sync.Mutex // guards what follows
	token  string
	conv   string
	pos    int64
	phase  string
	place  int              // in the queue, 1 is next
	offer  bool             // a callback
	unsaid []map[string]any // in order, until acknowledged
	again  bool             // the first of them was not taken
	shown  []chatLine
	faults []string
	acked  map[string]int // client id → how often
}

// committedFrames is docs/frames.json, to which every frame is held.
var committedFrames = sync.OnceValue(func() *frametest.Schema { return frametest.Read(framesFile) })

type chatLine struct {
	Pos              int64
	Kind, From, Text string
	CID, What, Cause string
	Card             *struct{ Title, URL string }
	File             *struct{ Name, URL string }
}

type chatFrame struct {
	T, Token, Phase, CID, Code, Conversation string
	Prev, Pos                                int64
	Position                                 int
	Line                                     *chatLine
	Lines                                    []chatLine
	Done, Callback                           bool
}

// visit opens the widget's socket and keeps it open until the test ends.
func (v *vaxel) visit() *visitor { return v.visitThrough(v.base) }

// visitThrough is visit by another way to the house.
func (v *vaxel) visitThrough(door string) *visitor {
	ctx, cancel := context.WithCancel(v.t.Context())
	c := &visitor{v: v, door: door, done: make(chan struct{}), wake: make(chan struct{}, 1), stop: cancel, acked: map[string]int{}}
	go func() {
		defer close(c.done)
		for ctx.Err() == nil {
			c.live(ctx)
			select {
			case <-ctx.Done():
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
	v.t.Cleanup(func() { cancel(); <-c.done })
	return c
}

// say queues a frame that must arrive; its cid is n's.
func (c *visitor) say(t string, n int, fields map[string]any) {
	f := map[string]any{"t": t, "cid": fmt.Sprintf("c%d", n)}
	maps.Copy(f, fields)
	c.mu.Lock()
	c.unsaid = append(c.unsaid, f)
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *visitor) live(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, strings.Replace(c.door, "http", "ws", 1)+"/w/socket", //nolint:bodyclose // Dial's is nil on success
		&websocket.DialOptions{HTTPHeader: http.Header{"Origin": {c.door}}})
	if err != nil {
		return
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(1 << 20)
	c.mu.Lock()
	hello := map[string]any{"t": "hello", "key": "shop", "token": c.token, "pos": c.pos}
	if c.conv != "" {
		hello["conversation"] = c.conv
	}
	c.mu.Unlock()
	if write(ctx, conn, hello) != nil {
		return
	}
	ready := make(chan struct{})
	go c.talk(ctx, conn, ready)
	for first := true; ; first = false {
		_, body, err := conn.Read(ctx)
		if err != nil {
			return
		}
		if fault := committedFrames().Fault("VisitorHears", body); fault != "" {
			c.v.t.Errorf("a frame that docs/frames.json does not describe: %s", fault)
		}
		var f chatFrame
		if json.Unmarshal(body, &f) == nil {
			if f.T == "ping" {
				_ = write(ctx, conn, map[string]any{"t": "pong"})
			}
			c.hear(f)
			if f.T == "welcome" && first {
				close(ready)
			}
		}
	}
}

// talk says what is unsaid, one after the other, each until it is acknowledged.
func (c *visitor) talk(ctx context.Context, conn *websocket.Conn, ready chan struct{}) {
	select {
	case <-ready:
	case <-ctx.Done():
		return
	}
	for sent := ""; ctx.Err() == nil; {
		c.mu.Lock()
		var next map[string]any
		if len(c.unsaid) > 0 {
			next = c.unsaid[0]
		}
		if c.again {
			sent, c.again = "", false
		}
		c.mu.Unlock()
		if next != nil && next["cid"] != sent {
			sent, _ = next["cid"].(string)
			if write(ctx, conn, next) != nil {
				return
			}
		}
		select {
		case <-c.wake:
		case <-ctx.Done():
		}
	}
}

func write(ctx context.Context, conn *websocket.Conn, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return conn.Write(ctx, websocket.MessageText, body)
}

func (c *visitor) hear(f chatFrame) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.Conversation != "" {
		c.conv = f.Conversation
	}
	switch f.T {
	case "welcome":
		c.token, c.phase = f.Token, f.Phase
	case "snap":
		for _, l := range f.Lines {
			c.show(l)
		}
		c.pos = max(c.pos, f.Pos)
	case "msg":
		c.follows(f)
		c.show(*f.Line)
		c.pos = max(c.pos, f.Pos)
	case "queue":
		c.place, c.offer = f.Position, f.Callback
	case "left":
		c.taken(f.CID)
	case "error":
		if f.Code == "try_again" { // as the widget does
			time.AfterFunc(50*time.Millisecond, c.sayAgain)
		}
	case "ack":
		c.acked[f.CID]++
		if f.Done && len(c.unsaid) > 0 && c.unsaid[0]["cid"] == f.CID { // it stands for the line, which is not sent again
			c.follows(f)
			text, _ := c.unsaid[0]["text"].(string)
			c.show(chatLine{Pos: f.Pos, Kind: "message", From: "me", Text: text})
			c.pos = f.Pos
		}
		c.taken(f.CID)
	}
	if f.Phase != "" {
		c.phase = f.Phase
	}
}

// taken notes that what was said first need not be said again.
func (c *visitor) taken(cid string) {
	if len(c.unsaid) == 0 || c.unsaid[0]["cid"] != cid {
		return
	}
	c.unsaid = c.unsaid[1:]
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *visitor) sayAgain() {
	c.mu.Lock()
	c.again = true
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// follows notes a frame that says that another one was missed.
func (c *visitor) follows(f chatFrame) {
	if f.Prev > c.pos {
		c.faults = append(c.faults, fmt.Sprintf("%s at %d follows %d, but the widget is at %d", f.T, f.Pos, f.Prev, c.pos))
	}
}

// show is what stands in the widget: a line that comes again is the same line.
func (c *visitor) show(l chatLine) {
	for _, s := range c.shown {
		if s.Pos == l.Pos {
			return
		}
	}
	c.shown = append(c.shown, l)
	slices.SortFunc(c.shown, func(a, b chatLine) int { return cmp.Compare(a.Pos, b.Pos) })
}

// wantWhole fails if the widget was ever told that it had missed something.
func (c *visitor) wantWhole() {
	c.v.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.faults {
		c.v.t.Error(f)
	}
}

// texts are what the widget shows of both sides, in order.
func (c *visitor) texts() (out []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range c.shown {
		if l.Kind != "event" {
			out = append(out, l.From+": "+l.Text)
		}
	}
	return out
}

func (c *visitor) allSaid() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.unsaid) == 0
}

// talksIn is the conversation that the widget has been told of, empty before that.
func (c *visitor) talksIn() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conv
}

// stands is where the widget says that the visitor stands.
func (c *visitor) stands() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.place
}

// mayBeCalled says whether the widget offers a callback.
func (c *visitor) mayBeCalled() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.offer
}

// cause is how the chat ended, if the customer was turned away or is called back.
func (c *visitor) cause() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range c.shown {
		if l.Cause != "" {
			return l.Cause
		}
	}
	return ""
}
