package floor

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway/routing"
)

// read fetches what intake has stored, if there may be something, and earlier answers to the same keys, in one exchange
// with the database. It takes no locks: this term's leader is the only one who takes rows
// from floor_inbox, and one who has lost the term is refused at the commit. Rows that a batch
// has taken and not yet deleted are passed over. One that is no admission is set aside,
// before routing ever meets it.
func (l *leader) read(ctx context.Context, b *batch, more *came) error {
	q := &pgx.Batch{}
	l.more = true
	if room := batchMax - len(b.taken); more.look && room > 0 {
		q.Queue(`
			select id, admission, regroup, settle from floor_inbox
			where set_aside_at is null and id <> all($1)
			order by id
			limit $2`, b.rows(l.under.rows([]int64{})), room).Query(func(rows pgx.Rows) error {
			good, bad, err := readInbox(rows)
			more.taken, b.aside = good, append(b.aside, bad...)
			if l.more = len(good)+len(bad) == room; l.more {
				poke(l.inbox)
			}
			return err
		})
	}
	if keys := keysOf(more.asks); len(keys) > 0 {
		q.Queue(`select key, answer from command where key = any($1)`, keys).Query(func(rows pgx.Rows) error {
			var key string
			var answer json.RawMessage
			_, err := pgx.ForEachRow(rows, []any{&key, &answer}, func() error {
				b.know(key, append(json.RawMessage(nil), answer...))
				return nil
			})
			return err
		})
	}
	if q.Len() == 0 {
		return nil
	}
	if err := l.f.pool.SendBatch(ctx, q).Close(); err != nil {
		return fmt.Errorf("read the inbox: %w", err)
	}
	return nil
}

// rows adds those of floor_inbox that the batch has, for good or to be set aside.
func (b *batch) rows(to []int64) []int64 {
	if b == nil {
		return to
	}
	for _, a := range b.taken {
		to = append(to, a.id)
	}
	for _, t := range b.aside {
		to = append(to, t.id)
	}
	return to
}

// know notes the answer to a key.
func (b *batch) know(key string, answer json.RawMessage) {
	if b.known == nil {
		b.known = map[string]json.RawMessage{}
	}
	b.known[key] = answer
}

// torn is a row of floor_inbox that cannot be read.
type torn struct {
	id  int64
	why error
}

func readInbox(rows pgx.Rows) (good []admitted, bad []torn, err error) {
	var id int64
	var admission, regroup, settle []byte
	_, err = pgx.ForEachRow(rows, []any{&id, &admission, &regroup, &settle}, func() error {
		ev, err := readRow(admission, regroup, settle)
		if err != nil {
			bad = append(bad, torn{id, err})
			return nil //nolint:nilerr // of this row only; the others are taken
		}
		good = append(good, admitted{id, ev})
		return nil
	})
	return good, bad, err
}

func readRow(admission, regroup, settle []byte) (routing.Event, error) {
	switch {
	case regroup != nil:
		var r routing.Regroup
		err := json.Unmarshal(regroup, &r)
		return r, err
	case settle != nil:
		var s routing.Settle
		err := json.Unmarshal(settle, &s)
		return s, err
	}
	var a routing.Admit
	err := json.Unmarshal(admission, &a)
	return a, err
}

// keysOf are those under which an earlier answer may be kept.
func keysOf(asks []*ask) []string {
	var keys []string
	for _, a := range asks {
		if a.key != "" {
			keys = append(keys, a.key)
		}
	}
	return keys
}
