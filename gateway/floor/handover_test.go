package floor

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// stuck are cases that hold up the batch of an accepted interaction until the floor stops.
type stuck struct{ reached chan struct{} }

func (s stuck) Follow(ctx context.Context, _ pgx.Tx, list ...gateway.Interaction) error {
	for _, i := range list {
		if i.State == gateway.StateActive {
			close(s.reached)
			<-ctx.Done()
			return ctx.Err()
		}
	}
	return nil
}

// A batch that the stop of a node cut off has not happened, and the snapshot that the
// node hands over must not say that it has.
func TestWhatWasCutOffIsNotHandedOver(t *testing.T) {
	t.Parallel()
	s := stuck{make(chan struct{})}
	first := openWith(t, pgtest.New(t), "one", s)
	first.ready(t)
	first.arrive(t, 11)
	offer := await[gateway.Offer](t, first, "offer.created", nil)
	accept := gateway.Accept{Interaction: offer.Interaction, No: offer.No, Agent: anna}
	go func() { _, _ = first.Do(t.Context(), "accept", accept) }()
	select {
	case <-s.reached:
	case <-time.After(time.Minute):
		t.Fatal("the offer was not accepted")
	}
	first.stop()

	next := open(t, first.pool, "two")
	next.ready(t)
	offer = await[gateway.Offer](t, next, "offer.created", nil)
	accept.No = offer.No
	if answer := next.do(t, accept); answer.Interaction.State != gateway.StateActive {
		t.Fatalf("interaction %+v, want active", answer.Interaction)
	}
}

// What somebody types into a key or a code must not stop the floor for everybody.
func TestTextThatTheStoreCannotHoldIsCleaned(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.do(t, gateway.Consoles{Agent: anna, Live: true})
	for _, key := range []string{"\xff", "a\x00b", "plain"} {
		if _, err := h.Do(t.Context(), key, gateway.SetStatus{Agent: anna, Intent: gateway.IntentOnBreak, Code: "lunch\x00"}); err != nil {
			t.Errorf("key %q: %v", key, err)
		}
	}
}

// While a new leader rebuilds the core the others know that it leads and may give commands:
// they are in the first batch, and the agents' consoles with them.
func TestCommandsAreTakenWhileTheCoreIsRebuilt(t *testing.T) {
	t.Parallel()
	h := build(t, pgtest.New(t), "one", newNeighbours(), nil)
	led := make(chan struct{}, 1)
	h.n.Subscribe(SubjectLed, func([]byte) { poke(led) })
	answered := make(chan error, 1)
	h.n.whileRead = func() {
		h.n.mu.Lock()
		defer h.n.mu.Unlock()
		if h.n.holders[HolderCommand] == nil || !poked(led) {
			t.Error("the plan is read before anybody can give a command")
		}
		go func() {
			_, err := h.Do(context.WithoutCancel(t.Context()), "", gateway.Consoles{Agent: anna, Live: true})
			answered <- err
		}()
	}
	h.start(t)
	if err := <-answered; err != nil {
		t.Errorf("a command given meanwhile: %v", err)
	}
}

// Who stands by has read what a leader reads first, and leads no sooner for that.
func TestWhoStandsByHasRehearsed(t *testing.T) {
	t.Parallel()
	one := newHouse(t)
	one.ready(t)
	two := open(t, one.pool, "two")
	two.eventually(t, "the plan was read", func() bool { return two.n.plans.Load() > 0 })
	var holder string
	if err := one.pool.QueryRow(t.Context(), `select holder from lease`).Scan(&holder); err != nil || holder != "one" {
		t.Errorf("%q leads (%v), want the one that did", holder, err)
	}
	one.stop()
	two.ready(t)
}
