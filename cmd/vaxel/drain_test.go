package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/bus"
	"github.com/vaxelhq/vaxel/gateway/floor"
)

// A drain begins at once, when the clock next shows a time, or at a moment.
func TestWhenADrainBegins(t *testing.T) {
	zone := time.FixedZone("CET", 3600)
	now := time.Date(2026, 11, 20, 14, 0, 0, 0, zone)
	for at, want := range map[string]time.Time{
		"":                          {},
		"22:30":                     time.Date(2026, 11, 20, 22, 30, 0, 0, zone),
		"14:00":                     time.Date(2026, 11, 21, 14, 0, 0, 0, zone),
		"2026-11-22T03:00:00+01:00": time.Date(2026, 11, 22, 3, 0, 0, 0, zone),
	} {
		got, err := drainCmd{At: at, Deadline: time.Minute}.plan(now)
		if err != nil || !got.At.Equal(want) || got.Deadline != time.Minute || got.Final != 20*time.Second {
			t.Errorf("%q: got %+v, %v; want %v", at, got, err, want)
		}
	}
}

// A drain that follows another one before this node has looked is written of anew, with
// nothing changed since; one that gets other times is not.
func TestADrainAfterAnother(t *testing.T) {
	now := time.Now()
	d := &drainer{drain: &bus.Drain{Since: now, Deadline: now.Add(time.Hour)}, at: now}
	if d.see(&bus.Drain{Since: now, Deadline: now.Add(2 * time.Hour)}); d.at.IsZero() {
		t.Error("other times are another drain")
	}
	if d.see(&bus.Drain{Since: now.Add(time.Second), Deadline: now.Add(time.Hour)}); !d.at.IsZero() {
		t.Error("what was written of one drain counts for the next")
	}
}

// At the deadline the floor is away: agents are set working offline when it is back, each
// once; whom it does not know is let be.
func TestTheDeadlineIsTriedAgain(t *testing.T) {
	b, away := bus.New(), true
	asked := map[gateway.AgentID]int{}
	defer b.Serve(floor.HolderCommand, func(_ context.Context, _ string, body []byte) ([]byte, error) {
		if away {
			return json.Marshal(map[string]any{"error": gateway.Error{Kind: gateway.KindTryAgain, Code: "try_again"}})
		}
		cmd, err := gateway.UnmarshalCommand(body)
		if err != nil {
			return nil, err
		}
		set := cmd.(gateway.SetStatus)
		if asked[set.Agent]++; set.Agent == 9 {
			return json.Marshal(map[string]any{"error": gateway.NotFound("unknown_agent", "no such agent works here")})
		}
		return []byte(`{}`), nil
	})()
	d := &drainer{
		house: &house{commands: floor.NewClient(b), log: slog.New(slog.DiscardHandler)},
		over:  &deadline{offline: map[gateway.AgentID]bool{7: false, 8: false, 9: false}},
	}
	d.sendOffline(t.Context())
	for agent, done := range d.over.offline {
		if done {
			t.Errorf("agent %v was not reached and counts as done", agent)
		}
	}
	away = false
	d.sendOffline(t.Context())
	d.sendOffline(t.Context())
	if asked[7] != 1 || asked[8] != 1 || asked[9] != 1 {
		t.Errorf("asked %v, want each once", asked)
	}
}
