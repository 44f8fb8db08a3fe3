package beat_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/vaxelhq/vaxel/gateway/beat"
)

// Duties that began at different times are woken at the same moments, those with the longer
// period at some of those of the shorter, and none waits for longer than its period.
func TestDutiesWakeTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		moments := map[time.Time]int{}
		for _, start := range []time.Duration{0, 300 * time.Millisecond, 1700 * time.Millisecond} {
			time.Sleep(start)
			for _, period := range []time.Duration{time.Second, 2 * time.Second} {
				wait := beat.Next(period)
				if wait <= 0 || wait > period {
					t.Errorf("%v after the start: wait %v for a period of %v", start, wait, period)
				}
				moments[time.Now().Add(wait).Truncate(time.Second)]++
				if at := time.Now().Add(wait); !at.Equal(at.Truncate(period)) {
					t.Errorf("woken at %v, which is between two periods of %v", at, period)
				}
			}
		}
		if len(moments) != 4 { // seconds 1 and 2 for four of them, 3 and 4 for who came last
			t.Errorf("six duties were woken at %d moments, want 4: %v", len(moments), moments)
		}
	})
}

// Who is woken at its moment waits for the next, a whole period.
func TestAMomentIsNotMetTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(beat.Next(5 * time.Second))
		if got := beat.Next(5 * time.Second); got != 5*time.Second {
			t.Errorf("got %v, want 5s", got)
		}
	})
}
