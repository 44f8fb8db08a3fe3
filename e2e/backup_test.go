package e2e

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/channels/email/mailtest"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/localpg"
	"github.com/vaxelhq/vaxel/migrations"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// passing and moving are the tables and columns that change while nobody does anything.
var (
	passing = []string{"lease", "node", "session"}
	moving  = []string{"synced_at", "behind", "problem", "term", "holder", "held_until"} // of mailbox and mailbox_cursor
)

// TestBackupRestore: what is backed up from a running Växel on its own PostgreSQL is all
// there in another directory: each row, each file, and the work that was open; and what
// lies in the mailbox since before does not come in again.
func TestBackupRestore(t *testing.T) {
	t.Parallel()
	dovecot := mailtest.StartDovecot(t)
	was := embedded(t, mailbox(dovecot.IMAP, dovecot.IMAP))
	was.found()
	was.serve()
	was.agent.signIn()
	c := was.agent.openConsole()
	was.agent.available()
	dovecot.Deliver(t, support, mailtest.Mail("m1", "karin@kund.example", "Hej", "Hej!"))
	id := c.accept(t)
	was.agent.must(http.MethodPut, "/me/status", map[string]string{"status": "working_offline"}, nil)
	dovecot.Deliver(t, support, mailtest.Mail("m2", "bo@kund.example", "Hej", "Hopp!"))
	was.wait("the second mail", func() bool { return was.number(`select count(*) from interaction where state = 'waiting'`) == 1 })
	was.agent.must(http.MethodPost, "/interactions/"+id.String()+"/notes", map[string]any{"text": "Ringer i morgon."}, nil)

	var file string
	var rows map[string]string
	was.wait("a backup during which nothing changes", func() bool {
		rows, file = was.rows(), filepath.Join(was.dir, fmt.Sprintf("backup-%d.tar", time.Now().UnixNano()))
		was.says("backup", file)
		return maps.Equal(rows, was.rows())
	})
	files := was.files()
	raw := was.agent.raw(id)
	was.stop()

	now := embedded(t, mailbox(dovecot.IMAP, dovecot.IMAP))
	now.says("restore", file)
	key, err := os.ReadFile(filepath.Join(was.dir, "data", "secret.key"))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(now.dir, "data", "secret.key"), key, 0o600))
	stop := now.database()
	if got := now.rows(); !maps.Equal(got, rows) {
		for table := range rows {
			if got[table] != rows[table] {
				t.Errorf("%s: got %s, want %s", table, got[table], rows[table])
			}
		}
	}
	if got := now.files(); !maps.Equal(got, files) || len(files) < 2 {
		t.Errorf("got %d blobs, want the same %d", len(got), len(files))
	}
	if read := now.number(`select count(*) from mailbox_cursor where uid > 0`); read != 1 {
		t.Errorf("%d mailboxes know how far they have been read, want 1", read)
	}
	stop()
	now.serve()
	dovecot.Deliver(t, support, mailtest.Mail("m3", "eva@kund.example", "Hej", "Hoppsan!"))
	now.wait("the mail that came since", func() bool { return now.number(`select count(*) from entry where text like 'Hoppsan!%'`) == 1 })
	if n := now.number(`select count(*) from arrival where key like 'email/%'`); n != 3 {
		t.Errorf("%d mails have come in, want the two of before and the new one, once each", n)
	}
	now.agent = &agent{v: now, id: was.agent.id, login: was.agent.login}
	now.codes = was.codes
	now.agent.signIn()
	if got := now.agent.raw(id); !bytes.Equal(got, raw) || len(raw) == 0 {
		t.Errorf("got the mail as %q, want %q", got, raw)
	}
	now.agent.openConsole().finish(t, id)
}

