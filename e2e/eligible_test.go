package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
)

// The rules of who may be offered what, written once more from the plan that the log holds:
// what the checker holds the floor's offers to, as I4. A queue's steps count from the
// arrival here, which lets pass what a transfer has made wait anew.

// unfit says why an agent should not have been offered an interaction, empty if they may.
func (c *floorCheck) unfit(p gateway.Presence, i gateway.Interaction, o gateway.Offer) string {
	at := slices.IndexFunc(c.plan.Agents, func(a gateway.AgentPlan) bool { return a.ID == p.Agent })
	if at < 0 {
		return "is not of the house"
	}
	a := c.plan.Agents[at]
	waited := o.CreatedAt.Sub(i.ArrivedAt)
	needs, queues := c.wants(i, waited)
	member := slices.ContainsFunc(a.Memberships, func(m gateway.Membership) bool {
		return m.Enabled && slices.Contains(queues, m.Queue) && m.Delay.Duration() <= waited
	})
	calls := i.Channel == gateway.Voice || i.Channel == gateway.Callback
	switch {
	case p.Intent != gateway.IntentAvailable || p.Next != "" || !p.Live:
		return fmt.Sprintf("is %s, next %q, with a console: %v", p.Status, p.Next, p.Live)
	case !slices.Contains(a.Channels, i.Channel) || calls && !a.Phone:
		return "may not use " + string(i.Channel)
	case !member:
		return fmt.Sprintf("is no member of %v after %v", queues, waited)
	}
	for _, need := range needs {
		if !slices.ContainsFunc(a.Skills, func(s gateway.SkillLevel) bool { return s.Skill == need.Skill && s.Level >= need.Level }) {
			return fmt.Sprintf("cannot do %v at level %d", need.Skill, need.Level)
		}
	}
	return c.full(p, a, i.Channel)
}

// wants is what an interaction needs, and whose members may take it, after so long.
func (c *floorCheck) wants(i gateway.Interaction, waited time.Duration) (needs []gateway.SkillLevel, queues []gateway.QueueID) {
	needs, queues = slices.Clone(c.needs[i.ID]), []gateway.QueueID{i.Queue}
	for _, s := range c.queue(i.Queue).Steps {
		if s.After.Duration() > waited || len(s.Channels) > 0 && !slices.Contains(s.Channels, i.Channel) {
			continue
		}
		switch s.Do {
		case gateway.DropSkills:
			needs = nil
		case gateway.DropSkill:
			needs = slices.DeleteFunc(needs, func(n gateway.SkillLevel) bool { return n.Skill == s.Skill })
		case gateway.LowerSkills:
			for n := range needs {
				needs[n].Level = max(1, needs[n].Level-max(s.By, 1))
			}
		case gateway.AddQueue:
			queues = append(queues, s.Queue)
		case gateway.Move, gateway.OfferCallback, gateway.ToVoicemail, gateway.ToForm, gateway.ToExternal, gateway.HangUp: // nobody else may have it
		}
	}
	return needs, queues
}

func (c *floorCheck) queue(id gateway.QueueID) gateway.QueuePlan {
	if at := slices.IndexFunc(c.plan.Queues, func(q gateway.QueuePlan) bool { return q.ID == id }); at >= 0 {
		return c.plan.Queues[at]
	}
	return gateway.QueuePlan{}
}

// full says why an agent has no room for one more of a channel.
func (c *floorCheck) full(p gateway.Presence, a gateway.AgentPlan, channel gateway.Channel) string {
	live := channel == gateway.Voice || channel == gateway.Chat
	units, same := p.Units, 0
	for _, id := range p.Holds {
		i := c.items[id]
		if i.Channel == channel {
			same++
		}
		wraps := i.State == gateway.StateWrapUp || slices.ContainsFunc(p.WrapUps, func(w gateway.WrapUpLeft) bool { return w.Interaction == id })
		if wraps && (i.Channel != gateway.Chat || channel != gateway.Chat) {
			return fmt.Sprintf("has interaction %v to wrap up", id)
		}
		if live && i.State == gateway.StateActive && (i.Channel == gateway.Email || i.Channel == gateway.Voicemail) && c.queue(i.Queue).Channels[i.Channel].Interruptible {
			units -= c.cost(i.Channel)
		}
	}
	most := gateway.DefaultCap(channel)
	if n, said := a.Caps[channel]; said {
		most = n
	} else if n, said := c.plan.Caps[channel]; said {
		most = n
	}
	switch cost := c.cost(channel); {
	case units+cost > 100:
		return fmt.Sprintf("has %d units, and %s takes %d", units, channel, cost)
	case same >= most:
		return fmt.Sprintf("has %d of %s, at most %d", same, channel, most)
	}
	return ""
}

func (c *floorCheck) cost(channel gateway.Channel) int {
	if n, said := c.plan.Costs[channel]; said {
		return n
	}
	return gateway.Cost(channel)
}

func readSpans(t testing.TB, db pgx.Tx) map[spanKey]gateway.Status {
	t.Helper()
	rows, err := db.Query(t.Context(), `select agent, since, status from status_span`)
	must(t, err)
	out := map[spanKey]gateway.Status{}
	var agent int64
	var since time.Time
	var status string
	_, err = pgx.ForEachRow(rows, []any{&agent, &since, &status}, func() error {
		out[spanKey{gateway.AgentID(agent), since.UnixMicro()}] = gateway.Status(status)
		return nil
	})
	must(t, err)
	return out
}

