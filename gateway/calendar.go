package gateway

import (
	"iter"
	"slices"
	"time"
)

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

// Openings are those that overlap the time from from to to, by day: from when to when. A
// time that is skipped when summer begins is an hour later.
func (p CalendarPlan) Openings(from, to time.Time) iter.Seq2[time.Time, time.Time] {
	const day = 24 * time.Hour
	return func(yield func(since, till time.Time) bool) {
		for d := from.UTC().Truncate(day).Add(-day); d.Before(to.Add(day)); d = d.Add(day) { // zones are at most 14 hours from UTC
			if slices.Contains(p.Closed, d.Format(time.DateOnly)) {
				continue
			}
			for _, h := range p.Hours {
				since, till := p.moment(d.Add(h.From.Duration())), p.moment(d.Add(h.To.Duration()))
				if h.Day == (int(d.Weekday())+6)%7+1 && since.Before(to) && till.After(from) && !yield(since, till) {
					return
				}
			}
		}
	}
}

// moment is when the local clock shows what wall shows in UTC.
func (p CalendarPlan) moment(wall time.Time) time.Time {
	at := wall.Add(-p.offset(wall))
	if o := p.offset(at); !at.Add(o).Equal(wall) {
		at = wall.Add(-o)
	}
	return at
}

// offset is how much local time is ahead of UTC.
func (p CalendarPlan) offset(at time.Time) (o time.Duration) {
	for i, s := range p.Zone {
		if i == 0 || !s.From.After(at) {
			o = s.Offset.Duration()
		}
	}
	return o
}