// embedded is a Växel that runs its own PostgreSQL, whose account must reach the directory.
func embedded(t *testing.T, settings string) *vaxel {
	t.Helper()
	_, err := binary()
	must(t, err)
	dir, err := os.MkdirTemp("", "vaxel-e2e-") //nolint:usetesting // its parents are private
	must(t, err)
	must(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	v := &vaxel{t: t, dir: dir, log: &lockedBuffer{}}
	v.configure(settings)
	return v
}

// found seeds its database before the first start.
func (v *vaxel) found() {
	v.t.Helper()
	must(v.t, os.MkdirAll(filepath.Join(v.dir, "data"), 0o755))
	stop := v.database()
	must(v.t, migrations.Up(v.t.Context(), v.pool))
	v.seed()
	stop()
}

// database opens its database without it.
func (v *vaxel) database() (stop func()) {
	v.t.Helper()
	server, err := localpg.Start(v.t.Context(), localpg.Options{Dir: filepath.Join(v.dir, "data", "postgres")})
	must(v.t, err)
	v.pool, err = pgxpool.New(v.t.Context(), server.URL())
	must(v.t, err)
	return func() {
		v.pool.Close()
		must(v.t, server.Stop())
	}
}

// serve starts it and opens its database.
func (v *vaxel) serve() {
	v.t.Helper()
	v.start()
	v.t.Cleanup(v.stop)
	url, err := localpg.URL(filepath.Join(v.dir, "data", "postgres"))
	must(v.t, err)
	v.pool = pgtest.Open(v.t, url)
}

// stop ends the process as an operator does, and waits for its PostgreSQL to end.
func (v *vaxel) stop() {
	v.mu.Lock()
	cmd, exit := v.cmd, v.exit
	v.mu.Unlock()
	_ = cmd.Process.Signal(syscall.SIGTERM)
	<-exit
}

// says runs another command of the binary, with the same configuration, and gives what it prints.
func (v *vaxel) says(args ...string) string {
	v.t.Helper()
	path, err := binary()
	must(v.t, err)
	out, err := exec.CommandContext(v.t.Context(), path, append(v.args[:2:2], args...)...).CombinedOutput()
	if err != nil {
		v.t.Fatalf("vaxel %s: %v\n%s", args[0], err, out)
	}
	return string(out)
}

// rows are a sum over the rows of each table.
func (v *vaxel) rows() map[string]string {
	v.t.Helper()
	list, err := v.pool.Query(v.t.Context(), `
		select tablename from pg_tables
		where schemaname = 'public' and tablename <> all($1)`, passing)
	must(v.t, err)
	tables, err := pgx.CollectRows(list, pgx.RowTo[string])
	must(v.t, err)
	sums := map[string]string{}
	for _, table := range tables {
		var sum string
		must(v.t, v.pool.QueryRow(v.t.Context(), `
			select count(*) || ' rows, ' || coalesce(md5(string_agg(x.row, '|' order by x.row)), '')
			from (
				select (case when $1 then to_jsonb(t) - $2::text[] else to_jsonb(t) end)::text as row
				from `+pgx.Identifier{table}.Sanitize()+` t
			) x`, strings.HasPrefix(table, "mailbox"), moving).Scan(&sum))
		sums[table] = sum
	}
	return sums
}

// files are the stored blobs: path → content.
func (v *vaxel) files() map[string]string {
	v.t.Helper()
	blobs := os.DirFS(filepath.Join(v.dir, "data", "blobs"))
	out := map[string]string{}
	must(v.t, fs.WalkDir(blobs, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		body, err := fs.ReadFile(blobs, path)
		out[path] = string(body)
		return err
	}))
	return out
}

// raw is the first mail of an interaction as it came.
func (a *agent) raw(id gateway.InteractionID) []byte {
	a.v.t.Helper()
	var i gateway.Interaction
	a.must(http.MethodGet, "/interactions/"+id.String(), nil, &i)
	resp, err := a.client.Get(a.v.base + "/api/v1/entries/" + i.Conversation.String() + "/1/raw")
	must(a.v.t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	must(a.v.t, err)
	if resp.StatusCode != http.StatusOK {
		a.v.t.Fatalf("the mail as it came: %s %s", resp.Status, body)
	}
	return body
}
