package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/roster"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// binary is the product, built once for all stories.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "vaxel-e2e-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "vaxel")
	out, err := exec.CommandContext(context.Background(), "go", "build", "-o", path, "../cmd/vaxel").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build vaxel: %w\n%s", err, out)
	}
	return path, nil
})

// vaxel is one Växel: a database that stays, and the process that comes and goes.
type vaxel struct {
	t    testing.TB
	pool *pgxpool.Pool // to set up and to check, never to act
	dir  string
	base string
	args []string

	queue gateway.QueueID
	codes []gateway.CodeID
	agent *agent

	mu   sync.Mutex // guards cmd and exit: a kill test's watcher starts the next process
	cmd  *exec.Cmd
	exit chan struct{}
	log  *lockedBuffer

	crashed  *crashes
	stopping atomic.Bool
	broken   atomic.Bool // it has ended, and not by a kill
}

const password = "Kastanj-och-lind-47"

// newVaxel seeds a database with a queue, a required code and one agent, but starts
// nothing. settings go into the configuration file.
func newVaxel(t testing.TB, settings string) *vaxel {
	t.Helper()
	_, err := binary()
	must(t, err)
	url := pgtest.NewURL(t)
	v := &vaxel{t: t, pool: pgtest.Open(t, url), dir: t.TempDir(), log: &lockedBuffer{}}
	t.Cleanup(v.everyFileIsNamed)
	v.configure(fmt.Sprintf("database_url = %q\n%s", url, settings))
	v.seed()
	return v
}

// configure writes the configuration file that the process is started with.
func (v *vaxel) configure(settings string) {
	v.t.Helper()
	listen, config := freePort(v.t, "tcp"), filepath.Join(v.dir, "vaxel.toml")
	v.base = "http://" + listen
	whole := fmt.Sprintf("listen = %q\ndata_dir = %q\nnode = \"e2e\"\nlanguage = \"en\"\nlog_level = \"debug\"\n%s",
		listen, filepath.Join(v.dir, "data"), settings)
	must(v.t, os.WriteFile(config, []byte(whole), 0o600))
	v.args = []string{"--config", config, "serve"}
}

func (v *vaxel) seed() {
	v.t.Helper()
	ctx := v.t.Context()
	people, plans := roster.New(v.pool, quiet{}), map[gateway.Channel]gateway.ChannelPlan{}
	for _, c := range gateway.Channels {
		p := roster.DefaultPlan(c)
		p.WrapUp = gateway.WrapUpPlan{Mode: gateway.WrapUpManual, Seconds: 60}
		plans[c] = p
	}
	q, err := people.CreateQueue(ctx, roster.Queue{Name: roster.Label{"en": "Support", "sv": "Support"}, Band: 5, Channels: plans, Active: true})
	must(v.t, err)
	v.queue = q.ID
	list, err := people.CreateTransactionList(ctx, roster.TransactionList{Name: roster.Label{"en": "Outcome"}, Required: true, Active: true})
	must(v.t, err)
	code, err := people.CreateTransactionCode(ctx, roster.TransactionCode{List: list.ID, Name: roster.Label{"en": "Solved"}, Active: true})
	must(v.t, err)
	v.codes = []gateway.CodeID{code.ID}
	v.agent = v.addAgent("anna", "Anna Berg")
}

type quiet struct{}

func (quiet) Publish(string, []byte) {}

// addAgent makes an agent who is in the queue and may supervise, with a login of the same name.
func (v *vaxel) addAgent(login, name string, phones ...roster.Phone) *agent {
	v.t.Helper()
	return v.hire(gateway.RoleSupervisor, login, name, phones...)
}

func (v *vaxel) hire(role gateway.Role, login, name string, phones ...roster.Phone) *agent {
	v.t.Helper()
	ctx := v.t.Context()
	a, err := roster.New(v.pool, quiet{}).CreateAgent(ctx, roster.Agent{
		Name: name, Language: "en", Channels: gateway.Channels, Active: true, Phones: phones,
		Memberships: []gateway.Membership{{Queue: v.queue, Enabled: true, Level: 2}},
	})
	must(v.t, err)
	_, _, err = access.New(v.pool).CreateLogin(ctx, access.System, access.Login{Name: login, Role: role, Agent: a.ID, Active: true}, password)
	must(v.t, err)
	return &agent{v: v, id: a.ID, login: login}
}

// start runs the process and waits until it is ready.
func (v *vaxel) start() {
	v.t.Helper()
	v.run("")
	v.t.Cleanup(v.kill)
	v.wait("readiness", func() bool {
		if v.dead() {
			v.t.Fatalf("vaxel ended before it was ready:\n%s", v.log)
		}
		return v.ready()
	})
}

