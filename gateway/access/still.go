package access

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Still says of each caller, in their order, whether its session or key is still good, and
// what it may do now. Sockets ask together, every now and then: two questions for however many.
func (s *Store) Still(ctx context.Context, callers ...Caller) (now []Caller, errs []error) {
	now, errs = make([]Caller, len(callers)), make([]error, len(callers))
	good, err := s.good(ctx, callers)
	for i, c := range callers {
		is, ok := good[c.proof()]
		switch {
		case err != nil:
			errs[i] = fmt.Errorf("ask who may still be here: %w", err)
		case !ok:
			errs[i] = denied("token_gone", "the session or key has expired or was revoked; sign in again")
		}
		now[i] = is
	}
	return now, errs
}

// proof is what a caller came by: a session, or a key.
type proof struct {
	session SessionID
	key     KeyID
}

func (c Caller) proof() proof { return proof{c.Session, c.Key} }

// good are those of the callers' sessions and keys that are, with whom they speak for.
func (s *Store) good(ctx context.Context, callers []Caller) (map[proof]Caller, error) {
	var sessions, keys []int64
	for _, c := range callers {
		if c.Key != 0 {
			keys = append(keys, int64(c.Key))
		} else {
			sessions = append(sessions, int64(c.Session))
		}
	}
	now := s.now()
	held, err := s.each(ctx, sessions, now, sessionsWhere("s.id = any($1)"), scanSession)
	for i := 0; i < len(held) && err == nil; i++ {
		err = s.lengthen(ctx, &held[i], now)
	}
	if err != nil {
		return nil, err
	}
	used, err := s.each(ctx, keys, now, keysWhere("id = any($1)"), scanKey)
	if err == nil {
		err = s.used(ctx, now, used...)
	}
	good := map[proof]Caller{}
	for _, f := range append(held, used...) {
		good[f.proof()] = f.Caller
	}
	return good, err
}

// each finds all of the ids in one question, and none if there are none.
func (s *Store) each(ctx context.Context, ids []int64, now time.Time, query string, scan func(pgx.Row) (found, error)) ([]found, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows, _ := s.pool.Query(ctx, query, ids, now) // the error comes with the rows
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (found, error) { return scan(row) })
}
