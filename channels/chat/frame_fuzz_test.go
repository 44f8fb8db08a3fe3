package chat_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// FuzzFrame: whatever a visitor's page sends, once in place of the hello and once after it,
// the server says on the same socket what it makes of the next frame, or closes it with a
// code that says what was wrong; and it goes on serving others.
func FuzzFrame(f *testing.F) {
	for _, seed := range []string{
		`{"t":"form","cid":"c1","name":"Alva","email":"alva@example.com","topic":"invoice","text":"Hej"}`, `{"t":"msg","cid":"c2","text":"Hej igen"}`,
		`{"t":"form","cid":"c\u0000","name":"\u0000","text":"\u0000"}`, `{"t":"form","cid":"","text":" "}`, `{"t":"letter","cid":"c3","email":"x","text":"y"}`,
		`{"t":"callback","cid":"c4","phone":"+46701740605"}`, `{"t":"vote","id":"1","lang":"sv","useful":true}`, `{"t":"vote","id":-1}`,
		`{"t":"seen","pos":9223372036854775807}`, `{"t":"seen","pos":-1}`, `{"t":"page","url":"javascript:0","title":"x"}`, `{"t":"typing","on":true}`, `{"t":"end"}`,
		`{"t":"hello","key":"nordvind","token":"x","pos":-7,"conversation":"99"}`, `{"t":"hello"}`, `{"t":"pong","pos":1}`, `{"t":1}`, `[]`, `null`, `{`, "\xff", "",
	} {
		f.Add([]byte(seed))
	}
	at := "ws" + strings.TrimPrefix(newHouse(f).start().http.URL, "http") + "/w/socket"
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, before := range []string{"", `{"t":"hello","key":"nordvind"}`} {
			probe(t, at, before, data)
		}
	})
}

// probe sends frames, of which the last is unknown, and reads to what is said of that one,
// or to the end.
func probe(t *testing.T, at, before string, data []byte) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ws, _, err := websocket.Dial(ctx, at, //nolint:bodyclose // Dial's is nil on success
		&websocket.DialOptions{HTTPHeader: http.Header{"Origin": {"https://shop.example"}}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ws.CloseNow() }()
	ws.SetReadLimit(1 << 20)
	for _, frame := range []string{before, string(data), `{"t":"what","cid":"probe"}`} {
		if frame != "" {
			_ = ws.Write(ctx, websocket.MessageText, []byte(frame)) // it may be closed already; the reading tells
		}
	}
	for {
		_, answer, err := ws.Read(ctx)
		if err != nil {
			if code := websocket.CloseStatus(err); code < websocket.StatusNormalClosure || code == websocket.StatusInternalError {
				t.Fatalf("%q after %q: ended with %v", data, before, err)
			}
			return
		}
		var said frame
		if err := json.Unmarshal(answer, &said); err != nil {
			t.Fatalf("%q after %q: answered %q: %v", data, before, answer, err)
		}
		if said.T == "error" && said.CID == "probe" {
			return
		}
	}
}
