package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// SubjectNodes is the hint that a node's row was changed by somebody else: look.
const SubjectNodes = "nodes"

const (
	maxDrain = 24 * time.Hour
	maxFinal = 10 * time.Minute
	maxAhead = 7 * 24 * time.Hour
)

// Final is how long before the deadline agents are warned the last time unless somebody
// says so: ten minutes, and in the last third of a short drain.
func Final(deadline time.Duration) time.Duration { return min(maxFinal, deadline/3) }

// Plan is when a drain shall begin, and how long it may take from then on.
type Plan struct {
	At       time.Time     // at once, unless it is to come
	Deadline time.Duration // after it calls that still go on are ended
	Final    time.Duration // so long before that agents are warned the last time
}

// Drain is that a node takes nothing new and gives away what can be moved, from Since on.
// Until then it is planned: the node works, and agents hear of it in time.
type Drain struct {
	Since    time.Time `json:"since" doc:"When it began. A time to come: it is planned, and the node works until then"`
	Final    time.Time `json:"final" doc:"When agents are told that only minutes are left"`
	Deadline time.Time `json:"deadline" doc:"Calls that still go on then are ended, with a callback"`
}

// Begun says whether there is a drain that is under way, by this machine's clock.
func (d *Drain) Begun() bool { return d != nil && !time.Now().Before(d.Since) }

// Held is what a node has in its hands.
type Held struct {
	Calls     int  `json:"calls"`
	Consoles  int  `json:"consoles" doc:"Of agents"`
	Visitors  int  `json:"visitors" doc:"Of chats"`
	Leads     bool `json:"leads" doc:"The floor"`
	Mailboxes bool `json:"mailboxes" doc:"Reads them"`
}

// Remains is what is at a node: of one that is drained, what still is.
type Remains struct {
	Held
	Killed   int   `json:"drain_killed" doc:"Calls that were ended at the deadline"`
	Done     bool  `json:"done" doc:"It is drained and nothing is left: it can be stopped and nobody notices"`
	Deadline *Held `json:"at_deadline,omitempty" doc:"What was still there when the deadline had come"`
}

// Drain has a node of that name drained, at once or when the plan says. One that is under
// way or planned gets these times instead. What the node wrote of one that was called off, and
// has not looked at again, is not said of this one.
func (n *Nodes) Drain(ctx context.Context, name string, p Plan) (Node, error) {
	if p.Deadline <= 0 || p.Deadline > maxDrain || p.Final < 0 || p.Final > p.Deadline {
		return Node{}, gateway.Invalid("bad_drain", "a drain lasts up to a day, and its final part is not longer than the whole")
	}
	ahead := time.Until(p.At)
	if !p.At.IsZero() && (ahead < -time.Minute || ahead > maxAhead) { // a minute: clocks differ, people dawdle
		return Node{}, gateway.Invalid("bad_drain_time", "a drain is planned for the next seven days; leave the time out to begin at once")
	}
	return n.mark(ctx, name, `
		update node
		set drain = (
			select jsonb_build_object('since', case when begins > now() then begins else least(begins, (drain->>'since')::timestamptz) end,
				'final', begins + $2, 'deadline', begins + $3)
			from (select greatest(now(), $4::timestamptz) as begins) as plan),
			remains = case when drain is null then remains - '{done,at_deadline,drain_killed}'::text[] else remains end
		where name = $1`, p.Deadline-p.Final, p.Deadline, orNull(p.At))
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// Undrain has a node work on as before, or calls a planned drain off.
func (n *Nodes) Undrain(ctx context.Context, name string) (Node, error) {
	return n.mark(ctx, name, `
		update node
		set drain = null
		where name = $1`)
}

func (n *Nodes) mark(ctx context.Context, name, update string, args ...any) (Node, error) {
	tag, err := n.pool.Exec(ctx, update, append([]any{name}, args...)...)
	if err != nil {
		return Node{}, fmt.Errorf("drain node %s: %w", name, err)
	}
	if tag.RowsAffected() == 0 {
		return Node{}, gateway.NotFound("no_node", fmt.Sprintf("no node is named %q: vaxel drain --status shows those there are", name))
	}
	if n.bus != nil {
		n.bus.Publish(SubjectNodes, nil)
	}
	list, err := n.List(ctx)
	if i := slices.IndexFunc(list, func(o Node) bool { return o.Name == name }); err == nil && i >= 0 {
		return list[i], nil
	}
	return Node{}, errors.Join(err, pgx.ErrNoRows)
}

// Draining is this node's drain as of the last look, planned or under way; nil when there
// is none.
func (n *Nodes) Draining() *Drain {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.seen[n.self.Run].drain
}

// Peers counts the other nodes that are there, have the role and are not being drained.
func (n *Nodes) Peers(role string) (count int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for run, s := range n.seen {
		if run != n.self.Run && s.missed < deadAfter && !s.drain.Begun() && slices.Contains(s.roles, role) {
			count++
		}
	}
	return count
}

// Remain writes what is at this node, for whoever asks or waits for its drain.
func (n *Nodes) Remain(ctx context.Context, r Remains) error {
	_, err := n.pool.Exec(ctx, `
		update node
		set remains = $2
		where run = $1`, n.self.Run, r)
	if err != nil {
		return fmt.Errorf("write what is at the node: %w", err)
	}
	return nil
}
