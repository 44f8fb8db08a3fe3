package main

import (
	"context"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// A connection through a socket of this machine is believed in, however long it was idle, until its
// server has ended it; then it is doubted before anybody loses a statement to it.
func TestAConnectionIsDoubtedWhenItsServerHasEndedIt(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	conn, err := pgx.ConnectConfig(t.Context(), pool.Config().ConnConfig)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	if _, unix := conn.PgConn().Conn().(*net.UnixConn); !unix {
		t.Fatal("the test's database is not reached through a socket of this machine")
	}
	ask := func() bool {
		return doubtful(t.Context(), pgxpool.ShouldPingParams{Conn: conn, IdleDuration: time.Hour})
	}
	if _, err := conn.Exec(t.Context(), "select 1"); err != nil {
		t.Fatal(err)
	}
	if ask() {
		t.Error("a connection that is there is doubted")
	}
	if _, err := conn.Exec(t.Context(), "select 1"); err != nil {
		t.Errorf("to look took something away: %v", err)
	}
	if _, err := pool.Exec(t.Context(), "select pg_terminate_backend($1)", conn.PgConn().PID()); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); !ask(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("a connection that its server has ended is believed in")
		}
	}
}

// pgx leaves a reader behind after a slow write. To look does not wait for it.
func TestToLookWaitsForNoReader(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: dir + "/s", Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	ours, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: dir + "/s", Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := l.AcceptUnix()
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan struct{})
	begun := make(chan struct{})
	go func() {
		buf := make([]byte, 1)
		_, _ = ours.Read(buf) // the first byte
		close(begun)
		_, _ = ours.Read(buf) // waits for the end
		close(heard)
	}()
	if _, err := theirs.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	<-begun
	for range 1000 { // the reader is within its read for most of them
		if !silent(ours) {
			t.Fatal("nothing has come, and it is said that something has")
		}
		runtime.Gosched()
	}
	_ = theirs.Close()
	<-heard
	if silent(ours) {
		t.Error("an end that a reader has heard of is not seen")
	}
	_ = ours.Close()
}

// Of one to another machine the kernel may not know that it is gone: it is asked as before.
func TestAConnectionToAnotherMachineIsAsked(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	config := pool.Config().ConnConfig
	dial := config.DialFunc
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		return struct{ net.Conn }{c}, err
	}
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	for idle, want := range map[time.Duration]bool{pingAfter: false, pingAfter + 1: true} {
		if got := doubtful(t.Context(), pgxpool.ShouldPingParams{Conn: conn, IdleDuration: idle}); got != want {
			t.Errorf("idle for %v: doubted %v, want %v", idle, got, want)
		}
	}
}
