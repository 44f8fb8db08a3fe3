package localpg_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/localpg"
)

// newDir is a directory that any account may be given a place in; t.TempDir is closed
// to others.
func newDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "vaxel-localpg-") //nolint:usetesting // t.TempDir is closed to other accounts
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir + "/pg"
}

func start(t *testing.T, dir string) *localpg.Server {
	t.Helper()
	began := time.Now()
	s, err := localpg.Start(t.Context(), localpg.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("started in %v", time.Since(began))
	t.Cleanup(func() { _ = s.Stop() })
	return s
}

func stop(t *testing.T, s *localpg.Server) {
	t.Helper()
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
}

// query is the first column of a statement's first row, on a connection of its own.
func query(t *testing.T, dsn, sql string) (text string) {
	t.Helper()
	text, err := tryQuery(t.Context(), dsn, sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return text
}

func tryQuery(ctx context.Context, dsn, sql string) (text string, err error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, sql, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return "", err
	}
	for rows.Next() && text == "" {
		text = string(rows.RawValues()[0])
	}
	rows.Close()
	return text, rows.Err()
}

const (
	keep = "create table kept (n int); insert into kept values (42)"
	kept = "select n from kept"
)

func TestKeepsItsDataFromStartToStart(t *testing.T) {
	dir := newDir(t)
	if there, err := localpg.Exists(dir); there || err != nil {
		t.Errorf("before the first start: got %v, %v", there, err)
	}
	s := start(t, dir)
	if there, err := localpg.Exists(dir); !there || err != nil {
		t.Errorf("after it: got %v, %v", there, err)
	}
	query(t, s.URL(), keep)
	stop(t, s)
	select {
	case <-s.Done():
	default:
		t.Error("Done is open after Stop")
	}
	if got := query(t, start(t, dir).URL(), kept); got != "42" {
		t.Errorf("got %q", got)
	}
}

func TestIsDurableAndBehindWalls(t *testing.T) {
	dir := newDir(t)
	s := start(t, dir)
	for setting, want := range map[string]string{
		"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "data_checksums": "on",
		"listen_addresses": "", "server_encoding": "UTF8", "log_min_error_statement": "panic",
		"deadlock_timeout": "100ms",
		// Who has nothing to do sleeps, and who has writes as much a second as by default.
		"autovacuum_naptime": "1min", "bgwriter_delay": "2s", "bgwriter_lru_maxpages": "1000", "wal_writer_delay": "10s",
	} {
		if got := query(t, s.URL(), "show "+setting); got != want {
			t.Errorf("%s: got %q, want %q", setting, got, want)
		}
	}
	if got := query(t, s.URL(), `select lower('ÅÄÖ') || ('a' < 'B')`); got != "åäöfalse" {
		t.Errorf("got %q, want letters lowered and texts ordered by code point", got)
	}
	for _, d := range []string{dir, dir + "/run", dir + "/data"} {
		if info, err := os.Stat(d); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: got %v, %v, want 0700", d, info.Mode(), err)
		}
	}
}

