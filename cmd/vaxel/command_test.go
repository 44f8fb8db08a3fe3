package main

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// refusal is a command line that can't be obeyed, and what the person at the terminal is
// told. In args, environ, file and want, DIR is a directory of the case's own, BUSY a port
// of loopback that somebody listens on, and PGURL the address of a database in use.
type refusal struct {
	args    string
	environ []string
	file    string // of the configuration
	there   string // a file that is there already, with "x" in it
	want    string
}

var refusals = map[string]refusal{
	"nothing said":                 {args: "", want: `expected one of "serve", "demo"`},
	"a mistyped command":           {args: "srve", want: `did you mean "serve"?`},
	"a mistyped sub-command":       {args: "admin pasword anna", want: `did you mean "password"?`},
	"a mistyped flag":              {args: "serve --lisen=x", want: `did you mean "--listen"?`},
	"one word too many":            {args: "openapi all", want: "unexpected argument all"},
	"a flag without its value":     {args: "serve --listen", want: "--listen: expected string value"},
	"no configuration there":       {args: "check -c DIR/no.toml", want: "DIR/no.toml: no such file"},
	"a directory as configuration": {args: "check -c DIR", want: "is a directory"},
	"no TOML":                      {args: "check", file: "listen = \n", want: "At line 1, column 10"},
	"a value of another kind":      {args: "check", file: "listen = 5", want: `last key "listen"`},
	"an unknown key":               {args: "check", file: "lisen = \"x\"", want: `unknown key "lisen": did you mean "listen"?`},
	"an unknown table, told once":  {args: "check", file: "[voic]\nlisten = \"x\"", want: "unknown key \"voic\": did you mean \"voice\"?\n"},
	"an unknown variable":          {args: "check", environ: []string{"VAXEL_LISEN=x"}, want: "did you mean VAXEL_LISTEN?"},
	"a variable of another kind":   {args: "check", environ: []string{"VAXEL_CHAT_LINES_PER_SECOND=many"}, want: `"many" is not a whole number`},
	"a port alone":                 {args: "serve --listen=8080", want: "write it as host:port, such as 127.0.0.1:8080"},
	"a public address without TLS": {args: "serve --listen=0.0.0.0:80", want: "set tls_cert and tls_key, or trusted_proxies"},
	"no certificate there":         {args: "check", file: "tls_cert = \"DIR/c.pem\"\ntls_key = \"DIR/k.pem\"", want: "tls_cert: open DIR/c.pem: no such file"},
	"a public URL with a path":     {args: "check", file: `public_url = "https://help.example/vaxel/"`, want: "write scheme and host only"},
	"figures for everybody":        {args: "check", file: `metrics = ":9090"`, want: "metrics: :9090 would show the figures to everybody"},
	"a name as telephone address":  {args: "check", file: "[voice]\nlisten = \"localhost:5060\"", want: "voice.listen: \"localhost:5060\" is not an address and a port"},
	"a prefix that is no number":   {args: "check", file: "[voice]\nlisten = \"127.0.0.1:5060\"\n[[voice.dial]]\nprefix = \"abc\"", want: `voice.dial: prefix: "abc" is not how a number begins`},
	"a prefix with a space":        {args: "check", file: "[voice]\nlisten = \"127.0.0.1:5060\"\n[[voice.dial]]\nprefix = \"+46 8\"", want: `voice.dial: prefix: "+46 8" is not how a number begins`},
	"more stripped than there is":  {args: "check", file: "[voice]\nlisten = \"127.0.0.1:5060\"\n[[voice.dial]]\nprefix = \"08\"\nstrip = 3", want: "voice.dial: 08: strip: 3 characters"},
	"words put before a number":    {args: "check", file: "[voice]\nlisten = \"127.0.0.1:5060\"\n[[voice.dial]]\nprefix = \"08\"\nadd = \"x\"", want: `voice.dial: 08: add: "x" is not how a number begins`},
	"a token asked in the clear":   {args: "check", file: "[[mailbox]]\naddress = \"a@example.com\"\noauth = { token_url = \"http://login.example/token\", client_id = \"c\" }", want: "mailbox 1 oauth: bad_token_url: the token URL of a@example.com is \"http://login.example/token\""},
	"a token for no client":        {args: "check", file: "[[mailbox]]\naddress = \"a@example.com\"\noauth = { token_url = \"https://login.example/token\" }", want: "mailbox 1 oauth: no_client_id: mailbox a@example.com needs the client id"},
	"two widgets of one key":       {args: "check", file: "[[widget]]\nkey = \"a\"\nqueue = \"A\"\n[[widget]]\nkey = \"a\"\nqueue = \"B\"", want: `widget.key: "a" stands there twice`},
	"a taken port":                 {args: "serve --database-url=PGURL --listen=BUSY", want: "listen: another program has BUSY"},
	"a taken port for figures":     {args: "serve --database-url=PGURL --listen=127.0.0.1:0", file: `metrics = "BUSY"`, want: "metrics: another program has BUSY"},
	"a file as data directory":     {args: "serve --data-dir=DIR/x/data", there: "DIR/x", want: "set data_dir to a directory that this user may make or write"},
	"data of another PostgreSQL":   {args: "serve --data-dir=DIR/data", there: "DIR/data/postgres/data/PG_VERSION", want: "the data was made by PostgreSQL x"},
	"no database there":            {args: "serve --data-dir=DIR/data --database-url=postgres://127.0.0.1:1/x", want: "does database_url name its host"},
	"another kind of database":     {args: "serve --database-url=mysql://x", want: "postgres://user:password@host:5432/database"},
	"a backup of nothing":          {args: "backup DIR/b.tar", want: "there is no Växel in DIR/data"},
	"a backup that is there":       {args: "backup DIR/b.tar", there: "DIR/b.tar", environ: []string{"VAXEL_DATABASE_URL=PGURL"}, want: "no backup is overwritten"},
	"a password for nobody":        {args: "admin password anna", environ: []string{"VAXEL_DATABASE_URL=PGURL"}, want: `there is no login "anna"`},
	"a password in nothing":        {args: "admin password anna", want: "there is no Växel in DIR/data"},
	"why of nobody":                {args: "why 99", environ: []string{"VAXEL_DATABASE_URL=PGURL"}, want: "no_interaction: there is no interaction 99"},
	"why of a word":                {args: "why anna", want: "anna"},
	"a day that is none":           {args: "sim --from=yesterday", environ: []string{"VAXEL_DATABASE_URL=PGURL"}, want: `"yesterday" is no time; write 2026-11-20`},
	"a day that ends too early":    {args: "sim --from=2026-11-20 --until=2026-11-19", environ: []string{"VAXEL_DATABASE_URL=PGURL"}, want: "ends before it begins"},
	"an unknown order":             {args: "sim --order=lifo", environ: []string{"VAXEL_DATABASE_URL=PGURL"}, want: `did you mean "fifo"?`},
	"a drain at no time":           {args: "drain --at=soon", want: `"soon" is no time; write 22:30, or`},
	"no backup to restore":         {args: "restore DIR/b.tar", want: "open DIR/b.tar: no such file"},
	"something else to restore":    {args: "restore DIR/b.tar", there: "DIR/b.tar", want: "DIR/b.tar is no backup of Växel's"},
	"an import of nothing":         {args: "import DIR/mbox --mailbox=a@example.com", want: "DIR/mbox: no such file"},
	"an import into nothing":       {args: "import DIR/mbox --mailbox=a@example.com", there: "DIR/mbox", want: "there is no Växel in DIR/data"},
	"an import for nobody":         {args: "import DIR/mbox --mailbox=a@example.com", there: "DIR/mbox", environ: []string{"VAXEL_DATABASE_URL=PGURL"}, want: "there is no mailbox a@example.com"},
	"an unknown bench":             {args: "bench chess", want: `no bench is called "chess"; there are start, mail`},
	"a bench of no length":         {args: "bench --seconds=0", want: "--seconds: one at least"},
}

