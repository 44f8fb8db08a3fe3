package roster_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/roster"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

func TestRecipients(t *testing.T) {
	ctx, s := t.Context(), roster.New(pgtest.New(t), nil)
	g := made(t, s.CreateGroup, roster.Group{Name: "Dag"})
	q := made(t, s.CreateQueue, roster.Queue{Name: roster.Label{"en": "Q"}})
	a := made(t, s.CreateAgent, roster.Agent{Name: "A", Group: g.ID, Memberships: []gateway.Membership{{Queue: q.ID, Enabled: true}}})
	b := made(t, s.CreateAgent, roster.Agent{Name: "B", Memberships: []gateway.Membership{{Queue: q.ID}}}) // taken out of it
	c := made(t, s.CreateAgent, roster.Agent{Name: "C"})
	gone := made(t, s.CreateAgent, roster.Agent{Name: "D", Group: g.ID})
	gone.Active = false
	made(t, s.UpdateAgent, gone)
	for _, k := range []struct {
		agents    []gateway.AgentID
		groups    []gateway.GroupID
		queues    []gateway.QueueID
		everybody bool
		want      []gateway.AgentID
	}{
		{agents: []gateway.AgentID{c.ID, gone.ID, 99}, want: []gateway.AgentID{c.ID}},
		{groups: []gateway.GroupID{g.ID}, queues: []gateway.QueueID{q.ID}, want: []gateway.AgentID{a.ID}},
		{everybody: true, want: []gateway.AgentID{a.ID, b.ID, c.ID}},
		{},
	} {
		got, err := s.Recipients(ctx, k.agents, k.groups, k.queues, k.everybody)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(k.want, got); diff != "" && len(got)+len(k.want) > 0 {
			t.Errorf("%+v (-want +got):\n%s", k, diff)
		}
	}
	for agent, want := range map[gateway.AgentID]bool{a.ID: true, c.ID: true, gone.ID: false, 0: false} {
		if _, _, here, err := s.Belongs(ctx, agent); err != nil || here != want {
			t.Errorf("agent %d works here: got %v, %v want %v", agent, here, err, want)
		}
	}
}
