package e2e

import (
	"bytes"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/vaxelhq/vaxel/channels/email/mailtest"
)

var saidPassword = regexp.MustCompile(`(?:with the password|The new password of \S+ is)  (\S+)`)

// TestStoryOperator: an operator makes the schema, starts, signs in with the password that
// is printed this once, is made to choose another, gives the login a new one, and seals the
// secrets anew while all works. The next start prints no password and reads mail as before.
func TestStoryOperator(t *testing.T) {
	t.Parallel()
	dovecot := mailtest.StartDovecot(t)
	v := embedded(t, mailbox(dovecot.IMAP, dovecot.IMAP))
	must(t, os.MkdirAll(filepath.Join(v.dir, "data"), 0o755))
	version := regexp.MustCompile(`The schema is at version (\d+) of (\d+)\.`)
	for range 2 {
		if got := version.FindStringSubmatch(v.says("migrate")); got == nil || got[1] != got[2] || got[1] == "0" {
			t.Fatalf("migrate says %q", got)
		}
	}
	v.serve()
	said := saidPassword.FindAllStringSubmatch(v.log.String(), -1)
	if len(said) != 1 {
		t.Fatalf("the first start printed %d passwords:\n%s", len(said), v.log)
	}
	v.wantMustChange(t, said[0][1])
	admin := v.signInAs(t, said[0][1], http.StatusOK)
	admin.must(http.MethodPut, "/me/password", map[string]string{"old": said[0][1], "new": password}, nil)
	v.signInAs(t, said[0][1], http.StatusUnauthorized)

	given := saidPassword.FindStringSubmatch(v.says("admin", "password", "admin"))
	if given == nil {
		t.Fatal("no new password was printed")
	}
	v.signInAs(t, password, http.StatusUnauthorized)
	v.wantMustChange(t, given[1])

	file := filepath.Join(v.dir, "data", "secret.key")
	before, err := os.ReadFile(file)
	must(t, err)
	if out := v.says("admin", "rekey"); !regexp.MustCompile(`^[1-9]\d* secrets are sealed with a new key`).MatchString(out) {
		t.Errorf("rekey says %q", out)
	}
	if after, err := os.ReadFile(file); err != nil || bytes.Equal(before, after) {
		t.Errorf("the key file is as before: %v", err)
	}
	v.stop()
	v.log = &lockedBuffer{}
	v.serve()
	if again := saidPassword.FindString(v.log.String()); again != "" {
		t.Errorf("the second start printed %q", again)
	}
	dovecot.Deliver(t, support, mailtest.Mail("m1", "karin@kund.example", "Hej", "Hej!"))
	v.wait("a mail, with the password that was sealed anew", func() bool { return v.number(`select count(*) from entry where kind = 'mail'`) == 1 })
}

// signInAs tries a password of the administrator's.
func (v *vaxel) signInAs(t *testing.T, secret string, want int) *agent {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	a := &agent{v: v, login: "admin", client: &http.Client{Jar: jar}}
	if got := a.call(http.MethodPost, "/session", map[string]string{"login": a.login, "password": secret}, nil); got != want {
		t.Errorf("sign in: %d, want %d", got, want)
	}
	return a
}

// wantMustChange holds that a password opens nothing but the choice of another.
func (v *vaxel) wantMustChange(t *testing.T, secret string) {
	t.Helper()
	v.signInAs(t, secret, http.StatusOK).refused(403, "password_change_required", http.MethodGet, "/queues", ``)
}
