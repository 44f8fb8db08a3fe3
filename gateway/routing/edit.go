package routing

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// Edit is what a new plan changed for an interaction: its queues, their members, the house's
// rules. The log has the plans; this is found by comparing them.
type Edit struct {
	At      time.Time `json:"at"`
	Changes []Change  `json:"changes" nullable:"false"`
}

// Change is one field of the plan: an agent's, their membership in a queue, a queue's, or, of
// neither, the house's.
type Change struct {
	Agent gateway.AgentID `json:"agent,omitzero"`
	Queue gateway.QueueID `json:"queue,omitzero"`
	What  string          `json:"what" doc:"The field of the plan: band, membership, skills …"`
	From  json.RawMessage `json:"from,omitempty" doc:"Absent: there was none"`
	To    json.RawMessage `json:"to,omitempty" doc:"Absent: there is none any more"`
	By    string          `json:"by,omitempty" doc:"Who is in the audit log with an edit of it at that time"`
}

// Subject is how the audit log names what was edited.
func (c Change) Subject() string {
	switch {
	case c.Agent != 0:
		return "agent:" + c.Agent.String()
	case c.Queue != 0:
		return "queue:" + c.Queue.String()
	}
	return "rules"
}

// edit compares the plan with the one that comes after it; nil if nothing changes for the item.
func (c *Core) edit(it *item, at time.Time, next gateway.Plan) []Edit {
	concerns := func(id gateway.QueueID) bool {
		return id == it.Queue || slices.ContainsFunc(it.also, func(q *queue) bool { return q.id == id })
	}
	before, after := concerning(c.plan, concerns), concerning(next, concerns)
	var changes []Change
	for _, of := range slices.SortedFunc(maps.Keys(union(before, after)), facet.compare) {
		here := facet{agent: of.agent}
		if of.queue == 0 && (before[here] == nil) != (after[here] == nil) {
			continue // came or went: their membership says so
		}
		if from, to := before[of], after[of]; !bytes.Equal(from, to) {
			changes = append(changes, Change{Agent: of.agent, Queue: of.queue, What: of.what, From: from, To: to})
		}
	}
	if changes == nil {
		return nil
	}
	return []Edit{{At: at, Changes: changes}}
}

// facet names a field of a plan.
type facet struct {
	agent gateway.AgentID
	queue gateway.QueueID
	what  string
}

func (f facet) compare(g facet) int {
	return cmp.Or(cmp.Compare(f.queue, g.queue), cmp.Compare(f.agent, g.agent), cmp.Compare(f.what, g.what))
}

type facets map[facet]json.RawMessage

// concerning takes the plan of some queues and of their members apart.
func concerning(p gateway.Plan, concerns func(gateway.QueueID) bool) facets {
	all := facets{}
	for _, q := range p.Queues {
		if concerns(q.ID) {
			all.add(facet{queue: q.ID}, q)
		}
	}
	for _, a := range p.Agents {
		member := false
		for _, m := range a.Memberships {
			if concerns(m.Queue) {
				member = true
				all[facet{a.ID, m.Queue, "membership"}], _ = json.Marshal(m) // numbers of ours
			}
		}
		if member {
			a.Memberships, all[facet{agent: a.ID}] = nil, json.RawMessage("{}")
			all.add(facet{agent: a.ID}, a)
		}
	}
	p.Queues, p.Agents = nil, nil
	all.add(facet{}, p)
	return all
}

// add takes the fields of one part in, but its id and what is told apart.
func (f facets) add(of facet, part any) {
	body, _ := json.Marshal(part) // words and numbers of ours
	fields := map[string]json.RawMessage{}
	_ = json.Unmarshal(body, &fields)
	for what, value := range fields {
		switch what {
		case "id", "memberships", "queues", "agents":
		default:
			f[facet{of.agent, of.queue, what}] = value
		}
	}
}

func union(a, b facets) facets {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}
