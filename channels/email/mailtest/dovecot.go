// Package mailtest starts the mail servers that tests talk to: a real Dovecot, a real
// Postfix, and an SMTP server of ours that fails on command; and it stands between them
// and Växel as a wire that can be cut or fall silent.
//
// A server that is not installed is a test failure that names its package. All listen
// on loopback and end with their test.
package mailtest

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/smtp"
	"net/textproto"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"text/template"
	"time"
)

// Dovecot is a running Dovecot with one directory of mailboxes. Every user exists and
// has the password "secret".
type Dovecot struct {
	IMAP  string // host:port, plain and STARTTLS
	IMAPS string // host:port, TLS
	LMTP  string // host:port, to deliver
	Roots *x509.CertPool
	dir   string
}

// Password opens every mailbox of a Dovecot.
const Password = "secret"

// The recipe: no system users, no system directories, nothing but loopback. Mailboxes
// are searchable by the unprivileged user that owns them all.
var dovecotConf = template.Must(template.New("").Parse(`
base_dir = {{.Dir}}/run
state_dir = {{.Dir}}/state
log_path = {{.Dir}}/log
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{{.Dir}}/cert.pem
ssl_key = <{{.Dir}}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = maildir:{{.Dir}}/mail/%u
first_valid_uid = 1
mail_uid = {{.UID}}
mail_gid = {{.GID}}
default_login_user = {{.Login}}
default_internal_user = {{.Internal}}
default_internal_group = {{.Group}}
mail_max_userip_connections = 1000
mailbox_idle_check_interval = 1s
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid={{.UID}} gid={{.GID}} home={{.Dir}}/mail/%u allow_all_users=yes
}
service imap-login {
  chroot =
  inet_listener imap {
    address = 127.0.0.1
    port = {{.IMAP}}
  }
  inet_listener imaps {
    address = 127.0.0.1
    port = {{.IMAPS}}
    ssl = yes
  }
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = {{.LMTP}}
  }
}
service anvil {
  chroot =
}
namespace inbox {
  inbox = yes
  mailbox Done {
    auto = create
  }
  mailbox Sent {
    auto = create
    special_use = \Sent
  }
}
`))

// StartDovecot starts a Dovecot of the test's own, with further lines in its configuration.
func StartDovecot(t testing.TB, settings ...string) *Dovecot {
	t.Helper()
	binary := need(t, "dovecot", "dovecot-imapd")
	if _, err := os.Stat("/usr/lib/dovecot/lmtp"); err != nil {
		t.Fatal("LMTP is missing: install the package dovecot-lmtpd")
	}
	dir := serverDir(t)
	ports := freePorts(t, 3)
	roots := selfSigned(t, dir)
	owner := account(t, "nobody")
	conf := struct {
		Dir, UID, GID, Login, Internal, Group string
		IMAP, IMAPS, LMTP                     int
	}{dir, owner.Uid, owner.Gid, "dovenull", "dovecot", "dovecot", ports[0], ports[1], ports[2]}
	if os.Getuid() != 0 {
		me := account(t, "")
		conf.UID, conf.GID, conf.Login, conf.Internal = me.Uid, me.Gid, me.Username, me.Username
		if g, err := user.LookupGroupId(me.Gid); err == nil {
			conf.Group = g.Name
		}
	} else {
		chown(t, filepath.Join(dir, "mail"), owner)
	}
	var text bytes.Buffer
	if err := dovecotConf.Execute(&text, conf); err != nil {
		t.Fatal(err)
	}
	for _, line := range settings {
		text.WriteString(line + "\n")
	}
	write(t, filepath.Join(dir, "conf"), text.Bytes())
	run(t, dir, binary, "-F", "-c", filepath.Join(dir, "conf"))
	d := &Dovecot{IMAP: local(ports[0]), IMAPS: local(ports[1]), LMTP: local(ports[2]), Roots: roots, dir: dir}
	for _, address := range []string{d.IMAP, d.IMAPS, d.LMTP} {
		waitFor(t, address, dir)
	}
	return d
}

// Deliver puts mails into a user's inbox by LMTP (RFC 2033), as a site's own server would.
func (d *Dovecot) Deliver(t testing.TB, to string, mails ...[]byte) {
	t.Helper()
	var dialer net.Dialer
	conn, err := dialer.DialContext(t.Context(), "tcp", d.LMTP)
	if err != nil {
		t.Fatal("deliver:", err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Minute))
	text := textproto.NewConn(conn)
	say := func(want int, format string, args ...any) {
		t.Helper()
		if format != "" {
			if err := text.PrintfLine(format, args...); err != nil {
				t.Fatal("deliver:", err)
			}
		}
		if _, _, err := text.ReadResponse(want); err != nil {
			t.Fatalf("deliver: %s: %v", format, err)
		}
	}
	say(220, "")
	say(250, "LHLO test")
	for _, raw := range mails {
		say(250, "MAIL FROM:<sender@kund.example>")
		say(250, "RCPT TO:<%s>", to)
		say(354, "DATA")
		w := text.DotWriter()
		if _, err := w.Write(raw); err != nil {
			t.Fatal("deliver:", err)
		}
		if err := w.Close(); err != nil {
			t.Fatal("deliver:", err)
		}
		say(250, "")
	}
	say(221, "QUIT")
}

