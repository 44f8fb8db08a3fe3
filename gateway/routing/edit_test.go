package routing_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

// What a supervisor changed while an interaction waited is told with the decision after it: of
// its queue, of its members and of the house, and of no others.
func TestWhyTellsWhatWasEdited(t *testing.T) {
	at := time.Date(2024, 5, 6, 9, 0, 0, 0, time.UTC)
	before, after := racePlan(gateway.LongestIdle), racePlan(gateway.LongestIdle)
	elsewhere := gateway.QueuePlan{ID: 2, Band: 1}
	before.Queues = append(before.Queues, elsewhere)
	elsewhere.Band = 2
	after.Queues = append(after.Queues, elsewhere)
	after.Queues[0].MaxLen, after.Order = 5, gateway.FirstCome
	after.Agents[1].Memberships = nil
	after.Agents[2].Skills = []gateway.SkillLevel{{Skill: 4, Level: 1}}
	events := []routing.Event{
		routing.Configure{Plan: before},
		routing.Admit{Admission: gateway.Admission{Interaction: 1, Channel: gateway.Chat, Queue: 1}},
		routing.Configure{Plan: after},
		routing.Configure{Plan: after},
		gateway.Consoles{Agent: 1, Live: true},
		gateway.SetStatus{Agent: 1, Intent: gateway.IntentAvailable},
	}
	var log []routing.Logged
	for n, ev := range events {
		log = append(log, routing.Logged{Seq: int64(n + 1), At: at.Add(time.Duration(n) * time.Second), Event: ev})
	}
	var got []string
	var offer routing.Explanation
	for _, e := range routing.New().Why(slices.Values(log), 1) {
		for _, edit := range e.Edits {
			for _, c := range edit.Changes {
				got = append(got, fmt.Sprintf("%d s: %s %s: %s → %s", edit.At.Sub(at)/time.Second, c.Subject(), c.What, c.From, c.To))
			}
		}
		if e.OfferNo > 0 {
			offer = e
		}
	}
	want := []string{
		`2 s: rules order:  → "fifo"`,
		`2 s: agent:3 skills:  → [{"skill":"4","level":1}]`,
		`2 s: queue:1 max_len:  → 5`,
		`2 s: agent:2 membership: {"queue":"1","enabled":true,"level":2} → `,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("want and got:\n%s", d)
	}
	if offer.OfferNo != 1 || len(offer.Candidates) != 2 {
		t.Errorf("got %+v, want the first offer, of two members", offer)
	}
}
