package floor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

const (
	logPage = 5000        // events read at once, so that no statement is long
	skew    = time.Minute // by which the clocks of nodes may differ
)

// stretch is a part of the stored log: a core as it was before the first event, and where
// to read on.
type stretch struct {
	f    *Floor
	core *routing.Core
	seq  int64 // of the last event that core knows
	err  error // why events stopped coming
}

// since gives the log from the last snapshot before a moment on.
func (f *Floor) since(ctx context.Context, from time.Time) (*stretch, error) {
	s := &stretch{f: f, core: routing.New()}
	var body []byte
	err := f.pool.QueryRow(ctx, `
		select seq, body from routing_snapshot
		where at < $1
		order by seq desc
		limit 1`, from).Scan(&s.seq, &body)
	if errors.Is(err, pgx.ErrNoRows) {
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the snapshot before %s: %w", from.UTC().Format(time.RFC3339), err)
	}
	if s.core, err = routing.Restore(body); err != nil {
		return nil, fmt.Errorf("restore the snapshot of event %d: %w", s.seq, err)
	}
	return s, nil
}

// sinceEntry gives the log from the last snapshot on that knew nothing of an interaction yet, or
// from where it begins. By the number of entry, not by time: what a mail server has held back
// arrived long before it came here. What is left of the log may begin after the entry.
func (f *Floor) sinceEntry(ctx context.Context, entry int64) (*stretch, error) {
	rows, err := f.pool.Query(ctx, `
		select seq, substring(body for $1) from routing_snapshot
		order by seq desc`, routing.SnapshotHead)
	if err != nil {
		return nil, fmt.Errorf("read the snapshots: %w", err)
	}
	var found, earliest, seq int64
	var head []byte
	_, err = pgx.ForEachRow(rows, []any{&seq, &head}, func() error {
		earliest = seq
		entered, err := routing.Entered(head)
		if found == 0 && entered < entry {
			found = seq
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the snapshots: %w", err)
	}
	if found == 0 {
		if found, err = f.begins(ctx, earliest); err != nil {
			return nil, err
		}
	}
	s := &stretch{f: f, core: routing.New(), seq: found}
	if found == 0 {
		return s, nil
	}
	if err := f.pool.QueryRow(ctx, `select body from routing_snapshot where seq = $1`, found).Scan(&head); err != nil {
		return nil, fmt.Errorf("read the snapshot of event %d: %w", found, err)
	}
	if s.core, err = routing.Restore(head); err != nil {
		return nil, fmt.Errorf("restore the snapshot of event %d: %w", found, err)
	}
	return s, nil
}

// begins is where what is left of the log begins: at its first event, 0, or at the earliest
// snapshot.
func (f *Floor) begins(ctx context.Context, earliest int64) (int64, error) {
	var whole bool
	if err := f.pool.QueryRow(ctx, `select exists (select from routing_event where seq = 1)`).Scan(&whole); err != nil {
		return 0, fmt.Errorf("read the routing log: %w", err)
	}
	if whole {
		return 0, nil
	}
	return earliest, nil
}

// events yields what was logged until a moment, in pages. Afterwards err says whether
// that was all.
func (s *stretch) events(ctx context.Context, until time.Time) iter.Seq[routing.Logged] {
	return func(yield func(routing.Logged) bool) {
		for {
			page, err := s.page(ctx)
			if err != nil {
				s.err = err
				return
			}
			for _, l := range page {
				if l.At.After(until) || !yield(l) {
					return
				}
				s.seq = l.Seq
			}
			if len(page) < logPage {
				return
			}
		}
	}
}

// page reads the next events after the last that was yielded; fewer than logPage are the last.
func (s *stretch) page(ctx context.Context) ([]routing.Logged, error) {
	rows, err := s.f.pool.Query(ctx, `
		select seq, version, at, body from routing_event
		where seq > $1
		order by seq
		limit $2`, s.seq, logPage)
	if err != nil {
		return nil, fmt.Errorf("read the routing log: %w", err)
	}
	var page []routing.Logged
	var l routing.Logged
	var version int
	var body json.RawMessage
	next := s.seq + 1
	_, err = pgx.ForEachRow(rows, []any{&l.Seq, &version, &l.At, &body}, func() (err error) {
		if err := whole(l.Seq, next, version); err != nil {
			return err
		}
		next++
		l.At = l.At.UTC()
		l.Event, err = routing.UnmarshalEvent(body)
		page = append(page, l)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the routing log: %w", err)
	}
	return page, nil
}

// whole refuses a log that does not go on where the snapshot ends, or that other rules
// decided: playing it would tell of what never was.
func whole(seq, next int64, version int) error {
	switch {
	case seq != next:
		return gateway.NotFound("log_forgotten", fmt.Sprintf(
			"the routing log of that time is forgotten: it is kept for 30 days, and what is left begins with event %d", seq))
	case version != routing.Version:
		return gateway.Conflict("log_of_other_rules", fmt.Sprintf(
			"event %d was decided by version %d of the rules and this release has version %d: ask the release that ran then", seq, version, routing.Version), nil)
	}
	return nil
}
