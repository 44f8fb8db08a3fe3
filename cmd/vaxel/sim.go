package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/vaxelhq/vaxel/gateway/floor"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

type simCmd struct {
	Plan  string `short:"p" help:"What is to be otherwise (TOML; docs/operating.md has its keys)." type:"path"`
	From  string `help:"Where the period begins: a day, a time of day like 2026-11-20T08:00, or RFC 3339; today's beginning unless set."`
	Until string `help:"Where it ends; now unless set, a day after a --from that is a day."`
	Order string `help:"Shorthand for a plan with this order: edf, fifo, vcc."`
	JSON  bool   `name:"json" help:"For programs."`
}

// Run decides a recorded period anew and shows what would have come of it beside what did.
func (s simCmd) Run(ctx context.Context, c *cli) error {
	config, _, err := c.load()
	if err != nil {
		return err
	}
	plan, err := loadSimPlan(s.Plan)
	if err != nil {
		return err
	}
	plan.Order = cmp.Or(s.Order, plan.Order)
	from, until, err := s.period(config)
	if err != nil {
		return err
	}
	pool, done, err := attach(ctx, config)
	if err != nil {
		return err
	}
	defer done()
	who, err := readCalled(ctx, pool, config.Language)
	if err != nil {
		return err
	}
	changes, err := plan.resolve(who)
	if err != nil {
		return fmt.Errorf("the plan: %w", err)
	}
	day, err := records(pool).Day(ctx, from, until)
	if err != nil {
		return err
	}
	report := changes.simulate(day, from)
	if s.JSON {
		return printJSON(os.Stdout, report)
	}
	return report.print(os.Stdout)
}

// period reads --from and --until in the house's zone.
func (s simCmd) period(c Config) (from, until time.Time, err error) {
	zone, err := c.zone()
	if err != nil {
		return from, until, fmt.Errorf("zone: %w", err)
	}
	now := time.Now().In(zone)
	from = time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, zone)
	until = now
	if s.From != "" {
		if from, err = moment("--from", s.From, zone); err != nil {
			return from, until, err
		}
		if len(s.From) == len(time.DateOnly) {
			until = from.AddDate(0, 0, 1)
		}
	}
	if s.Until != "" {
		if until, err = moment("--until", s.Until, zone); err != nil {
			return from, until, err
		}
	}
	if until.After(now) {
		until = now
	}
	if !from.Before(until) {
		return from, until, errors.New("--until: the period ends before it begins")
	}
	return from, until, nil
}

func moment(flag, text string, zone *time.Location) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04", "2006-01-02T15:04:05", time.RFC3339} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%s: %q is no time; write 2026-11-20, 2026-11-20T08:00 or 2026-11-20T08:00:00+01:00", flag, text)
}

// simReport is what sim says.
type simReport struct {
	From         time.Time      `json:"from"`
	Until        time.Time      `json:"until"`
	Events       int            `json:"events"`
	Interactions int            `json:"interactions"`
	Differing    int            `json:"differing"` // of them, played again with nothing changed
	Rows         []simRow       `json:"rows"`
	Staff        []simStaff     `json:"staff"`
	Unknown      map[string]int `json:"unknown,omitempty"` // what happened and is not played again
	Changed      bool           `json:"changed"`
}

// simRow is one queue and channel in one course of the day. Times are seconds.
type simRow struct {
	Queue        string  `json:"queue"`
	Channel      string  `json:"channel"`
	Course       string  `json:"course"` // happened, unchanged, changed
	Answered     int     `json:"answered"`
	Abandoned    int     `json:"abandoned"`
	ServiceLevel float64 `json:"service_level"`
	Wait         float64 `json:"wait_s"`
	P95          float64 `json:"wait_p95_s"`
	Longest      float64 `json:"wait_max_s"`
}

// simStaff is what agents' time went to.
type simStaff struct {
	Course    string  `json:"course"`
	Staffed   float64 `json:"staffed_h"`
	Busy      float64 `json:"busy_h"`
	Occupancy float64 `json:"occupancy"`
}

// The courses of a day.
const (
	courseHappened  = "happened"
	courseUnchanged = "unchanged"
	courseChanged   = "changed"
)

