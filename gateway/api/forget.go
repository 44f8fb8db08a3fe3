package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

const (
	answersKept = 24 * time.Hour
	forgetEvery = 10 * time.Minute
)

// forgetAnswers removes what is older than a day, and calls that never began, until ctx ends.
func (s *Server) forgetAnswers(ctx context.Context) {
	tick := time.NewTicker(forgetEvery)
	defer tick.Stop()
	for {
		if err := s.Forget(ctx, time.Now()); err != nil && ctx.Err() == nil {
			s.log.Warn("forget old answers", "err", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Forget removes what a clock that shows now says is old: answers of more than a day, and what
// was prepared for calls that never began. Run does so every ten minutes; once more is harmless.
func (s *Server) Forget(ctx context.Context, now time.Time) error {
	if err := s.forgetCalls(ctx, now.Add(-forgetEvery)); err != nil {
		return err
	}
	_, err := s.Pool.Exec(ctx, `delete from answer where asked_at < $1`, now.Add(-answersKept))
	return err
}

// forgetCalls undoes what was prepared for calls whose server died before they began, or
// whose floor never answered.
func (s *Server) forgetCalls(ctx context.Context, before time.Time) error {
	rows, _ := s.Pool.Query(ctx, `
		select key, begun
		from answer
		where body is null and begun is not null and asked_at < $1 and coalesce(busy_until < $1, true)`, before)
	left, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (d dialled, err error) {
		var begun json.RawMessage
		if err = row.Scan(&d.key, &begun); err == nil {
			err = json.Unmarshal(begun, &d)
		}
		return d, err
	})
	if err != nil {
		return fmt.Errorf("find calls that never began: %w", err)
	}
	for _, d := range left {
		_, err := s.Floor.Interaction(ctx, d.Begin.Interaction)
		switch {
		case err == nil: // it began; its key is kept for whoever asks
			continue
		case !errors.Is(err, gateway.ErrNotFound):
			return err
		}
		if err := s.commit(ctx, func(w *work) error { return w.undial(ctx, d) }); err != nil {
			return fmt.Errorf("undo a call that never began: %w", err)
		}
	}
	return nil
}
