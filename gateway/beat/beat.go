// Package beat has what is done now and then in a process done at the same moments, so that one
// that has nothing to do wakes once, and not once for each of its duties.
//
// It promises no more than that: whoever waits for less or for something else to happen does so
// with a timer of their own, and a duty that takes long holds up no other.
package beat

import "time"

// Next is how long it is until the clock shows a whole multiple of the period: never longer than
// that. All who wait for the same period, or one that divides it, are then woken together.
//
//	timer := time.NewTimer(beat.Next(period))
//	for range timer.C {
//		timer.Reset(beat.Next(period))
//		…
//	}
func Next(period time.Duration) time.Duration {
	now := time.Now()
	return now.Truncate(period).Add(period).Sub(now)
}
