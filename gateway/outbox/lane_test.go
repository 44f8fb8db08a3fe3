package outbox_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/outbox"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// far is a far server that says to each domain what it was told to say.
type far struct {
	*post

	mu     sync.Mutex // guards what follows
	says   map[string][]answer
	silent map[string]chan struct{} // says nothing to these domains until it is closed
	got    map[string]int           // attempts, by domain
	atOnce map[string]int           // that run now
	most   map[string]int           // and ran at most
}

func newFar(t *testing.T, limits outbox.Limits) *far {
	t.Helper()
	p := &post{t: t, pool: pgtest.New(t), sent: make(chan gateway.Outbound, 1000)}
	p.more = sync.NewCond(&p.mu)
	f := &far{post: p, says: map[string][]answer{}, silent: map[string]chan struct{}{}, got: map[string]int{}, atOnce: map[string]int{}, most: map[string]int{}}
	f.node("node1", limits)
	return f
}

// node runs an outbox more.
func (f *far) node(name string, limits outbox.Limits) {
	f.t.Helper()
	box := outbox.New(f.pool, name, map[gateway.OutboundKind]outbox.Sender{gateway.OutboundEmail: f}, f, f, slog.New(slog.NewTextHandler(f, nil)))
	box.Limits = limits
	ctx, cancel := context.WithCancel(f.t.Context())
	done := make(chan error, 1)
	go func() { done <- box.Run(ctx) }()
	f.box = box
	f.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			f.t.Errorf("run: %v", err)
		}
	})
}

func (f *far) Send(ctx context.Context, out gateway.Outbound) (gateway.Delivery, error) {
	_, domain, _ := strings.Cut(out.Recipients[0].Address, "@")
	f.mu.Lock()
	f.got[domain]++
	f.atOnce[domain]++
	f.most[domain] = max(f.most[domain], f.atOnce[domain])
	said := says(gateway.OutboundSent, "250")
	if list := f.says[domain]; len(list) > 0 {
		said, f.says[domain] = list[0], list[1:]
	}
	silent := f.silent[domain]
	f.mu.Unlock()
	f.sent <- out
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.atOnce[domain]--
	}()
	if silent != nil {
		select {
		case <-silent:
		case <-ctx.Done():
			return gateway.Delivery{}, ctx.Err()
		}
	}
	return said.Delivery, said.err
}

func (f *far) write(via string, addresses ...string) (id int64) {
	f.t.Helper()
	out := gateway.Outbound{Kind: gateway.OutboundEmail, Conversation: 5, Pos: 9, Via: via, Body: []byte(`{}`)}
	for _, a := range addresses {
		out.Recipients = append(out.Recipients, gateway.Recipient{Address: a})
	}
	err := pgx.BeginFunc(f.t.Context(), f.pool, func(tx pgx.Tx) (err error) {
		id, err = f.box.Add(f.t.Context(), tx, out)
		return err
	})
	if err != nil {
		f.t.Fatal(err)
	}
	f.box.Wake()
	return id
}

func (f *far) attempts(domain string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.got[domain]
}

// passes lets the time pass until a lane is free.
func (f *far) passes(lane string) {
	f.t.Helper()
	f.frees(lane, "0")
}

func (f *far) frees(lane, in string) {
	f.t.Helper()
	tag, err := f.pool.Exec(f.t.Context(), `update outbound_lane set free_at = now() + $2::interval where lane = $1`, lane, in)
	if err != nil || tag.RowsAffected() != 1 {
		f.t.Fatalf("lane %s: %v %v", lane, tag, err)
	}
	f.box.Wake()
}

func (f *far) gap(lane string) (gap float64) {
	f.t.Helper()
	if err := f.pool.QueryRow(f.t.Context(), `select gap from outbound_lane where lane = $1`, lane).Scan(&gap); err != nil {
		f.t.Fatal(err)
	}
	return gap
}

const us = "support@cyklar.example"

