package kb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vaxelhq/vaxel/gateway/beat"
)

const (
	pollEvery  = 10 * time.Second // in case a hint was lost, and the bus has not noticed
	sweepEvery = time.Minute
)

// Run keeps this node's copy in step until ctx ends: at each hint, and every 10 s.
func (s *Store) Run(ctx context.Context) error {
	defer s.close(context.WithoutCancel(ctx))
	hints := make(chan struct{}, 1)
	cancel := s.bus.Subscribe(hint, func([]byte) {
		select {
		case hints <- struct{}{}:
		default: // one that waits stands for all
		}
	})
	defer cancel()
	poll, sweep := time.NewTimer(beat.Next(pollEvery)), time.NewTimer(beat.Next(sweepEvery))
	defer poll.Stop()
	defer sweep.Stop()
	failing := false
	for {
		err := s.Sync(ctx)
		if err != nil && ctx.Err() == nil && !failing {
			s.log.Error("read changed articles", "err", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return nil
		case <-poll.C:
			poll.Reset(beat.Next(pollEvery))
		case <-hints:
		case <-sweep.C:
			sweep.Reset(beat.Next(sweepEvery))
			if err := errors.Join(s.sweep(ctx), s.rankReadings(ctx)); err != nil && ctx.Err() == nil {
				s.log.Warn("sweep old links, count readings", "err", err)
			}
		}
	}
}

// Sync brings this node's copy to what is committed. Run does it all the time; whoever
// can't wait may call it too.
func (s *Store) Sync(ctx context.Context) error {
	s.syncing.Lock()
	defer s.syncing.Unlock()
	headings, err := categories(ctx, s.pool)
	if err != nil {
		return fmt.Errorf("read categories: %w", err)
	}
	s.mu.Lock()
	s.categories = headings
	s.mu.Unlock()
	synonyms, err := s.Synonyms(ctx)
	if err != nil {
		return err
	}
	defer func() {
		s.open.learn(synonyms)
		s.internal.learn(synonyms)
	}()
	changed, err := articles(ctx, s.pool, "where a.change > $1 group by a.id order by a.change", s.seen)
	if err != nil {
		return fmt.Errorf("read articles changed after %d: %w", s.seen, err)
	}
	if len(changed) == 0 {
		return nil
	}
	newest := changed[len(changed)-1].change
	started := time.Now()
	for _, shelf := range []*shelf{s.open, s.internal} {
		rebuilt, err := shelf.take(changed, newest)
		if err != nil {
			return fmt.Errorf("index %s articles: %w", shelf.visibility, err)
		}
		if len(rebuilt) > 0 {
			s.log.Info("index built", "visibility", shelf.visibility, "languages", rebuilt, "took", time.Since(started))
		}
	}
	s.seen = newest
	return s.rankReadings(ctx)
}
