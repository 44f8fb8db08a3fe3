package mailtest

import (
	"fmt"
	"net/smtp"
	"testing"
)

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
