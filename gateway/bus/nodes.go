package bus

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/beat"
)

const (
	beatEvery = 2 * time.Second
	deadAfter = 5 // beats of ours in which a node's did not change
	nameWait  = 10 * time.Second
	nameTry   = 50 * time.Millisecond
)

// Node is one process of a contact centre.
type Node struct {
	Name      string    `db:"name" json:"name"`
	Run       string    `db:"run" json:"run"` // of this process, as of no other ever
	Address   string    `db:"address" json:"address"`
	Roles     []string  `db:"roles" json:"roles"` // never nil
	StartedAt time.Time `db:"started_at" json:"started_at"`
	SeenAt    time.Time `db:"seen_at" json:"seen_at"`
	Drain     *Drain    `db:"drain" json:"drain,omitempty"` // nil: it works
	Remains   *Remains  `db:"remains" json:"remains,omitempty"`
}

// Nodes keeps this node's row, renewed every 2 s, and watches the others'. A node is dead
// when its row has stood still for five looks of ours; that the database was away for us
// is nobody's death.
type Nodes struct {
	pool *pgxpool.Pool
	self Node
	bus  Bus
	log  *slog.Logger
	name *pgx.Conn // whose session holds the lock of our name

	looked chan struct{} // holds one hint

	mu   sync.Mutex // guards what follows
	seen map[string]sight
}

// sight is what was last seen of a run.
type sight struct {
	beats  int64
	hints  int64
	missed int // looks since its beats last changed
	roles  []string
	drain  *Drain
}

// NewNodes makes the watch for a node. Join makes it known, Run keeps it so.
func NewNodes(pool *pgxpool.Pool, self Node, bus Bus, log *slog.Logger) *Nodes {
	return &Nodes{pool: pool, self: self, bus: bus, log: log, looked: make(chan struct{}, 1), seen: map[string]sight{}}
}

// Join writes the node's row, before it serves anybody. A name that another process has
// is refused: two nodes of one name would take each other's mailboxes and consoles. Who
// has come back from the dead works, and is drained when that was planned.
func (n *Nodes) Join(ctx context.Context) error {
	conn, err := n.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("join the nodes: %w", err)
	}
	n.name = conn.Hijack()
	if err := n.lockName(ctx); err != nil {
		n.leave(ctx)
		return err
	}
	_, err = n.pool.Exec(ctx, `
		insert into node (name, run, address, roles)
		values ($1, $2, $3, $4)
		on conflict (name) do update
		set run = excluded.run, address = excluded.address, roles = excluded.roles,
			started_at = now(), seen_at = now(), beats = 0, hints = 0, remains = null,
			drain = case when (node.drain->>'since')::timestamptz > now() then node.drain end`,
		n.self.Name, n.self.Run, n.self.Address, n.self.Roles)
	if err == nil {
		err = n.look(ctx, &pgx.Batch{})
	}
	if err != nil {
		n.leave(ctx)
		return fmt.Errorf("join the nodes: %w", err)
	}
	return nil
}

// lockName waits a little: the session of a process that was just killed may linger.
func (n *Nodes) lockName(ctx context.Context) error {
	key := fnv.New64a()
	_, _ = key.Write([]byte("vaxel node " + n.self.Name))
	for until := time.Now().Add(nameWait); ; {
		var ours bool
		if err := n.name.QueryRow(ctx, `select pg_try_advisory_lock($1)`, int64(key.Sum64())).Scan(&ours); err != nil { // any 64 bits will do
			return fmt.Errorf("claim the node's name: %w", err)
		}
		if ours {
			return nil
		}
		if time.Now().After(until) {
			return gateway.Conflict("node_runs", fmt.Sprintf("a node named %q runs already on this database: give each its own `node`", n.self.Name), nil)
		}
		rest(ctx, nameTry)
	}
}

func (n *Nodes) leave(ctx context.Context) {
	if n.name != nil {
		_ = n.name.Close(context.WithoutCancel(ctx))
	}
}

var errReplaced = errors.New("another process has begun under this node's name")

