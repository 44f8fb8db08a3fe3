package chat

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// Secrets are the keys with which websites say who their visitors are, sealed.
type Secrets interface {
	Get(ctx context.Context, name string) ([]byte, error)
}

// SharedKey names, among the secrets, the key that a widget's website shares with us, for
// HS256 and plain HMAC.
func SharedKey(widget string) string { return "widget:" + widget + ":hs256" }

// PublicKey names the public one of a pair that the website signs with.
func PublicKey(widget string) string { return "widget:" + widget + ":ed25519" }

const (
	maxSubject = 200         // bytes of a website's own name for a visitor
	skew       = time.Minute // that a website's clock may differ from ours

	// plain stands before an id that is signed by itself: no token's signed text begins so, and
	// an id that looks like one is still no token.
	plain = "user:"
)

// identity is who a website says that a visitor is.
type identity struct {
	Subject string // the website's own name for them
	Name    string
	Email   string
	expired bool
}

// claims are the part of a token that we read (RFC 7519 §4.1, OpenID Connect Core §5.1).
type claims struct {
	Subject   string  `json:"sub"`
	Name      string  `json:"name"`
	Email     string  `json:"email"`
	Expires   float64 `json:"exp"` // seconds, perhaps with a fraction (RFC 7519 §2, NumericDate)
	NotBefore float64 `json:"nbf"`
}

func refused(why string) error {
	return gateway.Forbidden("identity_refused", "We could not make sure who you are: "+why+".")
}

var errExpired = gateway.Forbidden("identity_expired", "You have been signed in for too long; the website must sign you in anew.")

// identify says who the website vouches for; nobody, if it does not say. A token that was
// signed for its subject and has expired since is given with its refusal.
func (s *Server) identify(ctx context.Context, w *Widget, f frameIn) (identity, error) {
	switch {
	case f.JWT != "":
		return s.verify(ctx, w, f.JWT, time.Now())
	case f.User != "":
		key, err := s.key(ctx, SharedKey(w.Key))
		if err != nil {
			return identity{}, err
		}
		if got, err := hex.DecodeString(f.Hash); err != nil || !hmac.Equal(got, signature(key, plain+f.User)) {
			return identity{}, refused("its hash is not made with our key")
		}
		return fit(identity{Subject: f.User})
	}
	return identity{}, nil
}

// verify reads a compact JWS (RFC 7515 §7.1). The algorithm is one that we have a key for,
// whatever the token says (RFC 8725 §3.1).
func (s *Server) verify(ctx context.Context, w *Widget, token string, now time.Time) (who identity, err error) {
	signed, sum, ok := cutLast(token, ".")
	head, body, whole := strings.Cut(signed, ".")
	var h struct {
		Algorithm string   `json:"alg"`
		Critical  []string `json:"crit"`
	}
	var c claims
	mark, err := base64.RawURLEncoding.DecodeString(sum)
	if !ok || !whole || err != nil || unpack(head, &h) != nil || unpack(body, &c) != nil || len(h.Critical) > 0 {
		return who, refused("that is no token")
	}
	var genuine bool
	switch h.Algorithm {
	case "HS256":
		key, err := s.key(ctx, SharedKey(w.Key))
		if err != nil {
			return who, err
		}
		genuine = hmac.Equal(mark, signature(key, signed))
	case "EdDSA":
		key, err := s.key(ctx, PublicKey(w.Key))
		if err != nil {
			return who, err
		}
		genuine = len(key) == ed25519.PublicKeySize && ed25519.Verify(key, []byte(signed), mark)
	default:
		return who, refused("sign with HS256 or EdDSA")
	}
	switch {
	case !genuine:
		return who, refused("its signature is not made with our key")
	case c.Expires == 0:
		return who, refused("a token must say when it expires")
	case now.Add(skew).Before(time.Unix(int64(c.NotBefore), 0)):
		return who, refused("it is not valid yet")
	}
	if who, err = fit(identity{Subject: c.Subject, Name: clip(c.Name, maxName), Email: strings.ToLower(clip(c.Email, maxAddress))}); err != nil {
		return who, err
	}
	if now.Add(-skew).After(time.Unix(int64(c.Expires), 0)) {
		who.expired = true
		return who, errExpired
	}
	return who, nil
}

func fit(who identity) (identity, error) {
	if s := strings.TrimSpace(gateway.Clean(who.Subject)); s == "" || s != who.Subject || len(s) > maxSubject {
		return identity{}, refused("its subject must be the visitor's id, 1 to 200 bytes")
	}
	return who, nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

func unpack(part string, into any) error {
	data, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}

func signature(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

func (s *Server) key(ctx context.Context, name string) ([]byte, error) {
	key, err := s.Secrets.Get(ctx, name)
	if errors.Is(err, gateway.ErrNotFound) {
		return nil, gateway.Forbidden("identity_unknown", "This widget has no key for identities of that kind; the administrator must enter it.")
	}
	return key, err
}

// vouched takes what the website says into account: who is somebody else than the token's
// visitor is given a chat of their own. Whoever chatted as somebody goes on as them while the
// token is theirs, also after it has expired: the socket may be cut at any time.
func (v *session) vouched(who visitor, says identity, refusal error) (visitor, bool) {
	if once := says.expired && who.Identity == says.Subject; refusal != nil && !once {
		says = identity{}
	}
	if who.Identity != "" && who.Identity != says.Subject {
		return visitor{Identity: says.Subject, Name: says.Name, Email: says.Email}, false
	}
	who.Identity, who.Name, who.Email = says.Subject, cmp.Or(who.Name, says.Name), cmp.Or(who.Email, says.Email)
	return who, true
}

// addresses are those by which a visitor's customer is known: the website's own name for
// them, where it vouches for that, else the browser's.
func (who visitor) addresses(h tokenHash) (from gateway.Address, others []gateway.Address) {
	from = gateway.Address{Kind: gateway.AddressVisitor, Value: h.name(), Name: who.Name}
	if who.Identity != "" {
		others = append(others, from)
		from.Value = fmt.Sprintf("site/%d/%s", who.Widget, who.Identity)
	}
	if who.Email != "" {
		others = append(others, gateway.Address{Kind: gateway.AddressEmail, Value: who.Email, Name: who.Name})
	}
	return from, others
}