// ForgetUIDs makes the server give a user's inbox a new UIDVALIDITY, as a restored or
// moved mailbox gets. Nobody may be connected to it.
func (d *Dovecot) ForgetUIDs(t testing.TB, name string) {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(d.dir, "mail", name, "dovecot*"))
	if len(files) == 0 {
		t.Fatal("no index files of", name)
	}
	for _, f := range files {
		if err := os.RemoveAll(f); err != nil {
			t.Fatal(err)
		}
	}
}

// local is a loopback address.
func local(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

func need(t testing.TB, binary, pkg string) string {
	t.Helper()
	for _, dir := range []string{"", "/usr/sbin/", "/usr/bin/"} {
		if path, err := exec.LookPath(dir + binary); err == nil {
			return path
		}
	}
	t.Fatalf("%s is missing: install the package %s", binary, pkg)
	return ""
}

// serverDir is a directory that an unprivileged server may enter, unlike t.TempDir,
// whose parents are private.
func serverDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "vaxel-mail-") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	for _, sub := range []string{"", "run", "state", "mail"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil { //nolint:gosec // must be entered by others
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, sub), 0o755); err != nil { //nolint:gosec // whatever the umask
			t.Fatal(err)
		}
	}
	return dir
}

func account(t testing.TB, name string) *user.User {
	t.Helper()
	var u *user.User
	var err error
	if name == "" {
		u, err = user.Current()
	} else {
		u, err = user.Lookup(name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func chown(t testing.TB, path string, u *user.User) {
	t.Helper()
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	if err := os.Chown(path, uid, gid); err != nil {
		t.Fatal(err)
	}
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o644); err != nil { //nolint:gosec // read by the server's own users
		t.Fatal(err)
	}
}

// run starts a server in the foreground and stops it, with its children, after the test.
func run(t testing.TB, dir, binary string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), binary, args...)
	out, err := os.Create(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		ended := make(chan struct{})
		go func() { _ = cmd.Wait(); close(ended) }()
		select {
		case <-ended:
		case <-time.After(time.Minute):
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			<-ended
		}
		_ = out.Close()
	})
}

// freePorts gives ports that nobody listens on now.
func freePorts(t testing.TB, n int) []int {
	t.Helper()
	var ports []int
	var lc net.ListenConfig
	for range n {
		l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

// waitFor waits until a server accepts connections, and shows its log if it doesn't.
func waitFor(t testing.TB, address, dir string) {
	t.Helper()
	dialer := net.Dialer{Timeout: time.Second}
	for start := time.Now(); time.Since(start) < time.Minute; {
		if conn, err := dialer.DialContext(t.Context(), "tcp", address); err == nil {
			_ = conn.Close()
			return
		}
		time.Sleep(5 * time.Millisecond) // the only sign of readiness is the port
	}
	for _, name := range []string{"out", "log"} {
		text, _ := os.ReadFile(filepath.Join(dir, name))
		t.Logf("%s:\n%s", name, text)
	}
	t.Fatal("no server at", address)
}

// Send hands a mail to an SMTP server.
func Send(t testing.TB, address, from, to string, raw []byte) {
	t.Helper()
	if err := smtp.SendMail(address, nil, from, []string{to}, raw); err != nil {
		t.Fatal("send:", err)
	}
}

// Mail is a small mail to test with; its Message-ID is <id@kund.example>.
func Mail(id, from, subject, text string) []byte {
	return fmt.Appendf(nil, "From: %s\r\nTo: support@cyklar.example\r\nSubject: %s\r\nMessage-ID: <%s@kund.example>\r\n"+
		"Date: Mon, 2 Mar 2026 18:00:00 +0000\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n", from, subject, id, text)
}

// Mails gives a user's inbox as files, in no order.
func (d *Dovecot) Mails(t testing.TB, name string) (list [][]byte) {
	t.Helper()
	for _, sub := range []string{"new", "cur"} {
		files, _ := filepath.Glob(filepath.Join(d.dir, "mail", name, sub, "*"))
		for _, f := range files {
			if raw, err := os.ReadFile(f); err == nil {
				list = append(list, raw)
			}
		}
	}
	return list
}
