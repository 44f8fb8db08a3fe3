package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/bus/natstest"
)

// doors are one agent's ways in: each node is one, with a console.
type doors []door

type door struct {
	*agent
	console *console
}

// enter signs an agent in at every node, with a console at each.
func (c *nodes) enter(a *agent) (all doors) {
	for _, node := range c.list {
		d := &agent{v: node, id: a.id, login: a.login}
		d.signIn()
		all = append(all, door{d, d.openConsole()})
	}
	return all
}

// bring lets mails of different people arrive, through all nodes at once, and gives those
// that wait then.
func (c *nodes) bring(at doors, n int) (waiting []gateway.InteractionID) {
	c.front.t.Helper()
	var all sync.WaitGroup
	had := c.front.number(`select count(*) from interaction`)
	for i := range n {
		all.Go(func() {
			at[i%len(at)].persist(http.MethodPost, "/interactions", map[string]any{
				"channel": gateway.Email, "queue": c.front.queue, "subject": "Fråga", "text": "Hej!",
				"from": gateway.Address{Kind: gateway.AddressEmail, Value: fmt.Sprintf("kund%d@kund.example", had+i)},
			}, fmt.Sprintf("race-%d", had+i))
		})
	}
	all.Wait()
	c.front.wait("all have arrived", func() bool { return c.front.number(`select count(*) from interaction`) == had+n })
	var ids string
	must(c.front.t, c.front.pool.QueryRow(c.front.t.Context(), `select coalesce(string_agg(id::text, ' '), '') from interaction where state = 'waiting'`).Scan(&ids))
	for id := range strings.FieldsSeq(ids) {
		var one gateway.InteractionID
		must(c.front.t, one.UnmarshalText([]byte(id)))
		waiting = append(waiting, one)
	}
	return waiting
}

// TestRacesOfNodes: what other contact centres got wrong with several servers. Two agents, each
// at two nodes, reach for the same mails at once: each mail has one of them, and keeps that
// one, although a third is free, and everybody gives it to her and reaches for it at every
// node. Then mails pour in and every offer to her is accepted at both nodes: never more than
// a hundred units.
func TestRacesOfNodes(t *testing.T) {
	t.Parallel()
	c := &nodes{nats: natstest.New(t), front: newVaxel(t, "")}
	v := c.front
	third := v.addAgent("cilla", "Cilla Berg")
	second := v.addAgent("bo", "Bo Ek")
	c.start(t, "", "")
	anna, bo, cilla := c.enter(v.agent), c.enter(second), c.enter(third)
	waiting := c.bring(anna, 10)
	if len(waiting) != 10 {
		t.Fatalf("%d wait", len(waiting))
	}
	for _, id := range waiting {
		c.reach(t, id, anna, bo)
	}
	cilla[0].available()
	c.override(t, waiting, third.id, anna, bo)
	c.flood(t, cilla)
	for what, sql := range map[string]string{
		"mails that have two agents, or none":     `select count(*) from interaction i where state = 'active' and 1 <> (select count(*) from presence where i.id = any (holds))`,
		"mails whose agent is not who holds them": `select count(*) from interaction i join presence p on i.id = any (p.holds) where p.agent <> i.agent`,
		"agents beyond their capacity unawares":   `select count(*) from presence where units > 100 and not over_capacity`,
		"offers that were accepted too often":     `select greatest(count(*) - 2, 0) from offer where outcome = 'accepted'`,
		"of ten that were taken by hand, lost":    `select 10 - count(*) from interaction where agent in (` + itoa(int64(v.agent.id)) + `, ` + itoa(int64(second.id)) + `)`,
	} {
		if n := v.number(sql); n != 0 {
			t.Errorf("%d %s", n, what)
		}
	}
	checkFloor(t, v.pool).wantSpans(v.pool)
}

// reach lets everybody take one mail by hand at once, through every node.
func (c *nodes) reach(t *testing.T, id gateway.InteractionID, who ...doors) {
	t.Helper()
	var all sync.WaitGroup
	var taken atomic.Int64
	for _, at := range who {
		for _, d := range at {
			all.Go(func() {
				switch status := d.call(http.MethodPost, "/interactions/"+id.String()+"/pull", map[string]any{}, nil); status {
				case http.StatusOK:
					taken.Add(1)
				case http.StatusConflict:
				default:
					t.Errorf("taking it gives %d", status)
				}
			})
		}
	}
	all.Wait()
	if n := taken.Load(); n != 1 {
		t.Errorf("interaction %v was taken %d times", id, n)
	}
}

