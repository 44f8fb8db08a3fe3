package api

import (
	"context"
	"net/http"
	"time"
)

// Source is the address that a request comes from.
func (s *Server) Source(r *http.Request) string { return s.source(r) }

// Forget forgets what a clock that shows now says is old.
func (s *Server) Forget(ctx context.Context, now time.Time) error { return s.forget(ctx, now) }
