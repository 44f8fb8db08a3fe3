package localpg

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/url"
	"os/exec"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Dump writes the database of a running server to w, in pg_dump's custom format:
// compressed, and read by Restore. dsn is a Server's URL or any other PostgreSQL's of a
// version we support. Sessions go on meanwhile; the dump is of one moment.
func Dump(ctx context.Context, dsn string, w io.Writer) error {
	cmd, err := client(ctx, dsn, "pg_dump", "--format=custom")
	if err != nil {
		return fmt.Errorf("dump the database: %w", err)
	}
	cmd.Stdout = w
	return run(cmd)
}

// Restore reads what Dump wrote into the database of dsn, which must be empty. All of it
// is restored or nothing.
func Restore(ctx context.Context, dsn string, r io.Reader) error {
	cmd, err := client(ctx, dsn, "pg_restore", "--single-transaction", "--exit-on-error")
	if err != nil {
		return fmt.Errorf("restore the database: %w", err)
	}
	cmd.Stdin = r
	return run(cmd)
}

// client prepares a client program of the server's own major version: an older one is
// refused, and a newer one writes settings that the server does not know.
func client(ctx context.Context, dsn, name string, args ...string) (*exec.Cmd, error) {
	major, err := serverMajor(ctx, dsn)
	if err != nil {
		return nil, err
	}
	bin, err := choose(major, installed(ctx))
	if err != nil {
		return nil, err
	}
	dsn, password := withoutPassword(dsn)
	args = append(args, "--no-owner", "--no-privileges", "--dbname="+dsn)
	cmd := exec.CommandContext(ctx, bin.path(name), args...)
	cmd.Env = plainEnv
	if password != "" {
		cmd.Env = append(cmd.Env, "PGPASSWORD="+password)
	}
	return cmd, nil
}

func serverMajor(ctx context.Context, dsn string) (string, error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	major, _, _ := strings.Cut(conn.PgConn().ParameterStatus("server_version"), ".") // "15.18 (Debian …)"
	return major, nil
}

// withoutPassword takes the password out of a URL: every user of the machine can read
// a command line.
func withoutPassword(dsn string) (rest, password string) {
	u, err := url.Parse(dsn)
	if err != nil || u.User == nil {
		return dsn, ""
	}
	password, _ = u.User.Password()
	u.User = url.User(u.User.Username())
	return u.String(), password
}

func run(cmd *exec.Cmd) error {
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", cmd.Args[0], err, lastLines(said.String()))
	}
	return nil
}
