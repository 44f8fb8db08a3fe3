package migrations

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrOther is returned for a database that was made by other migrations than this binary's,
// although their numbers are the same.
var ErrOther = errors.New("the database was made by another build")

// compare refuses a database whose applied migrations, up to version have, are not ours:
// statements would fail on it one by one, long after the start. It notes what ours are before
// they are applied; those that a crash then keeps from it are noted again the next time.
func compare(ctx context.Context, pool *pgxpool.Pool, have int64) error {
	names, err := fs.Glob(Files, "*.sql")
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		noted, err := sums(ctx, tx)
		if err != nil {
			return fmt.Errorf("read what the database was made by: %w", err)
		}
		for _, name := range names {
			version, sum, err := file(name)
			if err != nil {
				return err
			}
			if version <= have && noted[version] == sum {
				continue
			}
			if version <= have {
				return fmt.Errorf("%w: its migration %s is not this one's, and no way leads from there to here; "+
					"run the build that was here last, or begin with a new database (a demonstration's data directory may be deleted)", ErrOther, name)
			}
			if err := note(ctx, tx, version, sum); err != nil {
				return err
			}
		}
		return nil
	})
}

// sums are the noted ones.
func sums(ctx context.Context, tx pgx.Tx) (map[int64][sha256.Size]byte, error) {
	if _, err := tx.Exec(ctx, `
		create table if not exists migration_sum (
			version bigint primary key,
			sum     bytea  not null
		)`); err != nil {
		return nil, err
	}
	rows, _ := tx.Query(ctx, "select version, sum from migration_sum") // the error comes with the rows
	noted := map[int64][sha256.Size]byte{}
	var version int64
	var sum []byte
	_, err := pgx.ForEachRow(rows, []any{&version, &sum}, func() error {
		noted[version] = [sha256.Size]byte(sum)
		return nil
	})
	return noted, err
}

func note(ctx context.Context, tx pgx.Tx, version int64, sum [sha256.Size]byte) error {
	_, err := tx.Exec(ctx, `
		insert into migration_sum (version, sum)
		values ($1, $2)
		on conflict (version) do update set sum = excluded.sum`, version, sum[:])
	if err != nil {
		return fmt.Errorf("note what the database is made by: %w", err)
	}
	return nil
}

// remarks make no difference to a schema.
var remarks = regexp.MustCompile(`\s*--.*|\s+`)

func file(name string) (version int64, sum [sha256.Size]byte, err error) {
	text, err := Files.ReadFile(name)
	if err != nil {
		return 0, sum, err
	}
	if version, err = strconv.ParseInt(name[:4], 10, 64); err != nil {
		return 0, sum, fmt.Errorf("migration %s begins with no number: %w", name, err)
	}
	return version, sha256.Sum256(remarks.ReplaceAll(text, []byte(" "))), nil
}
