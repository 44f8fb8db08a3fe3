package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/localpg"
)

// house is one Växel: a directory with its embedded database, and the process that comes
// and goes.
type house struct {
	b       *Bench
	dir     string
	http    *http.Client
	command string // what vaxel is started with
	node    string // its name among others
	seeded

	read    int    // mails that earlier runs have brought in
	base    string // http://host:port
	metrics string
	cmd     *exec.Cmd
	exited  chan struct{}
	log     *tail
	pool    *pgxpool.Pool // to check with, never to act
}

// launch runs `vaxel serve`, or another command of the house, with these settings beside the usual ones, and waits until it
// is ready. It gives how long that took.
func (h *house) launch(ctx context.Context, settings string, env ...string) (time.Duration, error) {
	began, err := h.begin(ctx, settings, env...)
	if err != nil {
		return 0, err
	}
	err = h.ready(ctx)
	return time.Since(began), err
}

// ready waits until the house is.
func (h *house) ready(ctx context.Context) error {
	return h.wait(ctx, "readiness", func() bool { return h.answers(ctx) })
}

// begin is launch without waiting; it says when the process began.
func (h *house) begin(ctx context.Context, settings string, env ...string) (began time.Time, err error) {
	at, err := freePort(ctx)
	if err != nil {
		return began, err
	}
	metrics, err := freePort(ctx)
	if err != nil {
		return began, err
	}
	config := filepath.Join(h.dir, "vaxel.toml")
	text := fmt.Sprintf("listen = %q\nmetrics = %q\ndata_dir = %q\nnode = %q\nlanguage = \"en\"\nlog_level = \"warn\"\n%s",
		at, metrics, h.data(), h.node, settings)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return began, err
	}
	h.base, h.metrics = "http://"+at, "http://"+metrics+"/metrics"
	if strings.Contains(settings, "tls_cert") {
		h.base = "https://" + at
	}
	h.log = &tail{}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), h.b.Binary, h.command, "--config", config) // our own build
	cmd.Env = append(withoutOurs(os.Environ()), env...)
	cmd.Stdout, cmd.Stderr = h.log, h.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // ^C is for us; we stop it
	began = time.Now()
	if err := cmd.Start(); err != nil {
		return began, err
	}
	exited := make(chan struct{})
	go func() { _ = cmd.Wait(); close(exited) }()
	h.cmd, h.exited = cmd, exited
	return began, nil
}

// withoutOurs drops settings of the caller's that would reach the child.
func withoutOurs(environ []string) (kept []string) {
	for _, e := range environ {
		if !strings.HasPrefix(e, "VAXEL_") {
			kept = append(kept, e)
		}
	}
	return kept
}

func (h *house) data() string { return filepath.Join(h.dir, "data") }

func (h *house) answers(ctx context.Context) bool {
	return h.get(ctx, "/readyz") == http.StatusOK
}

// get asks for a path and gives the status; 0 when nobody answers.
func (h *house) get(ctx context.Context, path string) int {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.base+path, nil)
	if err != nil {
		return 0
	}
	resp, err := h.http.Do(req)
	if err != nil {
		return 0
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, resp.Body) // so that the connection is used again
	return resp.StatusCode
}

// patience is how long anything may take that is not measured.
const patience = 40 * time.Second

// wait looks for a fact until it holds.
func (h *house) wait(ctx context.Context, what string, fact func() bool) error {
	for deadline := time.Now().Add(patience); !fact(); {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-h.exited:
			return fmt.Errorf("wait for %s: vaxel ended:\n%s", what, h.log)
		case <-time.After(2 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("waited %v for %s:\n%s", patience, what, h.log)
		}
	}
	return nil
}

// stop ends the process in good order.
func (h *house) stop() error {
	if h.cmd == nil {
		return nil
	}
	if h.pool != nil {
		h.pool.Close()
		h.pool = nil
	}
	h.http.CloseIdleConnections()
	_ = h.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-h.exited:
	case <-time.After(patience):
		_ = h.cmd.Process.Kill()
		<-h.exited
		return errors.New("vaxel did not stop when told to")
	}
	h.cmd = nil
	return nil
}

// kill ends the process as a machine's end would.
func (h *house) kill() {
	_ = h.cmd.Process.Kill()
	<-h.exited
}

// signal is for the process alone.
func (h *house) signal(s syscall.Signal) { _ = h.cmd.Process.Signal(s) }

func (h *house) pid() int { return h.cmd.Process.Pid }

// db reaches the child's database, to check what it holds.
func (h *house) db(ctx context.Context) (*pgxpool.Pool, error) {
	if h.pool != nil {
		return h.pool, nil
	}
	url, err := localpg.URL(filepath.Join(h.data(), "postgres"))
	if err != nil {
		return nil, err
	}
	h.pool, err = pgxpool.New(ctx, url)
	return h.pool, err
}

// memory is the child's heap and stacks in use, in bytes; with a low GOGC little of it is
// garbage.
func (h *house) memory(ctx context.Context) (sum float64, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.metrics, nil)
	if err != nil {
		return 0, err
	}
	resp, err := h.http.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if name == "go_memstats_heap_alloc_bytes" || name == "go_memstats_stack_inuse_bytes" {
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				return 0, err
			}
			sum += n
		}
	}
	return sum, nil
}

// freePort is a loopback address that nobody uses now, neither for TCP nor for UDP: SIP
// wants both.
func freePort(ctx context.Context) (string, error) {
	var config net.ListenConfig
	for {
		l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return "", err
		}
		u, taken := config.ListenPacket(ctx, "udp", l.Addr().String())
		if err := l.Close(); err != nil {
			return "", err
		}
		if taken == nil {
			return l.Addr().String(), u.Close()
		}
	}
}

// tail is the end of what the child said.
type tail struct {
	mu sync.Mutex
	b  []byte
}

const tailSize = 4000

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	if over := len(t.b) - tailSize; over > 0 {
		t.b = t.b[over:]
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.b))
}
