package access

import (
	"context"
	"errors"
	"math"
	"net/netip"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/retry"
)

// How long a session lasts: twelve hours after it was last used, a week at most.
const (
	sessionLife = 12 * time.Hour
	sessionMost = 7 * 24 * time.Hour
)

// Session is a signed-in login.
type Session struct {
	ID        SessionID       `json:"id"`
	Login     gateway.LoginID `json:"login"`
	CreatedAt time.Time       `json:"created_at"`
	ExpiresAt time.Time       `json:"expires_at"`
	Source    string          `json:"source"` // the address it came from
	Client    string          `json:"client,omitempty"`
}

// SignIn checks a password and opens a session. The token is given this once. After
// five failures of one account from one source each further attempt must wait twice as
// long, to 15 minutes; other sources and accounts are not held up by it.
func (s *Store) SignIn(ctx context.Context, name, password, source, client string) (token string, c Caller, err error) {
	name, source = text(account(name), 200), text(network(source), 100)
	if err := s.attempt(ctx, name, source); err != nil {
		return "", Caller{}, err
	}
	var id gateway.LoginID
	var hashed string
	err = s.pool.QueryRow(ctx, "select id, password from login where name = $1 and active", name).Scan(&id, &hashed)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return "", Caller{}, err
	}
	ok, old, err := s.hasher.verify(ctx, password, hashed) // as long for a name that nobody has
	if err != nil {
		return "", Caller{}, err
	}
	if !ok {
		return "", Caller{}, denied("wrong_login", "the name or the password is not right; check both and try again")
	}
	if old {
		if err := s.rehash(ctx, id, password); err != nil {
			return "", Caller{}, err
		}
	}
	if _, err := s.pool.Exec(ctx, "delete from attempt where account = $1 and source = $2", name, source); err != nil {
		return "", Caller{}, err
	}
	return s.open(ctx, id, source, client)
}

// rehash stores the password as it would be hashed today: the plain one is here just now.
func (s *Store) rehash(ctx context.Context, id gateway.LoginID, password string) error {
	hashed, err := s.hasher.hash(ctx, password)
	if err == nil {
		_, err = s.pool.Exec(ctx, "update login set password = $2 where id = $1", id, hashed)
	}
	return err
}

// open stores a session by the hash of its token; who reads the table can't sign in with it.
func (s *Store) open(ctx context.Context, id gateway.LoginID, source, client string) (string, Caller, error) {
	token, hash := newToken(sessionPrefix)
	now := s.now()
	if _, err := s.pool.Exec(ctx, `
		insert into session (hash, login, created_at, expires_at, source, client)
		values ($1, $2, $3, $4, $5, $6)`,
		hash[:], id, now, now.Add(sessionLife), source, text(client, 300)); err != nil {
		return "", Caller{}, err
	}
	c, err := s.Identify(ctx, token)
	return token, c, err
}

const (
	freeFailures = 5 // people mistype
	longestWait  = 15 * time.Minute
)

// attempt counts an attempt before its password is looked at, so that many at once are no
// more than one after the other; one that succeeds wipes the count out. Those older than
// a day are forgotten.
func (s *Store) attempt(ctx context.Context, name, source string) error {
	return retry.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `
			insert into attempt (account, source, failures, last_at)
			values ($1, $2, 0, $3)
			on conflict do nothing`, name, source, s.now()); err != nil {
			return err
		}
		var failures int
		var last time.Time
		err := tx.QueryRow(ctx, `
			select failures, last_at
			from attempt
			where account = $1 and source = $2
			for update`, name, source).Scan(&failures, &last)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil // somebody has just succeeded and wiped it out
		}
		if err != nil {
			return err
		}
		now := s.now()
		if wait := last.Add(penalty(failures)).Sub(now); wait > 0 {
			return tooMany(wait)
		}
		if now.Sub(last) > 24*time.Hour {
			failures = 0
		}
		_, err = tx.Exec(ctx, "update attempt set failures = $3, last_at = $4 where account = $1 and source = $2",
			name, source, failures+1, now)
		return err
	})
}

// penalty is the wait after so many failures: 2 s after the fifth, then twice as long each.
func penalty(failures int) time.Duration {
	if failures < freeFailures {
		return 0
	}
	return min(longestWait, time.Second<<min(failures-freeFailures+1, 20))
}

// tooMany says how long to wait, in whole seconds, rounded up.
func tooMany(wait time.Duration) error {
	return &gateway.Error{
		Kind: gateway.KindTooMany, Code: "too_many_attempts",
		Detail: "too many wrong passwords; wait and try again, or ask an administrator to reset it",
		Data:   map[string]int{"retry_after_s": int(math.Ceil(wait.Seconds()))},
	}
}

// network is the source's address; of IPv6 the /64, which is what one customer of a
// network has to himself.
func network(source string) string {
	a, err := netip.ParseAddr(source)
	if err != nil || a.Unmap().Is4() {
		return source
	}
	p, _ := a.WithZone("").Prefix(64)
	return p.String()
}

// Sessions lists a login's open sessions, newest first.
func (s *Store) Sessions(ctx context.Context, login gateway.LoginID) ([]Session, error) {
	return list[Session](ctx, s.pool, `
		select id, login, created_at, expires_at, source, client
		from session
		where login = $1 and expires_at > $2
		order by id desc`, login, s.now())
}

// SignOut ends the caller's session; ending it twice is fine.
func (s *Store) SignOut(ctx context.Context, c Caller) error {
	err := s.RevokeSession(ctx, c, c.Login, c.Session)
	if errors.Is(err, gateway.ErrNotFound) {
		return nil
	}
	return err
}

// RevokeSession ends one session of a login, or says that there is no such one. Whoever
// signs somebody else out is audited.
func (s *Store) RevokeSession(ctx context.Context, by Caller, login gateway.LoginID, id SessionID) error {
	defer s.cache.clear()
	return retry.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		gone, err := tx.Exec(ctx, "delete from session where login = $1 and id = $2", login, id)
		if err != nil {
			return err
		}
		if gone.RowsAffected() == 0 {
			return gateway.NotFound("session_not_found", "there is no such session; it may have ended")
		}
		if by.Login == login {
			return nil
		}
		return Audit(ctx, tx, by, "login.signed_out", "login:"+login.String(), nil)
	})
}

// Sweep forgets expired sessions, tickets and attempts. Call it every few minutes.
func (s *Store) Sweep(ctx context.Context) error {
	for _, sql := range []string{
		"delete from session where expires_at < $1",
		"delete from socket_ticket where expires_at < $1",
		"delete from attempt where last_at < $1::timestamptz - interval '1 day'",
	} {
		if _, err := s.pool.Exec(ctx, sql, s.now()); err != nil {
			return err
		}
	}
	return nil
}

// text is s as PostgreSQL can hold it, at most n bytes.
func text(s string, n int) string {
	s = gateway.Clean(s)
	if len(s) > n {
		s = strings.ToValidUTF8(s[:n], "")
	}
	return s
}
