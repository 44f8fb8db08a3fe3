package api_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/api"
)

func TestBadFramesEndTheSocket(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.as(t, "anna")
	for name, try := range map[string]struct {
		say  string
		kind websocket.MessageType
		want websocket.StatusCode
	}{
		"junk":      {"hej", websocket.MessageText, 1007},
		"binary":    {"{}", websocket.MessageBinary, 1007},
		"oversized": {`{"t":"` + strings.Repeat("x", 70<<10) + `"}`, websocket.MessageText, 1009},
		"topics":    {`{"t":"subs","add":[` + strings.Repeat(`"x",`, 600) + `"x"]}`, websocket.MessageText, 1007},
	} {
		s, _ := c.open("")
		s.until("snapshot", nil)
		check(t, s.conn.Write(t.Context(), try.kind, []byte(try.say)))
		if got := s.closed(); got != try.want {
			t.Errorf("%s: closed with %d, want %d", name, got, try.want)
		}
	}
	for name, first := range map[string]string{
		"no hello":   `{"t":"subs"}`,
		"no ticket":  `{"t":"hello"}`,
		"bad ticket": `{"t":"hello","ticket":"vxt_nonsense"}`,
	} {
		s := c.connect()
		check(t, s.conn.Write(t.Context(), websocket.MessageText, []byte(first)))
		if got := s.closed(); got != 4001 {
			t.Errorf("%s: closed with %d, want 4001", name, got)
		}
	}
	ticket := c.post("/socket-ticket", nil, 200)["ticket"]
	for n, want := range []bool{true, false} {
		s := c.connect()
		s.say(m{"t": "hello", "ticket": ticket})
		if _, err := s.read(); (err == nil) != want {
			t.Errorf("use %d of the ticket: %v", n+1, err)
		}
	}
}

func TestUnknownFramesAreIgnored(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	s.say(m{"t": "dance"})
	s.say(m{"t": "typing", "conversation": "99", "on": true})
	s.say(m{"t": "subs", "add": []string{"agent:1", "interaction:1", "conversation:99", "all", "nonsense"}})
	s.say(m{"t": "ping"})
	s.untilKind("pong")
}

// TestASlowConsoleMissesNothing floods a console that does not read meanwhile. It is told all of
// it afterwards, in order; on the same socket, unless it was away for so long that it was cut off.
func TestASlowConsoleMissesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	flood(t, h)
	for told := -1; told < floods-1; {
		f, err := s.read()
		if err != nil {
			back, welcome := s.open(s.at)
			if s = back; welcome["resumed"] != true {
				t.Fatalf("after %d of the flood: got %v", told+1, welcome)
			}
			continue
		}
		if at, ok := f["at"].(string); ok {
			s.at = at
		}
		data, _ := f["data"].(m)
		switch n, ok := data["n"].(float64); {
		case !ok || f["t"] != "flood" || int(n) <= told:
		case int(n) > told+1:
			t.Fatalf("told %v after %d", n, told)
		default:
			told = int(n)
		}
	}
}

const floods = 600

// flood commits more for Anna than the feed keeps for a follower and TCP for a reader.
func flood(t *testing.T, h *house) {
	t.Helper()
	for n := range floods {
		e := gateway.NewEvent(gateway.TopicAgent(h.anna), "flood", int64(n), m{"n": n, "text": strings.Repeat("x", 32<<10)})
		check(t, pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) error { return h.Feed.Append(t.Context(), tx, e) }))
	}
	ok, _ := h.Feed.Follow(t.Context(), "", []string{"end"})
	defer ok.Close()
	check(t, pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) error {
		return h.Feed.Append(t.Context(), tx, gateway.NewEvent("end", "end", 1, m{}))
	}))
	_, err := ok.Next(t.Context()) // all of them have been handed out
	check(t, err)
}

func TestARevokedSessionEndsItsSocket(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	s.delete("/session", 204)
	began := time.Now()
	if got := s.closed(); got != 4001 {
		t.Errorf("closed with %d, want 4001", got)
	}
	if took := time.Since(began); took > patience {
		t.Errorf("it took %v", took)
	}
}

func TestStoppingTellsConsolesToReturn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	code := make(chan websocket.StatusCode)
	go func() { code <- s.closed() }()
	h.stop()
	if got := <-code; got != websocket.StatusServiceRestart {
		t.Errorf("closed with %d, want 1012", got)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, w, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(h.web.URL, "http")+api.Prefix+"/socket", nil) //nolint:bodyclose // Dial has read it
	if err == nil || w.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("got %v and %v", w, err)
	}
}

func TestForeignPagesCanNotOpenTheSocket(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_, w, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(h.web.URL, "http")+api.Prefix+"/socket", &websocket.DialOptions{ //nolint:bodyclose // Dial has read it
		HTTPHeader: http.Header{"Origin": {"https://evil.example"}},
	})
	if err == nil || w.StatusCode != http.StatusForbidden {
		t.Errorf("got %v and %v", w, err)
	}
}
