package collaborate_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/channels/chat/collaborate"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

type m = map[string]any

// house is the rest of Växel as co-browsing meets it.
type house struct {
	t    testing.TB
	pool *pgxpool.Pool

	mu       sync.Mutex // guards what follows
	entries  []gateway.Entry
	serving  []gateway.Interaction
	watching map[string]map[int]func(gateway.Event)
	next     int
	lose     int                               // pieces of the bus that get lost
	busy     int                               // times that another transaction is in the way
	carry    func(subject string, give func()) // what becomes of something published; nil: it is given
	watched  func()                            // a page has begun to watch its conversation
}

func newHouse(t testing.TB) *house {
	t.Helper()
	return &house{t: t, pool: pgtest.New(t), watching: map[string]map[int]func(gateway.Event){}, watched: func() {}, serving: []gateway.Interaction{
		{ID: 100, Conversation: 10, Channel: gateway.Chat, State: gateway.StateActive, Agent: 7},
		{ID: 101, Conversation: 11, Channel: gateway.Voice, State: gateway.StateActive, Agent: 7},
	}}
}

// chat and call are the interactions that agent 7 serves.
func (h *house) chat() gateway.Interaction { return h.serving[0] }
func (h *house) call() gateway.Interaction { return h.serving[1] }

// Append implements collaborate.Timeline; what is rolled back after it would be told of.
func (h *house) Append(_ context.Context, _ pgx.Tx, entries ...*gateway.Entry) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.busy > 0 {
		h.busy--
		return &pgconn.PgError{Code: "40001"}
	}
	for _, e := range entries {
		e.Pos = int64(len(h.entries) + 1)
		h.entries = append(h.entries, *e)
	}
	return nil
}

// feed implements collaborate.Feed.
type feed struct{ *house }

func (feed) Append(context.Context, pgx.Tx, ...gateway.Event) error { return nil }

func (f feed) Announce(events ...gateway.Event) {
	for _, e := range events {
		f.spread(e.Topic, func(heard func(gateway.Event)) { heard(e) })
	}
}

func (f feed) Watch(topics []string, heard func(gateway.Event)) func() {
	f.mu.Lock()
	watched := f.watched
	f.mu.Unlock()
	defer watched()
	return f.listen(topics[0], heard)
}

func (h *house) listen(topic string, heard func(gateway.Event)) func() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.next++
	n := h.next
	if h.watching[topic] == nil {
		h.watching[topic] = map[int]func(gateway.Event){}
	}
	h.watching[topic][n] = heard
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.watching[topic], n)
	}
}

func (h *house) spread(topic string, give func(func(gateway.Event))) {
	h.mu.Lock()
	var list []func(gateway.Event)
	for _, heard := range h.watching[topic] {
		list = append(list, heard)
	}
	h.mu.Unlock()
	for _, heard := range list {
		give(heard)
	}
}

// Publish implements collaborate.Bus, whose pieces may be lost.
func (h *house) Publish(subject string, data []byte) {
	h.mu.Lock()
	lost := h.lose > 0 && strings.HasSuffix(subject, ".page")
	if lost {
		h.lose--
	}
	carry := h.carry
	h.mu.Unlock()
	give := func() { h.spread(subject, func(heard func(gateway.Event)) { heard(gateway.Event{Data: data}) }) }
	switch {
	case carry != nil:
		carry(subject, give)
	case !lost:
		give()
	}
}

// set changes the house.
func (h *house) set(change func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change()
}

func (h *house) Subscribe(subject string, heard func([]byte)) func() {
	return h.listen(subject, func(e gateway.Event) { heard(e.Data) })
}

// Guest implements collaborate.Guests: the chat's visitor has the token "karin".
func (h *house) Guest(_ context.Context, _, token, language, origin, _ string) (collaborate.Guest, error) {
	if origin != "https://shop.example" {
		return collaborate.Guest{}, gateway.Forbidden("origin_refused", "not here")
	}
	g := collaborate.Guest{Widget: 3, Language: language}
	if token == "karin" {
		g.Conversation = 10
	}
	return g, nil
}

