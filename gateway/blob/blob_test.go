package blob_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/blob"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

const day = 24 * time.Hour

// age makes an object look as if it was last put two days ago.
func age(t *testing.T, root, key string) {
	t.Helper()
	then := time.Now().Add(-2 * day)
	if err := os.Chtimes(filepath.Join(root, key[:2], key), then, then); err != nil {
		t.Fatal(err)
	}
}

func sweep(t *testing.T, s *blob.Store, want int) {
	t.Helper()
	if n, err := s.Sweep(t.Context(), day); err != nil || n != want {
		t.Errorf("swept %d, %v, want %d", n, err, want)
	}
}

func TestSweepKeepsWhatIsNamedOrNew(t *testing.T) {
	pool := pgtest.New(t)
	d, root := newDir(t)
	s := blob.New(pool, d)
	named, old, young := put(t, d, "named"), put(t, d, "old"), put(t, d, "young")
	age(t, root, named.Key)
	age(t, root, old.Key)
	in := func(do func(tx pgx.Tx) error) {
		t.Helper()
		if err := pgx.BeginFunc(t.Context(), pool, do); err != nil {
			t.Fatal(err)
		}
	}
	note := func(ctx context.Context) func(tx pgx.Tx) error {
		return func(tx pgx.Tx) error {
			return s.Note(ctx, tx, named.Key, named.Size, "text/plain", "n\x00\xffme.txt")
		}
	}
	in(note(t.Context()))
	in(note(t.Context())) // a second use
	age(t, root, named.Key)
	sweep(t, s, 1)
	if _, _, err := d.Open(t.Context(), old.Key); !errors.Is(err, gateway.ErrNotFound) {
		t.Errorf("old: got %v, want not found", err)
	}
	read(t, d, named.Key)
	read(t, d, young.Key)
	var mediaType, name string
	err := pool.QueryRow(t.Context(), "select distinct type, name from blob where key = $1", named.Key).Scan(&mediaType, &name)
	if err != nil || mediaType != "text/plain" || name != "n\uFFFDme.txt" {
		t.Errorf("got %q, %q, %v", mediaType, name, err)
	}

	forget := func(tx pgx.Tx) error { return s.Forget(t.Context(), tx, named.Key) }
	in(forget)
	sweep(t, s, 0) // one use is left
	in(forget)
	sweep(t, s, 1)
}

func TestPutAgainSavesFromTheSweep(t *testing.T) {
	d, root := newDir(t)
	s := blob.New(pgtest.New(t), d)
	key := put(t, d, "again").Key
	age(t, root, key)
	put(t, d, "again")
	sweep(t, s, 0)
	read(t, d, key)
}

func TestSweepsManyBatches(t *testing.T) {
	d, root := newDir(t)
	s := blob.New(pgtest.New(t), d)
	for i := range 501 {
		age(t, root, put(t, d, string(rune('a'+i))).Key)
	}
	sweep(t, s, 501)
}

// What is named must be there: a row that is written too late is refused, one that is
// written just in time saves the object, whenever it is committed.
func TestNoteMeetsTheSweep(t *testing.T) {
	pool := pgtest.New(t)
	d, root := newDir(t)
	s := blob.New(pool, d)
	late, inTime := put(t, d, "late").Key, put(t, d, "in time").Key
	age(t, root, late)
	sweep(t, s, 1)
	age(t, root, inTime)
	err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		if err := s.Note(t.Context(), tx, late, 4, "text/plain", "late.txt"); !errors.Is(err, gateway.ErrNotFound) {
			t.Errorf("too late: got %v, want not found", err)
		}
		if err := s.Note(t.Context(), tx, inTime, 7, "text/plain", "in time.txt"); err != nil {
			return err
		}
		sweep(t, s, 0)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	age(t, root, inTime)
	sweep(t, s, 0)
	read(t, d, inTime)
}
