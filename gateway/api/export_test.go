package api

import (
	"context"
	"time"
)

// Forget forgets what a clock that shows now says is old.
func (s *Server) Forget(ctx context.Context, now time.Time) error { return s.forget(ctx, now) }
