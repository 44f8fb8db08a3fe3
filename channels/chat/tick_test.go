package chat

import (
	"testing"
	"testing/synctest"
	"time"
)

// While nobody is here seconds don't count, only the sweeps. Whoever comes has them count at once:
// sockets are pinged and places told as if they had always been.
func TestSecondsCountWhileSomebodyIsHere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := New(Config{})
		if got := s.rest(); got != sweepBeat*time.Second {
			t.Errorf("nobody here: rests for %v, want until the sweeps", got)
		}
		v := &session{srv: s}
		s.sessions[v] = struct{}{}
		if got := s.rest(); got != time.Second {
			t.Errorf("somebody here: rests for %v, want a second", got)
		}
	})
}

// All sweeps are at beats: one that is not would never be done while nobody is here.
func TestSweepsAreAtBeats(t *testing.T) {
	t.Parallel()
	for what, seconds := range map[string]int{
		"who has gone": sweepSeconds, "the roll": rollSeconds, "bots": botSweep, "who is blocked": blocksEvery, "calls": callSweep,
	} {
		if seconds%sweepBeat != 0 {
			t.Errorf("%s: every %d s is no multiple of %d", what, seconds, sweepBeat)
		}
	}
}