// TestWhatTheCommandLineRefuses runs each as a process of its own: it ends by itself, not
// with 0, and says what is wrong and what to do. None leaves a data directory behind that
// was not there.
func TestWhatTheCommandLineRefuses(t *testing.T) {
	t.Parallel()
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = busy.Close() })
	for name, r := range refusals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			words := []string{"DIR", dir, "BUSY", busy.Addr().String()}
			if strings.Contains(r.args+strings.Join(r.environ, ""), "PGURL") {
				words = append(words, "PGURL", pgtest.NewURL(t))
			}
			fill := strings.NewReplacer(words...).Replace
			out, err := r.run(t, dir, fill)
			if want := fill(r.want); err == nil || !strings.Contains(out, want) {
				t.Errorf("got %v and\n%s\nwant %s", err, out, want)
			}
			if _, err := os.Stat(filepath.Join(dir, "data", "postgres")); err == nil && r.there == "" {
				t.Error("it has left a data directory behind")
			}
		})
	}
}

// TestCheckSaysWhatItDoesNotTry: a configuration may be good before its database runs.
func TestCheckSaysWhatItDoesNotTry(t *testing.T) {
	t.Parallel()
	good := refusal{args: "check", environ: []string{"VAXEL_DATABASE_URL=postgres://127.0.0.1:1/x"}}
	out, err := good.run(t, t.TempDir(), func(s string) string { return s })
	if err != nil || !strings.Contains(out, "The configuration is good") || !strings.Contains(out, "Whether its database, mail servers and trunks answer, vaxel serve finds out.") {
		t.Errorf("got %v and\n%s", err, out)
	}
}

func (r refusal) run(t *testing.T, dir string, fill func(string) string) (string, error) {
	t.Helper()
	config := filepath.Join(dir, "vaxel.toml")
	if err := os.WriteFile(config, []byte(fill(r.file)), 0o600); err != nil {
		t.Fatal(err)
	}
	if path := fill(r.there); path != "" {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte("x"), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], strings.Fields(fill(r.args))...)
	others := slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, "VAXEL_") })
	cmd.Env = append(others, beMain+"=1", "VAXEL_CONFIG="+config, "VAXEL_DATA_DIR="+filepath.Join(dir, "data"))
	for _, e := range r.environ {
		cmd.Env = append(cmd.Env, fill(e))
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// A database of another version, or a copy that can't be written, is refused by name.
func TestWhichDatabasesSuit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		major   int
		replica bool
		want    string
	}{{14, false, "PostgreSQL 14; Växel works with 15 to 18"}, {19, false, "PostgreSQL 19"}, {16, true, "a replica"}, {18, false, ""}} {
		if err := suitable(tt.major, tt.replica); (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%d, replica %v: got %v", tt.major, tt.replica, err)
		}
	}
}
