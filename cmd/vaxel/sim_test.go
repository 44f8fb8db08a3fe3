package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

var office = called{
	agents: map[gateway.AgentID]string{1: "Anna Lind", 2: "Bo Ek"}, queues: map[gateway.QueueID]string{7: "Support", 8: "Sales"},
	skills: map[gateway.SkillID]string{3: "lang:sv"},
}

func simPlanOf(t *testing.T, text string) (*simulation, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "plan.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := loadSimPlan(path)
	if err != nil {
		return nil, err
	}
	return p.resolve(office)
}

func TestASimulationsPlan(t *testing.T) {
	s, err := simPlanOf(t, `
order = "fifo"
[[agent]]
name = "Anna Lind"
queues = { Sales = 3, Support = 0 }
skills = { "lang:sv" = 4 }
caps = { chat = 2 }
[[agent]]
name = "2"
absent = true
[[hire]]
like = "Anna Lind"
count = 2
[[queue]]
name = "Support"
band = 7
target = { voice = 30 }
wrap_up = { voice = 0 }
`)
	if err != nil {
		t.Fatal(err)
	}
	was := gateway.Plan{
		Queues: []gateway.QueuePlan{{ID: 7, Band: 5, Channels: map[gateway.Channel]gateway.ChannelPlan{
			gateway.Voice: {Target: 20, WrapUp: gateway.WrapUpPlan{Mode: gateway.WrapUpTimed, Seconds: 30}},
		}}},
		Agents: []gateway.AgentPlan{{ID: 1, Memberships: []gateway.Membership{{Queue: 7, Enabled: true, Level: 2}}}, {ID: 2}},
	}
	want := gateway.Plan{
		Order: gateway.FirstCome,
		Queues: []gateway.QueuePlan{{ID: 7, Band: 7, Channels: map[gateway.Channel]gateway.ChannelPlan{
			gateway.Voice: {Target: 30, WrapUp: gateway.WrapUpPlan{Mode: gateway.WrapUpNone}},
		}}},
		Agents: []gateway.AgentPlan{
			{ID: 1, Memberships: []gateway.Membership{{Queue: 8, Enabled: true, Level: 3}}, Skills: []gateway.SkillLevel{{Skill: 3, Level: 4}}, Caps: map[gateway.Channel]int{gateway.Chat: 2}},
			{ID: 3, Memberships: was.Agents[0].Memberships},
			{ID: 4, Memberships: was.Agents[0].Memberships},
		},
	}
	if diff := cmp.Diff(want, s.change(was)); diff != "" {
		t.Error(diff)
	}
	if was.Queues[0].Channels[gateway.Voice].Target != 20 || len(was.Agents) != 2 {
		t.Error("the recorded plan has changed as well")
	}
	acts := s.staff([]routing.Logged{{Event: gateway.Consoles{Agent: 1, Live: true}}, {Event: gateway.SetStatus{Agent: 2}}})
	if len(acts) != 4 || acts[2].Event.(gateway.Consoles).Agent != 4 {
		t.Errorf("got %v, want both new agents to come with Anna", acts)
	}
}

func TestWhatASimulationsPlanRefuses(t *testing.T) {
	for plan, want := range map[string]string{
		`ordr = "fifo"`: `unknown key "ordr": did you mean "order"?`,
		"[[agent]]\nname=\"Anna Lind\"\nabsnt=true": `unknown key "agent.absnt": did you mean "agent.absent"?`,
		`order = "lifo"`:                         `order: "lifo" is none; did you mean "fifo"?`,
		"[[agent]]\nname=\"Ana Lind\"":           `there is no agent "Ana Lind"; did you mean "Anna Lind"?`,
		"[[queue]]\nname=\"Sapport\"":            `there is no queue "Sapport"; did you mean "Support"?`,
		"[[queue]]\nname=\"7\"\ntarget={voce=3}": `"voce" is no channel; did you mean "voice"?`,
		"[[hire]]\nlike=\"Bo Ek\"":               "count: one at least",
	} {
		if _, err := simPlanOf(t, plan); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", plan, err, want)
		}
	}
}

func TestASimulationsReport(t *testing.T) {
	at := time.Date(2026, 11, 20, 7, 0, 0, 0, time.UTC)
	r := simReport{
		From: at, Until: at.Add(8 * time.Hour), Events: 400, Interactions: 41,
		Rows: []simRow{
			{Queue: "Support", Channel: "voice", Course: courseHappened, Answered: 38, Abandoned: 3, ServiceLevel: 0.805, Wait: 12.34, P95: 41, Longest: 95.5},
			{Queue: "Support", Channel: "voice", Course: courseUnchanged, Answered: 38, Abandoned: 3, ServiceLevel: 0.805, Wait: 12.34, P95: 41, Longest: 95.5},
		},
		Staff: []simStaff{{courseHappened, 16, 9.5, 0.59375}},
	}
	var out strings.Builder
	if err := r.print(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"41 interactions, 400 events.\nPlayed again with nothing changed, the day comes out exactly as it was.",
		"Support    voice   happened        38          3   80.5 %      12.3s   41s  1m35.5s",
		"happened   16.0 hours staffed, 9.5 busy: occupancy 59.4 %", "What nobody can know",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, &out)
		}
	}
	r.Differing, r.Unknown = 2, map[string]int{"Missed": 2, "Declined": 1}
	out.Reset()
	if err := r.print(&out); err != nil || !strings.Contains(out.String(), "2 of 41 interactions come to something else") ||
		!strings.Contains(out.String(), "else left out: declined 1, missed 2.") {
		t.Errorf("got (%v)\n%s", err, &out)
	}
}
