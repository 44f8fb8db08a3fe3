// Package access is in charge of who is calling: logins, sessions, roles, API keys,
// the audit log and sealed secrets.
//
// It promises that nothing stored opens a door: passwords are argon2id, session tokens
// and API keys 256 random bits kept as SHA-256 only, secrets sealed with a key that is
// not in the database. A revocation is obeyed by every node within a second.
package access

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
)

// Ids of what only this room numbers.
type (
	// SessionID names a session.
	SessionID = gateway.ID[Session]
	// KeyID names an API key.
	KeyID = gateway.ID[Key]
)

// Caller is who a token speaks for.
type Caller struct {
	Login      gateway.LoginID `json:"login,omitempty"` // none for an API key
	Agent      gateway.AgentID `json:"agent,omitempty"`
	Role       gateway.Role    `json:"role"`
	Name       string          `json:"name"`
	Session    SessionID       `json:"session,omitempty"`
	Key        KeyID           `json:"key,omitempty"`
	MustChange bool            `json:"must_change,omitempty"` // may do nothing but change the password
	Expires    time.Time       `json:"expires,omitzero"`
}

// System is who does what nobody signed in for: a start, a command at the machine.
var System = Caller{Name: "system"}

var rank = map[gateway.Role]int{gateway.RoleAgent: 1, gateway.RoleSupervisor: 2, gateway.RoleAdministrator: 3}

// Can says whether the caller has the role, or one that includes it.
func (c Caller) Can(role gateway.Role) bool { return rank[c.Role] >= rank[role] && rank[role] > 0 }

// Require refuses a caller without the role, and one who must change the password first.
func (c Caller) Require(role gateway.Role) error {
	if c.MustChange {
		return gateway.Forbidden("password_change_required", "change your password first: PUT /api/v1/me/password")
	}
	if !c.Can(role) {
		return gateway.Forbidden("role_required", "this needs the role "+string(role)+"; ask an administrator")
	}
	return nil
}

// Store keeps who may call. It is safe for concurrent use.
type Store struct {
	pool   *pgxpool.Pool
	hasher hasher
	cache  cache
	now    func() time.Time
}

// New gives the access kept in pool.
func New(pool *pgxpool.Pool) *Store {
	s := &Store{pool: pool, hasher: newHasher(), now: time.Now}
	s.cache.entries = map[digest]*cached{}
	return s
}

// querier is a pool, or the transaction that the work is part of.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

func list[T any](ctx context.Context, db querier, sql string, args ...any) ([]T, error) {
	rows, _ := db.Query(ctx, sql, args...) // its error is met again in CollectRows
	return pgx.CollectRows(rows, pgx.RowToStructByName[T])
}

func one[T any](ctx context.Context, db querier, noun, sql string, args ...any) (T, error) {
	rows, _ := db.Query(ctx, sql, args...)
	v, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[T])
	if errors.Is(err, pgx.ErrNoRows) {
		return v, gateway.NotFound(noun+"_not_found", "there is no such "+noun)
	}
	return v, err
}

func taken(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "23505" { // unique_violation
		return gateway.Conflict("taken", "that login name is taken, or the agent has a login already", pg.ConstraintName)
	}
	return err
}

func denied(code, detail string) error {
	return &gateway.Error{Kind: gateway.KindDenied, Code: code, Detail: detail}
}
