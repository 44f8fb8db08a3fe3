package roster

import (
	"time"
	_ "time/tzdata" // a machine without time zones keeps the same hours

	"github.com/vaxelhq/vaxel/gateway"
)

// Of how many years around now a plan holds the changes of the clock.
const (
	yearsBefore = 1
	yearsAfter  = 6
)

// plan is the calendar with nothing left to look up: routing has no time zones.
func (c Calendar) plan(now time.Time) gateway.CalendarPlan {
	p := gateway.CalendarPlan{ID: gateway.CalendarID(c.ID), Hours: []gateway.OpenHours{}, Closed: c.Holidays}
	for _, h := range c.Hours {
		p.Hours = append(p.Hours, gateway.OpenHours{Day: h.Day, From: ofDay(h.From), To: ofDay(h.To)})
	}
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return p // check let no such zone in; then the hours are UTC
	}
	at := time.Date(now.Year()-yearsBefore, 1, 1, 0, 0, 0, 0, time.UTC)
	for at.Year() <= now.Year()+yearsAfter {
		_, offset := at.In(zone).Zone()
		p.Zone = append(p.Zone, gateway.ZoneSpan{From: at, Offset: gateway.Seconds(offset)})
		_, end := at.In(zone).ZoneBounds()
		if end.IsZero() {
			break
		}
		at = end.UTC()
	}
	return p
}

// ofDay is "08:00" in seconds.
func ofDay(s string) gateway.Seconds {
	if s == "24:00" {
		return 24 * 3600
	}
	t, _ := time.Parse("15:04", s) // checked when it was stored
	return gateway.Seconds(t.Hour()*3600 + t.Minute()*60)
}
