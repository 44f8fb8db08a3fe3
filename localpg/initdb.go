package localpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// initdb makes the data once. It is made beside its place, synced in one go and only
// then renamed, so that data/ is whole or absent. A start that was killed half way
// leaves a fresh-* directory, which never served anybody.
func (s *Server) initdb(ctx context.Context) error {
	major, err := s.home.major()
	if err != nil || major != "" {
		return err
	}
	if entries, err := os.ReadDir(s.home.data()); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty and holds no PG_VERSION: it is no PostgreSQL data, and is left alone", s.home.data())
	}
	fresh, err := s.fresh()
	if err != nil {
		return err
	}
	if err := s.runInitdb(ctx, fresh); err != nil {
		return errors.Join(fmt.Errorf("initdb: %w: %s", err, s.tail.last()), os.RemoveAll(fresh))
	}
	if !s.opts.Throwaway {
		if err := syncAll(fresh); err != nil {
			return fmt.Errorf("sync %s: %w", fresh, err)
		}
	}
	if err := os.Rename(fresh, s.home.data()); err != nil {
		return err
	}
	s.made = true
	return syncDir(s.home.dir)
}

// fresh makes a place for initdb and clears those of starts that were killed. Their
// initdb may still be at work there for a moment, hence a new name each time, and what
// cannot be removed now is removed by a later start.
func (s *Server) fresh() (string, error) {
	leftovers, err := filepath.Glob(filepath.Join(s.home.dir, "fresh-*"))
	if err != nil {
		return "", err
	}
	for _, l := range leftovers {
		_ = os.RemoveAll(l)
	}
	dir, err := os.MkdirTemp(s.home.dir, "fresh-")
	if err != nil {
		return "", err
	}
	return dir, s.home.account.mkdir(dir)
}

func (s *Server) runInitdb(ctx context.Context, fresh string) error {
	cmd := s.command(ctx, "initdb", s.initdbArgs(fresh)...)
	cmd.Stderr = s.tail
	p, err := launch(cmd)
	if err != nil {
		return err
	}
	<-p.exited
	return p.err
}

// initdbArgs ask for UTF-8, and for an order of texts that no upgrade of the C library
// or of ICU can change, since that would break indexes in silence.
func (s *Server) initdbArgs(dir string) []string {
	args := []string{
		"--pgdata=" + s.home.seen(dir), "--username=" + Role, "--auth-local=trust", "--auth-host=reject",
		"--encoding=UTF8", "--data-checksums", "--no-sync", "--no-instructions", "--lc-messages=C",
	}
	if s.bin.major >= 17 {
		return append(args, "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
	}
	return append(args, "--locale=C.UTF-8", "--lc-collate=C")
}

// plainEnv has nothing that could steer PostgreSQL: no PGDATA, PGOPTIONS, LC_ALL of ours.
var plainEnv = []string{"PATH=/usr/bin:/bin", "TZ=UTC", "LC_ALL=C"}

// command prepares a program of PostgreSQL as the server's account.
func (s *Server) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, s.bin.path(name), args...)
	cmd.Env = plainEnv
	cmd.Dir = "/"
	cmd.SysProcAttr = s.home.account.sysProcAttr()
	if s.home.handle != nil {
		cmd.ExtraFiles = []*os.File{s.home.handle}
	}
	return cmd
}

// ensureDatabase makes the Växel database unless it is there; a start that was killed
// between initdb and this has left it to us.
func (s *Server) ensureDatabase(ctx context.Context) error {
	if s.made {
		return s.createDatabase(ctx)
	}
	conn, err := pgx.Connect(ctx, s.URL())
	if err == nil {
		return conn.Close(ctx)
	}
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) || pgErr.Code != "3D000" { // invalid_catalog_name
		return err
	}
	return s.createDatabase(ctx)
}

func (s *Server) createDatabase(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.home.url("postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "create database "+Database)
	return errors.Join(err, conn.Close(ctx))
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func lastLines(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], " / ")
}
