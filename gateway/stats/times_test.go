package stats_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/stats"
)

// office is open from nine to ten and from eleven to twelve, on the Monday of the tests and
// the Friday before it; its e-mail and cases wait for that, chats do not.
type office struct{}

func (office) Plan(context.Context) (gateway.Plan, error) {
	var hours []gateway.OpenHours
	for _, day := range []int{1, 5} {
		hours = append(hours, gateway.OpenHours{Day: day, From: 9 * 3600, To: 10 * 3600}, gateway.OpenHours{Day: day, From: 11 * 3600, To: 12 * 3600})
	}
	return gateway.Plan{
		Queues:    []gateway.QueuePlan{{ID: 1, Calendar: 5, Channels: map[gateway.Channel]gateway.ChannelPlan{gateway.Email: {}, gateway.Chat: {}}}},
		Calendars: []gateway.CalendarPlan{{ID: 5, Hours: hours}},
	}, nil
}

func said(conversation, pos, at int, byAgent bool) string {
	return fmt.Sprintf("insert into response_figures values (%d, %d, %s, %t)", conversation, pos, s(at), byAgent)
}

// closed is a case that was opened and closed, and perhaps opened again.
func closed(id int, channel string, openedAt, closedAt int, reopened string) string {
	return fmt.Sprintf("insert into case_figures values (%d, 1, '%s', %s, %s, %s)", id, channel, s(openedAt), s(closedAt), reopened)
}

// TestTimesByCalendar: who writes while the office is closed waits from its opening; a chat
// is not asked how late it is.
func TestTimesByCalendar(t *testing.T) {
	const hour = 3600
	store, _, _ := open(t,
		// Ten minutes before nine, answered at 9:20; asked twice at 9:50 and 9:55, answered at
		// 11:30; thanked, which nobody answered.
		interaction(1, "email", 1, 7, -600, 0, s(0), "null", "null", ""),
		said(11, 1, -600, false), said(11, 2, 1200, true), said(11, 3, 3000, false), said(11, 4, 3300, false), said(11, 5, 2*hour+1800, true), said(11, 6, 3*hour, false),
		// Finished unanswered; what its customer was told later belongs to nobody.
		interaction(2, "email", 1, 7, 0, 0, s(0), s(60), s(60), "handled"), said(12, 1, 0, false), said(12, 2, 600, true),
		interaction(3, "chat", 1, 8, hour+600, 0, s(hour+620), s(2*hour), s(2*hour), "handled"),
		said(13, 1, hour+600, false), said(13, 2, hour+640, true), said(13, 3, hour+700, false), said(13, 4, hour+720, true),
		"update interaction_figures set conversation = interaction + 10",
		segment(3, 8, hour+620, 2*hour, 2*hour),
		"insert into article_link_figures values (8, "+s(hour+640)+", null, 13), (8, "+s(hour+650)+", null, 13), (8, "+s(0)+", null, 11)",
		// From Friday 11:30 to Monday 9:30 the office is open for an hour.
		closed(1, "email", -72*hour+2*hour+1800, 1800, "null"), closed(2, "email", 0, 2*hour, s(3*hour)),
		closed(3, "chat", 0, 2*hour, "null"), closed(4, "chat", -48*hour, -24*hour, "null"),
	)
	store.Plans = office{}
	got, err := store.Channels(t.Context(), day)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(got, func(a, b stats.ChannelFigures) int { return len(a.Channel) - len(b.Channel) })
	times := func(f stats.Figures) []*float64 {
		return []*float64{f.FirstResponse, f.NextResponse, f.Resolution, f.ReopenRate, f.LinkRate}
	}
	for i, want := range [][]*float64{
		{new(40.0), new(20.0), new(2.0 * hour), new(0.0), new(1.0)},
		{new(1200.0), new(600.0 + 1800), new(1.0 * hour), new(0.5), nil},
	} {
		if diff := cmp.Diff(want, times(got[i].Figures)); diff != "" {
			t.Errorf("%s: first, next, resolution, reopened, linked (-want +got):\n%s", got[i].Channel, diff)
		}
	}
	store.Plans = nil
	if got, err = store.Channels(t.Context(), day); err != nil || *got[1].FirstResponse != 1800 && *got[0].FirstResponse != 1800 {
		t.Errorf("open day and night: got %+v, %v", got, err)
	}
}
