package access

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"github.com/vaxelhq/vaxel/gateway"
)

// hashing is what one hash costs (RFC 9106 §4; OWASP's second choice, because an
// agents' shift signs in at once and each hash holds its memory).
type hashing struct {
	memory  uint32 // KiB
	time    uint32
	threads uint8
}

var usual = hashing{memory: 19 * 1024, time: 2, threads: 1}

const (
	saltLength = 16
	keyLength  = 32
)

// hasher lets a few passwords be hashed at once: the others wait, so that a flood of
// attempts to sign in costs neither the memory nor the cores that calls need.
type hasher struct{ slots chan struct{} }

func newHasher() hasher { return hasher{make(chan struct{}, 2)} }

func (h hasher) derive(ctx context.Context, password string, salt []byte, p hashing) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to hash a password: %w", context.Cause(ctx))
	}
	defer func() { <-h.slots }()
	return argon2.IDKey([]byte(password), salt, p.time, p.memory, p.threads, keyLength), nil
}

// hash gives the password in the PHC string format, parameters and salt included.
func (h hasher) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltLength)
	_, _ = rand.Read(salt) // never fails, see its documentation
	key, err := h.derive(ctx, password, salt, usual)
	if err != nil {
		return "", err
	}
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		usual.memory, usual.time, usual.threads, b64.EncodeToString(salt), b64.EncodeToString(key)), nil
}

// verify says whether the password is the one hashed, and whether it was hashed with
// other parameters than are usual now. An empty hash takes as long and fits nothing.
func (h hasher) verify(ctx context.Context, password, hashed string) (ok, old bool, err error) {
	p, salt, want, err := parseHash(hashed)
	if err != nil {
		p, salt = usual, make([]byte, saltLength)
	}
	got, err := h.derive(ctx, password, salt, p)
	if err != nil {
		return false, false, err
	}
	return len(want) == keyLength && subtle.ConstantTimeCompare(got, want) == 1, p != usual, nil
}

func parseHash(s string) (p hashing, salt, key []byte, err error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return p, nil, nil, errors.New("not an argon2id hash")
	}
	var version int
	if _, err = fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &p.memory, &p.time, &p.threads); err != nil {
		return p, nil, nil, fmt.Errorf("read argon2id parameters: %w", err)
	}
	if version != argon2.Version || p.time == 0 || p.threads == 0 || p.memory > 1<<20 {
		return p, nil, nil, errors.New("unknown argon2id parameters")
	}
	if salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return p, nil, nil, fmt.Errorf("read argon2id salt: %w", err)
	}
	key, err = base64.RawStdEncoding.DecodeString(parts[5])
	return p, salt, key, err
}

// checkPassword follows NIST SP 800-63B §3.1.1.2: length counts, composition does not.
func checkPassword(login, password string) error {
	n := utf8.RuneCountInString(password)
	switch {
	case !utf8.ValidString(password):
		return gateway.Invalid("bad_password", "a password is text")
	case n < 10:
		return gateway.Invalid("password_too_short", "a password has at least 10 characters; a few words in a row are good")
	case len(password) > 1024:
		return gateway.Invalid("password_too_long", "a password has at most 1,024 bytes")
	case strings.EqualFold(password, login) || strings.Count(password, password[:1]) == len(password):
		return gateway.Invalid("password_too_simple", "choose a password that is neither the name nor one character repeated")
	}
	return nil
}

// randomPassword is easily read and typed: five groups of four, 98 bits.
func randomPassword() string {
	const letters = "abcdefghjkmnpqrstuvwxyz23456789"
	groups := make([]string, 5)
	for i := range groups {
		group := make([]byte, 4)
		for j := range group {
			group[j] = letters[randomBelow(len(letters))]
		}
		groups[i] = string(group)
	}
	return strings.Join(groups, "-")
}

func randomBelow(n int) int {
	var b [1]byte
	for limit := 256 - 256%n; ; {
		_, _ = rand.Read(b[:])
		if int(b[0]) < limit {
			return int(b[0]) % n
		}
	}
}
