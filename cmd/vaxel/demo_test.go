package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/smtp"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/channels/voice/wav"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// beMain makes the test binary behave as vaxel.
const beMain = "TEST_BE_VAXEL"

func TestMain(m *testing.M) {
	if os.Getenv(beMain) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// openDemo seeds a database, as a start of the demo does, and stops.
func openDemo(t *testing.T, database, dir string) *demoMemory {
	t.Helper()
	config := defaults()
	config.DatabaseURL, config.DataDir, config.Node = database, dir, "test"
	pool, err := pgxpool.New(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	d := &demo{house: &house{config: config, log: log, pool: pool}}
	if err := d.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.run(ctx, io.Discard); err != nil { // gives the ports back
		t.Fatal(err)
	}
	return d.memory
}

// tables is every row of every table, as text.
func tables(t *testing.T, pool *pgxpool.Pool) map[string]string {
	t.Helper()
	rows, err := pool.Query(t.Context(), "select tablename from pg_tables where schemaname = 'public'")
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, name := range names {
		var text string
		err := pool.QueryRow(t.Context(), "select coalesce(string_agg(t::text, E'\n' order by t::text), '') from "+
			pgx.Identifier{name}.Sanitize()+" t").Scan(&text)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = text
	}
	return all
}

// TestDemoSeedsOnce: a second start changes nothing, one that was cut short is completed
// by the next, and whoever loses demo.json gets passwords that work.
func TestDemoSeedsOnce(t *testing.T) {
	database, dir := pgtest.NewURL(t), t.TempDir()
	pool := pgtest.Open(t, database)
	first := openDemo(t, database, dir)
	seeded := tables(t, pool)
	if n := strings.Count(seeded["queue"], "\n") + 1; n != len(sampleQueues) {
		t.Errorf("got %d queues, want %d", n, len(sampleQueues))
	}
	var parked int
	if err := pool.QueryRow(t.Context(), "select count(*) from queue where channels @> '{\"email\": {\"interruptible\": true}, \"voicemail\": {\"interruptible\": true}}'").Scan(&parked); err != nil || parked != len(sampleQueues) {
		t.Errorf("in %d queues a call rings while a mail is open, %v; want all", parked, err)
	}
	second := openDemo(t, database, dir)
	if diff := cmp.Diff(seeded, tables(t, pool)); diff != "" {
		t.Errorf("the second start changed the database (-was +is):\n%s", diff)
	}
	if diff := cmp.Diff(first.Logins, second.Logins); diff != "" {
		t.Errorf("the second start changed passwords:\n%s", diff)
	}

	for _, sql := range []string{
		"delete from trunk where language = 'en'", "delete from widget", "delete from transaction_code where parent is not null",
		"delete from status_code where code = 'lunch'", "delete from login where name = 'nils'",
	} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	second.Seeded = 0
	if err := second.save(); err != nil {
		t.Fatal(err)
	}
	openDemo(t, database, dir)
	for name, text := range tables(t, pool) {
		if got, want := strings.Count(text, "\n"), strings.Count(seeded[name], "\n"); got != want && name != "audit" { // which tells of it
			t.Errorf("%s has %d rows after the completion, want %d", name, got+1, want+1)
		}
	}

	if err := os.Remove(first.path); err != nil {
		t.Fatal(err)
	}
	third := openDemo(t, database, dir)
	for login, password := range third.Logins {
		_, c, err := access.New(pool).SignIn(t.Context(), login, password, "127.0.0.1", "test")
		if err != nil || c.MustChange {
			t.Errorf("sign in as %s: got %+v, %v", login, c, err)
		}
	}
}

// TestCallersWithoutMicrophoneReachVoicemail: baresip hangs up when its tone is over, which
// must be after the wait, the greeting and the longest message (3 min). A short or torn
// tone is written again, a whole one is not.
func TestCallersWithoutMicrophoneReachVoicemail(t *testing.T) {
	t.Parallel()
	if wait := sampleNumbers[0].maxWait; wait > 20 {
		t.Errorf("callers of the first number wait %d s, want voicemail soon", wait)
	}
	p := demoPhone{Dir: t.TempDir(), Hertz: 440, Headless: true}
	path := filepath.Join(p.Dir, "tone.wav")
	if err := os.WriteFile(path, []byte("RIFF, and then nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.write(); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	sound, err := wav.Read(f)
	for _, n := range sampleNumbers {
		if least := n.maxWait.Duration() + 4*time.Minute; err != nil || sound.Duration() < least {
			t.Errorf("the tone lasts %v, %v; want %v for %s", sound.Duration(), err, least, n.shown)
		}
	}
	if share := phonetest.Share(sound.Samples[len(sound.Samples)-8000:][:4000], 440); share < 0.9 {
		t.Errorf("its last second holds the tone by %.2f", share)
	}
	before, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.write(); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(path); err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("a whole tone was written again: %v, %v", after.ModTime(), err)
	}
}

// running is a demo in a process of its own.
type running struct {
	t    *testing.T
	dir  string
	base string
	out  []string // what it printed
	cmd  *exec.Cmd
	rest chan struct{}
	http http.Client // keeps the session
}

// startDemo starts it and waits until it is ready.
func startDemo(t *testing.T, dir, listen string) *running {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	r := &running{t: t, dir: dir, rest: make(chan struct{}), http: http.Client{Jar: jar}}
	r.cmd = exec.Command(os.Args[0], "demo") // ended by stop
	r.cmd.Dir, r.cmd.Env = dir, append(os.Environ(), beMain+"=1", "VAXEL_LISTEN="+listen)
	r.cmd.Stderr = t.Output()
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.cmd.Process.Kill() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		r.out = append(r.out, lines.Text())
		if at := regexp.MustCompile(`(http://\S+)/demo`).FindStringSubmatch(lines.Text()); at != nil {
			r.base = at[1]
		}
		if strings.Contains(lines.Text(), "Ctrl-C stops") {
			break
		}
	}
	go func() {
		defer close(r.rest)
		_, _ = io.Copy(io.Discard, out)
	}()
	if r.base == "" {
		t.Fatalf("no address in what it printed:\n%s", strings.Join(r.out, "\n"))
	}
	r.until("readiness", func() bool { code, _ := r.get("/readyz"); return code == http.StatusOK })
	return r
}

// stop is Ctrl-C.
func (r *running) stop() {
	r.t.Helper()
	if err := r.cmd.Process.Signal(syscall.SIGINT); err != nil {
		r.t.Fatal(err)
	}
	<-r.rest
	if err := r.cmd.Wait(); err != nil {
		r.t.Errorf("after Ctrl-C: %v", err)
	}
}

func (r *running) until(what string, done func() bool) {
	r.t.Helper()
	for end := time.Now().Add(time.Minute); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatalf("%s: not within a minute", what)
		}
	}
}

