// Package pgtest gives each test a fresh, migrated PostgreSQL database.
//
// The first test of a process starts a private server, migrates a template once, and
// each test gets a copy, which is dropped after it. The server dies with the process,
// however that ends, and its directory goes with it.
package pgtest

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/localpg"
	"github.com/vaxelhq/vaxel/migrations"
)

const (
	template  = "vaxel" // the server's first database, migrated
	startTime = time.Minute
	leakTime  = time.Minute // for a test's connections to come back
)

// New is a pool on a fresh, migrated database. It is closed after the test; a test that
// keeps a connection fails.
func New(t testing.TB) *pgxpool.Pool {
	t.Helper()
	return Open(t, NewURL(t))
}

// NewURL is a fresh, migrated database that a second process can be told of as well.
func NewURL(t testing.TB) string {
	t.Helper()
	c, err := start(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	name := "test_" + strconv.FormatInt(c.last.Add(1), 10)
	if err := c.exec(t.Context(), "create database "+name+" template "+template+" strategy file_copy"); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() {
		if err := c.exec(context.WithoutCancel(t.Context()), "drop database "+name+" with (force)"); err != nil {
			t.Errorf("pgtest: %v", err)
		}
	})
	return strings.Replace(c.url, "/"+template+"?", "/"+name+"?", 1)
}

// Open is a pool on a database of NewURL, closed after the test.
func Open(t testing.TB, url string) *pgxpool.Pool {
	t.Helper()
	pool, err := open(t.Context(), url)
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() {
		closed := make(chan struct{})
		go func() { pool.Close(); close(closed) }()
		select {
		case <-closed:
		case <-time.After(leakTime):
			t.Errorf("pgtest: %d connections were not given back to the pool", pool.Stat().AcquiredConns())
		}
	})
	return pool
}

func open(ctx context.Context, url string) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	cfg.MaxConns = 16
	cfg.ConnConfig.RuntimeParams["plan_cache_mode"] = "force_generic_plan" // as a node's own
	return pgxpool.NewWithConfig(context.WithoutCancel(ctx), cfg)
}

// cluster is this process's server.
type cluster struct {
	url   string       // of the template
	admin string       // of the database from which others are made
	last  atomic.Int64 // number of the last database
	leash io.Closer    // the sweeper's stdin; never closed but by our death
}

var (
	once     sync.Once
	ours     *cluster
	startErr error
)

// start brings the server up, once, within startTime.
func start(ctx context.Context) (*cluster, error) {
	once.Do(func() {
		ctx, cancel := context.WithTimeout(ctx, startTime)
		defer cancel()
		ours, startErr = newCluster(ctx)
	})
	return ours, startErr
}

func newCluster(ctx context.Context) (*cluster, error) {
	dir, err := os.MkdirTemp(place(), "vaxel-pgtest-")
	if err != nil {
		return nil, err
	}
	c := &cluster{}
	if c.leash, err = sweepAfterUs(ctx, dir); err != nil {
		return nil, err
	}
	srv, err := localpg.Start(ctx, localpg.Options{Dir: dir + "/pg", Throwaway: true})
	if err != nil {
		return nil, err
	}
	c.url = srv.URL()
	c.admin = strings.Replace(c.url, "/"+template+"?", "/postgres?", 1)
	return c, c.migrate(ctx)
}

// place is the folder where servers of tests lie: in memory, if there is room for some. A
// copy of the template is a thousand files, which take a tenth of the time there.
func place() string {
	const memory, room = "/dev/shm", 4 << 30
	var s syscall.Statfs_t
	if err := syscall.Statfs(memory, &s); err != nil || s.Bavail*uint64(s.Bsize) < room {
		return "" // the usual one for what is temporary
	}
	return memory
}

func (c *cluster) migrate(ctx context.Context) error {
	pool, err := open(ctx, c.url)
	if err != nil {
		return err
	}
	defer pool.Close() // a template must have no session
	return migrations.Up(ctx, pool)
}

func (c *cluster) exec(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, c.admin)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, sql); err != nil {
		return fmt.Errorf("%s: %w", sql, err)
	}
	return nil
}

// sweepAfterUs starts a shell that waits for our end, which closes its stdin, then for
// the server's, and removes the directory. A test process has no later moment of its
// own, and may be killed.
func sweepAfterUs(ctx context.Context, dir string) (io.Closer, error) {
	const script = `cat >/dev/null
pid=$(head -n 1 "$1/pg/data/postmaster.pid" 2>/dev/null)
for _ in $(seq 100); do
  [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null || break
  sleep 0.05
done
rm -rf "$1"`
	cmd := exec.CommandContext(context.WithoutCancel(ctx), "/bin/sh", "-c", script, "sweeper", dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // ^C is for us
	leash, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	return leash, cmd.Start()
}
