package mailtest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// ByToken are settings for a Dovecot that lets users sign in by one mechanism for bearer tokens,
// XOAUTH2 or OAUTHBEARER, and by no other. It asks about each token at a URL: that ends in
// "access_token=", behind which it writes the token (tokeninfo), or does not, and then the token stands
// in the request's Authorization (introspection). What is refused is refused at once.
func ByToken(t testing.TB, mechanism, ask, url string) []string {
	t.Helper()
	dir, err := os.MkdirTemp("", "vaxel-token-") //nolint:usetesting // Dovecot's own user must enter it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // see above
		t.Fatal(err)
	}
	path := filepath.Join(dir, "oauth2.conf")
	write(t, path, fmt.Appendf(nil, "%s = %s\nintrospection_mode = auth\nusername_attribute = email\nactive_attribute = active\nactive_value = true\n", ask, url))
	return []string{
		"auth_mechanisms = " + mechanism,
		"auth_failure_delay = 0",
		"passdb {\n  driver = oauth2\n  mechanisms = " + mechanism + "\n  args = " + path + "\n}",
		"service anvil {\n  unix_listener anvil-auth-penalty {\n    mode = 0\n  }\n}", // no pauses after refusals
	}
}
