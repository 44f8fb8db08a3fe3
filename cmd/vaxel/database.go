package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"
)

// connections is how many a node may have open: sockets and mail share them, and none
// is held for longer than a transaction.
const connections = 32

// idleInTransaction ends the transaction of a node that was frozen in one: its locks and
// the feed's watermark would hold up all others for as long as it sleeps. Ours are idle
// for microseconds.
const idleInTransaction = "5s"

// database gives a pool on the configured database, or on a private PostgreSQL that is
// started for it. close ends both.
func database(ctx context.Context, c Config, log *slog.Logger) (pool *pgxpool.Pool, closeAll func(), err error) {
	url, stop, err := fresh(ctx, c, log)
	if err != nil {
		return nil, nil, err
	}
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		stop()
		return nil, nil, fmt.Errorf("database_url: %w", err)
	}
	config.MaxConns = connections
	config.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = idleInTransaction
	pool, err = pgxpool.NewWithConfig(ctx, config)
	if err == nil {
		err = pool.Ping(ctx)
	}
	if err != nil {
		stop()
		return nil, nil, fmt.Errorf("reach the database: %w", err)
	}
	return pool, func() { pool.Close(); stop() }, nil
}