// Serving implements collaborate.Floor.
func (h *house) Serving(_ context.Context, of ...gateway.ConversationID) (list []gateway.Interaction, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, i := range h.serving {
		for _, c := range of {
			if i.Conversation == c {
				list = append(list, i)
			}
		}
	}
	return list, nil
}

// happened are the entries so far.
func (h *house) happened() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var list []string
	for _, e := range h.entries {
		var said gateway.Happening
		if err := json.Unmarshal(e.Body, &said); err != nil {
			h.t.Fatal(err)
		}
		list = append(list, strings.TrimPrefix(said.What, "collaborate_")+"/"+string(e.Author.Kind))
	}
	return strings.Join(list, " ")
}

// node is one node's room, and a server of its sockets: /agent/ID is the agent's.
type node struct {
	*collaborate.Room
	h    *house
	http *httptest.Server
	stop func()
}

func (h *house) start() *node {
	h.t.Helper()
	c := collaborate.Config{
		Log: slog.New(slog.NewTextHandler(h.t.Output(), nil)), Pool: h.pool, Timeline: h, Feed: feed{h}, Bus: h, Guests: h, Floor: h,
		Assets: http.NotFoundHandler(), Source: func(r *http.Request) string { return r.Header.Get("X-Test-Source") },
	}
	n := &node{Room: collaborate.New(c), h: h}
	ctx, cancel := context.WithCancel(h.t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = n.Run(ctx) }()
	n.http = httptest.NewServer(http.HandlerFunc(n.serve))
	n.stop = sync.OnceFunc(func() { cancel(); <-done; n.http.Close() })
	h.t.Cleanup(n.stop)
	return n
}

func (n *node) serve(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.URL.Path, "/agent/") {
		n.Handler().ServeHTTP(w, r)
		return
	}
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	var id int64
	_ = json.Unmarshal([]byte(strings.TrimPrefix(r.URL.Path, "/agent/")), &id)
	_ = conn.Close(n.View(r.Context(), conn, id))
}

// end is one side's socket.
type end struct {
	t  testing.TB
	ws *websocket.Conn
}

func (n *node) dial(path string, header http.Header) *end {
	n.h.t.Helper()
	ws, _, err := websocket.Dial(n.h.t.Context(), n.http.URL+path, &websocket.DialOptions{HTTPHeader: header}) //nolint:bodyclose // Dial's is nil on success
	if err != nil {
		n.h.t.Fatal(err)
	}
	ws.SetReadLimit(16 << 20)
	n.h.t.Cleanup(func() { _ = ws.CloseNow() })
	return &end{n.h.t, ws}
}

// page opens the website, where the customer's browser says hello.
func (n *node) page(hello m) *end {
	n.h.t.Helper()
	c := n.dial("/w/collaborate", http.Header{"Origin": {"https://shop.example"}})
	hello["t"], hello["key"] = "hello", "shop"
	c.send(hello)
	return c
}

func (e *end) send(f m) {
	e.t.Helper()
	data, err := json.Marshal(f)
	if err == nil {
		err = e.ws.Write(e.t.Context(), websocket.MessageText, data)
	}
	if err != nil {
		e.t.Fatal(err)
	}
}

// hears gives the next frame that fits; others are passed by.
func (e *end) hears(t string, fits m) m {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(e.t.Context(), time.Minute)
	defer cancel()
	for {
		_, data, err := e.ws.Read(ctx)
		if err != nil {
			e.t.Fatalf("waiting for %s %v: %v", t, fits, err)
		}
		var f m
		if err := json.Unmarshal(data, &f); err != nil {
			e.t.Fatal(err)
		}
		if f["t"] == t && within(f, fits) {
			return f
		}
	}
}

func within(f, fits m) bool {
	for k, v := range fits {
		if f[k] != v {
			return false
		}
	}
	return true
}

// closes gives the code that the other side closes with.
func (e *end) closes() websocket.StatusCode {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(e.t.Context(), time.Minute)
	defer cancel()
	for {
		if _, _, err := e.ws.Read(ctx); err != nil {
			return websocket.CloseStatus(err)
		}
	}
}
