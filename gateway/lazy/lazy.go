// Package lazy is a transaction that goes to the database as seldom as it can: statements
// whose answers nobody reads are kept back and sent with the next one whose answer is
// read, and the last ones with the commit. A round trip costs more than what most
// statements do.
//
// The order stays, and with it what each statement sees and locks. What was kept back
// fails when it is sent; nothing of the transaction remains then, as ever. What Exec and
// a batch without callbacks changed is not counted: ask for rows, or use Prompt. Ask reads
// an answer that only forbids the rest: it comes with the next one, and before the commit.
//
// Outside transactions, Together has those who ask for the same thing at one moment read once.
package lazy

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway/crash"
)

// Tx is the transaction. Of a pgx.Tx it has the four ways to run statements, and Prompt
// for the rest. It belongs to one goroutine.
type Tx struct {
	pgx.Tx // begun with the first statement that is sent; nil until then
	conn   *pgxpool.Conn
	kept   []*pgx.QueuedQuery
}

// Do commits work in one transaction, or rolls it back if it fails.
func Do(ctx context.Context, pool *pgxpool.Pool, work func(tx *Tx) error) error {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release() // and closes it when its transaction is not over: then PostgreSQL rolls back
	tx := &Tx{conn: conn}
	if err = work(tx); err == nil {
		err = tx.commit(ctx)
	}
	if err != nil && tx.Tx != nil {
		_ = tx.Rollback(ctx) // we have the error that matters
	}
	return err
}

// commit sends what is left, all at once, unless it may forbid the commit.
func (t *Tx) commit(ctx context.Context) error {
	if slices.ContainsFunc(t.kept, isRead) {
		if _, err := t.Prompt(ctx); err != nil {
			return err
		}
	}
	tag, err := t.now(ctx, "commit")
	if err == nil && tag.String() == "ROLLBACK" { // a statement has failed, and work has not said so
		return pgx.ErrTxCommitRollback
	}
	return err
}

// Exec keeps a statement back. Its tag is empty.
func (t *Tx) Exec(_ context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	t.kept = append(t.kept, &pgx.QueuedQuery{SQL: sql, Arguments: args})
	return pgconn.CommandTag{}, nil
}

// Query sends a statement, and what was kept back before it.
func (t *Tx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	var one pgx.Batch
	one.Queue(sql, args...)
	results := t.send(ctx, &one)
	rows, err := results.Query()
	return &answer{Rows: rows, batch: results}, err
}

// QueryRow is Query for at most one row.
func (t *Tx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	rows, _ := t.Query(ctx, sql, args...) // the error comes with the row
	return row{rows}
}

// SendBatch sends a batch, and what was kept back before it. One without callbacks is
// kept back too: of its results there is only Close.
func (t *Tx) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	if slices.ContainsFunc(b.QueuedQueries, isRead) {
		return t.send(ctx, b)
	}
	t.kept = append(t.kept, b.QueuedQueries...)
	return unread{pgx.FailedBatchResults(b, errUnread)}
}

func isRead(q *pgx.QueuedQuery) bool { return q.Fn != nil }

// Ask keeps a question back. Its answer is read when it is sent, before those of what
// came later; an error of read ends the transaction, and what was sent with it is undone.
func (t *Tx) Ask(read func(pgx.Rows) error, sql string, args ...any) {
	q := &pgx.QueuedQuery{SQL: sql, Arguments: args}
	q.Query(read)
	t.kept = append(t.kept, q)
}

// Prompt sends what was kept back and gives the transaction as it is without laziness.
func (t *Tx) Prompt(ctx context.Context) (pgx.Tx, error) {
	err := t.send(ctx, &pgx.Batch{}).Close()
	return t.Tx, err
}

// Crash is a point where a test kills the process. What was kept back is sent before, so
// that the kill meets it written and not committed.
func (t *Tx) Crash(ctx context.Context, point string) error {
	if !crash.Armed(point) {
		return nil
	}
	_, err := t.Prompt(ctx)
	crash.At(point)
	return err
}

// now runs a statement whose tag is read.
func (t *Tx) now(ctx context.Context, sql string) (tag pgconn.CommandTag, err error) {
	var one pgx.Batch
	one.Queue(sql).Exec(func(got pgconn.CommandTag) error {
		tag = got
		return nil
	})
	return tag, t.send(ctx, &one).Close()
}

// send gives the results of a batch, which everything that waits goes before.
func (t *Tx) send(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	var all pgx.Batch
	if t.Tx == nil {
		all.BeginTx(pgx.TxOptions{})
	}
	all.QueuedQueries = append(all.QueuedQueries, t.kept...)
	before := slices.Clone(all.QueuedQueries)
	all.QueuedQueries = append(all.QueuedQueries, b.QueuedQueries...)
	t.kept = nil
	results := t.conn.SendBatch(ctx, &all)
	if t.Tx == nil {
		t.Tx = results.Tx()
	}
	for _, q := range before {
		if err := answered(q, results); err != nil {
			_ = results.Close() // we have the error that matters
			return pgx.FailedBatchResults(b, fmt.Errorf("a statement before it: %w", err))
		}
	}
	return results
}

func answered(q *pgx.QueuedQuery, results pgx.BatchResults) error {
	if isRead(q) {
		return q.Fn(results)
	}
	_, err := results.Exec()
	return err
}

// answer ends the batch that it came in when it has been read.
type answer struct {
	pgx.Rows
	batch pgx.BatchResults
	err   error
}

// Next is described at pgx.Rows.
func (a *answer) Next() bool {
	if a.Rows.Next() {
		return true
	}
	a.Close()
	return false
}

// Close is described at pgx.Rows.
func (a *answer) Close() {
	a.Rows.Close()
	a.err = a.batch.Close()
}

// Err is described at pgx.Rows.
func (a *answer) Err() error {
	if err := a.Rows.Err(); err != nil {
		return err
	}
	return a.err
}

type row struct{ rows pgx.Rows }

// Scan is described at pgx.Row.
func (r row) Scan(into ...any) error {
	_, err := pgx.CollectOneRow(r.rows, func(found pgx.CollectableRow) (struct{}, error) { return struct{}{}, found.Scan(into...) })
	return err
}

var errUnread = errors.New("the batch is kept back: give its statements callbacks to read their results")

// unread are the results of a batch that was kept back.
type unread struct{ pgx.BatchResults }

// Close has nothing to close.
func (unread) Close() error { return nil }
