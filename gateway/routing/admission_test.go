package routing_test

import (
	"strings"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

// The admission matrix: what may reach whom. A cell is yes, no, or the word of the
// refusal; "yes!" is beyond capacity, and flagged. What goes from person to person without
// an interaction (staff chat, supervisor messages, monitoring, calls to an extension) is
// not routing's. What an agent begins or takes by hand needs no console: it is no offer.
const matrix = `
                      | available | busy_chat    | busy_mail    | busy_call  | wrap_chat | wrap_call | offline | break          | logged_out       | wrap_mail | offered    | stop_new     | no_console
queued voice          | yes       | no           | yes          | no         | no        | no        | no      | no             | no               | no        | no         | no           | no
queued chat           | yes       | yes          | yes          | no         | yes       | no        | no      | no             | no               | no        | no         | no           | no
queued email          | yes       | yes          | yes          | no         | no        | no        | no      | no             | no               | no        | no         | no           | no
queued voicemail      | yes       | no           | no           | no         | no        | no        | no      | no             | no               | no        | no         | no           | no
queued callback       | yes       | no           | no           | no         | no        | no        | no      | no             | no               | no        | no         | no           | no
transferred voice     | yes       | agent_busy   | yes          | agent_busy | yes!      | yes!      | yes     | agent_on_break | agent_logged_out | yes!      | agent_busy | agent_busy   | agent_not_connected
transferred chat      | yes       | yes          | yes          | agent_busy | yes       | yes!      | yes     | agent_on_break | agent_logged_out | yes       | agent_busy | yes          | agent_not_connected
transferred email     | yes       | yes          | yes          | agent_busy | yes       | yes!      | yes     | agent_on_break | agent_logged_out | yes       | agent_busy | yes          | agent_not_connected
transferred voicemail | yes       | agent_busy   | agent_busy   | agent_busy | yes!      | yes!      | yes     | agent_on_break | agent_logged_out | yes!      | agent_busy | agent_busy   | agent_not_connected
transferred callback  | yes       | agent_busy   | agent_busy   | agent_busy | yes!      | yes!      | yes     | agent_on_break | agent_logged_out | yes!      | agent_busy | agent_busy   | agent_not_connected
consulted voice       | yes       | confirm_busy | confirm_busy | agent_busy | yes!      | yes!      | yes     | agent_on_break | agent_logged_out | yes!      | agent_busy | confirm_busy | agent_not_connected
consulted chat        | yes       | confirm_busy | confirm_busy | agent_busy | yes       | yes!      | yes     | agent_on_break | agent_logged_out | yes       | agent_busy | confirm_busy | agent_not_connected
insisted voice        | yes       | yes!         | yes!         | agent_busy | yes!      | yes!      | yes     | agent_on_break | agent_logged_out | yes!      | agent_busy | yes!         | agent_not_connected
insisted chat         | yes       | yes          | yes          | agent_busy | yes       | yes!      | yes     | agent_on_break | agent_logged_out | yes       | agent_busy | yes          | agent_not_connected
pulled voice          | yes       | agent_busy   | yes          | agent_busy | yes!      | yes!      | yes     | agent_on_break | agent_logged_out | yes!      | agent_busy | agent_busy   | agent_not_connected
pulled chat           | yes       | yes          | yes          | yes!       | yes       | yes!      | yes     | agent_on_break | agent_logged_out | yes       | yes        | yes          | yes
pulled email          | yes       | yes          | yes          | yes!       | yes       | yes!      | yes     | agent_on_break | agent_logged_out | yes       | yes        | yes          | yes
pulled voicemail      | yes       | yes!         | yes!         | yes!       | yes!      | yes!      | yes     | agent_on_break | agent_logged_out | yes!      | yes        | yes!         | yes
pulled callback       | yes       | yes!         | yes!         | yes!       | yes!      | yes!      | yes     | agent_on_break | agent_logged_out | yes!      | yes        | yes!         | yes
dialled voice         | yes       | agent_busy   | agent_busy   | agent_busy | yes!      | yes!      | yes     | agent_on_break | agent_logged_out | yes!      | yes        | agent_busy   | yes
`

func TestAdmissionMatrix(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(matrix), "\n")
	situations := cells(lines[0])[1:]
	for _, line := range lines[1:] {
		row := cells(line)
		kind, channel, _ := strings.Cut(row[0], " ")
		for i, want := range row[1:] {
			t.Run(kind+" "+channel+"/"+situations[i], func(t *testing.T) {
				m := newMatrix(t, situations[i])
				if got := m.reach(kind, gateway.Channel(channel)); got != want {
					t.Errorf("%s %s reaches an agent who is %s: %s, want %s", kind, channel, situations[i], got, want)
				}
			})
		}
	}
}

func cells(line string) []string {
	all := strings.Split(line, "|")
	for i := range all {
		all[i] = strings.Join(strings.Fields(all[i]), " ")
	}
	return all
}

// matrixFloor has agent 1, who is reached, alone in queue 1, and agent 2, who sends, in
// queue 2.
type matrixFloor struct {
	*testing.T
	core *routing.Core
	at   time.Time
	next gateway.InteractionID
}