// simulate plays the day as it was, to see how true the play is, and as it is to be.
func (s *simulation) simulate(day *floor.Day, from time.Time) simReport {
	same := day.Simulate(nil)
	r := simReport{
		From: from, Until: day.Until, Events: day.Events, Interactions: day.Happened.Interactions(),
		Differing: same.Differs(day.Happened), Unknown: day.Unknown, Changed: s.changed(),
	}
	courses := []struct {
		name string
		floor.Course
	}{{courseHappened, day.Happened}, {courseUnchanged, same}}
	if r.Changed {
		day.Acts = s.staff(day.Acts)
		courses = append(courses, struct {
			name string
			floor.Course
		}{courseChanged, day.Simulate(s.change)})
	}
	counters := map[routing.Counter]bool{}
	for _, c := range courses {
		for at := range c.Figures {
			counters[at] = true
		}
		r.Staff = append(r.Staff, simStaff{c.name, c.Staffed.Hours(), c.Busy.Hours(), c.Occupancy()})
	}
	for _, at := range slices.SortedFunc(maps.Keys(counters), func(a, b routing.Counter) int {
		return cmp.Or(cmp.Compare(a.Queue, b.Queue), cmp.Compare(a.Channel, b.Channel))
	}) {
		for _, c := range courses {
			r.Rows = append(r.Rows, rowOf(s.who.queue(at.Queue), at, c.name, c.Figures[at]))
		}
	}
	return r
}

func rowOf(queue string, at routing.Counter, course string, c *routing.Counted) simRow {
	row := simRow{Queue: queue, Channel: string(at.Channel), Course: course}
	if c == nil {
		return row
	}
	mean, longest := c.Wait()
	row.Answered, row.Abandoned, row.ServiceLevel = c.Answered, c.Abandoned, c.ServiceLevel()
	row.Wait, row.P95, row.Longest = mean.Seconds(), c.Percentile(95).Seconds(), longest.Seconds()
	return row
}

func (r simReport) print(out io.Writer) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintf(out, "%s to %s: %d interactions, %d events.\n%s\n\n", clock(r.From), clock(r.Until), r.Interactions, r.Events, r.faith())
	_, _ = fmt.Fprintln(t, "queue\tchannel\t\tanswered\tabandoned\tin time\tmean wait\t95 %\tlongest\t")
	for _, w := range r.Rows {
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%d\t%.1f %%\t%s\t%s\t%s\t\n", w.Queue, w.Channel, w.Course, w.Answered, w.Abandoned,
			100*w.ServiceLevel, span(w.Wait), span(w.P95), span(w.Longest))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, _ = fmt.Fprintln(out)
	for _, s := range r.Staff {
		_, _ = fmt.Fprintf(out, "%-9s  %.1f hours staffed, %.1f busy: occupancy %.1f %%\n", s.Course, s.Staffed, s.Busy, 100*s.Occupancy)
	}
	_, err := fmt.Fprint(out, "\n"+r.limits())
	return err
}

// faith says how true the play is: what comes of the day with nothing changed.
func (r simReport) faith() string {
	if r.Differing == 0 {
		return "Played again with nothing changed, the day comes out exactly as it was."
	}
	return fmt.Sprintf("Played again with nothing changed, %d of %d interactions come to something else (see below): compare changed with unchanged.",
		r.Differing, r.Interactions)
}

// limits is what a simulation cannot know.
func (r simReport) limits() string {
	var b strings.Builder
	b.WriteString("What nobody can know: how long those would have talked who gave up (5 min is taken), whether those would have stayed who were\n" +
		"answered, and what agents would have refused. Nobody's patience, speed or way of working changes with the plan.\n")
	if len(r.Unknown) > 0 {
		b.WriteString("Done again only while the decisions before are the same ones, else left out:")
		for n, what := range sortedKeys(r.Unknown) {
			b.WriteString(map[bool]string{true: " ", false: ", "}[n == 0] + strings.ToLower(what) + fmt.Sprintf(" %d", r.Unknown[what]))
		}
		b.WriteString(".\n")
	}
	return b.String()
}

func span(seconds float64) string {
	return (time.Duration(seconds*10) * time.Second / 10).String()
}
