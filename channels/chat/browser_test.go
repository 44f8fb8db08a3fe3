package chat_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"html"
	"image"
	"image/png"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/channels/chat"
	"github.com/vaxelhq/vaxel/gateway"
)

const widgetDir = "../../web-widget/"

// TestBrowser drives the built widget in Chromium on a page with the strictest policy,
// against this package's server; web-widget/test/*.test.mjs say what must happen.
func TestBrowser(t *testing.T) {
	t.Parallel()
	for _, need := range []string{widgetDir + "dist/v1.js", "../../e2e/node_modules/playwright-core"} {
		if _, err := os.Stat(need); err != nil {
			t.Fatalf("%v; run: make web, and npm ci --ignore-scripts in e2e", err)
		}
	}
	for _, name := range []string{"chat", "files", "site"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			cmd := exec.CommandContext(t.Context(), "node", "--test", "--test-reporter=spec", "--test-name-pattern="+cmp.Or(os.Getenv("WIDGET_TESTS"), "."), "test/"+name+".test.mjs")
			cmd.Dir = widgetDir
			cmd.Env = append(os.Environ(), "WIDGET_PAGE="+b.page.URL, "WIDGET_SERVER="+b.web.URL)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			t.Logf("%s", out)
		})
	}
}

// bench is a website, a chat server that can be restarted and cut off, and strings that a
// browser's test pulls to be the agent.
type bench struct {
	*house
	web, page *httptest.Server
	conns     cutter
	server    atomic.Pointer[chat.Server]
	down      atomic.Bool
	blocked   atomic.Bool // sockets, by the network
	stop      func()
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{house: newHouse(t)}
	mux := http.NewServeMux()
	mux.HandleFunc("/w/", func(w http.ResponseWriter, r *http.Request) {
		if b.blocked.Load() && r.URL.Path == "/w/socket" {
			http.Error(w, "no WebSocket leaves this network", http.StatusForbidden)
			return
		}
		if b.down.Load() && r.Method == http.MethodPost {
			panic(http.ErrAbortHandler) // the widget's own files are served all the same
		}
		b.server.Load().Handler().ServeHTTP(w, r)
	})
	mux.HandleFunc("/help/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<title>Artikel</title>") })
	mux.HandleFunc("POST /agent/{what}", b.pull)
	mux.HandleFunc("GET /agent/texts", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, strings.Join(b.texts(b.latest()), "\n"))
	})
	b.web = httptest.NewUnstartedServer(mux)
	b.conns.Listener = b.web.Listener
	b.web.Listener = &b.conns
	b.web.Start()
	b.page = httptest.NewServer(http.HandlerFunc(b.servePage))
	b.site.Origins = []string{b.page.URL}
	world := chat.Widget{Key: "world", Name: "Nordvind", Queue: 7, Origins: b.site.Origins, Languages: chat.Languages}
	calls := chat.Widget{Key: "calls", Name: "Nordvind", Queue: 7, Origins: b.site.Origins, Form: chat.Form{Callback: "always"}}
	for _, site := range []chat.Widget{b.site, b.garden(), world, calls} {
		if _, err := chat.NewStore(b.pool).SaveWidget(t.Context(), site); err != nil {
			t.Fatal(err)
		}
	}
	b.robot(t)
	b.run(t.Context())
	t.Cleanup(func() { b.stop(); b.conns.cut(); b.web.Close(); b.page.Close() })
	return b
}

// garden is a widget with all that a designer gives one.
func (b *bench) garden() chat.Widget {
	return chat.Widget{
		Key: "garden", Name: "Trädgården", Queue: 7, Origins: b.site.Origins, Color: "#0b6e4f",
		Texts: map[string]chat.Texts{"sv": {Greeting: "Hej och välkommen!", Closed: "Vi är ute och gräver.", Thanks: "Hälsa till rosorna."}},
		Form: chat.Form{Name: "off", Email: "off", Consent: "ask", Fields: []chat.Field{
			{ID: "order", Kind: "text", Label: map[string]string{"sv": "Ordernummer"}, Required: true},
			{ID: "size", Kind: "choice", Label: map[string]string{"sv": "Storlek"}, Options: []string{"S", "M"}},
			{ID: "member", Kind: "tick", Label: map[string]string{"sv": "Jag är medlem"}},
		}},
		Invites: []chat.Invite{
			{ID: "kassan", Text: map[string]string{"sv": "Frågor om kassan?"}, URL: b.page.URL + "/kassa*"},
			{ID: "letar", Text: map[string]string{"sv": "Hittar du rätt?"}, Visits: 2},
		},
	}
}

