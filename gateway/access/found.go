package access

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// found is a caller as a session or a key has it, with what decides whether its row is
// written now.
type found struct {
	Caller
	created time.Time  // a session
	usedAt  *time.Time // a key
}

func sessionsWhere(where string) string {
	return `
		select s.id, s.created_at, s.expires_at, l.id, l.agent, l.display, l.must_change, g.role
		from session s
		join login l on l.id = s.login
		join role_grant g on g.login = l.id
		where ` + where + ` and s.expires_at > $2 and l.active`
}

func scanSession(row pgx.Row) (f found, err error) {
	err = row.Scan(&f.Session, &f.created, &f.Expires, &f.Login, &f.Agent, &f.Name, &f.MustChange, &f.Role)
	return f, err
}

func keysWhere(where string) string {
	return `
		select id, agent, name, role, used_at, expires_at
		from api_key
		where ` + where + ` and revoked_at is null and (expires_at is null or expires_at > $2)`
}

func scanKey(row pgx.Row) (f found, err error) {
	var expires *time.Time
	err = row.Scan(&f.Key, &f.Agent, &f.Name, &f.Role, &f.usedAt, &expires)
	if expires != nil {
		f.Expires = *expires
	}
	return f, err
}

// lengthen has a session that is used in the second half of its life live on.
func (s *Store) lengthen(ctx context.Context, f *found, now time.Time) error {
	if f.Expires.Sub(now) > sessionLife/2 {
		return nil
	}
	longer := now.Add(sessionLife)
	if most := f.created.Add(sessionMost); longer.After(most) {
		longer = most
	}
	if !longer.After(f.Expires) {
		return nil
	}
	f.Expires = longer
	_, err := s.pool.Exec(ctx, "update session set expires_at = greatest(expires_at, $2) where id = $1", f.Session, longer)
	return err
}

// used notes the use of keys, of each once a minute at most.
func (s *Store) used(ctx context.Context, now time.Time, keys ...found) error {
	var ids []int64
	for _, f := range keys {
		if f.usedAt == nil || now.Sub(*f.usedAt) > time.Minute {
			ids = append(ids, int64(f.Key))
		}
	}
	if len(ids) == 0 {
		return nil
	}
	_, err := s.pool.Exec(ctx, "update api_key set used_at = $2 where id = any($1)", ids, now)
	return err
}
