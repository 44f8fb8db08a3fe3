package routing

import (
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"

	"github.com/vaxelhq/vaxel/gateway"
)

const minutes = 5 * time.Minute

// A calendar agrees with package time, every five minutes, also over the nights in which
// summer begins and ends, when an hour is missing or comes twice.
func TestCalendarKeepsOfficeHours(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone, err := time.LoadLocation(rapid.SampledFrom([]string{"Europe/Stockholm", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"}).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		p := gateway.CalendarPlan{Zone: spans(zone, 2024), Closed: []string{"2024-03-29", "2024-11-01"}}
		for range rapid.IntRange(1, 9).Draw(t, "openings") {
			from := gateway.Seconds(rapid.IntRange(0, 80).Draw(t, "from")) * 900
			p.Hours = append(p.Hours, gateway.OpenHours{
				Day: rapid.IntRange(1, 7).Draw(t, "day"), From: from, To: min(from+gateway.Seconds(rapid.IntRange(8, 40).Draw(t, "quarters"))*900, daySeconds),
			})
		}
		p.Hours = apart(p.Hours)
		k := newCalendar(p)
		from := rapid.SampledFrom([]time.Time{
			time.Date(2024, 3, 9, 0, 0, 0, 0, time.UTC), time.Date(2024, 3, 28, 0, 0, 0, 0, time.UTC),
			time.Date(2024, 10, 25, 0, 0, 0, 0, time.UTC), time.Date(2024, 11, 1, 0, 0, 0, 0, time.UTC),
		}).Draw(t, "from").Add(time.Duration(rapid.IntRange(0, 600).Draw(t, "minutes")) * minutes)
		want := time.Duration(rapid.IntRange(1, 60).Draw(t, "target")) * minutes
		due, open := k.add(from, want), time.Duration(0)
		for at := from; at.Before(due); at = at.Add(minutes) {
			if isOpen := officeOpen(p, zone, at); isOpen != k.open(at) {
				t.Fatalf("%v (%v): open is %v, want %v", at, at.In(zone), k.open(at), isOpen)
			} else if isOpen {
				open += minutes
			}
		}
		if open != want {
			t.Fatalf("from %v to %v it is open for %v, want %v", from, due, open, want)
		}
		change := k.change(from)
		for at := from; at.Before(change); at = at.Add(minutes) {
			if k.open(at) != k.open(from) {
				t.Fatalf("from %v it changes at %v, not first at %v", from, at, change)
			}
		}
		if k.open(change) == k.open(from) {
			t.Fatalf("from %v it does not change at %v", from, change)
		}
	})
}

// A calendar that never opens counts by the wall clock, rather than never coming due.
func TestCalendarThatNeverOpens(t *testing.T) {
	at := time.Date(2024, 5, 6, 9, 0, 0, 0, time.UTC)
	if due := newCalendar(gateway.CalendarPlan{}).add(at, time.Hour); !due.Equal(at.Add(time.Hour)) {
		t.Errorf("due %v", due)
	}
}

// A calendar that is always open, or never, does not change.
func TestCalendarThatNeverChanges(t *testing.T) {
	var always gateway.CalendarPlan
	for day := range 7 {
		always.Hours = append(always.Hours, gateway.OpenHours{Day: day + 1, To: daySeconds})
	}
	for _, p := range []gateway.CalendarPlan{{}, always} {
		if at := newCalendar(p).change(time.Date(2024, 5, 6, 9, 0, 0, 0, time.UTC)); !at.IsZero() {
			t.Errorf("%d openings a week: changes at %v", len(p.Hours), at)
		}
	}
}

// apart leaves out openings that overlap one before: nobody counts an hour twice.
func apart(hours []gateway.OpenHours) (kept []gateway.OpenHours) {
	for _, h := range hours {
		clash := false
		for _, k := range kept {
			clash = clash || k.Day == h.Day && h.From < k.To && k.From < h.To
		}
		if !clash {
			kept = append(kept, h)
		}
	}
	return kept
}

// officeOpen looks at the clock on the wall.
func officeOpen(p gateway.CalendarPlan, zone *time.Location, at time.Time) bool {
	local := at.In(zone)
	for _, d := range p.Closed {
		if local.Format(time.DateOnly) == d {
			return false
		}
	}
	for _, h := range p.Hours {
		y, m, d := local.Date()
		from := time.Date(y, m, d, 0, 0, int(h.From), 0, zone)
		to := time.Date(y, m, d, 0, 0, int(h.To), 0, zone)
		if int(local.Weekday()+6)%7+1 == h.Day && !at.Before(from) && at.Before(to) {
			return true
		}
	}
	return false
}

func spans(zone *time.Location, year int) (all []gateway.ZoneSpan) {
	for at := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() == year; {
		_, offset := at.In(zone).Zone()
		all = append(all, gateway.ZoneSpan{From: at, Offset: gateway.Seconds(offset)})
		_, end := at.In(zone).ZoneBounds()
		if end.IsZero() {
			break
		}
		at = end.UTC()
	}
	return all
}