// robot is a widget whose bot answers first.
func (b *bench) robot(t *testing.T) {
	t.Helper()
	asks := newBot(t, func(w http.ResponseWriter, _ asked) { fmt.Fprint(w, says("Jag är en robot. Vad kan jag göra?")) })
	known := keys{chat.BotKey("robot"): botKey}
	maps.Copy(known, bothKeys)
	b.setting = func(c *chat.Config) {
		c.Secrets, c.BotNetworks = known, []netip.Prefix{netip.MustParsePrefix(here)}
	}
	w := chat.Widget{Key: "robot", Name: "Roboten", Queue: 7, Origins: b.site.Origins, Bot: chat.Bot{URL: asks.URL, Name: "Nordbot", Timeout: 30}, Active: true}
	err := pgx.BeginFunc(t.Context(), b.pool, func(tx pgx.Tx) error {
		_, err := chat.NewStore(b.pool).KeepWidget(t.Context(), tx, w)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (b *bench) run(ctx context.Context) {
	s := b.house.server(http.HandlerFunc(serveDist))
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Run(ctx) }()
	b.server.Store(s)
	b.stop = func() { cancel(); <-done }
}

func serveDist(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	http.ServeFile(w, r, widgetDir+"dist/"+strings.TrimPrefix(r.URL.Path, "/w/"))
}

// servePage is a page of a website that allows nothing but the widget's scripts and sockets.
func (b *bench) servePage(w http.ResponseWriter, r *http.Request) {
	socket := "ws" + strings.TrimPrefix(b.web.URL, "http")
	w.Header().Set("Content-Security-Policy", fmt.Sprintf(
		"default-src 'none'; script-src %[1]s; connect-src %[1]s %[2]s; img-src %[1]s; require-trusted-types-for 'script'", b.web.URL, socket))
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<!doctype html><html lang="%s" dir="%s"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Nordvind</title></head><body><main><h1>Nordvind</h1><p>Tält, jackor och stövlar.</p></main>
<script async src="%s/w/v1.js" data-key="%s" data-jwt="%s"%s></script></body></html>`, lang(r), direction(lang(r)), b.web.URL, html.EscapeString(cmp.Or(r.FormValue("key"), "nordvind")), html.EscapeString(jwt(r)), invited(r))
}

func invited(r *http.Request) string {
	if r.FormValue("invite") != "" {
		return " data-invite"
	}
	return ""
}

func lang(r *http.Request) string {
	if l := r.FormValue("lang"); slices.Contains(chat.Languages, l) {
		return l
	}
	return "sv"
}

func direction(language string) string {
	if language == "ar" {
		return "rtl"
	}
	return "ltr"
}

// jwt is the token of a page that its visitor has signed in to.
func jwt(r *http.Request) string {
	if who := r.FormValue("as"); who != "" {
		return token("HS256", claimsOf(who, time.Hour))
	}
	return ""
}

// latest is the conversation that began last.
func (b *bench) latest() gateway.ConversationID {
	b.mu.Lock()
	defer b.mu.Unlock()
	return gateway.ConversationID(len(b.entries))
}

// pull does what the agent, the clock or bad luck does.
func (b *bench) pull(w http.ResponseWriter, r *http.Request) {
	c := b.latest()
	switch r.PathValue("what") {
	case "join":
		b.join(c)
	case "say":
		b.replyIn(r.FormValue("language"), c, r.FormValue("text"))
	case "give":
		b.gives(r.Context(), c, "jacka.png", "image/png", photo())
		b.gives(r.Context(), c, "Köpvillkor 2026.pdf", "application/pdf", make([]byte, 48_300))
	case "card":
		b.card(c)
	case "note":
		b.note(c)
	case "type":
		b.types(c, "Alva Karlsson")
	case "read":
		pos := len(b.texts(c)) + 10
		b.Announce(gateway.NewEvent(gateway.TopicConversation(c), "message.receipt", int64(pos), m{"reader": m{"kind": "agent"}, "pos": pos}))
	case "end":
		b.end(c)
	case "offer-callback":
		b.step(c, gateway.OfferCallback)
	case "form":
		b.turnAway(c, gateway.EndForm)
	case "settle":
		b.turnAway(c, gateway.EndSettled)
	case "open":
		b.setOpening(chat.Opening{Open: true, Wait: 2 * time.Minute, Until: evening()})
	case "close":
		b.setOpening(chat.Opening{Until: time.Date(2026, 3, 2, 8, 0, 0, 0, time.Local)})
	case "cut":
		b.conns.cut()
	case "cut-after-store":
		b.setAfterStore(b.conns.cut)
	case "block", "unblock":
		b.blocked.Store(r.PathValue("what") == "block")
	case "down":
		b.down.Store(true)
		b.stop()
	case "up":
		b.down.Store(false)
		b.run(r.Context())
	default:
		http.NotFound(w, r)
	}
}

// photo is a picture that is large enough to look at.
func photo() []byte {
	img := image.NewNRGBA(image.Rect(0, 0, 320, 240))
	for i := range img.Pix {
		img.Pix[i] = uint8(255 - i/4%320*(i%4)/6)
	}
	var out bytes.Buffer
	_ = png.Encode(&out, img)
	return out.Bytes()
}

func evening() time.Time { return time.Date(2026, 3, 2, 18, 0, 0, 0, time.Local) }

func (b *bench) setOpening(o chat.Opening) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.opening = o
}

func (b *bench) setAfterStore(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.afterStore = f
}

// cutter is a listener whose visitors' connections can be cut, without a goodbye.
// The strings' own connections are new ones each time.
type cutter struct {
	net.Listener

	mu    sync.Mutex // guards conns
	conns []net.Conn
}

// Accept implements net.Listener.
func (c *cutter) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conns = append(c.conns, conn)
	return conn, nil
}

func (c *cutter) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.conns {
		_ = conn.Close()
	}
	c.conns = nil
}
