package floor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vaxelhq/vaxel/gateway/lazy"
	"github.com/vaxelhq/vaxel/gateway/retry"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

const (
	snapshotEvery = 5000 // events, or more on a large floor: see snapshotDue
	snapshotShare = 1024 // bytes of a snapshot that an event may cost
)

// snapshot is the core as of one event of the log. It is true whoever leads by the time
// that it is stored: events up to its own never change.
type snapshot struct {
	picture *routing.Picture
	seq     int64
	at      time.Time
	weight  int // in bytes, once it is written
	err     error
}

// snapshotDue says whether the log has grown enough to be begun anew. A snapshot holds all
// that waits: the more there was in the last one, the more events come before the next. Of
// 100,000 who wait it took most of the floor's time.
func (l *leader) snapshotDue() bool {
	return !l.drawing && l.seq-l.snap >= int64(max(snapshotEvery, l.weight/snapshotShare))
}

// take is the core as of the last event that was decided. Only what is stored may be written.
func (l *leader) take() *snapshot {
	return &snapshot{picture: l.core.Picture(), seq: l.seq, at: l.last}
}

// draw has a snapshot written down and stored while the floor goes on deciding, once its last
// event is stored. The loop hears of it in drawn.
func (l *leader) draw(ctx context.Context) {
	s := l.take()
	l.afterwards(func(stored bool) {
		if !stored || l.drawing {
			return
		}
		l.drawing = true
		go func() {
			s.err = l.writeSnapshot(ctx, s)
			l.drawn <- s
		}()
	})
}

// keep notes a snapshot that was stored. One that was not is no reason to stop work: the
// log is there, and the next is soon.
func (l *leader) keep(s *snapshot) {
	l.drawing = false
	if s.err != nil {
		l.f.log.Warn("store a snapshot of the floor", "term", l.term, "err", s.err)
		return
	}
	l.noteSnapshot(s)
}

func (l *leader) noteSnapshot(s *snapshot) { l.snap, l.weight = max(l.snap, s.seq), s.weight }

// await waits for the snapshot that is being written, if one is. It comes to nothing when
// its context has ended.
func (l *leader) await() {
	if l.drawing {
		<-l.drawn
	}
}

// snapshot stores the core as of the last event, at once.
func (l *leader) snapshot(ctx context.Context) error {
	s := l.take()
	if err := l.writeSnapshot(ctx, s); err != nil {
		return err
	}
	l.noteSnapshot(s)
	return nil
}

// writeSnapshot stores one. Kept are the five latest and the last of each day: what the
// log is read again from. The fence comes last, because whoever holds it keeps the lease
// from being renewed.
func (l *leader) writeSnapshot(ctx context.Context, s *snapshot) error {
	body, err := s.picture.Snapshot()
	if err != nil {
		return fmt.Errorf("take a snapshot: %w", err)
	}
	s.picture, s.weight = nil, len(body)
	err = retry.Do(func() error {
		return lazy.Do(ctx, l.f.pool, func(tx *lazy.Tx) error {
			if _, err := tx.Exec(ctx, settings); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `
				insert into routing_snapshot (seq, version, at, body)
				values ($1, $2, $3, $4)
				on conflict (seq) do nothing`, s.seq, routing.Version, s.at, body); err != nil {
				return err
			}
			fence(tx, l.term)
			_, err := tx.Exec(ctx, `
				delete from routing_snapshot as old
				where seq not in (select seq from routing_snapshot order by seq desc limit 5)
				and exists (
					select from routing_snapshot
					where seq > old.seq and (at at time zone 'UTC')::date = (old.at at time zone 'UTC')::date)`)
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("store the snapshot: %w", err)
	}
	return nil
}

// handOver leaves a snapshot for whoever leads next, also in a newer release, which cannot
// replay our events. The node's context has ended by then, hence a time of its own; a
// handover that takes longer than the lease lasts would be fenced anyway.
func (l *leader) handOver(ctx context.Context) error {
	if l.seq == l.snap {
		return ctx.Err()
	}
	out, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseLength)
	defer cancel()
	return errors.Join(ctx.Err(), l.snapshot(out))
}
