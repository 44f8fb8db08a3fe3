package main

import (
	"strings"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/floor"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

func TestWhyReadsLikeAStory(t *testing.T) {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	c := called{
		agents: map[gateway.AgentID]string{1: "Anna Lind", 2: "Bo Ek"}, queues: map[gateway.QueueID]string{7: "Support"},
		skills: map[gateway.SkillID]string{3: "lang:sv"},
	}
	offer := gateway.Offer{No: 1, Agent: 1, Kind: gateway.OfferQueue, CreatedAt: at, ClosedAt: at.Add(20 * time.Second), Outcome: gateway.Missed}
	var out strings.Builder
	err := c.explain(&out, gateway.Interaction{ID: 12, Channel: gateway.Chat, Queue: 7, ArrivedAt: at, DueAt: at.Add(time.Minute), State: gateway.StateWaiting}, []floor.Decision{
		{Explanation: routing.Explanation{At: at, Queue: 7, OfferNo: 1, Strangers: 4, Candidates: []routing.Candidate{
			{Agent: 1, Chosen: true, Rule: routing.RuleOnly, Words: "nobody else could take it"},
			{Agent: 2, Rule: routing.RuleSkill, Words: "skill 3 at level 0, 2 is needed"},
		}}, Offers: []gateway.Offer{offer}},
		{Explanation: routing.Explanation{At: at.Add(20 * time.Second), Queue: 7, Edits: []routing.Edit{{At: at.Add(15 * time.Second), Changes: []routing.Change{
			{Agent: 2, Queue: 7, What: "membership", To: []byte(`{"level":2}`), By: "Cilla Berg"}, {What: "order", From: []byte(`"edf"`), To: []byte(`"vcc"`)},
		}}}}},
		{Explanation: routing.Explanation{At: at.Add(time.Minute), OfferNo: 2}, Offers: []gateway.Offer{{No: 2, Agent: 9, Kind: gateway.OfferTransfer}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = `Interaction 12: chat in Support, arrived 2026-11-22 10:00:00Z, due 2026-11-22 10:01:00Z; waiting.

2026-11-22 10:00:00Z  offer 1, from Support, to Anna Lind: missed after 20s
    Anna Lind  asked      only_one_free  nobody else could take it
    Bo Ek      not asked  skill_missing  lang:sv at level 0, 2 is needed
    and 4 who are not members of its queues

2026-11-22 10:00:15Z  the plan was changed
    Bo Ek in Support  membership  {"level":2}, was none  by Cilla Berg
    the house         order       "vcc", was "edf"       

2026-11-22 10:00:20Z  waits: nobody in Support could be asked

2026-11-22 10:01:00Z  offer 2, transfer, to agent 9: being asked
`
	if got := out.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
