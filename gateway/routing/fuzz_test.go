package routing_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

// FuzzUnmarshalEvent feeds the log reader whatever there is. What it takes for an event
// must be written again the same way, and a floor in the middle of its day must decide
// on it without a panic and still be restorable.
func FuzzUnmarshalEvent(f *testing.F) {
	at := time.Date(2024, 5, 6, 9, 0, 0, 0, time.UTC)
	for _, ev := range []routing.Event{
		routing.Configure{Plan: fuzzPlan()},
		routing.Recover{},
		routing.Wake{},
		routing.Admit{Admission: gateway.Admission{Interaction: 9, Channel: gateway.Email, Queue: 1, Case: 3, ArrivedAt: at}},
		routing.Regroup{Regroup: gateway.Regroup{From: 3, Into: 1}},
		routing.Settle{Settle: gateway.Settle{Case: 1}},
		routing.Regroup{Regroup: gateway.Regroup{From: 1, Into: 3, Conversations: []gateway.ConversationID{4}}},
		gateway.SetStatus{Agent: 1, Intent: gateway.IntentOnBreak, Code: "lunch", Force: true},
		gateway.Consoles{Agent: 1},
		gateway.Accept{Interaction: 2, No: 1, Agent: 1},
		gateway.Decline{Interaction: 2, No: 1, Agent: 1},
		gateway.FailOffer{Interaction: 2, No: 1, Agent: 1, Cause: "busy"},
		gateway.Leave{Interaction: 1, End: gateway.EndSystemFailure, Callback: 7},
		gateway.CallBack{Interaction: 3, Callback: 8},
		gateway.PhoneReach{Agent: 1, Reachable: true},
		gateway.EndInteraction{Interaction: 1, Agent: 1},
		gateway.Finish{Interaction: 1, Agent: 1, Codes: []gateway.CodeID{1}},
		gateway.ExtendWrapUp{Interaction: 1, Agent: 1},
		gateway.TakeUp{Interaction: 1, Agent: 1},
		gateway.Touch{Interaction: 1, Agent: 1},
		gateway.Silence{Interaction: 1, Pos: 4},
		gateway.Redial{Interaction: 1, Agent: 1, Callback: 12},
		gateway.Unreached{Interaction: 1, Agent: 1},
		gateway.Transfer{Interaction: 1, Agent: 1, ToQueue: 1},
		gateway.Consult{Interaction: 1, Agent: 1, ToAgent: 2, EvenIfBusy: true},
		gateway.TransferLines{Interaction: 1, Agent: 1},
		gateway.JoinLines{Interaction: 1, Agent: 1},
		gateway.DropLine{Interaction: 1, Agent: 1, Colleague: 2},
		gateway.HoldLine{Interaction: 1, Agent: 1, Hold: true},
		gateway.Pull{Interaction: 3, Agent: 1},
		gateway.Begin{Agent: 1, Admission: gateway.Admission{Interaction: 10, Channel: gateway.Voice}},
	} {
		data, err := routing.MarshalEvent(ev)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		ev, err := routing.UnmarshalEvent(data)
		if err != nil {
			return
		}
		once := marshal(t, ev)
		again, err := routing.UnmarshalEvent(once)
		if err != nil {
			t.Fatal(err)
		}
		if twice := marshal(t, again); !bytes.Equal(once, twice) {
			t.Fatalf("%s is written again as %s", once, twice)
		}
		c := busyFloor(t, at)
		before := snapshot(t, c)
		if r := c.Apply(at.Add(time.Minute), ev); r.Err != nil && !bytes.Equal(before, snapshot(t, c)) {
			t.Fatalf("%s was refused and changed something", once)
		}
		c.Apply(at.Add(time.Hour), routing.Wake{})
		after := snapshot(t, c)
		restored, err := routing.Restore(after)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(after, snapshot(t, restored)) {
			t.Fatal("the restored floor differs")
		}
	})
}

// FuzzRestore: no bytes make a floor that panics.
func FuzzRestore(f *testing.F) {
	at := time.Date(2024, 5, 6, 9, 0, 0, 0, time.UTC)
	f.Add(snapshot(f, busyFloor(f, at)))
	f.Add([]byte(`{"agents":[{"shown":{"agent":"1","holds":["1"]}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if c, err := routing.Restore(data); err == nil {
			c.Boards()
		}
	})
}

func fuzzPlan() gateway.Plan {
	return gateway.Plan{
		Queues: []gateway.QueuePlan{{ID: 1, Band: 5, MaxWait: 30, Channels: map[gateway.Channel]gateway.ChannelPlan{
			gateway.Chat: {Target: 60, OfferTimeout: 20, WrapUp: gateway.WrapUpPlan{Mode: gateway.WrapUpManual, Codes: []gateway.CodeID{1}}},
		}}},
		Agents: []gateway.AgentPlan{
			{ID: 1, Channels: gateway.Channels, Phone: true, Memberships: []gateway.Membership{{Queue: 1, Enabled: true, Level: 2}}},
			{ID: 2, Channels: gateway.Channels, Memberships: []gateway.Membership{{Queue: 1, Enabled: true, Delay: 60}}},
		},
	}
}

// busyFloor has agent 1 in chat 1 and offered chat 2, while 3 waits for a skill.
func busyFloor(t testing.TB, at time.Time) *routing.Core {
	t.Helper()
	c := routing.New()
	for _, ev := range []routing.Event{
		routing.Configure{Plan: fuzzPlan()},
		gateway.Consoles{Agent: 1, Live: true},
		gateway.SetStatus{Agent: 1, Intent: gateway.IntentAvailable},
		routing.Admit{Admission: gateway.Admission{Interaction: 1, Channel: gateway.Chat, Queue: 1, Case: 1}},
		gateway.Accept{Interaction: 1, No: 1, Agent: 1},
		routing.Admit{Admission: gateway.Admission{Interaction: 2, Channel: gateway.Chat, Queue: 1, Case: 2}},
		routing.Admit{Admission: gateway.Admission{Interaction: 3, Channel: gateway.Email, Queue: 1, Case: 3, Skills: []gateway.SkillLevel{{Skill: 1, Level: 1}}}},
	} {
		if r := c.Apply(at, ev); r.Err != nil {
			t.Fatal(r.Err)
		}
	}
	return c
}

func marshal(t testing.TB, ev routing.Event) []byte {
	t.Helper()
	data, err := routing.MarshalEvent(ev)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func snapshot(t testing.TB, c *routing.Core) []byte {
	t.Helper()
	data, err := c.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	return data
}
