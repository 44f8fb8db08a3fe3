package blob

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// NoteAll names many objects, as Note does one. The slices are in step.
func (s *Store) NoteAll(ctx context.Context, tx pgx.Tx, keys []string, sizes []int64, mediaTypes, names []string) error {
	types, called := make([]string, len(keys)), make([]string, len(keys))
	for i := range keys {
		if err := s.Touch(ctx, keys[i]); err != nil {
			return fmt.Errorf("note blob %s: %w", keys[i], err)
		}
		types[i], called[i] = clean(mediaTypes[i]), clean(names[i])
	}
	_, err := tx.Exec(ctx, `
		insert into blob (key, size, type, name)
		select * from unnest($1::text[], $2::bigint[], $3::text[], $4::text[])`, keys, sizes, types, called)
	if err != nil {
		return fmt.Errorf("note %d blobs: %w", len(keys), err)
	}
	return nil
}
