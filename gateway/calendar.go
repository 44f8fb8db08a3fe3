package gateway

import "time"

// CalendarPlan is when a queue is open, with nothing left to look up: the time zone is
// given by its changes, so that the same log means the same on every machine.
type CalendarPlan struct {
	ID     CalendarID  `json:"id"`
	Zone   []ZoneSpan  `json:"zone,omitempty"` // by From; UTC if empty
	Hours  []OpenHours `json:"hours"`
	Closed []string    `json:"closed,omitempty"` // holidays, "2027-06-25"
}

// ZoneSpan says that from a moment on local time is so far ahead of UTC. The first one
// also holds before its moment.
type ZoneSpan struct {
	From   time.Time `json:"from"`
	Offset Seconds   `json:"offset"`
}

// OpenHours are one opening on one day of the week, in seconds of the local clock.
type OpenHours struct {
	Day  int     `json:"day"` // ISO 8601: 1 Monday to 7 Sunday
	From Seconds `json:"from"`
	To   Seconds `json:"to"`
}

// TargetClock says which time counts towards a target.
type TargetClock string

// The clocks of a target.
const (
	WallClock     TargetClock = "wall"
	CalendarClock TargetClock = "calendar" // only while the queue is open
)

// DefaultClock is the clock where a channel's plan names none: mail waits for the office.
func DefaultClock(c Channel) TargetClock {
	if c == Email {
		return CalendarClock
	}
	return WallClock
}