// Run keeps the row fresh and watches the others until ctx ends, and then takes the row
// away: a node that has left is gone at once.
func (n *Nodes) Run(ctx context.Context) error {
	defer n.leave(ctx)
	tick := time.NewTimer(beat.Next(beatEvery))
	defer tick.Stop()
	marked := make(chan struct{}, 1)
	defer n.bus.Subscribe(SubjectNodes, func([]byte) {
		select {
		case marked <- struct{}{}:
		default:
		}
	})()
	for {
		select {
		case <-ctx.Done():
			return n.remove(ctx)
		case <-tick.C:
			tick.Reset(beat.Next(beatEvery))
		case <-marked:
			if err := n.ownMark(ctx); err != nil && ctx.Err() == nil {
				n.log.Warn("read the node's row", "err", err)
			}
			n.tellLooked()
			continue
		}
		err := n.beat(ctx)
		n.tellLooked()
		if errors.Is(err, errReplaced) {
			return err
		}
		if err != nil && ctx.Err() == nil {
			n.log.Warn("renew the node's row", "err", err)
		}
	}
}

// Looked has a hint after each look at the rows, at most one: for whoever minds what they say of
// this node.
func (n *Nodes) Looked() <-chan struct{} { return n.looked }

func (n *Nodes) tellLooked() {
	select {
	case n.looked <- struct{}{}:
	default:
	}
}

// ownMark reads what somebody has written into the rows, without counting the look.
func (n *Nodes) ownMark(ctx context.Context) error {
	rows, err := n.pool.Query(ctx, `select run, drain from node`)
	if err != nil {
		return err
	}
	var run string
	var drain *Drain
	marks := map[string]*Drain{}
	if _, err := pgx.ForEachRow(rows, []any{&run, &drain}, func() error {
		marks[run], drain = drain, nil
		return nil
	}); err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for run, s := range n.seen {
		s.drain = marks[run]
		n.seen[run] = s
	}
	return nil
}

func (n *Nodes) remove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), beatEvery)
	defer cancel()
	if _, err := n.pool.Exec(ctx, `delete from node where run = $1`, n.self.Run); err != nil {
		n.log.Warn("take the node's row away", "err", err)
	}
	return nil
}

func (n *Nodes) beat(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, deadAfter*beatEvery)
	defer cancel()
	var hints int64
	if c, ok := n.bus.(*Cluster); ok {
		hints = int64(c.published()) // no node lives so long
	}
	first := &pgx.Batch{}
	first.Queue(`
		update node
		set seen_at = now(), beats = beats + 1, hints = $2
		where run = $1`, n.self.Run, hints).Exec(func(tag pgconn.CommandTag) error {
		if tag.RowsAffected() == 0 {
			return errReplaced
		}
		return nil
	})
	return n.look(ctx, first)
}

// look reads all rows, in one exchange with what is first, counts who has stood still, and
// looks for hints that were published before the last look and have not come, or that a node
// died with.
func (n *Nodes) look(ctx context.Context, first *pgx.Batch) error {
	seen, published, lost := map[string]sight{}, map[string]uint64{}, false
	var run string
	var now sight
	n.mu.Lock()
	before := n.seen
	n.mu.Unlock()
	first.Queue(`select run, beats, hints, roles, drain from node`).Query(func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, []any{&run, &now.beats, &now.hints, &now.roles, &now.drain}, func() error {
			was, known := before[run]
			now.missed = 0
			if known && was.beats == now.beats {
				now.missed = was.missed + 1
			}
			published[run] = uint64(was.hints) // what we wrote; 0 of a run not seen before
			lost = lost || now.missed == deadAfter
			seen[run] = now
			now.roles, now.drain = nil, nil
			return nil
		})
		return err
	})
	if err := n.pool.SendBatch(ctx, first).Close(); err != nil {
		return err
	}
	for run := range before {
		_, here := seen[run]
		lost = lost || !here
	}
	n.mu.Lock()
	n.seen = seen
	n.mu.Unlock()
	if c, ok := n.bus.(*Cluster); ok {
		c.compare(published, lost)
	}
	return nil
}

// Alive says whether the run of a node is there. It asks nobody: it is as of the last look.
func (n *Nodes) Alive(run string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	s, here := n.seen[run]
	return here && s.missed < deadAfter
}

// Silent is for how long a run has not been heard of, in whole beats; 0 of one that is not known.
func (n *Nodes) Silent(run string) time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	return time.Duration(n.seen[run].missed) * beatEvery
}

// List gives every node that has a row, dead ones too, by name.
func (n *Nodes) List(ctx context.Context) ([]Node, error) {
	rows, err := n.pool.Query(ctx, `
		select name, run, address, roles, started_at, seen_at, drain, remains
		from node
		order by name`)
	if err != nil {
		return nil, fmt.Errorf("list the nodes: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Node])
	if err != nil {
		return nil, fmt.Errorf("list the nodes: %w", err)
	}
	return list, nil
}

func rest(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