func (r *running) do(req *http.Request) (int, string) {
	r.t.Helper()
	answer, err := r.http.Do(req)
	if err != nil {
		return 0, ""
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

func (r *running) get(path string) (int, string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, r.base+path, http.NoBody)
	if err != nil {
		r.t.Fatal(err)
	}
	return r.do(req)
}

func (r *running) post(path, kind, body string, headers ...string) (int, string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.base+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return r.do(req)
}

const formType = "application/x-www-form-urlencoded"

func (r *running) memory() demoMemory {
	r.t.Helper()
	path := filepath.Join(r.dir, "data", "demo.json")
	data, err := os.ReadFile(path)
	if err != nil {
		r.t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		r.t.Errorf("demo.json: got %v, %v, want it readable by its owner only", info.Mode(), err)
	}
	var m demoMemory
	if err := json.Unmarshal(data, &m); err != nil {
		r.t.Fatal(err)
	}
	return m
}

// validity is the shop's mailbox as a mail program sees it.
func (r *running) validity() (validity uint32, mails uint32) {
	r.t.Helper()
	m := r.memory()
	c, err := imapclient.DialInsecure(local(m.IMAP), nil)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.Login(shopAddress, m.MailPassword).Wait(); err != nil {
		r.t.Fatal(err)
	}
	box, err := c.Select("INBOX", nil).Wait()
	if err != nil {
		r.t.Fatal(err)
	}
	return box.UIDValidity, box.NumMessages
}

// TestDemo is a newcomer's first and second visit.
func TestDemo(t *testing.T) {
	dir := t.TempDir()
	l, err := net.Listen("tcp", local(0))
	if err != nil {
		t.Fatal(err)
	}
	listen := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	r := startDemo(t, dir, listen)
	code, page := r.get("/demo?lang=sv")
	for _, want := range []string{`data-key="nordvind"`, shopAddress, "baresip -f " + filepath.Join(dir, "data", "phones", "agent"), r.memory().Logins["alva"]} {
		if code != http.StatusOK || !strings.Contains(page, want) {
			t.Errorf("the customer's page: status %d, without %q", code, want)
		}
	}
	form := url.Values{"as": {"anna"}, "subject": {"Tältet läcker"}, "text": {"Hej!\r\nDet regnar in."}}
	if code, page := r.post("/demo/mail?lang=sv", formType, form.Encode()); code != http.StatusOK || !strings.Contains(page, demoTexts["sv"]["sent"]) {
		t.Errorf("send the form: status %d, want the page that says so", code)
	}
	if _, list := r.get("/demo/mails?as=anna&lang=sv"); !strings.Contains(list, "Tältet läcker") || !strings.Contains(list, "Det regnar in.") {
		t.Errorf("the mail is not in the customer's list:\n%s", list)
	}
	validity, mails := r.validity()
	if mails != 1 {
		t.Errorf("got %d mails in the shop's mailbox, want 1", mails)
	}
	memory := r.memory()
	r.stop()

	r = startDemo(t, dir, listen)
	defer r.stop()
	if diff := cmp.Diff(memory.Logins, r.memory().Logins); diff != "" {
		t.Errorf("the second start has other logins (-was +is):\n%s", diff)
	}
	if again, mails := r.validity(); again != validity || mails != 1 {
		t.Errorf("got UIDVALIDITY %d and %d mails, want %d and 1", again, mails, validity)
	}
	body, err := json.Marshal(map[string]string{"login": "alva", "password": memory.Logins["alva"]})
	if err != nil {
		t.Fatal(err)
	}
	if code, text := r.post("/api/v1/session", "application/json", string(body)); code != http.StatusOK {
		t.Errorf("sign in as alva: status %d %s", code, text)
	}
	r.arrived(t, "Tältet läcker")
	r.answered(t)
	r.guarded(t)
}

// arrived finds in alva's queues what customers have sent: the form's mail, and a call.
func (r *running) arrived(t *testing.T, subject string) {
	t.Helper()
	waits := func(what, field string) {
		t.Helper()
		r.until(what, func() bool {
			code, list := r.get("/api/v1/interactions?scope=queues")
			return code == http.StatusOK && strings.Contains(list, field)
		})
	}
	waits("the mail waits", `"subject":"`+subject+`"`)
	phone := phonetest.NewPhone(t, "+46701234567", g711.A, 440)
	c := phone.Dial(sampleNumbers[1].number, netip.MustParseAddrPort(local(r.memory().SIP)))
	phonetest.Wait(t, "the call is answered", c.Up)
	waits("the call waits", `"channel":"voice"`)
	c.Bye()
}

// answered has the shop answer by mail, and the customer reply to that.
func (r *running) answered(t *testing.T) {
	t.Helper()
	m := r.memory()
	raw := "From: Nordvind <" + shopAddress + ">\r\nTo: omar.rahimi@kund.example\r\nReply-To: <kundservice+7@nordvind.example>\r\n" +
		"Subject: Din order\r\nMessage-ID: <one@nordvind.example>\r\n\r\nSe https://nordvind.example/a/7.\r\n"
	if err := smtp.SendMail(local(m.SMTP), nil, shopAddress, []string{"omar.rahimi@kund.example"}, []byte(raw)); err != nil {
		t.Fatal(err)
	}
	_, list := r.get("/demo/mails?as=omar&lang=sv")
	if !strings.Contains(list, `<a href="https://nordvind.example/a/7"`) || !strings.Contains(list, `name="reply" value="1"`) {
		t.Errorf("the answer with its link and a form to reply are not shown:\n%s", list)
	}
	if code, _ := r.post("/demo/mail?lang=sv", formType, url.Values{"as": {"omar"}, "reply": {"1"}, "text": {"Tack!"}}.Encode()); code != http.StatusOK {
		t.Errorf("reply: status %d", code)
	}
	_, list = r.get("/demo/mails?as=omar&lang=sv")
	if n := strings.Count(list, `class="thread"`); n != 1 || !strings.Contains(list, "Tack!") {
		t.Errorf("got %d threads, want one with the reply:\n%s", n, list)
	}
}

// guarded tries what other sites and hands may try.
func (r *running) guarded(t *testing.T) {
	t.Helper()
	text := url.Values{"as": {"anna"}, "text": {"x"}}.Encode()
	for _, c := range []struct {
		what, body string
		headers    []string
		want       int
	}{
		{"a form of another site", text, []string{"Origin", "https://other.example"}, http.StatusForbidden},
		{"an empty mail", "as=anna&text=+", nil, http.StatusUnprocessableEntity},
		{"a reply to no mail", "as=anna&reply=99&text=x", nil, http.StatusUnprocessableEntity},
		{"a huge form", "text=" + strings.Repeat("x", maxForm+1), nil, http.StatusRequestEntityTooLarge},
	} {
		if code, _ := r.post("/demo/mail", formType, c.body, c.headers...); code != c.want {
			t.Errorf("%s: got status %d want %d", c.what, code, c.want)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.base+"/demo", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "rebound.example"
	if code, _ := r.do(req); code != http.StatusMisdirectedRequest {
		t.Errorf("another name that leads here: got status %d want 421", code)
	}
	if code, css := r.get("/demo/assets/look.css"); code != http.StatusOK || !strings.Contains(css, "--c-canvas") {
		t.Errorf("the look's style sheet: %d", code)
	}
	if code, _ := r.get("/demo/assets/page.html"); code != http.StatusNotFound {
		t.Errorf("a template: got status %d want 404", code)
	}
}

// TestDemoTexts: both languages say everything.
func TestDemoTexts(t *testing.T) {
	for key := range demoTexts["sv"] {
		if demoTexts["en"][key] == "" {
			t.Errorf("en lacks %q", key)
		}
	}
	if len(demoTexts["sv"]) != len(demoTexts["en"]) {
		t.Errorf("sv has %d texts, en %d", len(demoTexts["sv"]), len(demoTexts["en"]))
	}
}

// TestDemoTimes runs the page's script in another zone than this machine's.
func TestDemoTimes(t *testing.T) {
	script := `
		const now = new Date(), today = new Date(now.getFullYear(), now.getMonth(), now.getDate(), 9, 5);
		const times = [today.toISOString(), '2026-01-02T03:04:00Z'].map((dateTime) => ({ dateTime }));
		const nothing = { addEventListener() {} };
		globalThis.window = { vaxel() {} };
		globalThis.document = {
			...nothing, hidden: true, documentElement: { lang: 'sv' }, getElementById: () => nothing, querySelector: () => nothing,
			querySelectorAll: (which) => (which === 'time[datetime]' ? times : []),
		};
		(0, eval)(require('fs').readFileSync('demo/demo.js', 'utf8'));
		console.log(times.map((t) => t.textContent).join('|'));
		process.exit(0);`
	cmd := exec.CommandContext(t.Context(), "node", "-e", script)
	cmd.Env = append(os.Environ(), "TZ=America/New_York")
	out, err := cmd.CombinedOutput()
	if got, want := strings.TrimSpace(string(out)), "09:05|1 jan. 2026 22:04"; err != nil || got != want {
		t.Errorf("got %q %v, want %q", got, err, want)
	}
}
