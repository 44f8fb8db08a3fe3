package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/api"
	"github.com/vaxelhq/vaxel/gateway/blob"
	"github.com/vaxelhq/vaxel/gateway/bus"
	"github.com/vaxelhq/vaxel/gateway/feed"
	"github.com/vaxelhq/vaxel/gateway/floor"
	"github.com/vaxelhq/vaxel/gateway/intake"
	"github.com/vaxelhq/vaxel/gateway/outbox"
	"github.com/vaxelhq/vaxel/gateway/roster"
	"github.com/vaxelhq/vaxel/gateway/staffchat"
	"github.com/vaxelhq/vaxel/gateway/stats"
	"github.com/vaxelhq/vaxel/gateway/timeline"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
	"github.com/vaxelhq/vaxel/tickets"
)

const password = "tolv-gula-traktorer"

// house is everything behind the door, running, and the door. Only mail, telephone and
// articles are stood in for.
type house struct {
	*api.Server
	pool *pgxpool.Pool
	web  *httptest.Server
	logs *logs
	stop func() // ends the server, not the rooms
	line *line  // between the server and the floor
	desk *telephone

	invoices, support gateway.QueueID
	anna, bo          gateway.AgentID
	solved            gateway.CodeID
	group             gateway.GroupID
}

func newHouse(t testing.TB) *house {
	t.Helper()
	pool := pgtest.New(t)
	h := &house{pool: pool, logs: &logs{}, desk: &telephone{}}
	log := slog.New(slog.NewTextHandler(h.logs, nil))
	b := bus.New()
	h.line = &line{Bus: b}
	events := feed.New(pool, b, log)
	times := timeline.New(pool, events, log)
	people := roster.New(pool, b)
	cases := tickets.New(pool, events, log)
	ground := floor.New(pool, "one", floor.Rooms{Feed: events, Timeline: times, Cases: cases, Plans: people, Bus: b}, log)
	out := outbox.New(pool, "one", nil, events, b, log)
	figures := stats.New(pool, events, log)
	objects, err := blob.NewDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	h.Server = api.New(api.Rooms{
		Pool: pool, Access: access.New(pool), Roster: people, Floor: ground, Commands: floor.NewClient(h.line),
		Intake:   intake.New(pool, intake.Rooms{Timeline: times, Cases: cases, Floor: ground, Feed: events, Bus: b}, log),
		Timeline: times, Outbox: out, Bus: b, Feed: events, Cases: cases, Articles: library{},
		StaffChat: staffchat.New(pool, times, people, events), Stats: figures, Blobs: files{blob.New(pool, objects)},
		Mail: post{}, Calls: h.desk, Ways: ways{},
	}, api.Options{Node: "one", Language: "sv"}, log)
	h.seed(t)
	run(t, log, events.Run, times.Run, ground.Run, cases.Run, figures.Run)
	h.stop = run(t, log, h.Run)
	h.web = httptest.NewServer(h.Server)
	t.Cleanup(h.web.Close)
	return h
}

// run runs rooms until the test ends or stop is called.
func run(t testing.TB, _ *slog.Logger, rooms ...func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var all sync.WaitGroup
	for _, room := range rooms {
		all.Go(func() {
			if err := room(ctx); err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("run: %v", err)
			}
		})
	}
	stop = sync.OnceFunc(func() { cancel(); all.Wait() })
	t.Cleanup(stop)
	return stop
}

