package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// A token says what it is, so that one found in a log or a repository can be told.
const (
	sessionPrefix = "vxs_"
	keyPrefix     = "vxk_"
	ticketPrefix  = "vxt_"
)

// digest is what is kept of a token: 256 random bits need no slow hash.
type digest [sha256.Size]byte

// newToken makes a token and what is kept of it.
func newToken(prefix string) (string, digest) {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails, see its documentation
	token := prefix + base64.RawURLEncoding.EncodeToString(b)
	return token, sha256.Sum256([]byte(token))
}

// remembered is how long an answer of the database is used again: less than the second
// within which a revocation must be obeyed.
const remembered = 900 * time.Millisecond

// cache holds who tokens speak for. Those who ask for the same token at the same time
// wait for one look into the database.
type cache struct {
	mu      sync.Mutex // guards entries
	entries map[digest]*cached
	swept   time.Time
}

// cached is an answer of the database, or one that is being waited for.
type cached struct {
	ready  chan struct{} // closed when caller and err are there
	until  time.Time     // 0 until ready
	caller Caller
	err    error
}

// clear forgets everything, so that a revocation on this node is obeyed at once.
func (c *cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.entries)
}

// find gives the entry for a token, and whether it is this caller who must fill it.
func (c *cache) find(d digest, now time.Time) (*cached, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.swept) > remembered {
		c.swept = now
		for k, e := range c.entries {
			if !e.until.IsZero() && !now.Before(e.until) {
				delete(c.entries, k)
			}
		}
	}
	if e := c.entries[d]; e != nil && (e.until.IsZero() || now.Before(e.until)) {
		return e, false
	}
	e := &cached{ready: make(chan struct{})}
	c.entries[d] = e
	return e, true
}

// fill gives the answer to all who wait for it. A refusal is remembered as well, so that a
// bad token asks the database no more than once a second; trouble of ours is not.
func (c *cache) fill(d digest, e *cached, now time.Time, caller Caller, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e.caller, e.err, e.until = caller, err, now.Add(remembered)
	if err != nil && c.entries[d] == e && !errors.Is(err, gateway.ErrDenied) {
		delete(c.entries, d) // the database was away: ask again
	}
	close(e.ready)
}

// Identify says who a session token or an API key speaks for. It is denied when the
// token is unknown, expired or revoked, or its login inactive.
func (s *Store) Identify(ctx context.Context, token string) (Caller, error) {
	if token == "" {
		return Caller{}, denied("not_signed_in", "sign in with POST /api/v1/session, or send Authorization: Bearer and an API key")
	}
	d := digest(sha256.Sum256([]byte(token)))
	for {
		now := s.now()
		e, mine := s.cache.find(d, now)
		if mine {
			caller, err := s.identify(ctx, token, d, now)
			s.cache.fill(d, e, now, caller, err)
			return caller, err
		}
		select {
		case <-e.ready:
		case <-ctx.Done():
			return Caller{}, context.Cause(ctx)
		}
		if e.err == nil || errors.Is(e.err, gateway.ErrDenied) {
			return e.caller, e.err
		} // whoever asked gave up or failed: ask ourselves
	}
}

func (s *Store) identify(ctx context.Context, token string, d digest, now time.Time) (Caller, error) {
	var c Caller
	var err error
	switch {
	case strings.HasPrefix(token, sessionPrefix):
		c, err = s.bySession(ctx, "s.hash = $1", d[:], now)
	case strings.HasPrefix(token, keyPrefix):
		c, err = s.byKey(ctx, "hash = $1", d[:], now)
	default:
		err = pgx.ErrNoRows
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return c, denied("token_gone", "the session or key is unknown, expired or revoked; sign in again")
	}
	return c, err
}

// bySession also keeps a session alive that is used in the second half of its life.
func (s *Store) bySession(ctx context.Context, where string, arg any, now time.Time) (Caller, error) {
	f, err := scanSession(s.pool.QueryRow(ctx, sessionsWhere(where), arg, now))
	if err == nil {
		err = s.lengthen(ctx, &f, now)
	}
	return f.Caller, err
}

// byKey notes the use of a key once a minute at most.
func (s *Store) byKey(ctx context.Context, where string, arg any, now time.Time) (Caller, error) {
	f, err := scanKey(s.pool.QueryRow(ctx, keysWhere(where), arg, now))
	if err == nil {
		err = s.used(ctx, now, f)
	}
	return f.Caller, err
}
