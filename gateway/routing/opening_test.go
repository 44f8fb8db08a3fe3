package routing_test

import (
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

// A website says what a newcomer would meet, and nobody is turned away after writing who
// could have known before.
func TestOpening(t *testing.T) {
	noon := time.Date(2024, 5, 6, 12, 0, 0, 0, time.UTC) // a Monday
	evening, morning := noon.Add(5*time.Hour), noon.Add(20*time.Hour)
	office := gateway.CalendarPlan{ID: 1}
	for day := range 5 {
		office.Hours = append(office.Hours, gateway.OpenHours{Day: day + 1, From: 8 * 3600, To: 17 * 3600})
	}
	form := []gateway.Step{{Do: gateway.ToForm}}
	move := []gateway.Step{{Do: gateway.Move, Queue: 2}}
	for name, c := range map[string]struct {
		queue   gateway.QueuePlan
		agents  int // available in queue 1; there is one in queue 2
		waiting int // chats that came before, one of them to an agent
		at      time.Time
		want    routing.Opening
	}{
		"somebody is free":        {agents: 1, want: routing.Opening{Open: true}},
		"everybody is busy":       {agents: 1, waiting: 2, want: routing.Opening{Open: true, Wait: 16 * time.Minute}},
		"nobody is there":         {},
		"nobody is, another's is": {queue: gateway.QueuePlan{OnUnstaffed: move}, want: routing.Opening{Open: true}},
		"the calendar is open":    {queue: gateway.QueuePlan{Calendar: 1}, agents: 1, want: routing.Opening{Open: true, Until: evening}},
		"the calendar has closed": {queue: gateway.QueuePlan{Calendar: 1}, agents: 1, at: evening, want: routing.Opening{Until: morning}},
		"closed, another is not":  {queue: gateway.QueuePlan{Calendar: 1, OnClosed: move}, at: evening, want: routing.Opening{Open: true, Until: morning}},
		"open, but nobody there":  {queue: gateway.QueuePlan{Calendar: 1}},
		"it is full":              {queue: gateway.QueuePlan{MaxLen: 1, OnFull: form}, agents: 1, waiting: 2},
		"full, which nobody uses": {queue: gateway.QueuePlan{MaxLen: 1}, agents: 1, waiting: 2, want: routing.Opening{Open: true, Wait: 16 * time.Minute}},
	} {
		t.Run(name, func(t *testing.T) {
			core := routing.New()
			do := func(ev routing.Event) {
				t.Helper()
				if r := core.Apply(noon, ev); r.Err != nil {
					t.Fatal(r.Err)
				}
			}
			chat := map[gateway.Channel]gateway.ChannelPlan{gateway.Chat: {Target: 60}}
			c.queue.ID, c.queue.Channels = 1, chat
			p := gateway.Plan{Calendars: []gateway.CalendarPlan{office}, Queues: []gateway.QueuePlan{c.queue, {ID: 2, Channels: chat}}}
			for i := range c.agents + 1 {
				p.Agents = append(p.Agents, gateway.AgentPlan{
					ID: gateway.AgentID(i + 1), Channels: []gateway.Channel{gateway.Chat}, Caps: map[gateway.Channel]int{gateway.Chat: 1},
					Memberships: []gateway.Membership{{Queue: gateway.QueueID(2 - min(i, 1)), Enabled: true, Level: 1}},
				})
			}
			do(routing.Configure{Plan: p})
			for _, a := range p.Agents {
				do(gateway.Consoles{Agent: a.ID, Live: true})
				do(gateway.SetStatus{Agent: a.ID, Intent: gateway.IntentAvailable})
			}
			for i := range c.waiting {
				do(routing.Admit{Admission: gateway.Admission{Interaction: gateway.InteractionID(i + 1), Channel: gateway.Chat, Case: gateway.CaseID(i + 1), Conversation: gateway.ConversationID(i + 1), Queue: 1, ArrivedAt: noon}})
			}
			at := c.at
			if at.IsZero() {
				at = noon
			}
			if got := core.Opening(1, gateway.Chat, at); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}