// A provider that takes long keeps what is for others waiting at no time, though much more is
// for it; and no more than its share runs at once, on however many nodes.
func TestAProviderHoldsUpNobodyElse(t *testing.T) {
	limits := outbox.Limits{Way: outbox.Limit{Connections: 8}, Provider: outbox.Limit{Connections: 2}}
	f := newFar(t, limits)
	f.node("node2", limits)
	f.mu.Lock()
	f.silent["slow.example"] = make(chan struct{})
	f.mu.Unlock()
	for n := range 100 {
		f.write(us, fmt.Sprintf("k%d@slow.example", n))
	}
	for n := range 20 {
		f.settled(f.write(us, fmt.Sprintf("k%d@Quick.example", n)), 1)
	}
	f.mu.Lock()
	close(f.silent["slow.example"])
	if f.got["slow.example"] > 2 {
		t.Errorf("%d to the slow provider began at once, want 2", f.got["slow.example"])
	}
	f.mu.Unlock()
	for range 120 {
		<-f.sent
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.most["slow.example"] > 2 {
		t.Errorf("%d to the slow provider were under way, want 2", f.most["slow.example"])
	}
}

// What a node was sending when it died takes up no room; what one that lives sends does, however
// long it takes.
func TestTheDeadTakeNoRoom(t *testing.T) {
	limits := outbox.Limits{Provider: outbox.Limit{Connections: 2}}
	f := newFar(t, limits)
	f.mu.Lock()
	f.silent["slow.example"] = make(chan struct{})
	f.mu.Unlock()
	alive := f.write(us, "a@slow.example")
	<-f.sent
	f.exec(`update outbound set signed_at = now() - interval '2 minutes' where id = $1`, alive)
	for f.number(`select count(*) from outbound where id = $1 and signed_at > now() - interval '1 minute'`, alive) == 0 {
	}
	for range 2 {
		f.exec(`
			insert into outbound (kind, conversation_id, pos, body, state, holder, signed_at, due_at, via, provider)
			values ('email', 5, 9, '{}', 'sending', 'node2', now() - interval '2 minutes', now() + interval '10 minutes', $1, 'slow.example')`, us)
	}
	f.write(us, "b@slow.example")
	<-f.sent // beside the dead one's
	third := f.write(us, "c@slow.example")
	f.settled(f.write(us, "a@free.example"), 1)
	if f.get(third).Attempts != 0 {
		t.Error("more left than the provider has room for")
	}
	f.mu.Lock()
	close(f.silent["slow.example"])
	f.mu.Unlock()
	f.settled(third, 1)
}

func (f *far) exec(sql string, args ...any) {
	f.t.Helper()
	if _, err := f.pool.Exec(f.t.Context(), sql, args...); err != nil {
		f.t.Fatal(err)
	}
}

func (f *far) number(sql string, args ...any) (n int) {
	f.t.Helper()
	if err := f.pool.QueryRow(f.t.Context(), sql, args...).Scan(&n); err != nil {
		f.t.Fatal(err)
	}
	return n
}

// A way has its limit over all providers, each way its own.
func TestAWayHasItsLimit(t *testing.T) {
	f := newFar(t, outbox.Limits{Way: outbox.Limit{Connections: 1}, Named: map[string]outbox.Limit{"sales@cyklar.example": {Connections: 3}}})
	f.mu.Lock()
	hold := make(chan struct{})
	for n := range 6 {
		f.silent[fmt.Sprintf("p%d.example", n)] = hold
	}
	f.mu.Unlock()
	f.write(us, "a@p0.example")
	f.write(us, "a@p1.example")
	for n := range 3 {
		f.write("sales@cyklar.example", fmt.Sprintf("a@p%d.example", 2+n))
	}
	f.write("sales@cyklar.example", "a@p5.example")
	for range 4 {
		<-f.sent
	}
	if f.attempts("p1.example") != 0 || f.attempts("p5.example") != 0 {
		t.Error("more left by a way than it has room for")
	}
	close(hold)
	<-f.sent
	<-f.sent
}

// So many a minute are one after the other with the time between them, to all domains of a
// provider together; a mail to several providers is one for each.
func TestMailsAMinute(t *testing.T) {
	f := newFar(t, outbox.Limits{
		Named:   map[string]outbox.Limit{"big": {PerMinute: 1}, "other.example": {PerMinute: 1}},
		Domains: map[string]string{"big.example": "big", "big.se": "big"},
	})
	f.settled(f.write(us, "a@big.example"), 1)
	second := f.write(us, "b@BIG.se", "b@other.example")
	third := f.write(us, "c@big.example")
	f.settled(f.write(us, "a@free.example"), 1) // everything due was looked at
	if n := f.attempts("big.example") + f.attempts("BIG.se"); n != 1 {
		t.Errorf("%d mails left in a minute, want 1", n)
	}
	f.passes("big")
	f.settled(second, 1)
	fourth := f.write(us, "d@other.example")
	f.settled(f.write(us, "b@free.example"), 1)
	if f.attempts("other.example") != 0 || f.get(third).State != gateway.OutboundQueued {
		t.Error("a mail to two providers counted with one")
	}
	f.passes("other.example")
	f.settled(fourth, 1)
	f.passes("big")
	f.settled(third, 1)
}

// Who has been reached holds up nobody: the mail waits for the provider of who is left.
func TestAMailWaitsForWhoIsLeft(t *testing.T) {
	f := newFar(t, outbox.Limits{Provider: outbox.Limit{Connections: 1}})
	f.mu.Lock()
	f.says["slow.example"] = []answer{says(gateway.OutboundSent, "250", gateway.Recipient{Address: "b@quick.example", State: gateway.OutboundDeferred, Response: "451 greylisted"})}
	f.mu.Unlock()
	two := f.write(us, "a@slow.example", "b@quick.example")
	<-f.sent
	f.settled(two, 1)
	f.mu.Lock()
	f.silent["slow.example"] = make(chan struct{})
	f.mu.Unlock()
	f.write(us, "c@slow.example")
	<-f.sent
	f.later(two)
	if out := f.settled(two, 2); out.State != gateway.OutboundSent {
		t.Errorf("got %+v", out)
	}
}

// It opens by itself, without a hint.
func TestALaneOpensInTime(t *testing.T) {
	f := newFar(t, outbox.Limits{Provider: outbox.Limit{PerMinute: 600}})
	for n := range 5 {
		f.write(us, fmt.Sprintf("k%d@big.example", n))
	}
	for range 5 {
		<-f.sent
	}
}

// Who asks for less gets less, each time half, and more again as mails are taken. Attempts that
// were under way at the same time ask once.
func TestWhoAsksForLessGetsLess(t *testing.T) {
	f := newFar(t, outbox.Limits{})
	f.mu.Lock()
	hold := make(chan struct{})
	f.silent["big.example"] = hold
	less := says(gateway.OutboundDeferred, "421 4.7.28 slow down")
	less.Slow = []string{"big.example"}
	f.says["big.example"] = []answer{less, less, less}
	f.mu.Unlock()
	first, second := f.write(us, "a@big.example"), f.write(us, "b@big.example")
	<-f.sent
	<-f.sent
	close(hold)
	f.settled(first, 1)
	f.settled(second, 1)
	if gap := f.gap("big.example"); gap != 2 {
		t.Errorf("after two that ran at once: one in %v s, want 2", gap)
	}
	f.frees("big.example", "1 hour") // whatever this machine does meanwhile
	third := f.write(us, "c@big.example")
	f.settled(f.write(us, "a@free.example"), 1)
	if f.get(third).Attempts != 0 {
		t.Error("sent to who had asked for less")
	}
	f.passes("big.example")
	f.settled(third, 1)
	if gap := f.gap("big.example"); gap != 4 {
		t.Errorf("after another wish: one in %v s, want 4", gap)
	}
	for range 12 {
		id := f.write(us, "d@big.example")
		f.passes("big.example")
		f.settled(id, 1)
	}
	if gap := f.gap("big.example"); gap != 0 {
		t.Errorf("after many that were taken: one in %v s, want no gap", gap)
	}
}
