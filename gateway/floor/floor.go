// Package floor owns the running routing core: one goroutine takes what has happened,
// lets routing decide, commits every effect in one transaction and only then tells.
//
// One node of a contact centre leads; the others stand by. Each batch commits under
// the leader's term, so a leader that was frozen and has been replaced changes
// nothing: it finds no lease row and steps down.
//
//	standby → leading ⇄ rebuilding (after any failed batch)
//	   ↑         │
//	   └─────────┘ term passed, connection lost, stopped
//
// A batch is, in this order: the plan, if it has changed; what is due; consoles of nodes
// that died; admissions, and cases that became others, from floor_inbox, by id; commands, as they came. Events are logged
// in that order, and the order is the same whenever the log is played again.
//
//	read ─▶ decide (routing) ─▶ [fence, store, neighbours] one transaction ─▶ announce, answer
//
// One batch is stored while the next is decided (pipeline.go). When a batch fails, the next
// is undone with it and decided anew.
//
// State is the last snapshot plus the events after it. Nothing here survives in memory
// alone, and nobody is told before the commit. What may come twice, and harmlessly: a
// command under one key (the first answer is given again), a hint (it only says "look"),
// an announcement (clients apply by rev and pos). An admission cannot: its row is deleted
// by the transaction that stores what it became.
//
// Locks inside the transaction: the lease row for share, this room's rows, conversations
// by id, cases. Intake and agents' replies take theirs in that order too.
package floor

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/lazy"
)

// Feed carries events to consoles and boards.
type Feed interface {
	// Append writes them in the caller's transaction; Announce tells them after it, now or
	// never: whoever misses them reads them from the log.
	Append(ctx context.Context, tx pgx.Tx, events ...gateway.Event) error
	Announce(events ...gateway.Event)
}

// Timeline writes what happened onto conversations.
type Timeline interface {
	Append(ctx context.Context, tx pgx.Tx, entries ...*gateway.Entry) error
	// Lock takes the conversations' rows, in the one order that everybody keeps.
	Lock(ctx context.Context, tx pgx.Tx, conversations ...gateway.ConversationID) error
	// ServeAll notes that a conversation's next lines belong to the interaction while it is
	// open, and no longer; closing one that another has replaced changes nothing.
	ServeAll(ctx context.Context, tx pgx.Tx, list ...gateway.Interaction) error
}

// Cases keeps what a case's row shows of its interactions: who has it, and whether it waits.
type Cases interface {
	// Follow takes the cases' rows in the order of the list, which is by case.
	Follow(ctx context.Context, tx pgx.Tx, list ...gateway.Interaction) error
}

// Plans makes the plan of queues and agents.
type Plans interface {
	// Plan reads all of it: it is the caller's and is not changed any more.
	Plan(ctx context.Context) (gateway.Plan, error)
}

// Bus reaches the leader from any node.
type Bus interface {
	Publish(subject string, data []byte)
	Subscribe(subject string, hear func(data []byte)) (cancel func())
	Ask(ctx context.Context, holder, key string, body []byte) ([]byte, error)
	Serve(holder string, answer func(ctx context.Context, key string, body []byte) ([]byte, error)) (cancel func())
}

// Nodes knows which nodes are there, without asking anybody.
type Nodes interface {
	Alive(run string) bool
	// Silent is for how long a node has not been heard of; it is found dead by that.
	Silent(run string) time.Duration
}

// Rooms are the neighbours that a floor works with.
type Rooms struct {
	Feed     Feed
	Timeline Timeline
	Cases    Cases
	Plans    Plans
	Bus      Bus
	Nodes    Nodes
	Alone    func() bool // no other node stands by to lead; without it one may
}

// Bus subjects and holders of the floor.
const (
	SubjectInbox   = "floor"         // hint: floor_inbox has a row
	SubjectPlan    = "roster"        // hint: the plan has changed
	SubjectBoard   = "floor.board"   // []QueueBoard as JSON, at most once a second
	SubjectLed     = "floor.led"     // hint: a node has begun to lead; tell it again which consoles are open
	SubjectFree    = "floor.free"    // hint: the leader has given the lease back
	SubjectStandby = "floor.standby" // hint: somebody stands by, and the lease is long
	HolderCommand  = "floor"
	HolderBoard    = "floor.board"
)

