// Package roster is in charge of who works here: agents, groups, queues, skills,
// calendars, status and transaction codes, phones, favourites and recents.
//
// It promises that what it stores fits together (a queue has a plan for each of its
// channels, a phone can be dialled), that an edit quoting an old rev is refused with
// what is there now, and that a hint on the bus follows each commit that changes the
// Plan. A hint may be lost: whoever depends on it also asks again now and then.
package roster

import (
	"cmp"
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/retry"
)

// Subject is the bus subject of the hint that the roster has changed.
const Subject = "roster"

// Hints carries the hint to the other rooms and nodes.
type Hints interface {
	Publish(subject string, data []byte)
}

// Store keeps the roster. It is safe for concurrent use.
type Store struct {
	pool  *pgxpool.Pool
	db    database // the pool, or the transaction of In
	hints Hints
}

// New gives the roster kept in pool. Hints may be nil when nobody listens.
func New(pool *pgxpool.Pool, hints Hints) *Store { return &Store{pool, pool, hints} }

// In gives the roster as a part of the caller's transaction: its edits are committed with
// that. The caller hints after the commit.
func (s *Store) In(tx pgx.Tx) (in *Store, hint func()) {
	return &Store{pool: s.pool, db: tx}, s.hint
}

// edit runs work in a transaction and hints after its commit.
func (s *Store) edit(ctx context.Context, work func(tx pgx.Tx) error) error {
	if err := retry.Tx(ctx, s.db, work); err != nil {
		return explain(err)
	}
	s.hint()
	return nil
}

func (s *Store) hint() {
	if s.hints != nil {
		s.hints.Publish(Subject, nil)
	}
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

type database interface {
	querier
	Begin(ctx context.Context) (pgx.Tx, error)
}

func list[T any](ctx context.Context, db querier, sql string, args ...any) ([]T, error) {
	rows, _ := db.Query(ctx, sql, args...) // its error is met again in CollectRows
	return pgx.CollectRows(rows, pgx.RowToStructByName[T])
}

// one reads a single row; none is a refusal that says no such noun.
func one[T any](ctx context.Context, db querier, noun, sql string, args ...any) (T, error) {
	rows, _ := db.Query(ctx, sql, args...)
	v, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[T])
	if errors.Is(err, pgx.ErrNoRows) {
		return v, gateway.NotFound(noun+"_not_found", "there is no such "+noun+"; it may have been removed")
	}
	return v, err
}

// expect locks a row of table and refuses the edit unless its rev is the one that the
// editor saw. A rev of zero takes whatever is there. The refusal's Data is now().
func expect[T any](ctx context.Context, tx pgx.Tx, table string, id, rev int64, now func() (T, error)) error {
	var have int64
	err := tx.QueryRow(ctx, "select rev from "+table+" where id = $1 for update", id).Scan(&have)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	if err == nil && (rev == 0 || rev == have) {
		return nil
	}
	v, gone := now()
	if gone != nil {
		return gone
	}
	return gateway.Conflict("stale", "somebody changed this meanwhile; look at what is there and try again", v)
}

// explain turns the schema's refusals into ones that a person can act on.
func explain(err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return err
	}
	switch pg.Code {
	case "23505": // unique_violation
		return gateway.Conflict("taken", "that name or address is taken; choose another", nil)
	case "23503": // foreign_key_violation
		return gateway.Invalid("unknown_reference", "there is no such "+cmp.Or(referred[pg.ConstraintName], "thing")+", or it is still in use; choose another")
	case "23514": // check_violation
		return gateway.Invalid("out_of_range", cmp.Or(allowed[pg.ConstraintName], "a value is outside what is allowed; look it up in the contract"))
	}
	return err
}

// What the schema's constraints are about, in words: nobody knows their names.
var (
	referred = map[string]string{
		"queue_calendar_fkey": "calendar", "agent_group_id_fkey": "group", "status_code_group_id_fkey": "group",
		"membership_agent_fkey": "agent", "agent_skill_agent_fkey": "agent", "phone_agent_fkey": "agent", "favourite_agent_fkey": "agent", "recent_agent_fkey": "agent",
		"membership_queue_fkey": "queue", "agent_skill_skill_fkey": "skill",
		"transaction_code_list_fkey": "list", "transaction_code_parent_fkey": "parent code",
	}
	allowed = map[string]string{
		"queue_max_wait_check": "the longest wait is not negative", "queue_max_len_check": "a queue's length is not negative",
		"membership_level_check": "a level in a queue is 1 to 3", "membership_delay_s_check": "a delay in a queue is not negative",
		"agent_skill_level_check": "a skill's level is 1 to 5",
	}
)
