package email

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-sasl"

	"github.com/vaxelhq/vaxel/gateway"
)

// OAuth is how a mailbox signs in without a password of its own: by a token that its
// provider gives us for our client secret (RFC 6749 §4.4), or for a refresh token that
// somebody has got us (§6). The client secret is kept in the password's place. Zero: by
// password.
type OAuth struct {
	TokenURL string // https://login.microsoftonline.com/TENANT/oauth2/v2.0/token
	ClientID string
	Scope    string // https://outlook.office365.com/.default
	// RefreshToken is kept sealed by Save, and never read back from there.
	RefreshToken string
}

// Check refuses what could get no token for the mailbox of that address.
func (o OAuth) Check(address string) error {
	if o == (OAuth{}) {
		return nil
	}
	u, err := url.Parse(o.TokenURL)
	ip := net.IP(nil)
	if err == nil {
		ip = net.ParseIP(u.Hostname())
	}
	if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !ip.IsLoopback()) {
		return gateway.Invalid("bad_token_url", fmt.Sprintf("the token URL of %s is %q; write the provider's, which begins with https://", address, o.TokenURL))
	}
	if o.ClientID == "" {
		return gateway.Invalid("no_client_id", "mailbox "+address+" needs the client id that its provider gave you")
	}
	return nil
}

// credential is what a mailbox signs in with.
type credential struct {
	user, secret string
	token        bool // the secret is a bearer token
}

// The mechanisms that take a token. XOAUTH2 is older than RFC 7628, and all that some offer.
const xoauth2 = "XOAUTH2"

// client chooses a mechanism among those that the server offers; nil if there is none.
func (c credential) client(at Server, offers func(mechanism string) bool) sasl.Client {
	switch {
	case c.token && offers(sasl.OAuthBearer):
		host, _, _ := net.SplitHostPort(at.Address)
		return sasl.NewOAuthBearerClient(&sasl.OAuthBearerOptions{Username: c.user, Token: c.secret, Host: host})
	case c.token:
		return bearer(c)
	case offers(sasl.Plain):
		return sasl.NewPlainClient("", c.user, c.secret)
	}
	return nil
}

// bearer is XOAUTH2 from a client's side.
type bearer credential

// Start gives the token at once.
func (b bearer) Start() (mechanism string, first []byte, err error) {
	return xoauth2, []byte("user=" + b.user + "\x01auth=Bearer " + b.secret + "\x01\x01"), nil
}

// Next answers the explanation that comes with a refusal, which then comes itself.
func (bearer) Next([]byte) ([]byte, error) { return []byte{}, nil }

// credential is what a mailbox signs in with now. A token is asked for anew when it soon ends.
func (e *Email) credential(ctx context.Context, m Mailbox) (credential, error) {
	secret, err := e.password(ctx, m)
	if err != nil || m.OAuth == (OAuth{}) {
		return credential{user: m.User, secret: secret}, err
	}
	var text string
	if m.refreshes {
		text, err = e.refreshed(ctx, m, secret)
	} else {
		text, err = e.granted(ctx, m, secret)
	}
	return credential{user: m.User, secret: text, token: true}, err
}

// granted gives a token for a mailbox's client secret.
func (e *Email) granted(ctx context.Context, m Mailbox, secret string) (string, error) {
	key := tokenKey(m, secret, "")
	if have := e.tokens.get(key); have.usable() {
		return have.text, nil
	}
	fresh, err := e.tokens.ask(ctx, m.OAuth, secret, "")
	if err != nil {
		return "", fmt.Errorf("get a token for %s: %w", m.Address, err)
	}
	e.tokens.put(key, fresh)
	return fresh.text, nil
}

// tokens are those of this node's mailboxes.
type tokens struct {
	client *http.Client

	mu    sync.Mutex // guards known
	known map[string]token
}

// token is a bearer token, and until when it is used.
type token struct {
	text    string
	until   time.Time
	refresh string // that came beside it, and is not kept yet; empty: none, or kept
	over    string // what was kept when it was asked for
}

func (t token) usable() bool { return time.Now().Before(t.until) }

const (
	tokenTime   = 20 * time.Second
	tokenEarly  = 2 * time.Minute // a token that ends sooner is not used any more
	tokenMax    = 64 << 10        // bytes of an answer
	tokenUsual  = 10 * time.Minute
	tokenLength = 16 << 10
)

func newTokens(transport http.RoundTripper) *tokens {
	return &tokens{client: &http.Client{Timeout: tokenTime, Transport: transport}, known: map[string]token{}}
}

// tokenKey names what a token was got by: with another secret it is another one.
func tokenKey(m Mailbox, secret, refresh string) string {
	return strings.Join([]string{m.OAuth.TokenURL, m.OAuth.ClientID, m.OAuth.Scope, secret, refresh}, "\x00")
}

// get gives the token that is known, the zero one if none is.
func (t *tokens) get(key string) token {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.known[key]
}

func (t *tokens) put(key string, fresh token) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.known[key] = fresh
}

// drop forgets a token that a server has refused, but not what came beside it.
func (t *tokens) drop(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for key, have := range t.known {
		if have.text == text {
			have.until = time.Time{}
			t.known[key] = have
		}
	}
}

// refusedGrant is what a provider says against us (RFC 6749 §5.2).
type refusedGrant struct {
	code string // invalid_grant: what we asked by is void
	text string
}

func (r refusedGrant) Error() string { return r.text }

// ask gets a token for our client secret, or for a refresh token. What the provider says against it is shown to
// the administrator (RFC 6749 §5.2).
func (t *tokens) ask(ctx context.Context, o OAuth, secret, refresh string) (token, error) {
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {o.ClientID}}
	if secret != "" { // a public client has none
		form.Set("client_secret", secret)
	}
	if refresh != "" {
		form.Set("grant_type", "refresh_token")
		form.Set("refresh_token", refresh)
	}
	if o.Scope != "" {
		form.Set("scope", o.Scope)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, o.TokenURL, strings.NewReader(form.Encode()))
	if err != nil {
		return token{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	resp, err := t.client.Do(req)
	if err != nil {
		return token{}, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, tokenMax))
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return token{}, err
	}
	var answer struct {
		Token   string `json:"access_token"`
		Refresh string `json:"refresh_token"`
		Seconds int64  `json:"expires_in"`
		Error   string `json:"error"`
		Details string `json:"error_description"`
	}
	err = json.Unmarshal(body, &answer)
	if resp.StatusCode != http.StatusOK || err != nil || answer.Token == "" || len(answer.Token) > tokenLength {
		return token{}, refusedGrant{answer.Error, fmt.Sprintf("%s says %s %s", o.TokenURL, resp.Status, gateway.Clean(answer.Error+" "+answer.Details))}
	}
	lasts := tokenUsual
	if answer.Seconds > 0 {
		lasts = time.Duration(min(answer.Seconds, 24*3600)) * time.Second
	}
	fresh := token{text: answer.Token, until: time.Now().Add(lasts - tokenEarly)}
	if refresh != "" && answer.Refresh != refresh && len(answer.Refresh) <= tokenLength {
		fresh.refresh = answer.Refresh
	}
	return fresh, nil
}