func (h *house) seed(t testing.TB) {
	t.Helper()
	ctx := t.Context()
	group, err := h.Roster.CreateGroup(ctx, roster.Group{Name: "Kundtjänst"})
	check(t, err)
	h.group = group.ID
	plan := map[gateway.Channel]gateway.ChannelPlan{}
	for _, c := range gateway.Channels {
		p := roster.DefaultPlan(c)
		p.WrapUp = gateway.WrapUpPlan{Mode: gateway.WrapUpManual}
		plan[c] = p
	}
	for name, id := range map[string]*gateway.QueueID{"Faktura": &h.invoices, "Support": &h.support} {
		q, err := h.Roster.CreateQueue(ctx, roster.Queue{Name: roster.Label{"sv": name, "en": name + " (en)"}, Channels: plan, Band: 5, Active: true})
		check(t, err)
		*id = q.ID
	}
	list, err := h.Roster.CreateTransactionList(ctx, roster.TransactionList{Name: roster.Label{"sv": "Utfall"}, Required: true, Active: true})
	check(t, err)
	parent, err := h.Roster.CreateTransactionCode(ctx, roster.TransactionCode{List: list.ID, Name: roster.Label{"sv": "Klart"}, Active: true})
	check(t, err)
	code, err := h.Roster.CreateTransactionCode(ctx, roster.TransactionCode{List: list.ID, Parent: parent.ID, Name: roster.Label{"sv": "Löst"}, Active: true})
	check(t, err)
	h.solved = code.ID
	_, err = h.Roster.CreateStatusCode(ctx, roster.StatusCode{Intent: gateway.IntentOnBreak, Code: "lunch", Name: roster.Label{"sv": "Lunch"}, Active: true})
	check(t, err)
	h.anna = h.agent(t, "anna", gateway.RoleAgent)
	h.bo = h.agent(t, "bo", gateway.RoleSupervisor)
	_, _, err = h.Access.CreateLogin(ctx, access.System, access.Login{Name: "admin", Display: "Admin", Role: gateway.RoleAdministrator, Active: true}, password)
	check(t, err)
}

// agent adds an agent of both queues who can sign in.
func (h *house) agent(t testing.TB, name string, role gateway.Role) gateway.AgentID {
	t.Helper()
	a, err := h.Roster.CreateAgent(t.Context(), roster.Agent{
		Name: strings.ToUpper(name[:1]) + name[1:], Group: h.group, Language: "sv", Active: true,
		Phones:      []roster.Phone{{Kind: roster.PhoneSIP, Address: "sip:" + name + "@pbx.example"}},
		Memberships: []gateway.Membership{{Queue: h.invoices, Enabled: true, Level: 2}, {Queue: h.support, Enabled: true, Level: 2}},
	})
	check(t, err)
	_, _, err = h.Access.CreateLogin(t.Context(), access.System, access.Login{Name: name, Display: a.Name, Agent: a.ID, Role: role, Active: true}, password)
	check(t, err)
	return a.ID
}

// newKey makes an agent's API key.
func (h *house) newKey(t testing.TB, agent gateway.AgentID) string {
	t.Helper()
	logins, err := h.Access.Logins(t.Context())
	check(t, err)
	i := slices.IndexFunc(logins, func(l access.Login) bool { return l.Name == "admin" })
	_, key, err := h.Access.CreateKey(t.Context(), access.Caller{Login: logins[i].ID, Role: gateway.RoleAdministrator}, access.Key{Name: "bot", Role: gateway.RoleAgent, Agent: agent})
	check(t, err)
	return key
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// logs keeps what was logged.
type logs struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logs) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logs) count(line string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), line)
}

// m is a JSON object.
type m = map[string]any

// client is somebody who uses the API.
type client struct {
	t      testing.TB
	h      *house
	http   *http.Client
	key    string
	header http.Header
}

// guest is nobody yet.
func (h *house) guest(t testing.TB) *client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	check(t, err)
	return &client{t: t, h: h, http: &http.Client{Jar: jar}, header: http.Header{}}
}

// as is somebody signed in.
func (h *house) as(t testing.TB, name string) *client {
	t.Helper()
	c := h.guest(t)
	c.post("/session", m{"login": name, "password": password}, http.StatusOK)
	return c
}

// answer is what came back, read to its end.
type answer struct {
	StatusCode int
	Header     http.Header
	Cookies    []*http.Cookie
	Body       []byte
}

// raw sends a request as it is.
func (c *client) raw(method, path string, body io.Reader) answer {
	c.t.Helper()
	if !strings.HasPrefix(path, "/api/") {
		path = api.Prefix + path
	}
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.h.web.URL+path, body)
	check(c.t, err)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	maps.Copy(r.Header, c.header)
	if c.key != "" {
		r.Header.Set("Authorization", "Bearer "+c.key)
	}
	w, err := c.http.Do(r)
	check(c.t, err)
	defer func() { _ = w.Body.Close() }()
	text, err := io.ReadAll(w.Body)
	check(c.t, err)
	return answer{w.StatusCode, w.Header, w.Cookies(), text}
}