// override lets everybody give away what others have taken by hand, and reach for it, through
// every node at once, while who has it changes their status: each stays where it is.
func (c *nodes) override(t *testing.T, taken []gateway.InteractionID, to gateway.AgentID, who ...doors) {
	t.Helper()
	holders := func() (all string) {
		must(t, c.front.pool.QueryRow(t.Context(), `select string_agg(id || ' ' || agent || ' ' || state, ', ' order by id) from interaction`).Scan(&all))
		return all
	}
	before := holders()
	var all sync.WaitGroup
	for _, id := range taken {
		path := "/interactions/" + id.String()
		for _, at := range who {
			for _, d := range at {
				all.Go(func() {
					if status := d.call(http.MethodPost, path+"/assign", map[string]any{"agent": to}, nil); status != http.StatusConflict {
						t.Errorf("giving away what somebody has taken gives %d", status)
					}
					d.call(http.MethodPut, "/me/status", map[string]string{"status": "available"}, nil)
					d.call(http.MethodPut, "/me/status", map[string]string{"status": "working_offline"}, nil)
				})
			}
		}
	}
	all.Wait()
	if after := holders(); after != before {
		t.Errorf("what was taken by hand is now with %s, was with %s", after, before)
	}
}

// flood lets mails arrive while an agent accepts whatever is offered, at every node, until
// two are held and the rest waits.
func (c *nodes) flood(t *testing.T, at doors) {
	t.Helper()
	v := c.front
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.bring(at, 8)
	}()
	v.wait("the agent is full", func() bool {
		var all sync.WaitGroup
		for _, d := range at {
			all.Go(func() {
				if o, ok := d.console.offer(); ok {
					d.call(http.MethodPost, "/offers/"+o.Interaction.String()+"/"+itoa(int64(o.No))+"/accept", nil, nil)
				}
			})
		}
		all.Wait()
		return v.number(`select cardinality(holds) from presence where agent = `+itoa(int64(at[0].id))) >= 2
	})
	<-done
	v.wait("the rest waits", func() bool {
		return v.number(`select count(*) from interaction where state = 'waiting'`) == 6 && v.number(`select count(*) from offer where closed_at is null`) == 0
	})
}

// TestRefusedByAllAtEveryNode: an item that everybody refuses, at every node at once, does not run
// round: nobody is asked again before all have refused it and a while has passed, and supervisors
// hear of it.
func TestRefusedByAllAtEveryNode(t *testing.T) {
	t.Parallel()
	c := &nodes{nats: natstest.New(t), front: newVaxel(t, "")}
	v := c.front
	third, second := v.addAgent("cilla", "Cilla Berg"), v.addAgent("bo", "Bo Ek")
	c.start(t, "", "")
	all := []doors{c.enter(v.agent), c.enter(second), c.enter(third)}
	for _, at := range all {
		at[0].available()
	}
	c.bring(all[0], 1)
	v.wait("supervisors hear of it", func() bool {
		c.refuse(t, all...)
		return v.number(`select count(*) from alert where kind = 'unanswered'`) == 1
	})
	for what, sql := range map[string]string{
		"offers to somebody who had refused it less than 15 seconds before": `
			select count(*) from (select created_at - lag(closed_at) over (partition by agent order by no) as after from offer) as asked
			where after < interval '15 seconds'`,
		"offers that did not end by a refusal": `select count(*) from offer where outcome not in ('', 'declined')`,
		"who have not been asked":              `select 3 - count(distinct agent) from offer`,
	} {
		if n := v.number(sql); n != 0 {
			t.Errorf("%d %s", n, what)
		}
	}
	checkFloor(t, v.pool)
}

// refuse lets everybody decline what they are offered, at every node at once: it counts once.
func (c *nodes) refuse(t *testing.T, who ...doors) {
	t.Helper()
	var all sync.WaitGroup
	for _, at := range who {
		for _, d := range at {
			o, ok := d.console.offer()
			if !ok {
				continue
			}
			all.Go(func() {
				status := d.call(http.MethodPost, "/offers/"+o.Interaction.String()+"/"+itoa(int64(o.No))+"/decline", map[string]any{}, nil)
				if status != http.StatusOK && status != http.StatusConflict {
					t.Errorf("refusing gives %d", status)
				}
			})
		}
	}
	all.Wait()
}