// TestStoppingIsNoTrouble: connections that are open when the server is stopped are worth
// no warning.
func TestStoppingIsNoTrouble(t *testing.T) {
	var out bytes.Buffer // read after Stop, when the server's output has ended
	s, err := localpg.Start(t.Context(), localpg.Options{Dir: newDir(t), Logger: slog.New(slog.NewTextHandler(&out, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop() })
	for range 2 {
		conn, err := pgx.Connect(t.Context(), s.URL())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	}
	stop(t, s)
	if strings.Contains(out.String(), "level=WARN") {
		t.Errorf("logged:\n%s", out.String())
	}
}

func TestSettingsGoOverOurs(t *testing.T) {
	s, err := localpg.Start(t.Context(), localpg.Options{Dir: newDir(t), Settings: map[string]string{"work_mem": "3MB"}})
	if err != nil {
		t.Fatal(err)
	}
	defer stop(t, s)
	if got := query(t, s.URL(), "show work_mem"); got != "3MB" {
		t.Errorf("got %q", got)
	}
}

func TestServerKilledIsStartedAgain(t *testing.T) {
	dir := newDir(t)
	s := start(t, dir)
	query(t, s.URL(), keep)
	first := postmaster(t, dir)
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	await(t, func() bool {
		got, err := tryQuery(t.Context(), s.URL(), kept)
		return err == nil && got == "42"
	})
	t.Logf("back after %v", time.Since(began))
	if postmaster(t, dir) == first {
		t.Error("the killed server answers")
	}
	stop(t, s)
}

func TestServerThatCannotStartAgainSaysWhy(t *testing.T) {
	dir := newDir(t)
	s := start(t, dir)
	if err := os.WriteFile(dir+"/data/postgresql.conf", []byte("no_such_setting = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(postmaster(t, dir), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := s.Wait(); err == nil || !strings.Contains(err.Error(), "no_such_setting") {
		t.Errorf("got %v", err)
	}
}

func TestOutlivesTheThreadThatStartedIt(t *testing.T) {
	var s *localpg.Server
	started := make(chan struct{})
	go func() {
		defer close(started)
		runtime.LockOSThread() // and not unlocked: the thread ends with this goroutine
		s = start(t, newDir(t))
	}()
	<-started
	for range 50 {
		query(t, s.URL(), "select 1")
	}
	stop(t, s)
}

func TestForeignMajorVersionIsLeftAlone(t *testing.T) {
	dir := newDir(t)
	s := start(t, dir)
	query(t, s.URL(), keep)
	stop(t, s)
	version := dir + "/data/PG_VERSION"
	ours, err := os.ReadFile(version)
	if err != nil {
		t.Fatal(err)
	}
	write := func(b []byte) {
		if err := os.WriteFile(version, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write([]byte("9\n"))
	_, err = localpg.Start(t.Context(), localpg.Options{Dir: dir})
	if !errors.Is(err, localpg.ErrNotInstalled) || !strings.Contains(err.Error(), "apt-get install postgresql-9") {
		t.Errorf("got %v", err)
	}
	write(ours)
	if got := query(t, start(t, dir).URL(), kept); got != "42" {
		t.Errorf("got %q", got)
	}
}

func TestWhatIsNoDataIsLeftAlone(t *testing.T) {
	dir := newDir(t)
	if err := os.MkdirAll(dir+"/data", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/data/precious", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := localpg.Start(t.Context(), localpg.Options{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "left alone") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(dir + "/data/precious"); err != nil {
		t.Error(err)
	}
}

func TestAHalfMadeDirectoryIsMadeAnew(t *testing.T) {
	dir := newDir(t)
	if err := os.MkdirAll(dir+"/fresh-123/base", 0o700); err != nil {
		t.Fatal(err)
	}
	query(t, start(t, dir).URL(), "select 1")
	if left, _ := filepath.Glob(dir + "/fresh-*"); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestLongSocketPathIsMoved(t *testing.T) {
	dir := filepath.Join(newDir(t), strings.Repeat("d", 100))
	s := start(t, dir)
	query(t, s.URL(), keep)
	u, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	host := u.Query().Get("host")
	t.Cleanup(func() { _ = os.RemoveAll(host) })
	if info, err := os.Stat(host); err != nil || info.Mode().Perm() != 0o700 || len(host) > 90 {
		t.Errorf("%s: got %v, %v, want a short path of mode 0700", host, info, err)
	}
	if other, err := localpg.URL(dir); err != nil || other != s.URL() {
		t.Errorf("others look for it at %s, %v, want %s", other, err, s.URL())
	}
	stop(t, s)
}

func TestSecondInstanceIsToldWhoHasIt(t *testing.T) {
	dir := newDir(t)
	s := start(t, dir)
	_, err := localpg.Start(t.Context(), localpg.Options{Dir: dir})
	if !errors.Is(err, localpg.ErrInUse) || !strings.Contains(err.Error(), fmt.Sprintf("process %d has it", os.Getpid())) {
		t.Errorf("got %v", err)
	}
	query(t, s.URL(), "select 1") // the first is unharmed
}

func TestDumpAndRestore(t *testing.T) {
	s := start(t, newDir(t))
	query(t, s.URL(), keep)
	var dump bytes.Buffer
	if err := localpg.Dump(t.Context(), s.URL(), &dump); err != nil {
		t.Fatal(err)
	}
	fresh := start(t, newDir(t))
	if err := localpg.Restore(t.Context(), fresh.URL(), bytes.NewReader(dump.Bytes())); err != nil {
		t.Fatal(err)
	}
	if got := query(t, fresh.URL(), kept); got != "42" {
		t.Errorf("got %q", got)
	}
	err := localpg.Restore(t.Context(), fresh.URL(), bytes.NewReader(dump.Bytes()))
	if err == nil || !strings.Contains(err.Error(), "already exists") {
		t.Errorf("into a full database: got %v, want it refused", err)
	}
	if err := localpg.Restore(t.Context(), fresh.URL(), strings.NewReader("no dump")); err == nil {
		t.Error("what is no dump was taken")
	}
}
