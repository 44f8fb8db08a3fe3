package routing

import (
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// calendar is when a queue is open. It follows from the plan alone: no time zone
// database is asked, so that a replay on another machine computes the same due times.
type calendar struct {
	zone   []gateway.ZoneSpan
	week   [7][]gateway.OpenHours // from Monday, by From
	closed map[int64]bool         // local days since 1970
}

const (
	daySeconds  = 24 * 60 * 60
	farthestDay = 750 // a calendar that never opens is not searched for ever
)

func newCalendar(p gateway.CalendarPlan) *calendar {
	k := &calendar{zone: p.Zone, closed: map[int64]bool{}}
	for _, h := range p.Hours {
		if h.Day >= 1 && h.Day <= 7 && h.From >= 0 && h.From < h.To && h.To <= daySeconds {
			k.week[h.Day-1] = append(k.week[h.Day-1], h)
		}
	}
	for _, day := range k.week {
		slices.SortFunc(day, func(a, b gateway.OpenHours) int { return int(a.From - b.From) })
	}
	for _, d := range p.Closed {
		if t, err := time.Parse(time.DateOnly, d); err == nil {
			k.closed[t.Unix()/daySeconds] = true
		}
	}
	return k
}

// offset is how many seconds local time is ahead of UTC.
func (k *calendar) offset(unix int64) (o int64) {
	for i, s := range k.zone {
		if i == 0 || s.From.Unix() <= unix {
			o = int64(s.Offset)
		}
	}
	return o
}

// day is the local day of a moment.
func (k *calendar) day(t time.Time) int64 {
	local := t.Unix() + k.offset(t.Unix())
	day := local / daySeconds
	if local%daySeconds < 0 {
		day--
	}
	return day
}

// moment is when the local clock shows so many seconds of a day. A time that is skipped
// when summer begins is an hour later; of one that comes twice it is the first or the second.
func (k *calendar) moment(day int64, s gateway.Seconds) time.Time {
	wall := day*daySeconds + int64(s)
	unix := wall - k.offset(wall)
	if o := k.offset(unix); unix+o != wall {
		unix = wall - o
	}
	return time.Unix(unix, 0).UTC()
}

// openings calls yield with the openings of a day, in order.
func (k *calendar) openings(day int64, yield func(from, to time.Time) (more bool)) bool {
	if k.closed[day] {
		return true
	}
	for _, h := range k.week[((day+3)%7+7)%7] { // 1970 began on a Thursday
		if !yield(k.moment(day, h.From), k.moment(day, h.To)) {
			return false
		}
	}
	return true
}

// open says whether the queue is open at a moment.
func (k *calendar) open(t time.Time) bool {
	return !k.openings(k.day(t), func(from, to time.Time) bool { return t.Before(from) || !t.Before(to) })
}

// change is when the queue next opens or closes after a moment; zero for never.
func (k *calendar) change(t time.Time) (at time.Time) {
	open := k.open(t)
	for day := k.day(t); day < k.day(t)+farthestDay; day++ {
		if !k.openings(day, func(from, to time.Time) bool {
			switch {
			case !open && from.After(t):
				at = from
				return false
			case open && from.After(at) && !at.IsZero(): // a pause after the opening that t is in
				return false
			case open && to.After(t) && to.After(at):
				at = to // and beyond, where the next begins at once
			}
			return true
		}) {
			return at
		}
	}
	return time.Time{}
}

// add is the moment when the queue will have been open for d since from.
func (k *calendar) add(from time.Time, d time.Duration) (at time.Time) {
	for day := k.day(from); day < k.day(from)+farthestDay; day++ {
		if !k.openings(day, func(start, end time.Time) bool {
			if start.Before(from) {
				start = from
			}
			if !start.Before(end) {
				return true
			}
			if at = start.Add(d); !at.After(end) {
				return false
			}
			d -= end.Sub(start)
			return true
		}) {
			return at
		}
	}
	return from.Add(d)
}
