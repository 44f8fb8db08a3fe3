package bus_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/bus"
	"github.com/vaxelhq/vaxel/gateway/bus/natstest"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// join is a node's bus; what is subscribed must be cancelled before the test ends.
func join(t *testing.T, url, run string) *bus.Cluster {
	t.Helper()
	c, err := bus.Join(bus.Options{URL: url, Scope: "test", Run: run, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// eventually waits for a fact.
func eventually(t *testing.T, what string, fact func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !fact(); time.Sleep(5 * time.Millisecond) { // between looks
		if time.Now().After(deadline) {
			t.Fatalf("waited a minute until %s", what)
		}
	}
}

// heard collects the hints of a subject.
type heard struct {
	mu   sync.Mutex
	list []string
}

func (h *heard) hear(data []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.list = append(h.list, string(data))
}

func (h *heard) count(want string) (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.list {
		if s == want {
			n++
		}
	}
	return n
}

func TestAHintReachesEveryNodeOnceInOrder(t *testing.T) {
	t.Parallel()
	nats := natstest.New(t)
	one, two := join(t, nats.URL, "one"), join(t, nats.URL, "two")
	var here, there heard
	defer one.Subscribe("s", here.hear)()
	defer two.Subscribe("s", there.hear)()
	eventually(t, "the other node hears", func() bool { one.Publish("s", []byte("begun")); return there.count("begun") > 0 })
	for n := range 500 {
		one.Publish("s", fmt.Append(nil, n))
	}
	one.Publish("s", []byte("end"))
	eventually(t, "both have heard all", func() bool { return here.count("end") == 1 && there.count("end") == 1 })
	for _, h := range []*heard{&here, &there} {
		next := 0
		for _, s := range h.list {
			if s == "begun" || s == "" || s == "end" {
				continue
			}
			if s != strconv.Itoa(next) {
				t.Fatalf("heard %q, want %d", s, next)
			}
			next++
		}
		if next != 500 {
			t.Errorf("heard %d hints, want 500", next)
		}
	}
}

func TestAskReachesTheHolderOnAnotherNode(t *testing.T) {
	t.Parallel()
	nats := natstest.New(t)
	one, two := join(t, nats.URL, "one"), join(t, nats.URL, "two")
	defer one.Serve("floor", func(_ context.Context, key string, body []byte) ([]byte, error) {
		if key == "refused" {
			return nil, gateway.Conflict("offer_gone", "somebody else has it", map[string]int64{"agent": 1 << 60})
		}
		return []byte(key + "=" + string(body)), nil
	})()
	if got, err := two.Ask(t.Context(), "floor", "k", []byte("v")); err != nil || string(got) != "k=v" {
		t.Errorf("got %q, %v", got, err)
	}
	_, err := two.Ask(t.Context(), "floor", "refused", nil)
	if e, ok := errors.AsType[*gateway.Error](err); !ok || e.Code != "offer_gone" || !errors.Is(err, gateway.ErrConflict) {
		t.Errorf("got %v, want the refusal as it is", err)
	}
	if _, err := two.Ask(t.Context(), "floor", "", make([]byte, 2<<20)); err == nil {
		t.Error("sent more than NATS takes")
	}
}

// The holder dies with a question in its hands; the next one, on another node, gets it
// under the same key.
func TestAskFindsTheHolderThatTakesOver(t *testing.T) {
	t.Parallel()
	nats := natstest.New(t)
	one, two, three := join(t, nats.URL, "one"), join(t, nats.URL, "two"), join(t, nats.URL, "three")
	asked := make(chan string, 10)
	var dead atomic.Bool
	leave := one.Serve("floor", func(ctx context.Context, key string, _ []byte) ([]byte, error) {
		asked <- key
		<-ctx.Done() // never answers
		dead.Store(true)
		return nil, ctx.Err()
	})
	got := make(chan string, 1)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	go func() {
		body, err := three.Ask(ctx, "floor", "k1", nil)
		got <- fmt.Sprint(string(body), err)
	}()
	<-asked
	defer two.Serve("floor", func(_ context.Context, key string, _ []byte) ([]byte, error) { return []byte(key), nil })()
	select {
	case answer := <-got:
		if answer != "k1<nil>" || dead.Load() {
			t.Errorf("got %s (the first holder ended: %v), want the second one's answer at once", answer, dead.Load())
		}
	case <-ctx.Done():
		t.Error("the question stayed with the first holder")
	}
	cancel()
	go leave() // waits for its answer, which ends with the asker's patience
}

// While NATS is away nothing that was said is lost: when it is back everybody looks, and
// questions find their holder.
func TestNothingIsLostWhenTheServerRestarts(t *testing.T) {
	t.Parallel()
	nats := natstest.New(t)
	one, two := join(t, nats.URL, "one"), join(t, nats.URL, "two")
	var there heard
	defer two.Subscribe("s", there.hear)()
	defer one.Serve("floor", echo)()
	if _, err := two.Ask(t.Context(), "floor", "", nil); err != nil {
		t.Fatal(err)
	}
	nats.Stop()
	one.Publish("s", []byte("lost"))
	before := there.count("")
	nats.Start()
	eventually(t, "the other node looks", func() bool { return there.count("") > before })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if got, err := two.Ask(ctx, "floor", "k", []byte("v")); err != nil || string(got) != "k=v" {
		t.Errorf("got %q, %v", got, err)
	}
}

// nodes is the watch of one node, at work.
func nodes(t *testing.T, url, name string, b bus.Bus) (*bus.Nodes, func()) {
	t.Helper()
	pool := pgtest.Open(t, url)
	n := bus.NewNodes(pool, bus.Node{Name: name, Run: name + ".1", Roles: []string{"router"}}, b, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err := n.Join(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return n, stop
}

// A hint that is lost without anybody noticing is looked for once PostgreSQL has said
// that it was published.
func TestALostHintIsLookedFor(t *testing.T) {
	t.Parallel()
	db := pgtest.NewURL(t)
	nats, other := natstest.New(t), natstest.New(t)
	// Two NATS servers that do not know each other: every hint is lost on its way.
	one, two := join(t, nats.URL, "one.1"), join(t, other.URL, "two.1")
	_, _ = nodes(t, db, "one", one)
	_, _ = nodes(t, db, "two", two)
	var there heard
	defer two.Subscribe("s", there.hear)()
	for n := range 2 {
		before := there.count("")
		one.Publish("s", []byte("lost"))
		eventually(t, fmt.Sprintf("the other node looks for lost hint %d", n+1), func() bool { return there.count("") > before })
	}
	if there.count("lost") > 0 {
		t.Error("the hint was not lost: this proves nothing")
	}
}

func TestANodeIsAliveWhileItsRowIsRenewed(t *testing.T) {
	t.Parallel()
	db := pgtest.NewURL(t)
	one, _ := nodes(t, db, "one", bus.New())
	_, stop := nodes(t, db, "two", bus.New())
	eventually(t, "one sees two", func() bool { return one.Alive("two.1") })
	if one.Alive("three.1") {
		t.Error("a node that never was is alive")
	}
	stop()
	eventually(t, "one misses two", func() bool { return !one.Alive("two.1") })
	pool := pgtest.Open(t, db)
	// A node that was killed leaves its row as it was.
	if _, err := pool.Exec(t.Context(), `insert into node (name, run, address, roles) values ('dead', 'dead.1', '', '{}')`); err != nil {
		t.Fatal(err)
	}
	eventually(t, "one sees the row", func() bool { return one.Alive("dead.1") })
	eventually(t, "one finds the node dead", func() bool { return !one.Alive("dead.1") })
	list, err := one.List(t.Context())
	if err != nil || len(list) != 2 || list[1].Name != "one" || list[1].Roles[0] != "router" {
		t.Errorf("got nodes %+v (%v), want the dead one and one", list, err)
	}
}

func TestANameBelongsToOneProcess(t *testing.T) {
	t.Parallel()
	db := pgtest.NewURL(t)
	_, stop := nodes(t, db, "one", bus.New())
	second := bus.NewNodes(pgtest.Open(t, db), bus.Node{Name: "one", Run: "one.2", Roles: []string{}}, bus.New(), slog.New(slog.DiscardHandler))
	if err := second.Join(t.Context()); !errors.Is(err, gateway.ErrConflict) {
		t.Errorf("got %v, want a conflict", err)
	}
	stop()
	_, stop = nodes(t, db, "one", bus.New())
	stop()
}