func newMatrix(t *testing.T, situation string) *matrixFloor {
	t.Helper()
	m := &matrixFloor{T: t, core: routing.New(), at: time.Date(2024, 5, 6, 9, 0, 0, 0, time.UTC)}
	var p gateway.Plan
	for id := range gateway.QueueID(2) {
		q := gateway.QueuePlan{ID: id + 1, Band: 5, Channels: map[gateway.Channel]gateway.ChannelPlan{}}
		for _, ch := range gateway.Channels {
			q.Channels[ch] = gateway.ChannelPlan{
				Interruptible: ch == gateway.Email, WrapUp: gateway.WrapUpPlan{Mode: gateway.WrapUpManual},
			}
		}
		p.Queues = append(p.Queues, q)
		p.Agents = append(p.Agents, gateway.AgentPlan{
			ID: gateway.AgentID(id + 1), Channels: gateway.Channels, Phone: true,
			Memberships: []gateway.Membership{{Queue: id + 1, Enabled: true, Level: 2}},
		})
	}
	m.must(routing.Configure{Plan: p})
	for a := range gateway.AgentID(2) {
		m.must(gateway.Consoles{Agent: a + 1, Live: true})
		m.must(gateway.SetStatus{Agent: a + 1, Intent: gateway.IntentAvailable})
	}
	m.put(situation)
	return m
}

// put brings agent 1 into a situation.
func (m *matrixFloor) put(situation string) {
	word, what, _ := strings.Cut(situation, "_")
	channel := map[string]gateway.Channel{"chat": gateway.Chat, "mail": gateway.Email, "call": gateway.Voice}[what]
	switch word {
	case "offered":
		m.must(m.arrive(1, gateway.Chat))
	case "stop":
		m.give(1, gateway.Chat)
		m.must(gateway.SetStatus{Agent: 1, Intent: gateway.IntentOnBreak})
	case "no": // console
		m.must(gateway.Consoles{Agent: 1})
	case "busy", "wrap":
		id := m.give(1, channel)
		if word == "wrap" {
			m.must(gateway.EndInteraction{Interaction: id, Agent: 1})
		}
	case "offline":
		m.must(gateway.SetStatus{Agent: 1, Intent: gateway.IntentWorkingOffline})
	case "break":
		m.must(gateway.SetStatus{Agent: 1, Intent: gateway.IntentOnBreak})
	case "logged":
		m.must(gateway.SetStatus{Agent: 1, Intent: gateway.IntentLoggedOut})
	}
}

// reach tries to bring something to agent 1 and says whether it came.
func (m *matrixFloor) reach(kind string, ch gateway.Channel) string {
	switch kind {
	case "queued":
		r := m.must(m.arrive(1, ch))
		return m.came(r)
	case "transferred":
		id := m.give(2, ch)
		return m.came(m.try(gateway.Transfer{Interaction: id, Agent: 2, ToAgent: 1}))
	case "consulted", "insisted":
		id := m.give(2, ch)
		return m.came(m.try(gateway.Consult{Interaction: id, Agent: 2, ToAgent: 1, EvenIfBusy: kind == "insisted"}))
	case "pulled":
		m.must(gateway.SetStatus{Agent: 2, Intent: gateway.IntentOnBreak})
		m.must(m.arrive(2, ch))
		return m.came(m.try(gateway.Pull{Interaction: m.next, Agent: 1}))
	}
	m.next++
	r := m.try(gateway.Begin{Agent: 1, Admission: gateway.Admission{Interaction: m.next, Channel: ch, Queue: 1}})
	return m.came(r)
}

// came accepts what is offered to agent 1 and says how that went.
func (m *matrixFloor) came(r routing.Result) string {
	if r.Err != nil {
		return r.Err.Code
	}
	id := gateway.InteractionID(0)
	for _, e := range r.Effects {
		if o, ok := e.(routing.OfferCreated); ok && o.Offer.Agent == 1 {
			id = o.Offer.Interaction
			m.must(gateway.Accept{Interaction: id, No: o.Offer.No, Agent: 1, ByPhone: true})
		}
	}
	p, _ := m.core.Presence(1)
	if len(p.Holds) == 0 || id == 0 && p.Holds[len(p.Holds)-1] != m.next {
		return "no"
	}
	if i, _ := m.core.Interaction(p.Holds[len(p.Holds)-1]); i.OverCapacity {
		if p.Units <= 100 {
			m.Errorf("flagged at %d units", p.Units)
		}
		return "yes!"
	}
	if p.Units > 100 {
		m.Errorf("%d units are not flagged", p.Units)
	}
	return "yes"
}

// give lets an agent accept something from their own queue.
func (m *matrixFloor) give(a gateway.AgentID, ch gateway.Channel) gateway.InteractionID {
	r := m.must(m.arrive(gateway.QueueID(a), ch))
	for _, e := range r.Effects {
		if o, ok := e.(routing.OfferCreated); ok && o.Offer.Agent == a {
			m.must(gateway.Accept{Interaction: o.Offer.Interaction, No: o.Offer.No, Agent: a, ByPhone: true})
		}
	}
	return m.next
}

func (m *matrixFloor) arrive(q gateway.QueueID, ch gateway.Channel) routing.Event {
	m.next++
	return routing.Admit{Admission: gateway.Admission{Interaction: m.next, Channel: ch, Queue: q, Alone: true}}
}

func (m *matrixFloor) try(ev routing.Event) routing.Result {
	m.at = m.at.Add(time.Second)
	return m.core.Apply(m.at, ev)
}

func (m *matrixFloor) must(ev routing.Event) routing.Result {
	m.Helper()
	r := m.try(ev)
	if r.Err != nil {
		m.Fatalf("%+v: %v", ev, r.Err)
	}
	return r
}
