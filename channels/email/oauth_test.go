package email_test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/vaxelhq/vaxel/channels/email"
	"github.com/vaxelhq/vaxel/channels/email/mailtest"
	"github.com/vaxelhq/vaxel/gateway"
)

// provider gives tokens for a client secret and takes them at its mail servers.
type provider struct {
	mechanism string
	refresh   string // that is taken now; it is another one after each use; empty: client secrets are taken
	seconds   int    // that a token had for a refresh token lasts; 0: an hour
	during    func() // a request for one; nil: nothing

	mu     sync.Mutex // guards all below
	busy   int        // answers 503 so often
	stale  int        // refresh tokens that were void
	valid  []string
	asked  int
	mails  int
	denied int
}

// ServeHTTP is the token endpoint.
func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	if p.refresh != "" {
		p.refreshed(w, r)
		return
	}
	if r.FormValue("grant_type") != "client_credentials" || r.FormValue("client_id") != "växel" || r.FormValue("client_secret") != mailtest.Password || r.FormValue("scope") != "mail" {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprint(w, `{"error": "invalid_client", "error_description": "the secret has expired"}`)
		return
	}
	p.valid = append(p.valid, fmt.Sprint("token-", p.asked))
	_, _ = fmt.Fprintf(w, `{"access_token": "token-%d", "token_type": "Bearer", "expires_in": 3600}`, p.asked)
}

// refreshed gives a token for the refresh token that is valid, and another of those.
func (p *provider) refreshed(w http.ResponseWriter, r *http.Request) {
	if p.during != nil {
		p.during()
	}
	if p.busy > 0 {
		p.busy--
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if r.FormValue("grant_type") != "refresh_token" || r.FormValue("client_id") != "växel" || r.FormValue("refresh_token") != p.refresh {
		p.stale++
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprint(w, `{"error": "invalid_grant"}`)
		return
	}
	p.refresh = fmt.Sprint("refresh-", p.asked)
	p.valid = append(p.valid, fmt.Sprint("token-", p.asked))
	_, _ = fmt.Fprintf(w, `{"access_token": "token-%d", "token_type": "Bearer", "expires_in": %d, "refresh_token": %q}`, p.asked, cmp.Or(p.seconds, 3600), p.refresh)
}

func (p *provider) accepts(token string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	ok := slices.Contains(p.valid, token)
	if !ok {
		p.denied++
	}
	return ok
}

// revoke ends all tokens.
func (p *provider) revoke() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.valid = nil
}

// server is the far side of the provider's mechanism.
func (p *provider) server(login func() error) (sasl.Server, error) {
	if p.mechanism == sasl.OAuthBearer {
		return sasl.NewOAuthBearerServer(func(o sasl.OAuthBearerOptions) *sasl.OAuthBearerError {
			if !p.accepts(o.Token) || login() != nil {
				return &sasl.OAuthBearerError{Status: "invalid_token"}
			}
			return nil
		}), nil
	}
	return xoauth2(func(response string) error {
		_, token, _ := strings.Cut(response, "auth=Bearer ")
		if !strings.HasPrefix(response, "user=support@cyklar.example\x01") || !p.accepts(strings.TrimSuffix(token, "\x01\x01")) {
			return errors.New("invalid token")
		}
		return login()
	}), nil
}

// xoauth2 is the mechanism's far side; it refuses after the client has seen why.
type xoauth2 func(response string) error

func (x xoauth2) Next(response []byte) (challenge []byte, done bool, err error) {
	if len(response) == 0 {
		return nil, true, imapserver.ErrAuthFailed
	}
	if refused := x(string(response)); refused != nil {
		return []byte(`{"status": "401"}`), false, nil //nolint:nilerr // the client hears why first
	}
	return nil, true, nil
}

// tokenIMAP is a session that is signed in by a token.
type tokenIMAP struct {
	*imapmemserver.UserSession

	p    *provider
	user *imapmemserver.User
}

func (s *tokenIMAP) Login(string, string) error { return imapserver.ErrAuthFailed }

func (s *tokenIMAP) AuthenticateMechanisms() []string { return []string{s.p.mechanism} }

func (s *tokenIMAP) Authenticate(string) (sasl.Server, error) {
	return s.p.server(func() error {
		s.UserSession = imapmemserver.NewUserSession(s.user)
		return nil
	})
}

func (s *tokenIMAP) Close() error {
	if s.UserSession == nil {
		return nil
	}
	return s.UserSession.Close()
}

// tokenSMTP is the same for sending.
type tokenSMTP struct{ p *provider }

func (s tokenSMTP) AuthMechanisms() []string { return []string{s.p.mechanism} }

func (s tokenSMTP) Auth(string) (sasl.Server, error) { return s.p.server(func() error { return nil }) }

func (tokenSMTP) Mail(string, *smtp.MailOptions) error { return nil }

func (tokenSMTP) Rcpt(string, *smtp.RcptOptions) error { return nil }

func (s tokenSMTP) Data(r io.Reader) error {
	var b bytes.Buffer
	_, err := b.ReadFrom(r)
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	s.p.mails++
	return err
}

func (tokenSMTP) Reset() {}

