package localpg_test

import (
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/localpg"
)

// newDir is a directory that any account may be given a place in; t.TempDir is closed
// to others.
func newDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "vaxel-localpg-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir + "/pg"
}

func start(t *testing.T, dir string) *localpg.Server {
	t.Helper()
	s, err := localpg.Start(t.Context(), localpg.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// exec runs one statement on a connection of its own.
func exec(t *testing.T, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

func TestStartsTwice(t *testing.T) {
	dir := newDir(t)
	s := start(t, dir)
	exec(t, s.URL(), "create table kept ()")
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	exec(t, start(t, dir).URL(), "select from kept")
}
