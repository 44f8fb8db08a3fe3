package roster_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/roster"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// What a queue does with those who wait, and with those it cannot let in, reaches the
// plan as it was written; the calendar reaches it with the zone's changes looked up.
func TestQueueRulesReachThePlan(t *testing.T) {
	s := roster.New(pgtest.New(t), hints{})
	office := made(t, s.CreateCalendar, roster.Calendar{
		Name: "Office", Zone: "Europe/Stockholm", Hours: []roster.Hours{{Day: 1, From: "07:30", To: "24:00"}}, Holidays: []string{"2027-06-25"},
	})
	sales := made(t, s.CreateQueue, roster.Queue{Name: roster.Label{"en": "Sales"}})
	q := roster.Queue{
		Name: roster.Label{"en": "Support"}, Calendar: office.ID, Strategy: gateway.RingAll, MaxLen: 7,
		Steps: []gateway.Step{{After: 30, Do: gateway.LowerSkills, By: 1}, {After: 45, Do: gateway.AddQueue, Queue: sales.ID}},
	}
	q.OnClosed = []gateway.Step{{Do: gateway.ToVoicemail}, {Do: gateway.ToForm}}
	q.OnFull = []gateway.Step{{Do: gateway.HangUp, Channels: []gateway.Channel{gateway.Chat}}}
	q.OnUnstaffed = []gateway.Step{{After: 10, Do: gateway.OfferCallback}}
	q = made(t, s.CreateQueue, q)
	q = made(t, s.UpdateQueue, q) // nothing is lost on the way back
	if _, err := s.UpdateRules(t.Context(), roster.Rules{Order: gateway.PriorityTurn, MissKeepsPlace: true, BreakLock: true, MinBreak: 300, Costs: map[gateway.Channel]int{gateway.Chat: 16}}); err != nil {
		t.Fatal(err)
	}
	plan, err := s.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := plan.Queues[1]
	want := gateway.QueuePlan{
		ID: q.ID, Band: 5, Channels: got.Channels, Sticky: got.Sticky, Calendar: gateway.CalendarID(office.ID), Strategy: gateway.RingAll,
		MaxLen: 7, Steps: q.Steps, OnClosed: q.OnClosed, OnFull: q.OnFull, OnUnstaffed: q.OnUnstaffed,
	}
	if diff := cmp.Diff(want, got); diff != "" || len(got.Steps) != 2 || len(got.OnClosed) != 2 {
		t.Errorf("queue (-want +got):\n%s", diff)
	}
	if plan.Order != gateway.PriorityTurn || !plan.MissKeepsPlace || !plan.BreakLock || plan.MinBreak != 300 || plan.Costs[gateway.Chat] != 16 {
		t.Errorf("got order %q, keeps place %v", plan.Order, plan.MissKeepsPlace)
	}
	c := plan.Calendars[0]
	if diff := cmp.Diff([]gateway.OpenHours{{Day: 1, From: 7*3600 + 1800, To: 24 * 3600}}, c.Hours); diff != "" || c.Closed[0] != "2027-06-25" {
		t.Errorf("calendar %+v (-want +got):\n%s", c, diff)
	}
	zone, _ := time.LoadLocation("Europe/Stockholm")
	for i, span := range c.Zone {
		if _, offset := span.From.In(zone).Zone(); gateway.Seconds(offset) != span.Offset || i > 0 && span.Offset == c.Zone[i-1].Offset {
			t.Errorf("at %v the clock is %d s ahead, want %d", span.From, span.Offset, offset)
		}
	}
	if len(c.Zone) < 14 {
		t.Errorf("the plan knows %d changes of the clock", len(c.Zone))
	}
}

// What would silently do nothing is refused with a word about what to do.
func TestQueueRulesThatMakeNoSense(t *testing.T) {
	s := roster.New(pgtest.New(t), hints{})
	for name, q := range map[string]roster.Queue{
		"bad_strategy":         {Strategy: "loudest"},
		"max_len_out_of_range": {MaxLen: -1},
		"bad_step":             {Steps: []gateway.Step{{Do: "dance"}}},
		"bad_clock":            {Channels: map[gateway.Channel]gateway.ChannelPlan{gateway.Email: {Clock: "sundial"}}},
		"not_interruptible":    {Channels: map[gateway.Channel]gateway.ChannelPlan{gateway.Voice: {Interruptible: true}}},
	} {
		q.Name = roster.Label{"en": name}
		if _, err := s.CreateQueue(t.Context(), q); code(err) != name {
			t.Errorf("got %v, want %s", err, name)
		}
	}
	for _, step := range []gateway.Step{
		{Do: gateway.AddQueue},
		{Do: gateway.DropSkill},
		{Do: gateway.ToExternal},
		{After: -1, Do: gateway.DropSkills},
		{Do: gateway.ToVoicemail, Channels: []gateway.Channel{gateway.Email}},
	} {
		if _, err := s.CreateQueue(t.Context(), roster.Queue{Name: roster.Label{"en": "x"}, Steps: []gateway.Step{step}}); code(err) != "bad_step" {
			t.Errorf("%+v: got %v, want bad_step", step, err)
		}
	}
	if _, err := s.CreateQueue(t.Context(), roster.Queue{Name: roster.Label{"en": "x"}, OnClosed: []gateway.Step{{Do: gateway.DropSkills}}}); code(err) != "bad_step" {
		t.Errorf("a step that widens a closed queue: got %v, want bad_step", err)
	}
	if _, err := s.UpdateRules(t.Context(), roster.Rules{Order: "alphabet"}); code(err) != "bad_order" {
		t.Errorf("got %v, want bad_order", err)
	}
	if _, err := s.UpdateRules(t.Context(), roster.Rules{Order: gateway.EarliestDue, Costs: map[gateway.Channel]int{gateway.Chat: 0}}); code(err) != "cost_out_of_range" {
		t.Errorf("got %v, want cost_out_of_range", err)
	}
}
