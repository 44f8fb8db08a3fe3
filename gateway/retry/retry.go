// Package retry runs a transaction again when PostgreSQL gave it up only because another
// one was in its way.
//
// It promises that work is committed once or not at all: what is repeated was rolled back
// whole, as SQLSTATE class 40 says. Every room that writes begins its transactions here.
package retry

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Attempts is how often a transaction is tried. Whoever meets so many others in a row has
// another trouble than bad luck.
const Attempts = 5

// Beginner is a pool or a connection.
type Beginner interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}

// Tx commits work in one transaction, or rolls it back if it fails. It is begun anew when
// another transaction was in its way, so work sets whatever it gives out afresh each time
// and tells nobody: what is told is told after Tx has returned.
func Tx(ctx context.Context, db Beginner, work func(tx pgx.Tx) error) error {
	return Do(func() error { return pgx.BeginFunc(ctx, db, work) })
}

// Do is Tx for a transaction that is begun in another way.
func Do(transact func() error) error {
	for attempt := 1; ; attempt++ {
		err := transact()
		if attempt == Attempts || !Again(err) {
			return err
		}
	}
}

// Again says that the same transaction may succeed now: serialization_failure,
// deadlock_detected. https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html
func Again(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}
