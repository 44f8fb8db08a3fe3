package roster

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Group is agents who are seen together on the board.
type Group struct {
	ID   gateway.GroupID `json:"id"`
	Name string          `json:"name"`
	Rev  int64           `json:"rev"`
}

// Groups lists the agent groups by name.
func (s *Store) Groups(ctx context.Context) ([]Group, error) {
	return list[Group](ctx, s.db, "select id, name, rev from agent_group order by lower(name)")
}

// Group gives one group.
func (s *Store) Group(ctx context.Context, id gateway.GroupID) (Group, error) {
	return one[Group](ctx, s.db, "group", "select id, name, rev from agent_group where id = $1", id)
}

// CreateGroup adds a group.
func (s *Store) CreateGroup(ctx context.Context, g Group) (Group, error) {
	return createNamed[Group](ctx, s, "agent_group", "group", g.Name)
}

// UpdateGroup renames a group, if it still has g.Rev.
func (s *Store) UpdateGroup(ctx context.Context, g Group) (Group, error) {
	return updateNamed(ctx, s, "agent_group", "group", g.Name, int64(g.ID), g.Rev,
		func() (Group, error) { return s.Group(ctx, g.ID) })
}

// Skill is what a queue or an interaction needs of an agent.
type Skill struct {
	ID   gateway.SkillID `json:"id"`
	Name string          `json:"name"` // "lang:sv", "billing"
	Rev  int64           `json:"rev"`
}

// Skills lists the skills by name.
func (s *Store) Skills(ctx context.Context) ([]Skill, error) {
	return list[Skill](ctx, s.db, "select id, name, rev from skill order by lower(name)")
}

// Skill gives one skill.
func (s *Store) Skill(ctx context.Context, id gateway.SkillID) (Skill, error) {
	return one[Skill](ctx, s.db, "skill", "select id, name, rev from skill where id = $1", id)
}

// CreateSkill adds a skill.
func (s *Store) CreateSkill(ctx context.Context, k Skill) (Skill, error) {
	return createNamed[Skill](ctx, s, "skill", "skill", k.Name)
}

// UpdateSkill renames a skill, if it still has k.Rev.
func (s *Store) UpdateSkill(ctx context.Context, k Skill) (Skill, error) {
	return updateNamed(ctx, s, "skill", "skill", k.Name, int64(k.ID), k.Rev,
		func() (Skill, error) { return s.Skill(ctx, k.ID) })
}

func createNamed[T any](ctx context.Context, s *Store, table, noun, name string) (v T, err error) {
	if err := checkName("a "+noun, name); err != nil {
		return v, err
	}
	err = s.edit(ctx, func(tx pgx.Tx) (err error) {
		v, err = one[T](ctx, tx, noun, "insert into "+table+" (name) values ($1) returning id, name, rev", name)
		return err
	})
	return v, err
}

func updateNamed[T any](ctx context.Context, s *Store, table, noun, name string, id, rev int64, now func() (T, error)) (v T, err error) {
	if err := checkName("a "+noun, name); err != nil {
		return v, err
	}
	err = s.edit(ctx, func(tx pgx.Tx) (err error) {
		if err := expect(ctx, tx, table, id, rev, now); err != nil {
			return err
		}
		v, err = one[T](ctx, tx, noun,
			"update "+table+" set name = $2, rev = rev + 1 where id = $1 returning id, name, rev", id, name)
		return err
	})
	return v, err
}

// CalendarID names a calendar.
type CalendarID = gateway.ID[Calendar]

// Calendar is when a queue is open.
type Calendar struct {
	ID       CalendarID `json:"id"`
	Name     string     `json:"name"`
	Zone     string     `json:"zone"` // IANA: "Europe/Stockholm"
	Hours    []Hours    `json:"hours"`
	Holidays []string   `json:"holidays"` // closed dates, "2027-06-25"
	Rev      int64      `json:"rev"`
}

// Hours are one opening on one day of the week, in the calendar's zone.
type Hours struct {
	Day  int    `json:"day"`  // ISO 8601: 1 Monday to 7 Sunday
	From string `json:"from"` // "08:00"
	To   string `json:"to"`   // "17:00"; "24:00" is midnight
}

const calendarColumns = "id, name, zone, hours, holidays, rev"

// Calendars lists the calendars by name.
func (s *Store) Calendars(ctx context.Context) ([]Calendar, error) {
	return list[Calendar](ctx, s.db, "select "+calendarColumns+" from calendar order by lower(name)")
}

// Calendar gives one calendar.
func (s *Store) Calendar(ctx context.Context, id CalendarID) (Calendar, error) {
	return one[Calendar](ctx, s.db, "calendar", "select "+calendarColumns+" from calendar where id = $1", id)
}

// CreateCalendar adds a calendar.
func (s *Store) CreateCalendar(ctx context.Context, c Calendar) (Calendar, error) {
	err := s.edit(ctx, func(tx pgx.Tx) (err error) {
		if err := c.check(); err != nil {
			return err
		}
		c, err = one[Calendar](ctx, tx, "calendar", `
			insert into calendar (name, zone, hours, holidays)
			values ($1, $2, $3, $4)
			returning `+calendarColumns, c.Name, c.Zone, notNil(c.Hours), notNil(c.Holidays))
		return err
	})
	return c, err
}

// UpdateCalendar replaces a calendar, if it still has c.Rev.
func (s *Store) UpdateCalendar(ctx context.Context, c Calendar) (Calendar, error) {
	err := s.edit(ctx, func(tx pgx.Tx) (err error) {
		if err := c.check(); err != nil {
			return err
		}
		if err := expect(ctx, tx, "calendar", int64(c.ID), c.Rev, func() (Calendar, error) { return s.Calendar(ctx, c.ID) }); err != nil {
			return err
		}
		c, err = one[Calendar](ctx, tx, "calendar", `
			update calendar
			set name = $2, zone = $3, hours = $4, holidays = $5, rev = rev + 1
			where id = $1
			returning `+calendarColumns, c.ID, c.Name, c.Zone, notNil(c.Hours), notNil(c.Holidays))
		return err
	})
	return c, err
}

func (c Calendar) check() error {
	if err := checkName("a calendar", c.Name); err != nil {
		return err
	}
	if _, err := time.LoadLocation(c.Zone); err != nil || c.Zone == "" {
		return gateway.Invalid("bad_zone", "a calendar needs a time zone by its IANA name, like Europe/Stockholm")
	}
	for _, h := range c.Hours {
		if h.Day < 1 || h.Day > 7 || !clock(h.From) || !clock(h.To) || h.From >= h.To {
			return gateway.Invalid("bad_hours", `opening hours are like {"day": 1, "from": "08:00", "to": "17:00"}, day 1 is Monday`)
		}
	}
	for _, d := range c.Holidays {
		if _, err := time.Parse(time.DateOnly, d); err != nil {
			return gateway.Invalid("bad_holiday", "holidays are dates like 2027-06-25")
		}
	}
	return nil
}

func clock(s string) bool {
	_, err := time.Parse("15:04", s)
	return len(s) == 5 && err == nil || s == "24:00"
}

// notNil is for jsonb and array columns, which hold [] where nothing is said.
func notNil[T any](v []T) []T {
	if v == nil {
		return []T{}
	}
	return v
}

// clean says whether PostgreSQL can hold the text: UTF-8 without NUL.
func clean(s string) bool { return gateway.Clean(s) == s }
