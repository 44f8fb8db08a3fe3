package api

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

const (
	refusalsLogged = 8 // lines a second from one source: ten at most, counting those written late
	sourcesKept    = 1000
)

// refusals logs who was refused, no more than refusalsLogged lines a second from one
// source: a program gone wrong, or a guesser, must not fill the disk.
type refusals struct {
	log *slog.Logger

	mu      sync.Mutex // guards what follows
	sources map[string]*refused
}

// refused is one second of the clock and one source.
type refused struct {
	since time.Time
	lines int
	more  int // not logged
}

func newRefusals(log *slog.Logger) *refusals {
	return &refusals{log: log, sources: map[string]*refused{}}
}

// note logs a refused request. What merely did not fit (404, 409, 422) is the caller's
// own affair.
func (r *refusals) note(ctx context.Context, q *http.Request, status int) {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
	default:
		return
	}
	source := sourceFrom(ctx)
	more, ok := r.take(source, time.Now())
	if more > 0 {
		r.log.WarnContext(ctx, "refused more requests than were logged", "source", source, "count", more)
	}
	if ok {
		r.log.WarnContext(ctx, "refused a request", "source", source, "status", status, "method", q.Method, "path", q.URL.Path, "request_id", requestID(ctx))
	}
}

// take says whether one more line may be logged, and how many were kept back in the
// source's second before this.
func (r *refusals) take(source string, now time.Time) (more int, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.sources[source]
	if s == nil {
		r.sweepLocked(now)
		s = &refused{since: now.Truncate(time.Second)}
		r.sources[source] = s
	}
	if now.Sub(s.since) >= time.Second {
		more = s.more
		*s = refused{since: now.Truncate(time.Second)}
	}
	if s.lines+1 >= refusalsLogged { // one line is left for the count
		s.more++
		return more, false
	}
	s.lines++
	return more, true
}

// sweepLocked makes room: a source that is quiet is forgotten, and among too many loud
// ones any.
func (r *refusals) sweepLocked(now time.Time) {
	if len(r.sources) < sourcesKept {
		return
	}
	for source, s := range r.sources {
		if now.Sub(s.since) >= time.Second || len(r.sources) >= sourcesKept {
			delete(r.sources, source)
		}
	}
}
