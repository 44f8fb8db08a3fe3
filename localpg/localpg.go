// Package localpg is in charge of the embedded default's database: a private
// PostgreSQL that runs as our child, in a directory of its own.
//
// It promises:
//   - what is committed is on disk (fsync, synchronous_commit, data checksums);
//   - the server dies with its parent, however that ends, and a server that dies is
//     started again; either way PostgreSQL recovers what was committed;
//   - it is reached through a unix socket in a directory that only its account can
//     enter, never over TCP;
//   - nothing in the directory is ever wiped, no lock file is ever deleted, and one
//     directory has one server: a second Start is refused and told who has it.
//
// A server's life:
//
//	Start ─▶ initdb (once) ─▶ starting ─▶ ready ─▶ Stop ─▶ done
//	                             ▲           │ killed
//	                             └───────────┘ (at most maxFalls in a row)
package localpg

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
)

// The account and the database that Växel uses inside the server.
const (
	Role     = "vaxel"
	Database = "vaxel"
)

// Options say where and how the server runs. Dir alone is enough.
type Options struct {
	// Dir is the server's own directory. It is made if missing, belongs to the account
	// the server runs under, and nothing else may be kept in it.
	Dir string
	// Logger gets the server's log; nil discards it. Statements and their values, which
	// may hold what a customer wrote, are never in it.
	Logger *slog.Logger
	// Settings are postgresql.conf settings that go over ours.
	Settings map[string]string
	// Throwaway trades durability for speed: tests only.
	Throwaway bool
}

// Server is a running PostgreSQL.
type Server struct {
	home     home
	opts     Options
	bin      binaries
	made     bool     // this start made the data
	lock     *os.File // held for life; the kernel lets go of it when we die
	tail     *logTail
	stopOnce sync.Once
	stopping chan struct{}
	done     chan struct{}
	err      error // why it ended; read after done
}

// Start brings the server up and returns when it takes connections. It makes the
// database on the first start. The context bounds the start, not the server's life.
func Start(ctx context.Context, opts Options) (*Server, error) {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		opts: opts, tail: &logTail{logger: opts.Logger},
		stopping: make(chan struct{}), done: make(chan struct{}),
	}
	if err := s.start(ctx); err != nil {
		return nil, fmt.Errorf("start the database in %s: %w", opts.Dir, err)
	}
	return s, nil
}

func (s *Server) start(ctx context.Context) (err error) {
	if s.home, err = openHome(s.opts.Dir); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.lock, err = s.home.lock(); err != nil {
		return err
	}
	if s.bin, err = s.home.binaries(ctx); err != nil {
		return err
	}
	if err = s.initdb(ctx); err != nil {
		return err
	}
	p, err := s.begin(ctx)
	if err != nil {
		return err
	}
	go s.keep(context.WithoutCancel(ctx), p)
	if err = s.ensureDatabase(ctx); err != nil {
		return errors.Join(err, s.Stop())
	}
	return nil
}

// Exists says whether a server has its data in a directory. Commands that work on what is
// there ask first: a mistyped directory is not to become an empty database.
func Exists(dir string) (bool, error) {
	major, err := home{dir: dir}.major()
	return major != "", err
}

// close gives the directory back.
func (s *Server) close() {
	s.home.close()
	if s.lock != nil {
		s.lock.Close()
	}
}

// URL is where the Växel database is reached: postgres:///vaxel?host=…&user=vaxel.
func (s *Server) URL() string { return s.home.url(Database) }

// Done is closed when the server has ended and will not be started again.
func (s *Server) Done() <-chan struct{} { return s.done }

// Wait waits for Done and says why the server ended: nil after Stop.
func (s *Server) Wait() error {
	<-s.done
	return s.err
}

// Stop ends the server in good order: sessions are cut off, what is committed is
// written. It returns when the server is gone. Calling it again is harmless.
func (s *Server) Stop() error {
	s.stopOnce.Do(func() { close(s.stopping) })
	return s.Wait()
}
