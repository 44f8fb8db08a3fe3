package letter

import (
	"strconv"
	"strings"
	"time"
)

// zones are the time zones that a calendar brings along. Theirs count only where a name is
// no IANA one: Outlook has names of its own.
type zones struct {
	rules map[string][]onset // by TZID
	open  string             // the TZID of the zone that is being read
	next  []onset            // of it
}

// onset is when a zone changes to an offset (RFC 5545 §3.6.5): once, or each year on a
// weekday of a month.
type onset struct {
	from    time.Time // local, as if it were UTC
	offset  time.Duration
	yearly  bool
	month   time.Month
	weekday time.Weekday
	nth     int // of the month; negative from its end
}

const wallClock = "20060102T150405"

func (z *zones) begin(path []string) {
	switch {
	case len(path) == 2 && path[1] == "VTIMEZONE":
		z.open, z.next = "", nil
	case len(path) == 3 && path[1] == "VTIMEZONE" && len(z.next) < 100:
		z.next = append(z.next, onset{})
	}
}

// take reads a property of a zone.
func (z *zones) take(path []string, p property) {
	if len(path) == 2 && p.name == "TZID" {
		z.open = p.value
		return
	}
	if len(path) != 3 || len(z.next) == 0 {
		return
	}
	o := &z.next[len(z.next)-1]
	switch p.name {
	case "DTSTART":
		o.from, _ = time.Parse(wallClock, p.value)
	case "TZOFFSETTO":
		o.offset = offsetOf(p.value)
	case "RRULE":
		o.rule(p.value)
	}
	if z.rules == nil {
		z.rules = map[string][]onset{}
	}
	z.rules[z.open] = z.next
}

// rule reads FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU. Zones are written with no other.
func (o *onset) rule(value string) {
	for part := range strings.SplitSeq(value, ";") {
		name, v, _ := strings.Cut(part, "=")
		switch strings.ToUpper(name) {
		case "FREQ":
			o.yearly = strings.EqualFold(v, "YEARLY")
		case "BYMONTH":
			n, _ := strconv.Atoi(v)
			o.month = time.Month(n)
		case "BYDAY":
			o.nth, o.weekday = byDay(v)
		}
	}
	o.yearly = o.yearly && o.month >= time.January && o.month <= time.December && o.nth != 0
}

// byDay reads -1SU, the last Sunday; 0 if it is no such day.
func byDay(value string) (nth int, day time.Weekday) {
	const days = "SUMOTUWETHFRSA"
	if len(value) < 3 {
		return 0, 0
	}
	at := strings.Index(days, strings.ToUpper(value[len(value)-2:]))
	if at < 0 || at%2 != 0 {
		return 0, 0
	}
	nth, _ = strconv.Atoi(value[:len(value)-2])
	return nth, time.Weekday(at / 2)
}

// in is the onset of a year, local.
func (o *onset) in(year int) time.Time {
	if !o.yearly {
		return o.from
	}
	h, m, s := o.from.Clock()
	first := time.Date(year, o.month, 1, h, m, s, 0, time.UTC)
	if o.nth > 0 {
		return first.AddDate(0, 0, (int(o.weekday-first.Weekday())+7)%7+7*(o.nth-1))
	}
	last := first.AddDate(0, 1, -1)
	return last.AddDate(0, 0, -(int(last.Weekday()-o.weekday)+7)%7+7*(o.nth+1))
}

// offsetOf reads +0100 (RFC 5545 §3.3.14).
func offsetOf(value string) time.Duration {
	t, err := time.Parse("-0700", value[:min(len(value), 5)])
	if err != nil {
		return 0
	}
	_, seconds := t.Zone()
	return time.Duration(seconds) * time.Second
}

// timeOf reads a date, or a time in UTC, in a zone, or in none, which is shown as it is
// written. Nil if it is nothing of these.
func (z *zones) timeOf(p property) (at *time.Time, day bool) {
	value := strings.TrimSpace(p.value)
	if t, err := time.Parse("20060102", value); err == nil {
		return &t, true
	}
	if t, err := time.Parse(wallClock+"Z", value); err == nil {
		return &t, false
	}
	local, err := time.Parse(wallClock, value)
	if err != nil {
		return nil, false
	}
	t := z.utc(local, p.params["TZID"]).UTC()
	return &t, false
}

// utc is when a zone's clocks show a time.
func (z *zones) utc(local time.Time, zone string) time.Time {
	rules := z.rules[zone]
	if place, err := time.LoadLocation(strings.TrimPrefix(zone, "/")); err == nil && zone != "" && zone != "Local" {
		y, m, d := local.Date()
		hour, minute, second := local.Clock()
		return time.Date(y, m, d, hour, minute, second, 0, place)
	}
	var latest time.Time
	var offset time.Duration
	for _, o := range rules {
		for _, year := range []int{local.Year() - 1, local.Year()} {
			if at := o.in(year); !at.After(local) && (latest.IsZero() || at.After(latest)) && !o.from.After(local) {
				latest, offset = at, o.offset
			}
		}
	}
	return local.Add(-offset)
}
