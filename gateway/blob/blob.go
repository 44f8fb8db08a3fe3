// Package blob is in charge of what is too large for a row: attachments, recordings,
// raw mail.
//
// It promises:
//
//   - an object that Put has returned is on disk, whole, under a key that is the
//     SHA-256 of its content: the same content twice is one object;
//
//   - a Put that fails or is killed leaves nothing that anybody can open;
//
//   - an object is kept while a row names it. The row comes second (Note, in the
//     transaction of what shows the object, which refuses one that is gone), so a row
//     never names what is not there;
//
//   - Sweep removes what no row names and nobody has Put for a while.
//
//     Put ─▶ object, named by nobody ─▶ Note ▣ ─▶ kept ─▶ Forget ▣ ─▶ swept
//     └──────────── no row within olderThan ──────────────▶ swept
package blob

import (
	"context"
	"fmt"
	"io"
	"iter"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
)

// Info is an object.
type Info struct {
	Key     string    // SHA-256 of the content, 64 hexadecimal digits
	Size    int64     // bytes
	Touched time.Time // when it was last Put or touched; zero in Put's own answer
}

// Objects is where objects lie: Dir or S3.
type Objects interface {
	// Put stores what r holds. It returns when the object would survive a power cut.
	Put(ctx context.Context, r io.Reader) (Info, error)
	// PutAll stores objects that lie in memory, all or with an error. Infos are in their order.
	PutAll(ctx context.Context, contents [][]byte) ([]Info, error)
	// Open reads an object. A key that names none is refused with not_found.
	Open(ctx context.Context, key string) (io.ReadSeekCloser, Info, error)
	// Touch marks an object as if it were Put now. A key that names none is refused with
	// not_found.
	Touch(ctx context.Context, key string) error
	// All lists the objects, in no order. It is for Sweep and backups.
	All(ctx context.Context) iter.Seq2[Info, error]
	// Remove removes an object unless it has been Put or touched after before, and says
	// whether it did.
	Remove(ctx context.Context, key string, before time.Time) (bool, error)
}

// Store is the objects and the rows that name them.
type Store struct {
	Objects

	pool *pgxpool.Pool
}

// New keeps the rows of objects in pool's database.
func New(pool *pgxpool.Pool, objects Objects) *Store { return &Store{objects, pool} }

// Note names an object in the caller's transaction, which keeps it. Call it once per
// use, after Put. One that waited for too long and was swept is refused with not_found; one
// that is still there is safe from a sweep that runs now.
func (s *Store) Note(ctx context.Context, tx pgx.Tx, key string, size int64, mediaType, name string) error {
	const insert = `
		insert into blob (key, size, type, name)
		values ($1, $2, $3, $4)`
	if err := s.Touch(ctx, key); err != nil {
		return fmt.Errorf("note blob %s: %w", key, err)
	}
	if _, err := tx.Exec(ctx, insert, key, size, clean(mediaType), clean(name)); err != nil {
		return fmt.Errorf("note blob %s: %w", key, err)
	}
	return nil
}

// Forget takes one use of an object back. What nobody uses any more is swept later.
func (s *Store) Forget(ctx context.Context, tx pgx.Tx, key string) error {
	const remove = `
		delete from blob
		where id = (select min(id) from blob where key = $1)`
	if _, err := tx.Exec(ctx, remove, key); err != nil {
		return fmt.Errorf("forget blob %s: %w", key, err)
	}
	return nil
}

// sweepBatch is how many objects are looked up by one statement.
const sweepBatch = 500

// Sweep removes the objects that no row names and that were last Put longer than
// olderThan ago, and says how many. olderThan is the time that everybody has from Put to
// the commit of Note: a day leaves room for an attachment that waits in a composer.
func (s *Store) Sweep(ctx context.Context, olderThan time.Duration) (removed int, err error) {
	before := time.Now().Add(-olderThan)
	var batch []string
	flush := func() error {
		n, err := s.sweep(ctx, batch, before)
		removed, batch = removed+n, batch[:0]
		return err
	}
	for info, err := range s.All(ctx) {
		if err != nil {
			return removed, fmt.Errorf("sweep blobs: %w", err)
		}
		if info.Touched.After(before) {
			continue
		}
		if batch = append(batch, info.Key); len(batch) == sweepBatch {
			if err := flush(); err != nil {
				return removed, err
			}
		}
	}
	return removed, flush()
}

func (s *Store) sweep(ctx context.Context, keys []string, before time.Time) (removed int, err error) {
	const unnamed = `
		select k
		from unnest($1::text[]) k
		where not exists (select from blob where key = k)`
	rows, err := s.pool.Query(ctx, unnamed, keys)
	if err != nil {
		return 0, fmt.Errorf("sweep blobs: %w", err)
	}
	keys, err = pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return 0, fmt.Errorf("sweep blobs: %w", err)
	}
	for _, key := range keys {
		gone, err := s.Remove(ctx, key, before)
		if err != nil {
			return removed, fmt.Errorf("sweep blob %s: %w", key, err)
		}
		if gone {
			removed++
		}
	}
	return removed, nil
}

var keyPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)

func noSuchFile() error {
	return gateway.NotFound("no_such_file", "there is no such file; if you have attached it a long time ago, attach it again")
}

// noRoom is what a full disk is to whoever sends a file; the operator finds the disk in
// the log.
func noRoom() error {
	return &gateway.Error{
		Kind: gateway.KindTryAgain, Code: "storage_full",
		Detail: "there is no room to store the file; the operator must free some",
	}
}

// clean makes a text from outside one that PostgreSQL takes.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}