// run starts the process. crashAt is a crash point, or empty.
func (v *vaxel) run(crashAt string) {
	path, err := binary()
	if err != nil {
		v.t.Error(err)
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	cmd := exec.Command(path, v.args...) // killed by hand
	cmd.Env = os.Environ()
	if crashAt != "" {
		cmd.Env = append(cmd.Env, "VAXEL_CRASH="+crashAt)
	}
	cmd.Stdout, cmd.Stderr = v.log, v.log
	if err := cmd.Start(); err != nil {
		v.t.Error(err)
		return
	}
	exit := make(chan struct{})
	go func() { _ = cmd.Wait(); close(exit) }()
	v.cmd, v.exit = cmd, exit
}

func (v *vaxel) ready() bool {
	resp, err := http.Get(v.base + "/readyz")
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

func (v *vaxel) dead() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	select {
	case <-v.exit:
		return true
	default:
		return false
	}
}

// kill ends the process as a power cut would.
func (v *vaxel) kill() {
	v.mu.Lock()
	cmd, exit := v.cmd, v.exit
	v.mu.Unlock()
	if cmd != nil {
		_ = cmd.Process.Kill()
		<-exit
	}
}

// wait polls for a fact.
func (v *vaxel) wait(what string, fact func() bool) {
	v.t.Helper()
	waitFor(v.t, what, func() bool {
		if v.broken.Load() {
			v.t.Fatalf("vaxel ended by itself:\n%s", v.log.tail())
		}
		return fact()
	}, func() string { return v.log.tail() })
}

func waitFor(t testing.TB, what string, fact func() bool, more func() string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		if fact() {
			return
		}
		time.Sleep(20 * time.Millisecond) // between looks, not instead of one
	}
	t.Fatalf("waited a minute for %s\n%s", what, more())
}

// number asks the database for one number.
func (v *vaxel) number(sql string) (n int) {
	v.t.Helper()
	must(v.t, v.pool.QueryRow(v.t.Context(), sql).Scan(&n))
	return n
}

// agent is somebody who works at the API.
type agent struct {
	v      *vaxel
	id     gateway.AgentID
	login  string
	client *http.Client
}

// signIn opens a session; it outlives the process.
func (a *agent) signIn() {
	a.v.t.Helper()
	jar, err := cookiejar.New(nil)
	must(a.v.t, err)
	a.client = &http.Client{Jar: jar, Timeout: 15 * time.Second}
	a.persist(http.MethodPost, "/session", map[string]string{"login": a.login, "password": password})
}

// call makes one request, under a key of its own if one is given, and gives its status; 0
// when the server was not there.
func (a *agent) call(method, path string, in, out any, key ...string) int {
	a.v.t.Helper()
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		must(a.v.t, err)
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(a.v.t.Context(), method, a.v.base+"/api/v1"+path, body)
	must(a.v.t, err)
	req.Header.Set("Content-Type", "application/json")
	for _, k := range key {
		req.Header.Set("Idempotency-Key", k)
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return 0
	}
	defer func() { _ = resp.Body.Close() }()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0
	}
	if out != nil && resp.StatusCode < 300 {
		if err := json.Unmarshal(got, out); err != nil {
			a.v.t.Fatalf("%s %s answered %s: %v", method, path, got, err)
		}
	}
	if resp.StatusCode >= 400 {
		a.v.log.note(fmt.Sprintf("%s %s: %d %s", method, path, resp.StatusCode, got))
	}
	return resp.StatusCode
}

func (a *agent) must(method, path string, in, out any) {
	a.v.t.Helper()
	if got := a.call(method, path, in, out); got < 200 || got > 299 {
		a.v.t.Fatalf("%s %s: status %d\n%s", method, path, got, a.v.log.tail())
	}
}

// persist repeats a request until the server has obeyed it, whatever is killed.
func (a *agent) persist(method, path string, in any, key ...string) {
	a.v.t.Helper()
	a.v.wait(method+" "+path, func() bool {
		got := a.call(method, path, in, nil, key...)
		return got >= 200 && got < 300
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// freePort is a loopback address that nobody uses at the moment, nor gets from the system
// while a killed process comes back.
func freePort(t testing.TB, network string) string {
	t.Helper()
	for {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(20000+rand.IntN(10000)))
		var free io.Closer
		var err error
		if network == "udp" {
			free, err = net.ListenPacket("udp", address)
		} else {
			free, err = net.Listen("tcp", address)
		}
		if err == nil {
			must(t, free.Close())
			return address
		}
	}
}

// lockedBuffer keeps what the process said.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) note(s string) { _, _ = l.Write([]byte("e2e: " + s + "\n")) }

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// tail is the end of it, enough to see why a story stopped.
func (l *lockedBuffer) tail() string {
	s := l.String()
	if len(s) > 6000 {
		s = "… " + s[len(s)-6000:]
	}
	return s
}

func itoa[n ~int64](v n) string { return strconv.FormatInt(int64(v), 10) }