// do sends JSON and wants a status; the answer is given as an object.
func (c *client) do(method, path string, body any, want int) m {
	c.t.Helper()
	var in io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		check(c.t, err)
		in = bytes.NewReader(b)
	}
	w := c.raw(method, path, in)
	if w.StatusCode != want {
		c.t.Fatalf("%s %s: got %d want %d: %s", method, path, w.StatusCode, want, w.Body)
	}
	out := m{}
	if len(w.Body) > 0 {
		if err := json.Unmarshal(w.Body, &out); err != nil {
			c.t.Fatalf("%s %s: %v: %s", method, path, err, w.Body)
		}
	}
	if want >= 400 {
		if out["status"] != float64(want) || out["code"] == "" || out["detail"] == "" || out["request_id"] == "" || w.Header.Get("Content-Type") != "application/problem+json" {
			c.t.Errorf("%s %s: not a whole problem: %s", method, path, w.Body)
		}
	}
	return out
}

func (c *client) get(path string) m {
	c.t.Helper()
	return c.do("GET", path, nil, 200)
}

func (c *client) post(path string, body any, want int) m {
	c.t.Helper()
	return c.do("POST", path, body, want)
}

func (c *client) put(path string, body any, want int) m {
	c.t.Helper()
	return c.do("PUT", path, body, want)
}

func (c *client) patch(path string, body any) m {
	c.t.Helper()
	return c.do("PATCH", path, body, 200)
}

func (c *client) delete(path string, want int) {
	c.t.Helper()
	c.do("DELETE", path, nil, want)
}

func (c *client) with(name, value string) *client {
	d := *c
	d.header = c.header.Clone()
	d.header.Set(name, value)
	return &d
}

func (c *client) refused(method, path string, body any, status int, code string) m {
	c.t.Helper()
	got := c.do(method, path, body, status)
	if got["code"] != code {
		c.t.Errorf("%s %s: got %v want %s", method, path, got, code)
	}
	return got
}

// items are those of a page.
func items(page m) []m {
	var out []m
	for _, v := range page["items"].([]any) {
		out = append(out, v.(m))
	}
	return out
}

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