// Four renewals fit into a lease, three into that of who is alone, so that one slow commit of
// the database costs no leader.
const (
	batchMax    = 256                    // commands or admissions in one transaction; the rest comes next
	leaseLength = 2 * time.Second        // by the database's clock
	leaseRenew  = 500 * time.Millisecond // with the session lock in hand
	leaseAlone  = 6 * time.Second        // while nobody stands by
	renewAlone  = 2 * time.Second
	campaignGap = 50 * time.Millisecond // between two looks of who stands by
	leaseSilent = 10 * time.Second      // a session without an answer for so long is given up
	inboxPoll   = 4 * time.Second       // for admissions whose hint was lost, or never given by who died
	boardGap    = time.Second           // boards are published no more often
	keepAnswers = 24 * time.Hour        // to keys; a repetition after that is a new command
)

// Floor runs the core on this node while it leads. Make one with New. Its methods that read
// answer on any node, leading or not, from what is committed; those that ask the running
// core are the Client's.
type Floor struct {
	pool  *pgxpool.Pool
	rooms Rooms // zero in a Floor that only reads, as `vaxel why` makes one
	node  string
	log   *slog.Logger
	now   func() time.Time

	single  *lazy.Together[gateway.InteractionID, gateway.Interaction]
	playing chan struct{} // holds one: the log is played again by one request at a time
	metrics metrics
}

// New makes a floor for the node of that name. Run starts it.
func New(pool *pgxpool.Pool, node string, rooms Rooms, log *slog.Logger) *Floor {
	f := &Floor{pool: pool, rooms: rooms, node: node, log: log, now: time.Now, playing: make(chan struct{}, 1), metrics: newMetrics()}
	f.single = lazy.NewTogether(f.byID)
	return f
}

// Run stands by, leads when it can, and returns when ctx ends. Stopping hands over at
// once: the snapshot is written and the lease given back.
func (f *Floor) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		l, err := f.campaign(ctx)
		if err != nil {
			if ctx.Err() == nil {
				f.log.Warn("campaign for the floor", "err", err)
				pause(ctx, leaseRenew)
			}
			continue
		}
		f.log.Info("leading the floor", "term", l.term, "node", f.node)
		f.metrics.leading.Set(1)
		err = f.reign(ctx, l)
		f.metrics.leading.Set(0)
		if err != nil && ctx.Err() == nil {
			f.log.Warn("stepped down from the floor", "term", l.term, "err", err)
		}
		l.release(ctx)
		f.rooms.Bus.Publish(SubjectFree, nil)
		if errors.Is(err, errRules) {
			pause(ctx, leaseLength) // another node may know them
		}
	}
	return nil
}

// reign leads under one lease until it is lost or ctx ends. A batch that failed for
// any other reason drops the core and begins again from the store.
func (f *Floor) reign(ctx context.Context, l *lease) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	company := make(chan struct{}, 1)
	defer f.rooms.Bus.Subscribe(SubjectStandby, func([]byte) { poke(company) })()
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		cancel(l.keep(ctx, f.alone, company))
	}()
	defer func() { cancel(nil); <-kept }()
	for {
		err := f.lead(ctx, l.term)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if errors.Is(err, errStale) || errors.Is(err, errRules) {
			return err
		}
		f.log.Warn("rebuilding the floor from the store", "term", l.term, "err", err)
		pause(ctx, campaignGap)
	}
}

func (f *Floor) alone() bool { return f.rooms.Alone != nil && f.rooms.Alone() }

func pause(ctx context.Context, d time.Duration) { pauseUntil(ctx, d, nil) }

// pauseUntil is a pause that a hint ends, and says whether one did.
func pauseUntil(ctx context.Context, d time.Duration, hint <-chan struct{}) (hinted bool) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-hint:
		return true
	case <-t.C:
	}
	return false
}
