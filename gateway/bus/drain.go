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
)

// Final is how long before the deadline agents are warned the last time unless somebody
// says so: ten minutes, and in the last third of a short drain.
func Final(deadline time.Duration) time.Duration { return min(maxFinal, deadline/3) }

// Drain is that a node takes nothing new and gives away what can be moved.
type Drain struct {
	Since    time.Time `json:"since"`
	Final    time.Time `json:"final" doc:"When agents are told that only minutes are left"`
	Deadline time.Time `json:"deadline" doc:"Calls that still go on then are ended, with a callback"`
}

// Remains is what is still at a node that is drained.
type Remains struct {
	Calls     int  `json:"calls"`
	Consoles  int  `json:"consoles" doc:"Of agents"`
	Visitors  int  `json:"visitors" doc:"Of chats"`
	Leads     bool `json:"leads" doc:"The floor"`
	Mailboxes bool `json:"mailboxes" doc:"Reads them"`
	Killed    int  `json:"drain_killed" doc:"Calls that were ended at the deadline"`
	Done      bool `json:"done" doc:"Nothing is left: it can be stopped and nobody notices"`
}

// Drain has a node of that name drained: it ends calls after deadline, and warns the last
// time final before that. A drain that is under way gets these times instead.
func (n *Nodes) Drain(ctx context.Context, name string, deadline, final time.Duration) (Node, error) {
	if deadline <= 0 || deadline > maxDrain || final < 0 || final > deadline {
		return Node{}, gateway.Invalid("bad_drain", "a drain lasts up to a day, and its final part is not longer than the whole")
	}
	return n.mark(ctx, name, `
		update node
		set drain = jsonb_build_object('since', coalesce(drain->'since', to_jsonb(now())), 'final', now() + $2, 'deadline', now() + $3)
		where name = $1`, deadline-final, deadline)
}

// Undrain has a node work on as before.
func (n *Nodes) Undrain(ctx context.Context, name string) (Node, error) {
	return n.mark(ctx, name, `
		update node
		set drain = null, remains = null
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

// Draining is this node's drain as of the last look; nil when it is not drained.
func (n *Nodes) Draining() *Drain {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.seen[n.self.Run].drain
}

// Peers counts the other nodes that are there, have the role and are not drained.
func (n *Nodes) Peers(role string) (count int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for run, s := range n.seen {
		if run != n.self.Run && s.missed < deadAfter && s.drain == nil && slices.Contains(s.roles, role) {
			count++
		}
	}
	return count
}

// Remain writes what is still at this node, for whoever waits for its drain.
func (n *Nodes) Remain(ctx context.Context, r Remains) error {
	_, err := n.pool.Exec(ctx, `
		update node
		set remains = $2
		where run = $1 and drain is not null`, n.self.Run, r)
	if err != nil {
		return fmt.Errorf("write what remains: %w", err)
	}
	return nil
}
