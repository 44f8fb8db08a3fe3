package floor

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

const (
	queueID = gateway.QueueID(7)
	addedID = gateway.QueueID(8)
	anna    = gateway.AgentID(1)
	bo      = gateway.AgentID(2)
)

// neighbours stand in for the rooms around the floor.
type neighbours struct {
	mu      sync.Mutex
	hear    map[string][]func([]byte)
	holders map[string]func(context.Context, string, []byte) ([]byte, error)
	news    chan gateway.Event
	entries []gateway.Entry
	serving map[gateway.ConversationID]gateway.InteractionID
	dead    map[string]bool
	plans   atomic.Int32 // how often the plan was read
	longer  atomic.Bool  // chats may wait longer than they might
	broken  atomic.Bool  // the plan cannot be read, however often it is tried
	added   atomic.Bool  // there is another queue

	whileRead func() // runs once while the plan is read, if there is one
}

// Alive and die are the nodes' side of the neighbours.
func (n *neighbours) Alive(run string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return !n.dead[run]
}

// Silent is of a node that has just been found dead.
func (n *neighbours) Silent(run string) time.Duration {
	if n.Alive(run) {
		return 0
	}
	return 10 * time.Second
}

func (n *neighbours) die(run string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.dead = map[string]bool{run: true}
}

func newNeighbours() *neighbours {
	return &neighbours{
		hear:    map[string][]func([]byte){},
		holders: map[string]func(context.Context, string, []byte) ([]byte, error){},
		news:    make(chan gateway.Event, 10000),
		serving: map[gateway.ConversationID]gateway.InteractionID{},
	}
}

func (n *neighbours) Publish(subject string, data []byte) {
	n.mu.Lock()
	hear := n.hear[subject]
	n.mu.Unlock()
	for _, h := range hear {
		h(data)
	}
}

func (n *neighbours) Subscribe(subject string, hear func([]byte)) func() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.hear[subject] = append(n.hear[subject], hear)
	return func() {}
}

func (n *neighbours) serve(holder string, f func(context.Context, string, []byte) ([]byte, error)) func() {
	n.mu.Lock()
	defer n.mu.Unlock()
	var under sync.RWMutex // as on the bus: who leaves a name waits for those who ask
	n.holders[holder] = func(ctx context.Context, key string, body []byte) ([]byte, error) {
		if !under.TryRLock() {
			return nil, changingHands
		}
		defer under.RUnlock()
		return f(ctx, key, body)
	}
	return func() { under.Lock() }
}

// Ask goes on until somebody answers, as the bus promises.
func (n *neighbours) Ask(ctx context.Context, holder, key string, body []byte) ([]byte, error) {
	for ctx.Err() == nil {
		n.mu.Lock()
		f := n.holders[holder]
		n.mu.Unlock()
		if f != nil {
			got, err := f(ctx, key, body)
			if !errors.Is(err, gateway.ErrTryAgain) {
				return got, err
			}
		}
		pause(ctx, time.Millisecond)
	}
	return nil, ctx.Err()
}

func (n *neighbours) Append(context.Context, pgx.Tx, ...gateway.Event) error { return nil }

func (n *neighbours) Announce(events ...gateway.Event) {
	for _, e := range events {
		n.news <- e
	}
}

func (n *neighbours) Follow(context.Context, pgx.Tx, ...gateway.Interaction) error { return nil }

func (n *neighbours) Plan(context.Context) (gateway.Plan, error) {
	n.plans.Add(1)
	if n.broken.Load() {
		return gateway.Plan{}, &pgconn.PgError{Code: "22012", Message: "division by zero"}
	}
	target := gateway.Seconds(60)
	if n.longer.Load() {
		target = 90
	}
	member := []gateway.Membership{{Queue: queueID, Enabled: true, Level: 2}}
	plan := gateway.Plan{
		Queues: []gateway.QueuePlan{{ID: queueID, Band: 5, Channels: map[gateway.Channel]gateway.ChannelPlan{
			gateway.Chat: {
				Target: target, OfferTimeout: 30, Decline: gateway.DeclineSoft,
				WrapUp: gateway.WrapUpPlan{Mode: gateway.WrapUpManual, CodeRequired: true, Codes: []gateway.CodeID{4}},
			},
			gateway.Voice: {Target: 60, OfferTimeout: 30, WrapUp: gateway.WrapUpPlan{Mode: gateway.WrapUpManual}},
		}}},
		Agents: []gateway.AgentPlan{
			{ID: anna, Memberships: member, Channels: gateway.Channels, Phone: true},
			{ID: bo, Memberships: member, Channels: gateway.Channels},
		},
	}
	if n.added.Load() {
		plan.Queues = append(plan.Queues, gateway.QueuePlan{ID: addedID, Band: 9})
	}
	if f := n.whileRead; f != nil {
		n.whileRead = nil
		f()
	}
	return plan, nil
}