func (c *client) connect() *socket {
	c.t.Helper()
	conn, _, err := websocket.Dial(c.t.Context(), "ws"+strings.TrimPrefix(c.h.web.URL, "http")+api.Prefix+"/socket", &websocket.DialOptions{ //nolint:bodyclose // the library's own
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
	return f, json.Unmarshal(body, &f)
}

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

// files is the blobs as the API wants them.
type files struct{ *blob.Store }

func (f files) Put(ctx context.Context, r io.Reader) (string, int64, error) {
	info, err := f.Store.Put(ctx, r)
	return info.Key, info.Size, err
}

func (f files) Open(ctx context.Context, key string) (io.ReadSeekCloser, error) {
	body, _, err := f.Store.Open(ctx, key)
	return body, err
}

// library is two articles, one of them internal.
type library struct{}

func (library) all() []api.ArticleHit {
	return []api.ArticleHit{
		{ID: 1, Number: 11, Shortcut: "återköp", Language: "sv", Title: "Återköp", Snippet: "Du har 14 dagar"},
		{ID: 2, Number: 12, Shortcut: "svinn", Language: "sv", Title: "Svinn", Internal: true},
	}
}

func (l library) Find(context.Context, string, string, int) ([]api.ArticleHit, error) {
	return l.all(), nil
}

func (l library) Shortcut(_ context.Context, word, _ string) (api.ArticleHit, error) {
	for _, a := range l.all() {
		if a.Shortcut == word {
			return a, nil
		}
	}
	return api.ArticleHit{}, gateway.NotFound("no_shortcut", "no article has this shortcut")
}

func (l library) Read(_ context.Context, id gateway.ArticleID, _ string) (api.Article, error) {
	if id > 2 || id == 0 {
		return api.Article{}, gateway.NotFound("no_article", "there is no such article")
	}
	return api.Article{ArticleHit: l.all()[id-1], Markdown: "# hej", HTML: "<h1>hej</h1>", Tags: []string{}}, nil
}

func (l library) Suggest(_ context.Context, words []string, _ string, without []gateway.ArticleID) ([]api.ArticleHit, error) {
	if len(words) == 0 || len(without) > 0 {
		return nil, nil
	}
	return l.all()[:1], nil
}

func (l library) Card(_ context.Context, id gateway.ArticleID, language string, _ gateway.ConversationID, _ gateway.AgentID) (gateway.ArticleCard, error) {
	if id != 1 {
		return gateway.ArticleCard{}, gateway.Forbidden("internal_article", "this article is for agents only")
	}
	return gateway.ArticleCard{Article: id, Number: 11, Language: language, Title: "Återköp", URL: "https://help.example/11"}, nil
}

// post makes mails without a server.
type post struct{}

func (post) Compose(_ context.Context, r api.MailReply) (gateway.Outbound, gateway.Mail, error) {
	to := r.To
	if len(to) == 0 {
		to = []gateway.Address{r.Answers.From}
	}
	id := "reply@vaxel.example"
	out := gateway.Outbound{
		Kind: gateway.OutboundEmail, Conversation: r.Conversation, MessageID: id,
		Recipients: []gateway.Recipient{{Address: to[0].Value}}, Body: json.RawMessage(`{}`),
	}
	mail := gateway.Mail{
		MessageID: id, InReplyTo: r.Answers.MessageID, Subject: "Re: " + r.Answers.Subject, To: to, HTML: r.HTML, Attachments: r.Attachments,
	}
	return out, mail, nil
}

// line is the bus as far as the floor, which can lose what is asked, or the answer.
type line struct {
	floor.Bus

	mu         sync.Mutex // guards what follows
	deaf, mute bool
}

func (l *line) cut(deaf, mute bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deaf, l.mute = deaf, mute
}

// Ask is described at floor.Bus.
func (l *line) Ask(ctx context.Context, holder, key string, body []byte) ([]byte, error) {
	l.mu.Lock()
	deaf, mute := l.deaf, l.mute
	l.mu.Unlock()
	lost := &gateway.Error{Kind: gateway.KindTryAgain, Code: "no_answer", Detail: "there was no answer in time"}
	if deaf {
		return nil, lost
	}
	answer, err := l.Bus.Ask(ctx, holder, key, body)
	if mute {
		return nil, lost
	}
	return answer, err
}

// ways are one mailbox that is not read.
type ways struct{}

func (ways) Mailboxes(context.Context) ([]api.Mailbox, error) {
	return []api.Mailbox{{ID: "1", Address: "faktura@example.se", Behind: 3, Problem: "the password is wrong"}}, nil
}

func (ways) Widgets(context.Context) ([]api.Widget, error) { return nil, nil }

func (ways) Trunks(context.Context) ([]api.Trunk, error) { return nil, nil }

// telephone allows one number.
type telephone struct {
	mu   sync.Mutex // guards what follows
	fail error      // of the next calls
	rung []gateway.InteractionID
	keys string // that were pressed
}

func (p *telephone) breaks(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fail = err
}

func (*telephone) MayDial(_ context.Context, _ gateway.AgentID, number string) error {
	if number != "+46701740605" {
		return gateway.Forbidden("number_not_allowed", "the dial plan does not allow this number")
	}
	return nil
}

func (p *telephone) Dial(_ context.Context, _ gateway.AgentID, _ string, i gateway.Interaction) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rung = append(p.rung, i.ID)
	return p.fail
}

func (*telephone) Control(context.Context, gateway.InteractionID, gateway.AgentID, api.CallControl) error {
	return nil
}

func (p *telephone) Press(_ context.Context, _ gateway.InteractionID, _ gateway.AgentID, keys string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys += keys
	return p.fail
}

func (p *telephone) pressed() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.keys
}

func (*telephone) Lines(context.Context, gateway.AgentID) ([]api.Line, error) {
	return []api.Line{{No: 1, State: "idle"}, {No: 2, State: "idle"}}, nil
}

// reader is a body.
func reader(v any) io.Reader {
	body, _ := json.Marshal(v) //nolint:errchkjson // a test's own
	return bytes.NewReader(body)
}

// keys are an object's fields, in order.
func keys(v m) []string { return slices.Sorted(maps.Keys(v)) }
