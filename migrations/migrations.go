// Package migrations holds the only DDL: NNNN_name.sql, forward only, each owned by
// one room (its first line says "-- owner: ROOM") and never edited once released.
//
// Several nodes may call Up at the same time: a session-wide advisory lock lets one
// through, and the others find nothing left to do. Each file is one transaction.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

// Files are the migrations, in the order of their numbers.
//
//go:embed *.sql
var Files embed.FS

// ErrNewer is returned for a database that a later release has migrated.
var ErrNewer = errors.New("the database is newer than this release")

// Up brings the database to the newest version. One that is beyond it already is refused
// (ErrNewer): an older binary doesn't know what the newer one has promised there. So is one
// that other migrations of the same numbers have made (ErrOther).
func Up(ctx context.Context, pool *pgxpool.Pool) error {
	return alone(ctx, pool, func() error {
		return with(pool, func(p *goose.Provider) error { return up(ctx, pool, p) })
	})
}

func up(ctx context.Context, pool *pgxpool.Pool, p *goose.Provider) error {
	have, newest, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the database's version: %w", err)
	}
	if have > newest {
		return fmt.Errorf("%w: it is at version %d, and this binary knows %d; run the release that was here last, or a later one",
			ErrNewer, have, newest)
	}
	if err := compare(ctx, pool, have); err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	return nil
}

// alone does what one node at a time may do with a database: another build that starts at the
// same moment would take its own notes for what has been applied.
func alone(ctx context.Context, pool *pgxpool.Pool, do func() error) error {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, "select pg_advisory_lock($1)", turn); err != nil {
		return fmt.Errorf("migrate the database: wait for another node: %w", err)
	}
	err = do()
	if _, unlockErr := conn.Exec(context.WithoutCancel(ctx), "select pg_advisory_unlock($1)", turn); unlockErr != nil {
		return errors.Join(err, fmt.Errorf("migrate the database: %w", unlockErr))
	}
	return err
}

// turn is the lock of who may: an arbitrary number of ours.
const turn = 0x7661_7865

// Version is the database's version and the newest that this binary knows. A database
// that was never migrated has version 0.
func Version(ctx context.Context, pool *pgxpool.Pool) (current, newest int64, err error) {
	err = with(pool, func(p *goose.Provider) error {
		if current, newest, err = p.GetVersions(ctx); err != nil {
			return fmt.Errorf("read the database's version: %w", err)
		}
		return nil
	})
	return current, newest, err
}

func with(pool *pgxpool.Pool, do func(*goose.Provider) error) error {
	db := stdlib.OpenDBFromPool(pool)
	p, err := provider(db)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	return errors.Join(do(p), db.Close()) // closes nothing of the pool's
}

func provider(db *sql.DB) (*goose.Provider, error) {
	p, err := goose.NewProvider(goose.DialectPostgres, db, Files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return p, nil
}
