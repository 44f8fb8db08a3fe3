package main

import (
	"context"
	"io"
	"log/slog"
	"net/netip"
	"sync"
	"time"
)

// linesPerSecond are logged of one source; with the line that counts the rest there are
// never ten in a second, also when one was late.
const linesPerSecond = 8

// repeats is a log that a flood does not fill: in each second of the clock a source has a
// few lines, and when the second is over one line says how many more there were. The
// source is the attribute of that name, an address from all its ports; warnings and errors
// that have none are counted by their message. What is only told of and comes from nobody
// outside (a start, a drain) is not held back.
type repeats struct {
	slog.Handler
	source string // given to the logger, or empty
	seen   *counts
}

type counts struct {
	mu sync.Mutex // guards what follows
	of map[string]*second
}

// second is what one source said in the present second.
type second struct {
	lines, more int
	last        slog.Record // of those that were kept back
}

// newLog writes text to w, from a level on.
func newLog(w io.Writer, level slog.Level) *slog.Logger {
	text := slog.NewTextHandler(w, &slog.HandlerOptions{Level: level})
	return slog.New(&repeats{Handler: text, seen: &counts{of: map[string]*second{}}})
}

// Handle logs the record or counts it.
func (r *repeats) Handle(ctx context.Context, record slog.Record) error {
	key := r.sourceOf(record)
	if key == "" {
		if record.Level < slog.LevelWarn {
			return r.Handler.Handle(ctx, record)
		}
		key = record.Message
	}
	if r.seen.take(key, record, func(s *second) { r.tell(context.WithoutCancel(ctx), key, s) }) {
		return r.Handler.Handle(ctx, record)
	}
	return nil
}

// tell says how many lines were kept back.
func (r *repeats) tell(ctx context.Context, key string, s *second) {
	line := slog.NewRecord(time.Now(), s.last.Level, "more were not logged", 0)
	line.AddAttrs(slog.Int("count", s.more), slog.String("last", s.last.Message))
	if r.source == "" && key != s.last.Message {
		line.AddAttrs(slog.String(sourceKey, key))
	}
	_ = r.Handler.Handle(ctx, line) // as any logger
}

// take says whether the line may be logged. The first of a second sees to it that after
// shows what was counted in it.
func (c *counts) take(key string, record slog.Record, after func(*second)) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.of[key]
	if s == nil {
		s = &second{}
		c.of[key] = s
		now := time.Now()
		time.AfterFunc(now.Truncate(time.Second).Add(time.Second).Sub(now), func() {
			c.mu.Lock()
			delete(c.of, key)
			c.mu.Unlock()
			if s.more > 0 {
				after(s)
			}
		})
	}
	if s.lines == linesPerSecond {
		s.more, s.last = s.more+1, record
		return false
	}
	s.lines++
	return true
}

func (r *repeats) sourceOf(record slog.Record) string {
	source := r.source
	record.Attrs(func(a slog.Attr) bool {
		if a.Key == sourceKey {
			source = a.Value.String()
		}
		return source == ""
	})
	if at, err := netip.ParseAddrPort(source); err == nil {
		return at.Addr().Unmap().String()
	}
	return source
}

const sourceKey = "source"

// WithAttrs is described at slog.Handler.
func (r *repeats) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *r
	with.Handler = r.Handler.WithAttrs(attrs)
	for _, a := range attrs {
		if a.Key == sourceKey {
			with.source = a.Value.String()
		}
	}
	return &with
}

// WithGroup is described at slog.Handler.
func (r *repeats) WithGroup(name string) slog.Handler {
	with := *r
	with.Handler = r.Handler.WithGroup(name)
	return &with
}
