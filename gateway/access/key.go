package access

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/retry"
)

// Key is an integration's way in.
type Key struct {
	ID        KeyID           `json:"id"`
	Name      string          `json:"name"`
	Hint      string          `json:"hint"` // its last four characters
	Role      gateway.Role    `json:"role"`
	Agent     gateway.AgentID `json:"agent,omitempty"` // whom it acts as, if anybody
	CreatedBy gateway.LoginID `json:"created_by"`
	CreatedAt time.Time       `json:"created_at"`
	ExpiresAt *time.Time      `json:"expires_at,omitempty"`
	UsedAt    *time.Time      `json:"used_at,omitempty"` // to the minute
	RevokedAt *time.Time      `json:"revoked_at,omitempty"`
}

const keyColumns = "id, name, hint, role, agent, created_by, created_at, expires_at, used_at, revoked_at"

// Keys lists the API keys, newest first.
func (s *Store) Keys(ctx context.Context) ([]Key, error) {
	return list[Key](ctx, s.pool, "select "+keyColumns+" from api_key order by id desc")
}

// CreateKey makes an API key. The key itself is given this once. Nobody makes a key
// that may do more than they may.
func (s *Store) CreateKey(ctx context.Context, by Caller, k Key) (made Key, key string, err error) {
	switch {
	case by.Login == 0:
		return k, "", gateway.Forbidden("login_required", "API keys are made by somebody who is signed in")
	case strings.TrimSpace(k.Name) == "":
		return k, "", gateway.Invalid("name_missing", "name the key after what will use it")
	case rank[k.Role] == 0:
		return k, "", gateway.Invalid("unknown_role", "a role is agent, supervisor or administrator")
	case !by.Can(k.Role):
		return k, "", gateway.Forbidden("role_required", "a key may not do more than you may")
	}
	key, hash := newToken(keyPrefix)
	made, err = s.changeKey(ctx, by, "key.created", `
		insert into api_key (hash, hint, name, role, agent, created_by, created_at, expires_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8)
		returning `+keyColumns, hash[:], key[len(key)-4:], text(k.Name, 200), k.Role, k.Agent, by.Login, s.now(), k.ExpiresAt)
	return made, key, err
}

// RevokeKey ends a key for good.
func (s *Store) RevokeKey(ctx context.Context, by Caller, id KeyID) (Key, error) {
	defer s.cache.clear()
	return s.changeKey(ctx, by, "key.revoked",
		"update api_key set revoked_at = coalesce(revoked_at, $2) where id = $1 returning "+keyColumns, id, s.now())
}

func (s *Store) changeKey(ctx context.Context, by Caller, what, sql string, args ...any) (k Key, err error) {
	err = retry.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		if k, err = one[Key](ctx, tx, "key", sql, args...); err != nil {
			return err
		}
		return Audit(ctx, tx, by, what, "key:"+k.ID.String(), map[string]any{"role": k.Role, "agent": k.Agent})
	})
	return k, err
}