// conversations is the timeline's side of the neighbours: its Append is another one.
type conversations struct{ *neighbours }

func (n conversations) Append(_ context.Context, _ pgx.Tx, entries ...*gateway.Entry) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, e := range entries {
		n.entries = append(n.entries, *e)
	}
	return nil
}

func (n conversations) Lock(context.Context, pgx.Tx, ...gateway.ConversationID) error { return nil }

func (n conversations) ServeAll(_ context.Context, _ pgx.Tx, list ...gateway.Interaction) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, i := range list {
		if i.End == "" {
			n.serving[i.Conversation] = i.ID
		} else if n.serving[i.Conversation] == i.ID {
			delete(n.serving, i.Conversation)
		}
	}
	return nil
}

// busOf is the bus's side: its Serve is another one.
type busOf struct{ *neighbours }

func (b busOf) Serve(holder string, f func(context.Context, string, []byte) ([]byte, error)) func() {
	return b.serve(holder, f)
}

// house is a floor that runs, with what a test needs of it.
type house struct {
	*Floor
	*Client
	n    *neighbours
	pool *pgxpool.Pool
	stop func()
}

func open(t *testing.T, pool *pgxpool.Pool, node string) *house {
	t.Helper()
	return openWith(t, pool, node, nil)
}

// openWith is open with other cases than the neighbours' own, unless they are nil.
func openWith(t *testing.T, pool *pgxpool.Pool, node string, cases Cases) *house {
	t.Helper()
	h := build(t, pool, node, newNeighbours(), cases)
	h.start(t)
	return h
}

// build is a floor that does not run yet.
func build(t *testing.T, pool *pgxpool.Pool, node string, n *neighbours, cases Cases) *house {
	t.Helper()
	if cases == nil {
		cases = n
	}
	f := New(pool, node, Rooms{Feed: n, Timeline: conversations{n}, Cases: cases, Plans: n, Bus: busOf{n}, Nodes: n}, slog.New(slog.NewTextHandler(t.Output(), nil)))
	return &house{Floor: f, Client: NewClient(busOf{n}), n: n, pool: pool}
}

// start runs the floor, for the first time or after a stop.
func (h *house) start(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := h.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	h.stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(h.stop)
}

// eventually waits for a fact.
func (h *house) eventually(t *testing.T, what string, fact func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !fact(); pause(t.Context(), 5*time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited a minute until %s", what)
		}
	}
}

func newHouse(t *testing.T) *house {
	t.Helper()
	return open(t, pgtest.New(t), "one")
}

// do gives a command that must be obeyed.
func (h *house) do(t *testing.T, cmd gateway.Command) gateway.Answer {
	t.Helper()
	a, err := h.Do(t.Context(), "", cmd)
	if err != nil {
		t.Fatalf("%T: %v", cmd, err)
	}
	return a
}

// ready signs Anna in and makes her available.
func (h *house) ready(t *testing.T) {
	t.Helper()
	h.do(t, gateway.Consoles{Agent: anna, Live: true})
	h.do(t, gateway.SetStatus{Agent: anna, Intent: gateway.IntentAvailable})
}

// arrive admits a chat and gives its interaction.
func (h *house) arrive(t *testing.T, conversation gateway.ConversationID) gateway.InteractionID {
	t.Helper()
	id := h.admit(t, queueID, conversation)
	h.Hint()
	return id
}

// admit stores an arrival and does not tell the floor.
func (h *house) admit(t *testing.T, queue gateway.QueueID, conversation gateway.ConversationID) gateway.InteractionID {
	t.Helper()
	var id gateway.InteractionID
	err := pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) (err error) {
		id, err = h.Admit(t.Context(), tx, gateway.Admission{
			Channel: gateway.Chat, Queue: queue, Case: gateway.CaseID(conversation), Conversation: conversation,
			Customer: 1, ArrivedAt: time.Now(),
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// await reads the news until one of the kind comes that ok agrees to.
func await[T any](t *testing.T, h *house, kind string, ok func(T) bool) T {
	t.Helper()
	deadline := time.After(time.Minute)
	for {
		select {
		case e := <-h.n.news:
			if e.Type != kind {
				continue
			}
			var v T
			if err := json.Unmarshal(e.Data, &v); err != nil {
				t.Fatal(err)
			}
			if ok == nil || ok(v) {
				return v
			}
		case <-deadline:
			t.Fatalf("no %s came", kind)
		}
	}
}