// wantSpans holds I9 where nothing was killed: every status that was told is a line of the
// agents' times, which the figures are made of.
func (c *floorCheck) wantSpans(pool *pgxpool.Pool) {
	c.t.Helper()
	var wrong []string
	waitFor(c.t, "the agents' times", func() bool {
		wrong = nil
		must(c.t, pgx.BeginFunc(c.t.Context(), pool, func(tx pgx.Tx) error {
			stored := readSpans(c.t, tx)
			for span, told := range c.spans {
				if last := told[len(told)-1]; stored[span] != last {
					wrong = append(wrong, fmt.Sprintf("agent %v is %s since %v, noted is %q", span.agent, last, time.UnixMicro(span.since), stored[span]))
				}
			}
			return nil
		}))
		return len(wrong) == 0
	}, func() string { return strings.Join(wrong, "\n") })
}

// said is a test that only notes what is wrong.
type said struct {
	testing.TB
	errors []string
}

func (s *said) Errorf(format string, args ...any) {
	s.errors = append(s.errors, fmt.Sprintf(format, args...))
}
func (*said) Helper() {}

// TestTheCheckerKnowsWhoMayBeOffered shows the checker of the fault tests one offer after the
// other to somebody who must not get it.
func TestTheCheckerKnowsWhoMayBeOffered(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
	for what, spoil := range map[string]func(c *floorCheck, p *gateway.Presence, a *gateway.AgentPlan){
		"": func(*floorCheck, *gateway.Presence, *gateway.AgentPlan) {},
		"is on_break": func(_ *floorCheck, p *gateway.Presence, _ *gateway.AgentPlan) {
			p.Intent, p.Status = gateway.IntentOnBreak, gateway.OnBreak
		},
		`next "on_break"`:       func(_ *floorCheck, p *gateway.Presence, _ *gateway.AgentPlan) { p.Next = gateway.IntentOnBreak },
		"with a console: false": func(_ *floorCheck, p *gateway.Presence, _ *gateway.AgentPlan) { p.Live = false },
		"may not use chat": func(_ *floorCheck, _ *gateway.Presence, a *gateway.AgentPlan) {
			a.Channels = []gateway.Channel{gateway.Email}
		},
		"is no member of [1]": func(_ *floorCheck, _ *gateway.Presence, a *gateway.AgentPlan) { a.Memberships[0].Enabled = false },
		"member of [1] after": func(_ *floorCheck, _ *gateway.Presence, a *gateway.AgentPlan) { a.Memberships[0].Delay = 60 },
		"cannot do 3 at level 4": func(c *floorCheck, _ *gateway.Presence, _ *gateway.AgentPlan) {
			c.needs[7] = []gateway.SkillLevel{{Skill: 3, Level: 4}}
		},
		"has 80 units": func(_ *floorCheck, p *gateway.Presence, _ *gateway.AgentPlan) { p.Units = 80 },
		"has 1 of chat": func(c *floorCheck, _ *gateway.Presence, _ *gateway.AgentPlan) {
			c.plan.Caps = map[gateway.Channel]int{gateway.Chat: 1}
		},
		"interaction 6 to wrap up": func(c *floorCheck, _ *gateway.Presence, _ *gateway.AgentPlan) {
			c.items[6] = gateway.Interaction{ID: 6, Channel: gateway.Email, State: gateway.StateWrapUp}
		},
		"is not of the house": func(c *floorCheck, _ *gateway.Presence, _ *gateway.AgentPlan) { c.plan.Agents = nil },
	} {
		heard := &said{TB: t}
		c := newFloorCheck(heard)
		c.at = at
		c.plan = gateway.Plan{Queues: []gateway.QueuePlan{{ID: 1}}, Agents: []gateway.AgentPlan{{
			ID: 2, Channels: gateway.Channels, Phone: true, Memberships: []gateway.Membership{{Queue: 1, Enabled: true}}, Skills: []gateway.SkillLevel{{Skill: 3, Level: 3}},
		}}}
		c.needs[7] = []gateway.SkillLevel{{Skill: 3, Level: 3}}
		c.items[6] = gateway.Interaction{ID: 6, Channel: gateway.Chat, State: gateway.StateActive, Agent: 2, Queue: 1}
		c.items[7] = gateway.Interaction{ID: 7, Channel: gateway.Chat, State: gateway.StateOffered, Queue: 1, ArrivedAt: at.Add(-30 * time.Second)}
		p := gateway.Presence{Agent: 2, Intent: gateway.IntentAvailable, Status: gateway.Busy, Live: true, Units: 25, Holds: []gateway.InteractionID{6}}
		spoil(c, &p, &c.plan.Agents[0])
		c.live[2] = p
		c.offered(1, gateway.Offer{Interaction: 7, No: 1, Agent: 2, Kind: gateway.OfferQueue, CreatedAt: at})
		c.settled(1)
		got := strings.Join(slices.DeleteFunc(heard.errors, func(e string) bool { return !strings.HasPrefix(e, "I4") }), "\n")
		if what == "" && got != "" || !strings.Contains(got, what) {
			t.Errorf("got %q, want %q", got, what)
		}
	}
}
