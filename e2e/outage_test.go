package e2e

import (
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/email/mailtest"
)

var outage = flag.Duration("outage", 5*time.Second, "how long the database is gone in TestDatabaseGone")

// line is a proxy to a database's socket, which can be cut.
type line struct {
	t    *testing.T
	here string // our socket
	far  string // the database's

	mu       sync.Mutex // guards what follows
	listener net.Listener
	open     map[net.Conn]bool
}

// through gives the database of a URL by way of a line.
func through(t *testing.T, databaseURL string) (proxied string, l *line) {
	t.Helper()
	u, err := url.Parse(databaseURL)
	must(t, err)
	dir, err := os.MkdirTemp("", "line-") //nolint:usetesting // a socket's path must be short
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	const name = ".s.PGSQL.5432"
	l = &line{t: t, here: filepath.Join(dir, name), far: filepath.Join(u.Query().Get("host"), name), open: map[net.Conn]bool{}}
	l.mend()
	t.Cleanup(l.cut)
	q := u.Query()
	q.Set("host", dir)
	u.RawQuery = q.Encode()
	return u.String(), l
}

// mend lets connections through from now on.
func (l *line) mend() {
	l.t.Helper()
	listener, err := net.Listen("unix", l.here)
	must(l.t, err)
	l.mu.Lock()
	l.listener = listener
	l.mu.Unlock()
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return // cut
			}
			go l.carry(near)
		}
	}()
}

func (l *line) carry(near net.Conn) {
	far, err := net.Dial("unix", l.far)
	if err != nil {
		_ = near.Close()
		return
	}
	l.mu.Lock()
	l.open[near], l.open[far] = true, true
	l.mu.Unlock()
	go func() { _, _ = io.Copy(far, near); _ = far.Close(); _ = near.Close() }()
	_, _ = io.Copy(near, far)
	_ = near.Close()
	_ = far.Close()
}

// cut ends all connections and takes no more.
func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.listener.Close()
	for c := range l.open {
		_ = c.Close()
	}
	clear(l.open)
}

// TestDatabaseGone: the database goes away in the middle of chats and mails and comes back.
// Nobody restarts anything; what was said meanwhile arrives, in order, once.
func TestDatabaseGone(t *testing.T) {
	t.Parallel()
	dovecot := mailtest.StartDovecot(t)
	settings := mailbox(dovecot.IMAP, dovecot.IMAP) + widget
	v := newVaxel(t, settings)
	proxied, database := through(t, v.pool.Config().ConnString())
	v.configure(fmt.Sprintf("database_url = %q\n%s", proxied, settings))
	v.start()
	v.agent.signIn()
	c := v.agent.openConsole()
	v.agent.available()
	guest := v.visit()
	guest.say("form", 0, map[string]any{"name": "Bo", "text": "Hej 0"})
	chat := c.accept(t)
	v.agent.must(http.MethodPost, "/interactions/"+chat.String()+"/messages", map[string]any{"client_id": "a0", "text": "Svar 0"}, nil)

	database.cut()
	gone := time.After(*outage)
	const said, sent = 5, 5
	for n := 1; n <= said; n++ {
		guest.say("msg", n, map[string]any{"text": fmt.Sprintf("Hej %d", n)})
	}
	for n := range sent {
		dovecot.Deliver(t, support, mailtest.Mail(fmt.Sprintf("m%d", n), fmt.Sprintf("kund%d@kund.example", n), "Hej", "Hej!"))
	}
	if status := v.agent.call(http.MethodPost, "/interactions/"+chat.String()+"/messages", map[string]any{"client_id": "a1", "text": "Svar 1"}, nil); status < 500 {
		t.Errorf("a line without a database was answered with %d", status)
	}
	v.wait("the node to say that it is not ready", func() bool { return !v.ready() })
	<-gone
	database.mend()

	v.wait("readiness", v.ready)
	v.agent.persist(http.MethodPost, "/interactions/"+chat.String()+"/messages", map[string]any{"client_id": "a1", "text": "Svar 1"})
	v.wait("acknowledgement", guest.allSaid)
	v.wait("all lines in the widget", func() bool { return len(guest.texts()) >= said+3 })
	want := []string{"me: Hej 0", "agent: Svar 0"}
	for n := 1; n <= said; n++ {
		want = append(want, fmt.Sprintf("me: Hej %d", n))
	}
	answer := slices.Index(guest.texts(), "agent: Svar 1") // it comes in where it was sent again
	if got := guest.texts(); answer < 0 || !slices.Equal(slices.Delete(got, answer, answer+1), want) {
		t.Errorf("the widget shows %q, want %q and the answer", guest.texts(), want)
	}
	v.wait("all mails", func() bool { return v.number(`select count(*) from interaction where channel = 'email'`) >= sent })
	if v.dead() {
		t.Errorf("the process ended:\n%s", v.log.tail())
	}
	for sql, want := range map[string]int{
		`select count(*) from entry where kind = 'message'`:                      said + 3,
		`select count(*) from entry where kind = 'mail'`:                         sent,
		`select count(*) from interaction`:                                       sent + 1,
		`select count(*) from interaction where channel = 'chat' and ended = ''`: 1,
	} {
		if n := v.number(sql); n != want {
			t.Errorf("%s: got %d, want %d", sql, n, want)
		}
	}
}

// TestFloodWithoutDatabase: whoever asks while the database is away is told to ask again,
// and a flood of them has ten lines a second and a count, which comes out when it has ended.
func TestFloodWithoutDatabase(t *testing.T) {
	t.Parallel()
	v := newVaxel(t, "")
	proxied, database := through(t, v.pool.Config().ConnString())
	v.configure(fmt.Sprintf("database_url = %q\n", proxied))
	v.start()
	v.agent.signIn()
	database.cut()
	v.wait("the node to say that it is not ready", func() bool { return !v.ready() })
	for range 100 {
		for _, path := range []string{"/me", "/cases", "/interactions/1"} {
			resp, err := v.agent.client.Get(v.base + "/api/v1" + path)
			must(t, err)
			body, err := io.ReadAll(resp.Body)
			must(t, err)
			must(t, resp.Body.Close())
			if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" || !strings.Contains(string(body), `"code":"try_again"`) {
				t.Fatalf("%s: got %d, Retry-After %q: %s", path, resp.StatusCode, resp.Header.Get("Retry-After"), body)
			}
		}
		resp, err := v.agent.client.Get(v.base + "/help/")
		must(t, err)
		must(t, resp.Body.Close())
	}
	v.wait("the count", func() bool {
		return strings.Contains(v.log.String(), `last="the database or the store of files does not answer"`)
	})
	v.wantFewLines()
	database.mend()
	v.wait("readiness", v.ready)
	v.agent.must(http.MethodGet, "/me", nil, nil)
}
