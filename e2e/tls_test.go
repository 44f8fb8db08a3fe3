package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/email/mailtest"
	"github.com/vaxelhq/vaxel/gateway"
)

// TestStoryTLS: a Växel with a certificate of its own serves pages and both sockets over
// TLS 1.2 and later only, with a cookie that never leaves it; a mail and a chat are handled
// by an agent whose console is there.
//
// It changes what all clients of this process trust, so it runs alone.
func TestStoryTLS(t *testing.T) { //nolint:paralleltest // see above
	dovecot, sink := mailtest.StartDovecot(t), mailtest.StartSink(t)
	dir := t.TempDir()
	trusted := certify(t, dir)
	v := newVaxel(t, fmt.Sprintf("tls_cert = %q\ntls_key = %q\n", filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))+
		mailbox(dovecot.IMAP, sink.Address)+widget)
	v.base = strings.Replace(v.base, "http://", "https://", 1)
	trust(t, trusted)
	v.start()

	v.wantSecureCookie(t)
	address := strings.TrimPrefix(v.base, "https://")
	if resp, err := http.Get("http://" + address + "/readyz"); err == nil {
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("without TLS: %s", resp.Status)
		}
	}
	old := &tls.Config{RootCAs: trusted, MaxVersion: tls.VersionTLS11} // must be refused
	if c, err := (&tls.Dialer{Config: old}).DialContext(t.Context(), "tcp", address); err == nil {
		_ = c.Close()
		t.Error("TLS 1.1 is spoken")
	}

	v.agent.signIn()
	c := v.agent.openConsole()
	v.agent.available()
	dovecot.Deliver(t, support, mailtest.Mail("m1", "karin@kund.example", "Hej", "Hej!"))
	mail := c.accept(t)
	v.agent.must(http.MethodPost, "/interactions/"+mail.String()+"/reply", map[string]any{"text": "Hej Karin!"}, nil)
	sink.Wait(t, 1)
	c.finish(t, mail)
	guest := v.visit()
	guest.say("form", 0, map[string]any{"name": "Bo", "text": "Hallå?"})
	chat := c.accept(t)
	v.agent.must(http.MethodPost, "/interactions/"+chat.String()+"/messages", map[string]any{"text": "Hej Bo!"}, nil)
	v.wait("the answer in the widget", func() bool { return slices.Equal(guest.texts(), []string{"me: Hallå?", "agent: Hej Bo!"}) })
	c.finish(t, chat)
	guest.wantWhole()
	for _, channel := range []gateway.Channel{gateway.Email, gateway.Chat} {
		if n := v.number(`select count(*) from interaction where ended = 'handled' and channel = '` + string(channel) + `'`); n != 1 {
			t.Errorf("%d of %s are handled, want 1", n, channel)
		}
	}
}

// wantSecureCookie signs in and looks at the cookie and the headers.
func (v *vaxel) wantSecureCookie(t *testing.T) {
	t.Helper()
	body, err := json.Marshal(map[string]string{"login": v.agent.login, "password": password})
	must(t, err)
	resp, err := http.Post(v.base+"/api/v1/session", "application/json", strings.NewReader(string(body)))
	must(t, err)
	_ = resp.Body.Close()
	cookies := resp.Cookies()
	if len(cookies) != 1 || !cookies[0].Secure || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteStrictMode {
		t.Errorf("got %d and cookies %v", resp.StatusCode, cookies)
	}
	if resp.Header.Get("Strict-Transport-Security") == "" {
		t.Error("browsers are not told to stay with HTTPS")
	}
}

// certify writes a key and a certificate of its own making for 127.0.0.1.
func certify(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	wish := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, wish, wish, key.Public(), key)
	must(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	whole := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})
	must(t, os.WriteFile(filepath.Join(dir, "cert.pem"), whole, 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(whole)
	return pool
}

// trust has all clients of this process trust a certificate until the test ends.
func trust(t *testing.T, pool *x509.CertPool) {
	t.Helper()
	before := http.DefaultTransport
	own := before.(*http.Transport).Clone() //nolint:forcetypeassert // net/http's own
	own.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	http.DefaultTransport = own
	t.Cleanup(func() { own.CloseIdleConnections(); http.DefaultTransport = before })
}
