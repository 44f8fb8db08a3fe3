// Package mailtest starts the mail servers that tests talk to: a real Dovecot, a real
// Postfix, and an SMTP server of ours that fails on command; and it stands between them
// and Växel as a wire that can be cut or fall silent.
//
// A server that is not installed is a test failure that names its package. All listen
// on loopback and end with their test.
package mailtest

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"net"
	"net/textproto"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
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

// File puts a mail into a folder of a user's, as a provider does that files what it has sent.
func (d *Dovecot) File(t testing.TB, name, folder string, raw []byte) {
	t.Helper()
	owner := account(t, "nobody")
	if os.Getuid() != 0 {
		owner = account(t, "")
	}
	at := filepath.Join(d.dir, "mail", name, "."+folder)
	for _, dir := range []string{filepath.Dir(at), at, filepath.Join(at, "tmp"), filepath.Join(at, "new"), filepath.Join(at, "cur")} {
		if err := os.Mkdir(dir, 0o700); err == nil {
			chown(t, dir, owner)
		}
	}
	file := rand.Text()
	write(t, filepath.Join(at, "tmp", file), raw)
	chown(t, filepath.Join(at, "tmp", file), owner)
	if err := os.Rename(filepath.Join(at, "tmp", file), filepath.Join(at, "new", file)); err != nil {
		t.Fatal(err)
	}
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
		waitPast(t, f)
		if err := os.RemoveAll(f); err != nil {
			t.Fatal(err)
		}
	}
}

// waitPast waits, if the file names a UIDVALIDITY, until its second is over: a mailbox is
// numbered by the second that it is made in, and would get the same one again.
func waitPast(t testing.TB, file string) {
	t.Helper()
	_, hex, named := strings.Cut(filepath.Base(file), "dovecot-uidvalidity.")
	if !named {
		return
	}
	was, err := strconv.ParseInt(hex, 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Until(time.Unix(was+1, 0)))
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
