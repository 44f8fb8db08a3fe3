package mailtest

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"text/template"
	"time"
)

// Postfix is a running Postfix that takes mail for cyklar.example and kund.example and
// hands it on by LMTP. For anybody at gone.example it says 550, at full.example 452; what
// it takes for any other domain it returns to its sender. Nothing leaves the machine.
type Postfix struct {
	SMTP string // host:port
}

var postfixMain = template.Must(template.New("").Parse(`
compatibility_level = 3.6
queue_directory = {{.Dir}}/queue
data_directory = {{.Dir}}/data
mail_owner = postfix
setgid_group = postdrop
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
maillog_file = {{.Dir}}/log
maillog_file_prefixes = {{.Dir}}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.test.example
mydestination =
alias_maps =
alias_database =
mynetworks = 127.0.0.0/8
virtual_mailbox_domains = cyklar.example, kund.example
virtual_mailbox_maps =
virtual_transport = lmtp:inet:{{.LMTP}}
default_transport = error:5.1.2 no such domain
smtpd_reject_unlisted_recipient = no
lmtp_destination_recipient_limit = 1
recipient_delimiter = +
smtpd_recipient_restrictions = check_recipient_access inline:{ {gone.example = 550 5.1.1 no such user here}, {full.example = 452 4.2.2 mailbox full} }, permit_mynetworks, reject
smtpd_peername_lookup = no
disable_dns_lookups = yes
minimal_backoff_time = 1s
message_size_limit = 104857600
`))

var postfixMaster = template.Must(template.New("").Parse(`
127.0.0.1:{{.Port}} inet n - n - - smtpd
postlog   unix-dgram n - n - 1 postlogd
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
smtp      unix  - - n - - smtp
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
lmtp      unix  - - n - - lmtp
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
`))

// StartPostfix starts a Postfix of the test's own that delivers to an LMTP server. It
// needs root, as Postfix does.
func StartPostfix(t testing.TB, lmtp string) *Postfix {
	t.Helper()
	need(t, "postfix", "postfix")
	master := "/usr/lib/postfix/sbin/master"
	if _, err := os.Stat(master); err != nil {
		t.Fatal("Postfix's master is missing: install the package postfix")
	}
	if os.Getuid() != 0 {
		t.Fatal("Postfix can only be started by root: run this test as root")
	}
	dir, port := serverDir(t), freePorts(t, 1)[0]
	for _, sub := range []string{"queue", "data"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil { //nolint:gosec // entered by Postfix's own users
			t.Fatal(err)
		}
	}
	chown(t, filepath.Join(dir, "data"), account(t, "postfix"))
	values := struct {
		Dir, LMTP string
		Port      int
	}{dir, lmtp, port}
	for name, text := range map[string]*template.Template{"main.cf": postfixMain, "master.cf": postfixMaster} {
		var b bytes.Buffer
		if err := text.Execute(&b, values); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), b.Bytes())
	}
	if out, err := postfix(t.Context(), dir, "start"); err != nil {
		t.Fatalf("start postfix: %v\n%s", err, out)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
		defer cancel()
		if out, err := postfix(ctx, dir, "abort"); err != nil {
			t.Logf("stop postfix: %v\n%s", err, out)
		}
	})
	p := &Postfix{SMTP: local(port)}
	waitFor(t, p.SMTP, dir)
	return p
}

func postfix(ctx context.Context, dir, verb string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "/usr/sbin/postfix", "-c", dir, verb)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd.CombinedOutput()
}
