package email_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vaxelhq/vaxel/channels/email"
	"github.com/vaxelhq/vaxel/channels/email/mailtest"
)

// about tells a mail server whose a token is, while it is valid.
func (p *provider) about(w http.ResponseWriter, r *http.Request) {
	token := r.URL.Query().Get("access_token")
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		token = bearer
	}
	w.Header().Set("Content-Type", "application/json")
	if !p.accepts(token) {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprint(w, `{"active": false, "error": "invalid_token"}`)
		return
	}
	_, _ = fmt.Fprint(w, `{"active": true, "email": "support@cyklar.example", "expires_in": 3600}`)
}

// TestOAuthAtDovecot signs in to a real Dovecot by either mechanism. A token that has ended is
// refused there, and another one is had for the refresh token, each of which is used once; the one
// that ended is never tried again.
func TestOAuthAtDovecot(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ mechanism, asks, at string }{
		{"XOAUTH2", "tokeninfo_url", "/about?access_token="},
		{"OAUTHBEARER", "introspection_url", "/about"},
	} {
		t.Run(c.mechanism, func(t *testing.T) {
			p := &provider{mechanism: c.mechanism, refresh: "entered"}
			mux := http.NewServeMux()
			mux.Handle("/token", p)
			mux.HandleFunc("/about", p.about)
			endpoint := httptest.NewServer(mux)
			t.Cleanup(endpoint.Close)
			d := mailtest.StartDovecot(t, mailtest.ByToken(t, strings.ToLower(c.mechanism), c.asks, endpoint.URL+c.at)...)
			wire := mailtest.StartWire(t, d.IMAP)
			h := newHouse(t)
			e := h.open(t, "a", d)
			m := support(wire.Address, nobody)
			m.OAuth = email.OAuth{TokenURL: endpoint.URL + "/token", ClientID: "växel", RefreshToken: "entered"}
			save(t, e, m)
			run(t, e)
			for n := 1; n <= 3; n++ {
				d.Deliver(t, "support@cyklar.example", mailtest.Mail(fmt.Sprint("m", n), "anna@kund.example", "Fråga", "Hej"))
				h.wait(t, n)
				p.mu.Lock()
				if p.asked != n || p.denied != n-1 || p.stale != 0 {
					t.Errorf("mail %d: asked for %d tokens, %d denied, %d refresh tokens void; want %d, %d and none", n, p.asked, p.denied, p.stale, n, n-1)
				}
				p.mu.Unlock()
				p.revoke()
				wire.CutAll()
			}
		})
	}
}
