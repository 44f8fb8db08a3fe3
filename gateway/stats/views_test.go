package stats_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/vaxelhq/vaxel/gateway/stats"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// The floor's views have the columns that the figures are read from.
func TestFloorViews(t *testing.T) {
	b := &board{watching: make(chan struct{})}
	s := stats.New(pgtest.New(t), b, slog.New(slog.DiscardHandler))
	if _, err := s.Queues(t.Context(), day); err != nil {
		t.Error(err)
	}
	if _, err := s.Agents(t.Context(), day); err != nil {
		t.Error(err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := s.Run(stopped); err != nil {
		t.Error(err)
	}
}
