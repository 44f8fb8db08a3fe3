package mailtest_test

import (
	"crypto/tls"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/vaxelhq/vaxel/channels/email/mailtest"
)

// TestPostfixToDovecot sends through both real servers and reads it over TLS.
func TestPostfixToDovecot(t *testing.T) {
	d := mailtest.StartDovecot(t)
	p := mailtest.StartPostfix(t, d.LMTP)
	mailtest.Send(t, p.SMTP, "anna@kund.example", "support@cyklar.example", mailtest.Mail("1", "anna@kund.example", "hej", "hej"))
	c, err := imapclient.DialTLS(d.IMAPS, &imapclient.Options{TLSConfig: &tls.Config{RootCAs: d.Roots}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.Login("support@cyklar.example", mailtest.Password).Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	for start := time.Now(); ; {
		found, err := c.Search(&imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: "1@kund.example"}}}, nil).Wait()
		if err != nil {
			t.Fatal(err)
		}
		if len(found.AllSeqNums()) == 1 {
			break
		}
		if time.Since(start) > time.Minute {
			t.Fatal("the mail did not arrive")
		}
		if err := c.Noop().Wait(); err != nil {
			t.Fatal(err)
		}
	}
	if caps := c.Caps(); !caps.Has(imap.CapIdle) || !caps.Has(imap.CapMove) {
		t.Error("capabilities", caps)
	}
	if raw := string(mailtest.Mail("2", "a@b.example", "s", "t")); !strings.Contains(raw, "<2@kund.example>") {
		t.Error(raw)
	}
}
