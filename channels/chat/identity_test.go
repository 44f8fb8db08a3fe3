package chat_test

import (
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/chat"
	"github.com/vaxelhq/vaxel/gateway"
)

var (
	sharedKey          = []byte("0123456789abcdef0123456789abcdef")
	publicKey, pair, _ = ed25519.GenerateKey(nil)
)

// keys are a website's.
type keys map[string][]byte

// Get implements chat.Secrets.
func (k keys) Get(_ context.Context, name string) ([]byte, error) {
	if key, ok := k[name]; ok {
		return key, nil
	}
	return nil, gateway.NotFound("secret_not_found", "none")
}

func mac(text string) []byte {
	m := hmac.New(sha256.New, sharedKey)
	m.Write([]byte(text))
	return m.Sum(nil)
}

// token signs claims as a website does.
func token(alg string, claims m) string {
	part := func(v any) string {
		data, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(data)
	}
	text := part(m{"alg": alg, "typ": "JWT"}) + "." + part(claims)
	sum := mac(text)
	if alg == "EdDSA" {
		sum = ed25519.Sign(pair, []byte(text))
	}
	if alg == "none" {
		sum = nil
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(sum)
}

func claimsOf(sub string, in time.Duration) m {
	return m{"sub": sub, "name": "Anna Signerad", "email": "Anna@Kund.example", "exp": time.Now().Add(in).Unix()}
}

// greeted says hello as somebody, and gives the welcome.
func (c *client) greeted(as m) frame {
	c.t.Helper()
	hello := m{"t": "hello", "key": "nordvind", "token": c.token, "pos": 0, "lang": "en"}
	maps.Copy(hello, as)
	c.pos, c.lines, c.conv = 0, nil, ""
	c.send(hello)
	f := c.until("welcome")
	c.token = f.Token
	return f
}

func vouching(t *testing.T, k keys) (*house, *node) {
	t.Helper()
	h := newHouse(t)
	h.setting = func(c *chat.Config) { c.Secrets = k }
	return h, h.start()
}

var bothKeys = keys{chat.SharedKey("nordvind"): sharedKey, chat.PublicKey("nordvind"): publicKey}

// Whoever the website vouches for is its customer, wherever they write from; their chat is
// theirs alone, and stays so while their token is expired, but not without it.
func TestIdentity(t *testing.T) {
	t.Parallel()
	h, n := vouching(t, bothKeys)
	fraction := claimsOf("4711", time.Hour)
	fraction["exp"] = float64(time.Now().Add(time.Hour).Unix()) + 0.5
	for i, as := range []m{
		{"jwt": token("HS256", claimsOf("4711", time.Hour))},
		{"jwt": token("EdDSA", claimsOf("4711", time.Hour))},
		{"jwt": token("HS256", fraction)},
		{"user": "4711", "hash": hex.EncodeToString(mac("user:4711"))},
	} {
		c := n.dial(t)
		if f := c.greeted(as); !f.Known {
			t.Fatalf("%d: greeted %+v", i, f)
		}
		c.send(m{"t": "form", "cid": "form-1", "text": "Hej"})
		c.until("ack")
		h.mu.Lock()
		a := h.received[len(h.received)-1]
		h.mu.Unlock()
		if a.From.Kind != gateway.AddressVisitor || !strings.HasSuffix(a.From.Value, "/4711") || !strings.HasPrefix(a.From.Value, "site/") {
			t.Errorf("%d: received from %+v", i, a.From)
		}
		if i < 3 && (a.From.Name != "Anna Signerad" || len(a.Others) != 2 || a.Others[1].Value != "anna@kund.example") {
			t.Errorf("%d: received %+v, %+v", i, a.From, a.Others)
		}
		mine := c.token
		for who, same := range map[string]bool{
			token("HS256", claimsOf("4711", -time.Hour)): true,
			token("HS256", claimsOf("4712", time.Hour)):  false,
			"": false,
		} {
			again := n.dial(t)
			again.token = mine
			if f := again.greeted(m{"jwt": who}); (f.Conv != "") != same || (f.Token == mine) != same {
				t.Errorf("%d: whoever comes with %q is greeted %+v", i, who, f)
			}
		}
	}
}

// What is not believed is said, and the visitor is nobody.
func TestIdentityRefused(t *testing.T) {
	t.Parallel()
	_, n := vouching(t, bothKeys)
	_, none := vouching(t, keys{})
	good := token("HS256", claimsOf("4711", time.Hour))
	chosen := good[:strings.LastIndex(good, ".")] // as an id, of a visitor who may choose theirs
	early, timeless := claimsOf("4711", time.Hour), claimsOf("4711", time.Hour)
	early["nbf"] = time.Now().Add(time.Hour).Unix()
	delete(timeless, "exp")
	for code, list := range map[string][]m{
		"identity_expired": {{"jwt": token("HS256", claimsOf("4711", -time.Hour))}, {"jwt": token("EdDSA", claimsOf("4711", -time.Hour))}},
		"identity_refused": {
			{"jwt": good[:len(good)-4] + "AAAA"},
			{"jwt": "x"},
			{"jwt": "a.b.c"},
			{"jwt": token("none", claimsOf("4711", time.Hour))},
			{"jwt": token("HS512", claimsOf("4711", time.Hour))},
			{"jwt": token("HS256", claimsOf("", time.Hour))},
			{"jwt": token("HS256", claimsOf(strings.Repeat("x", 201), time.Hour))},
			{"jwt": token("HS256", early)},
			{"jwt": token("HS256", timeless)},
			{"jwt": strings.Replace(good, ".", "."+"e30.", 1)},
			{"user": "4711", "hash": "00"},
			{"user": "4712", "hash": hex.EncodeToString(mac("user:4711"))},
			{"user": "4711", "hash": hex.EncodeToString(mac("4711"))},
			{"jwt": chosen + "." + base64.RawURLEncoding.EncodeToString(mac("user:"+chosen))},
			{"user": chosen, "hash": hex.EncodeToString(mac(chosen))},
		},
	} {
		for _, as := range list {
			c := n.dial(t)
			if f := c.greeted(as); f.Known {
				t.Errorf("%v is believed", as)
			}
			if f := c.until("error"); f.Code != code {
				t.Errorf("%v is answered %s, want %s", as, f.Code, code)
			}
		}
	}
	c := none.dial(t)
	c.greeted(m{"jwt": good})
	if f := c.until("error"); f.Code != "identity_unknown" {
		t.Errorf("without a key: %+v", f)
	}
}
