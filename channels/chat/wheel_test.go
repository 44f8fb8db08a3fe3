package chat

import (
	"context"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/vaxelhq/vaxel/gateway"
)

// Export what chat_test needs to pass time without waiting for it.

// Turn moves the wheel on by a second.
func (s *Server) Turn() { s.wheel.turn() }

// SweepGone is the sweep at a time.
func (s *Server) SweepGone(ctx context.Context, now time.Time) { s.sweepGone(ctx, now) }

// SweepBlocked has the server know of all blocks.
func (s *Server) SweepBlocked(ctx context.Context) { s.sweepBlocked(ctx, time.Unix(0, 0)) }

// SweepSilent is the sweep for silent visitors at a time.
func (s *Server) SweepSilent(ctx context.Context, now time.Time) { s.sweepSilent(ctx, now) }

func TestWhatSilenceAsksFor(t *testing.T) {
	t.Parallel()
	const minute = time.Minute
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name        string
		nudge, end  time.Duration
		silent      time.Duration // negative: the agent is waited for
		do          int
		lookAgainIn time.Duration
	}{
		{"the agent is waited for", 5 * minute, 10 * minute, -1, nothing, 5 * minute},
		{"not yet", 5 * minute, 10 * minute, 2 * minute, nothing, 3 * minute},
		{"asked", 5 * minute, 10 * minute, 5 * minute, ask, 5 * minute},
		{"over", 5 * minute, 10 * minute, 10 * minute, end, 5 * minute},
		{"only asked", 5 * minute, 0, 60 * minute, ask, 5 * minute},
		{"only ended, not yet", 0, 10 * minute, 6 * minute, nothing, 4 * minute},
		{"only ended", 0, 10 * minute, 10 * minute, end, 10 * minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			var since time.Time
			if c.silent >= 0 {
				since = now.Add(-c.silent)
			}
			do, next := (&Config{NudgeAfter: c.nudge, SilentAfter: c.end}).silence(now, since)
			if do != c.do || next.Sub(now) != c.lookAgainIn {
				t.Errorf("got %d, again in %s, want %d and %s", do, next.Sub(now), c.do, c.lookAgainIn)
			}
		})
	}
}

func TestWhoIsSilentSinceWhen(t *testing.T) {
	t.Parallel()
	at := func(minute int) time.Time { return time.Date(2026, 3, 2, 12, minute, 0, 0, time.UTC) }
	said := func(by gateway.AuthorKind, minute int) gateway.Entry {
		return gateway.Entry{Pos: int64(minute), Kind: gateway.EntryMessage, Author: gateway.Author{Kind: by}, At: at(minute)}
	}
	note, event := said(gateway.ByAgent, 8), said(gateway.ByAgent, 9)
	note.Internal, event.Kind = true, gateway.EntryEvent
	asked := []gateway.Entry{said(gateway.ByCustomer, 1), said(gateway.ByAgent, 2)}
	for _, c := range []struct {
		name    string
		entries []gateway.Entry
		stirred time.Time
		pos     int64
		since   time.Time
	}{
		{"nobody has spoken", nil, time.Time{}, 0, time.Time{}},
		{"the agent has", asked, time.Time{}, 2, at(2)},
		{"the visitor types", asked, at(5), 2, at(5)},
		{"typed before", asked, at(1), 2, at(2)},
		{"notes, events and nudges are no words", append(asked[:2:2], said(gateway.BySystem, 7), note, event), time.Time{}, 2, at(2)},
		{"the visitor has answered", append(asked[:2:2], said(gateway.ByCustomer, 7)), time.Time{}, 0, time.Time{}},
	} {
		if pos, since := silentSince(c.entries, c.stirred); pos != c.pos || !since.Equal(c.since) {
			t.Errorf("%s: silent since %s, after %d, want %s after %d", c.name, since, pos, c.since, c.pos)
		}
	}
}

func TestOutletReplacesWhatOnlyMattersNow(t *testing.T) {
	t.Parallel()
	var started int
	o := outlet{spawn: func(func(context.Context)) bool { started++; return true }} // a writer that never gets to write
	for range 1000 {
		o.tell(frameOut{T: "typing"})
		o.tell(frameOut{T: "queue", Position: 2})
	}
	if len(o.queue) != 2 || started != 1 {
		t.Errorf("%d frames and %d writers, want 2 and 1", len(o.queue), started)
	}
}

func TestOutletCutsASlowReaderOff(t *testing.T) {
	t.Parallel()
	var work []func(context.Context)
	o := outlet{ws: &websocket.Conn{}, spawn: func(f func(context.Context)) bool { work = append(work, f); return true }}
	for range maxQueued {
		o.send(frameOut{T: "msg"})
	}
	o.tell(frameOut{T: "typing"}) // full: not worth a word
	if o.closed || len(o.queue) != maxQueued {
		t.Errorf("closed %v with %d frames", o.closed, len(o.queue))
	}
	o.send(frameOut{T: "msg"})
	if !o.closed || len(o.queue) != 0 || len(work) != 2 {
		t.Errorf("closed %v with %d frames and %d works, want a writer and a goodbye", o.closed, len(o.queue), len(work))
	}
}

func TestAllowedOrigins(t *testing.T) {
	t.Parallel()
	w := Widget{Origins: []string{"https://shop.example", "https://*.nordvind.example", "http://localhost:3000"}}
	for origin, want := range map[string]bool{
		"https://shop.example": true, "https://SHOP.example": true, "http://shop.example": false,
		"https://www.shop.example": false, "https://shop.example:8443": false,
		"https://a.nordvind.example": true, "https://nordvind.example": false, "https://evilnordvind.example": false,
		"http://localhost:3000": true, "https://vaxel.example": true, "": false, "null": false,
	} {
		if got := w.allows(origin, "vaxel.example"); got != want {
			t.Errorf("%q: got %v, want %v", origin, got, want)
		}
	}
}
