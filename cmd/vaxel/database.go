package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/localpg"
)

// connections is how many a node may have open: sockets and mail share them, and none
// is held for longer than a transaction.
const connections = 32

// idleInTransaction ends the transaction of a node that was frozen in one: its locks and
// the feed's watermark would hold up all others for as long as it sleeps. Ours are idle
// for microseconds.
const idleInTransaction = "5s"

// planOnce has each connection plan a statement once, for any arguments. Left to choose,
// PostgreSQL plans those over arrays anew each time, and those that a connection met while
// their tables were young for as long as it lives: a fifth of what an arrival cost. Who
// needs a plan for the arguments at hand asks for it, as lists of cases do.
const planOnce = "force_generic_plan"

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
	config.ConnConfig.RuntimeParams["plan_cache_mode"] = planOnce
	config.ShouldPing = doubtful
	if pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		stop()
		return nil, nil, unreachable(err)
	}
	if err := suits(ctx, pool); err != nil {
		pool.Close()
		stop()
		return nil, nil, err
	}
	return pool, func() { pool.Close(); stop() }, nil
}

func unreachable(err error) error {
	return fmt.Errorf("reach the database: %w (is it up, and does database_url name its host, user, password and database?)", err)
}

// suits says whether a database can be worked with: of a version that we know, and no replica.
func suits(ctx context.Context, pool *pgxpool.Pool) error {
	var major int
	var replica bool
	err := pool.QueryRow(ctx, "select current_setting('server_version_num')::int / 10000, pg_is_in_recovery()").Scan(&major, &replica)
	if err != nil {
		return unreachable(err)
	}
	return suitable(major, replica)
}

func suitable(major int, replica bool) error {
	switch {
	case major < localpg.OldestMajor || major > localpg.NewestMajor:
		return fmt.Errorf("database_url names a PostgreSQL %d; Växel works with %d to %d", major, localpg.OldestMajor, localpg.NewestMajor)
	case replica:
		return errors.New("database_url names a replica, which can't be written to; name the primary")
	}
	return nil
}

// reach gives the database of a Växel that may be running: the external one, the private
// one started for this, or the running private one. There must be one: a mistyped
// directory is not to become an empty Växel.
func reach(ctx context.Context, config Config) (url string, done func(), err error) {
	if err := config.lived(); err != nil {
		return "", nil, err
	}
	url, done, err = fresh(ctx, config, slog.New(slog.DiscardHandler))
	if errors.Is(err, localpg.ErrInUse) {
		url, err = localpg.URL(config.postgresDir())
		return url, func() {}, err
	}
	return url, done, err
}

// fresh starts the private database, unless there is an external one.
func fresh(ctx context.Context, config Config, log *slog.Logger) (url string, done func(), err error) {
	if config.DatabaseURL != "" {
		return config.DatabaseURL, func() {}, nil
	}
	if err := config.makeDataDir(); err != nil {
		return "", nil, err
	}
	server, err := localpg.Start(ctx, localpg.Options{Dir: config.postgresDir(), Logger: log})
	if err != nil {
		return "", nil, err
	}
	return server.URL(), func() {
		if err := server.Stop(); err != nil {
			log.Warn("stop the database", "err", err)
		}
	}, nil
}

// lived says whether there is a Växel in the data directory, or may be outside.
func (c Config) lived() error {
	if c.DatabaseURL != "" {
		return nil
	}
	there, err := localpg.Exists(c.postgresDir())
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("look into %s: %w; run this as the user that Växel runs as, or as root", c.DataDir, err)
	case err != nil:
		return err
	case !there:
		return fmt.Errorf("there is no Växel in %s: name its directory with data_dir or VAXEL_DATA_DIR", c.DataDir)
	}
	return nil
}

// attach works on the database of the Växel that is configured, which may be running.
func (c *cli) attach(ctx context.Context) (*pgxpool.Pool, Config, func(), error) {
	config, _, err := c.load()
	if err != nil {
		return nil, config, nil, err
	}
	pool, done, err := attach(ctx, config)
	return pool, config, done, err
}

// attach is reach with a pool.
func attach(ctx context.Context, config Config) (*pgxpool.Pool, func(), error) {
	url, done, err := reach(ctx, config)
	if err != nil {
		return nil, nil, err
	}
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		done()
		return nil, nil, unreachable(err)
	}
	return pool, func() { pool.Close(); done() }, nil
}
