package letter_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vaxelhq/vaxel/channels/email/letter"
	"github.com/vaxelhq/vaxel/gateway"
)

// TestAuthentication reads what the last server has found of a sender, and who is disowned.
func TestAuthentication(t *testing.T) {
	for _, c := range []struct {
		header string
		want   *gateway.Authentication
		forged bool
	}{
		{"", nil, false},
		{"Authentication-Results: mx.cyklar.example; spf=pass (a; comment (nested)) smtp.mailfrom=kund.example;\r\n dkim=fail; dkim=pass header.d=kund.example; dmarc=pass\r\n" +
			"Authentication-Results: old.example; dmarc=fail\r\n", &gateway.Authentication{Server: "mx.cyklar.example", SPF: "pass", DKIM: "pass", DMARC: "pass"}, false},
		{"Authentication-Results: mx.cyklar.example 1; dmarc=FAIL (p=reject)\r\n", &gateway.Authentication{Server: "mx.cyklar.example", DMARC: "fail"}, true},
		{"Authentication-Results: mx.cyklar.example; spf=fail; dkim=none\r\n", &gateway.Authentication{Server: "mx.cyklar.example", SPF: "fail", DKIM: "none"}, true},
		{"Authentication-Results: mx.cyklar.example; spf=fail; dkim=pass\r\n", &gateway.Authentication{Server: "mx.cyklar.example", SPF: "fail", DKIM: "pass"}, false},
		{"Authentication-Results: mx.cyklar.example; none\r\n", &gateway.Authentication{Server: "mx.cyklar.example"}, false},
		{"Authentication-Results: ;;=;(((\r\n", &gateway.Authentication{}, false},
	} {
		l := letter.Parse([]byte(c.header + "From: anna@kund.example\r\nX-Spam-Status: Yes, score=8.1\r\n\r\nHej\r\n"))
		if diff := cmp.Diff(c.want, l.Authentication); diff != "" || l.Authentication.Forged() != c.forged || l.Spam != "Yes, score=8.1" {
			t.Errorf("%q: %s forged %v, spam %q", c.header, diff, l.Authentication.Forged(), l.Spam)
		}
	}
}
