package api

import (
	"context"
	"log/slog"
	"net/http"
)

// noteRefusal logs who was refused and why, with the source, by which the operator's log
// counts a flood. What is only out of date (409) is the caller's own affair.
func (s *Server) noteRefusal(ctx context.Context, r *http.Request, status int) {
	level := slog.LevelInfo
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
		level = slog.LevelWarn
	case http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType,
		http.StatusUnprocessableEntity:
	default:
		return
	}
	s.log.Log(ctx, level, "refused a request", "source", sourceFrom(ctx), "status", status, "method", r.Method, "path", r.URL.Path, "request_id", requestID(ctx))
}