func (tokenSMTP) Logout() error { return nil }

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// servers starts the provider's mail servers.
func (p *provider) servers(t *testing.T) (user *imapmemserver.User, imapAt, smtpAt string) {
	t.Helper()
	user = imapmemserver.NewUser("support@cyklar.example", "none")
	if err := user.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	in := imapserver.New(&imapserver.Options{
		InsecureAuth: true, Caps: imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapUIDPlus: {}},
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return &tokenIMAP{p: p, user: user}, nil, nil
		},
	})
	out := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return tokenSMTP{p}, nil }))
	out.Domain, out.AllowInsecureAuth = "provider.example", true
	li, lo := listen(t), listen(t)
	var wg sync.WaitGroup
	wg.Go(func() { _ = in.Serve(li) })
	wg.Go(func() { _ = out.Serve(lo) })
	t.Cleanup(func() { _, _ = in.Close(), out.Close(); wg.Wait() })
	return user, li.Addr().String(), lo.Addr().String()
}

// TestOAuth reads and sends with a token that is asked for once, and anew when a server
// refuses it; what the provider says against us is shown.
func TestOAuth(t *testing.T) {
	t.Parallel()
	for _, mechanism := range []string{"XOAUTH2", sasl.OAuthBearer} {
		t.Run(mechanism, func(t *testing.T) {
			h, p := newHouse(t), &provider{mechanism: mechanism}
			endpoint := httptest.NewServer(p)
			t.Cleanup(endpoint.Close)
			user, imapAt, smtpAt := p.servers(t)
			deliver := func(id string) {
				t.Helper()
				raw := mailtest.Mail(id, "anna@kund.example", "Fråga", "Hej")
				if _, err := user.Append("INBOX", literal{bytes.NewReader(raw)}, &imap.AppendOptions{}); err != nil {
					t.Fatal(err)
				}
			}
			deliver("m1")
			e := h.open(t, "a", nil)
			m := support(imapAt, smtpAt)
			m.OAuth = email.OAuth{TokenURL: endpoint.URL, ClientID: "växel", Scope: "mail"}
			save(t, e, m)
			stop := run(t, e)
			h.wait(t, 1)
			out, _ := compose(t, e, reply())
			send(t, e, out)
			p.mu.Lock()
			if p.asked != 1 || p.mails != 1 {
				t.Errorf("asked %d times for a token, sent %d mails; want one each", p.asked, p.mails)
			}
			p.mu.Unlock()
			stop()
			p.revoke()
			deliver("m2")
			run(t, e)
			h.wait(t, 2)
			p.mu.Lock()
			if p.asked != 2 || p.denied == 0 {
				t.Errorf("asked %d times, denied %d; want a second token after a denial", p.asked, p.denied)
			}
			p.mu.Unlock()
			if _, err := e.Save(t.Context(), m, "old"); err != nil {
				t.Fatal(err)
			}
			if _, err := e.Send(t.Context(), out); err == nil || !strings.Contains(err.Error(), "the secret has expired") {
				t.Errorf("a wrong secret: got %v", err)
			}
		})
	}
	e := newHouse(t).open(t, "a", nil)
	for _, o := range []email.OAuth{{TokenURL: "http://provider.example/token", ClientID: "c"}, {TokenURL: "https://provider.example/token"}, {ClientID: "c"}} {
		m := support(nobody, nobody)
		m.OAuth = o
		if _, err := e.Save(t.Context(), m, "x"); !errors.Is(err, gateway.ErrInvalid) {
			t.Errorf("%+v: got %v", o, err)
		}
	}
}

// literal is a mail as the memory server takes it.
type literal struct{ *bytes.Reader }

func (l literal) Size() int64 { return l.Reader.Size() }

// TestRefreshTokens: each use gives another one, which lasts over restarts, on any node, and
// though the one that was entered is entered again at each start; a new one that is entered
// counts; and a token that ends in the middle of a session costs nothing but that.
func TestRefreshTokens(t *testing.T) {
	t.Parallel()
	h, p := newHouse(t), &provider{mechanism: "XOAUTH2", refresh: "entered"}
	endpoint := httptest.NewServer(p)
	t.Cleanup(endpoint.Close)
	user, imapAt, smtpAt := p.servers(t)
	n := 0
	comes := func() {
		t.Helper()
		n++
		raw := mailtest.Mail(fmt.Sprint("m", n), "anna@kund.example", "Fråga", "Hej")
		if _, err := user.Append("INBOX", literal{bytes.NewReader(raw)}, &imap.AppendOptions{}); err != nil {
			t.Fatal(err)
		}
		h.wait(t, n)
	}
	m := support(imapAt, smtpAt)
	start := func(node, entered string) (*email.Email, func()) {
		e := h.open(t, node, nil)
		m.OAuth = email.OAuth{TokenURL: endpoint.URL, ClientID: "växel", Scope: "mail", RefreshToken: entered}
		save(t, e, m)
		return e, run(t, e)
	}
	e, stop := start("a", "entered")
	comes()
	boxes, err := e.Mailboxes(t.Context())
	if err != nil || boxes[0].OAuth.RefreshToken != "" {
		t.Errorf("the refresh token can be read back: %+v %v", boxes, err)
	}
	p.revoke() // in the middle of the session
	out, _ := compose(t, e, reply())
	if _, err := e.Send(t.Context(), out); err == nil {
		t.Error("a token that has ended was taken")
	}
	send(t, e, out)
	comes()
	stop()
	p.revoke()
	_, stop = start("b", "entered") // with the first one in its configuration, which is void
	comes()
	stop()
	p.mu.Lock()
	p.refresh, p.valid = "anew", nil
	p.mu.Unlock()
	_, stop = start("c", "anew")
	comes()
	stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mails != 1 {
		t.Errorf("%d mails were sent", p.mails)
	}
}
