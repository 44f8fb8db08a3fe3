package chat

import (
	"context"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// Export what chat_test needs to pass time without waiting for it.

// Turn moves the wheel on by a second.
func (s *Server) Turn() { s.wheel.turn() }

// SweepGone is the sweep at a time.
func (s *Server) SweepGone(ctx context.Context, now time.Time) { s.sweepGone(ctx, now) }

func TestOutletReplacesWhatOnlyMattersNow(t *testing.T) {
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
