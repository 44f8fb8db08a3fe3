// Package tickets is the local CRM: cases, customers and tasks.
//
// It promises that every arrival has a customer and a case, that one address belongs to
// one customer, and that the case list shows the truth without reading anything else:
// its columns are kept in the transactions of those who change them.
//
// Who changes a case: intake (an arrival joins it), the floor (Follow), whoever writes an
// entry (Note), and people, whose edits name the rev that they have read. Cases are locked
// in the order of their ids, after conversations and before addresses that are new.
//
//	open ⇄ pending    an agent sets it aside; the customer writes
//	   ↑ ↘   ↓
//	   └─ closed      the customer writes within ReopenWithin; later a new case begins
package tickets

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/lazy"
	"github.com/vaxelhq/vaxel/gateway/retry"
)

// Feed tells consoles of edits.
type Feed interface {
	Append(ctx context.Context, tx pgx.Tx, events ...gateway.Event) error
	Announce(events ...gateway.Event)
}

// Store keeps cases, customers and tasks. It is safe for concurrent use.
type Store struct {
	db   database // a pool, or the transaction of In
	feed Feed
	log  *slog.Logger
	said *said
	// briefs reads for all who ask at the same moment; nil within a transaction.
	briefs *lazy.Together[gateway.CaseID, Brief]
	// ReopenWithin is how long after it was closed a case is opened again by its
	// customer; later a new one begins. Set it before the store is used.
	ReopenWithin time.Duration
	// Region is where phone numbers without a country code are from, as ISO 3166 has it:
	// SE. Set it before the store is used, and call Renumber when it has changed.
	Region string
}

// said is the last line of each conversation that no case shows yet.
type said struct {
	mu    sync.Mutex // guards last
	last  map[gateway.ConversationID]gateway.Entry
	first chan struct{} // holds one hint that last is not empty any more
}

// New gives the store in pool. A nil feed tells nobody.
func New(pool *pgxpool.Pool, feed Feed, log *slog.Logger) *Store {
	s := &Store{
		db: pool, feed: feed, log: log, ReopenWithin: 30 * 24 * time.Hour, Region: "SE",
		said: &said{last: map[gateway.ConversationID]gateway.Entry{}, first: make(chan struct{}, 1)},
	}
	s.briefs = lazy.NewTogether(s.readBriefs)
	return s
}

// In gives the store as a part of the caller's transaction: its edits are committed with
// that. The caller tells after the commit.
func (s *Store) In(tx pgx.Tx) (in *Store, tell func()) {
	part := *s
	part.db, part.briefs = tx, nil
	if s.feed == nil {
		return &part, func() {}
	}
	quiet := &held{Feed: s.feed}
	part.feed = quiet
	return &part, func() { s.feed.Announce(quiet.told...) }
}

// held keeps what is to be told after a commit that is not ours.
type held struct {
	Feed
	told []gateway.Event
}

// Announce is described at Feed.
func (h *held) Announce(events ...gateway.Event) { h.told = append(h.told, events...) }

// edit runs work in a transaction, with the events that it gives, and tells them after
// the commit. After a deadlock work is run again, so it must keep nothing between.
func (s *Store) edit(ctx context.Context, work func(tx pgx.Tx) ([]gateway.Event, error)) error {
	var told []gateway.Event
	err := retry.Tx(ctx, s.db, func(tx pgx.Tx) (err error) {
		if told, err = work(tx); err != nil || s.feed == nil {
			return err
		}
		return s.feed.Append(ctx, tx, told...)
	})
	if err == nil && s.feed != nil {
		s.feed.Announce(told...)
	}
	return err
}

// querier is what a statement needs: a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// database is what the store needs of either.
type database interface {
	querier
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	Begin(ctx context.Context) (pgx.Tx, error)
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// list reads rows into structs by the names of their columns.
func list[T any](ctx context.Context, db querier, sql string, args ...any) ([]T, error) {
	rows, _ := db.Query(ctx, sql, args...) // its error is met again in CollectRows
	return pgx.CollectRows(rows, pgx.RowToStructByName[T])
}

// find is list planned for its arguments each time: which index is best depends on them.
// The setting lasts for the batch, which is a transaction.
func find[T any](ctx context.Context, db database, scan pgx.RowToFunc[T], sql string, args ...any) ([]T, error) {
	var b pgx.Batch
	b.Queue("select set_config('plan_cache_mode', 'force_custom_plan', true)")
	b.Queue(sql, args...)
	both := db.SendBatch(ctx, &b)
	defer func() { _ = both.Close() }() // its error is met before, if anybody waits for one
	if _, err := both.Exec(); err != nil {
		return nil, err
	}
	rows, _ := both.Query() // its error is met again in CollectRows
	return pgx.CollectRows(rows, scan)
}

// one reads a single row; none is refused with not_found.
func one[T any](ctx context.Context, db querier, noun, sql string, args ...any) (T, error) {
	rows, _ := db.Query(ctx, sql, args...)
	v, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[T])
	if errors.Is(err, pgx.ErrNoRows) {
		return v, gateway.NotFound(noun+"_not_found", "there is no such "+noun+"; it may have been merged or removed")
	}
	return v, err
}

// stale refuses an edit of what has changed since it was read, and gives what is there now.
func stale(now any) error {
	return gateway.Conflict("stale", "somebody changed this meanwhile; look at what is there and try again", now)
}

// limit is a page's length: 50 unless asked for, 200 at most.
func limit(n int) int {
	switch {
	case n <= 0:
		return 50
	case n > 200:
		return 200
	}
	return n
}

// short is one line of at most n characters.
func short(text string, n int) string {
	if len(text) > 8*n { // no need to look at a whole mail
		text = text[:8*n]
	}
	line := []rune(strings.Join(strings.Fields(gateway.Clean(text)), " "))
	if len(line) > n {
		line = append(line[:n-1], '…')
	}
	return string(line)
}
