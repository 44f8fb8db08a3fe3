package bench

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/vaxelhq/vaxel/gateway"
)

// widgetKey is the widget that houses with chat have.
const widgetKey = "bench"

// widgets is the part of a configuration with a chat. The brakes on a single visitor's
// speed and on the widget's are taken off: few visitors stand for many.
const widgets = `
[chat]
lines_per_second = 100000
widget_begins_per_minute = 10000000
[[widget]]
key = "` + widgetKey + `"
name = "Bench"
queue = "` + queueName + `"
`

// visitor is a customer's widget without the browser.
type visitor struct {
	h    *house
	no   int
	conn *websocket.Conn

	token        string
	conversation gateway.ConversationID
	acked        func(cid []byte)

	mu  sync.Mutex // guards pos
	pos int64
}

// visitorClient is how visitors connect: with no buffers to speak of, for there are thousands.
func visitorClient() *http.Client {
	return &http.Client{Transport: &http.Transport{
		ReadBufferSize: 512, WriteBufferSize: 512, DisableKeepAlives: true,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // our own child on loopback
	}}
}

var visitors = visitorClient()

type visitorFrame struct {
	T, Token, Phase, Code, Detail string
	Pos, Prev                     int64
	Conversation                  gateway.ConversationID
	Line                          *struct{ Pos int64 }
}

// visit connects and says hello; it has been welcomed when visit returns.
func (v *visitor) visit(ctx context.Context) error {
	conn, _, err := websocket.Dial(ctx, strings.Replace(v.h.base, "http", "ws", 1)+"/w/socket", //nolint:bodyclose // Dial's is nil on success
		&websocket.DialOptions{HTTPClient: visitors, HTTPHeader: http.Header{"Origin": {v.h.base}}})
	if err != nil {
		return err
	}
	v.conn = conn
	hello := map[string]any{"t": "hello", "key": widgetKey, "lang": "en", "token": v.token, "pos": v.pos}
	if v.conversation != 0 {
		hello["conversation"] = v.conversation
	}
	if err := v.write(ctx, hello); err != nil {
		return err
	}
	_, body, err := conn.Read(ctx)
	if err != nil {
		return err
	}
	var f visitorFrame
	if err := json.Unmarshal(body, &f); err != nil || f.T != "welcome" {
		return fmt.Errorf("not welcome: %s", body)
	}
	if v.conversation != 0 && f.Conversation != v.conversation {
		return fmt.Errorf("came back to conversation %d, not %d", f.Conversation, v.conversation)
	}
	v.token = f.Token
	return nil
}

func (v *visitor) write(ctx context.Context, frame any) error {
	body, err := json.Marshal(frame)
	if err != nil {
		return err
	}
	return v.conn.Write(ctx, websocket.MessageText, body)
}

// form says the first line, which opens the conversation, and waits for its acknowledgement.
func (v *visitor) form(ctx context.Context, text string) error {
	if err := v.write(ctx, map[string]any{"t": "form", "cid": "form", "name": fmt.Sprintf("Visitor %d", v.no), "text": text}); err != nil {
		return err
	}
	for {
		_, body, err := v.conn.Read(ctx)
		if err != nil {
			return err
		}
		var f visitorFrame
		if err := json.Unmarshal(body, &f); err != nil {
			return err
		}
		v.note(f)
		switch f.T {
		case "ack":
			return nil
		case "ping":
			if err := v.write(ctx, map[string]string{"t": "pong"}); err != nil {
				return err
			}
		case "error":
			return fmt.Errorf("first line refused: %s %s", f.Code, f.Detail)
		}
	}
}

func (v *visitor) note(f visitorFrame) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.pos = max(v.pos, f.Pos)
	if f.Line != nil {
		v.pos = max(v.pos, f.Line.Pos)
	}
	if f.Conversation != 0 {
		v.conversation = f.Conversation
	}
}

var (
	ackFrame   = []byte(`{"t":"ack"`)
	pingFrame  = []byte(`{"t":"ping"`)
	errorFrame = []byte(`{"t":"error"`)
	cidField   = []byte(`"cid":"`)
)

// errRefused is a line that was not taken.
var errRefused = errors.New("line refused")

// listen reads until the socket ends, and says why it did; acknowledged client ids go to acked.
func (v *visitor) listen(ctx context.Context) error {
	for {
		_, body, err := v.conn.Read(ctx)
		if err != nil {
			return err
		}
		switch {
		case bytes.HasPrefix(body, ackFrame):
			if _, cid, ok := bytes.Cut(body, cidField); ok && v.acked != nil {
				v.acked(cid[:bytes.IndexByte(cid, '"')])
			}
		case bytes.HasPrefix(body, pingFrame):
			if err := v.conn.Write(ctx, websocket.MessageText, []byte(`{"t":"pong"}`)); err != nil {
				return err
			}
		case bytes.HasPrefix(body, errorFrame):
			return fmt.Errorf("%w: %s", errRefused, body)
		default:
			var f visitorFrame
			if json.Unmarshal(body, &f) == nil {
				v.note(f)
			}
		}
	}
}

// say sends a line; its text carries who and which, so that it is known on the other side.
func (v *visitor) say(ctx context.Context, n int) error {
	frame := fmt.Appendf(nil, `{"t":"msg","cid":"%d","text":"Hej, min faktura stämmer inte. Kan ni hjälpa mig? #%d.%d#"}`, n, v.no, n)
	return v.conn.Write(ctx, websocket.MessageText, frame)
}

// lineIn finds who and which in a frame; false when it is no line of a visitor's.
func lineIn(frame []byte) (visitor, n int, ok bool) {
	_, rest, ok := bytes.Cut(frame, []byte(" #"))
	if !ok {
		return 0, 0, false
	}
	for i, c := range rest {
		switch {
		case c >= '0' && c <= '9':
			n = n*10 + int(c-'0')
		case c == '.':
			visitor, n = n, 0
		default:
			return visitor, n, c == '#' && i > 0
		}
	}
	return 0, 0, false
}

// visitAll connects many visitors, so many at once, each with a first line if asked, and
// does then with each as soon as it is there.
func (h *house) visitAll(ctx context.Context, list []*visitor, atOnce int, first bool, then func(*visitor)) error {
	work := make(chan *visitor)
	errs := make(chan error, atOnce)
	for range atOnce {
		go func() {
			var err error
			for v := range work {
				if err != nil {
					continue
				}
				if err = v.visit(ctx); err == nil && first {
					err = v.form(ctx, fmt.Sprintf("Hej! #%d.0#", v.no))
				}
				if err == nil {
					then(v)
				}
			}
			errs <- err
		}()
	}
	for _, v := range list {
		work <- v
	}
	close(work)
	var all []error
	for range atOnce {
		all = append(all, <-errs)
	}
	return errors.Join(all...)
}

// soon waits for a fact, no longer than d.
func soon(ctx context.Context, d time.Duration, fact func() bool) bool {
	for end := time.Now().Add(d); time.Now().Before(end); {
		if fact() {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(2 * time.Millisecond):
		}
	}
	return fact()
}
