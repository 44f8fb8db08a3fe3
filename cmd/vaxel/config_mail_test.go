package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vaxelhq/vaxel/gateway/outbox"
)

// TestLimitsOfMail: what a mailbox or a provider does not say is as for the others, and what
// nobody says is as it was always.
func TestLimitsOfMail(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "vaxel.toml")
	file := `
[mail_out]
per_minute = 100
[[mail_out.provider]]
name = "microsoft"
domains = ["Outlook.com", "live.com"]
per_minute = 60
[[mailbox]]
address = "Support@cyklar.example"
queue = "Support"
send_per_minute = 30
smtp = { address = "127.0.0.1:25", tls = "none" }
imap = { address = "127.0.0.1:143", tls = "none" }
`
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := loadConfig(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := outbox.Limits{
		Way: outbox.Limit{PerMinute: 100, Connections: 8}, Provider: outbox.Limit{Connections: 2},
		Named: map[string]outbox.Limit{
			"support@cyklar.example": {PerMinute: 30, Connections: 8}, "microsoft": {PerMinute: 60, Connections: 2},
		},
		Domains: map[string]string{"outlook.com": "microsoft", "live.com": "microsoft"},
	}
	if diff := cmp.Diff(want, c.limits()); diff != "" {
		t.Error(diff)
	}
}
