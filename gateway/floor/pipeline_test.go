package floor

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// gate are cases that hold up the batch of one case until they are told how it ends.
type gate struct {
	of      gateway.CaseID
	reached chan struct{}
	refuse  chan bool
	breaks  atomic.Bool // once: the connection, not the batch
	once    sync.Once
}

func newGate(of gateway.CaseID) *gate {
	return &gate{of: of, reached: make(chan struct{}), refuse: make(chan bool, 100)}
}

func (g *gate) Follow(ctx context.Context, tx pgx.Tx, list ...gateway.Interaction) error {
	for _, i := range list {
		if i.Case != g.of || i.State != gateway.StateActive {
			continue
		}
		g.once.Do(func() { close(g.reached) })
		refuse := <-g.refuse
		if g.breaks.CompareAndSwap(true, false) {
			return io.ErrUnexpectedEOF
		}
		if refuse {
			_, err := tx.Exec(ctx, `select 1 / 0`)
			return err
		}
	}
	return nil
}

func (g *gate) await(t *testing.T) {
	t.Helper()
	select {
	case <-g.reached:
	case <-time.After(time.Minute):
		t.Fatal("the batch was not stored")
	}
}

// pending is a command that has been given, and whether it has been answered.
type pending struct {
	answer chan gateway.Answer
	err    chan error
}

func (h *house) give(ctx context.Context, key string, cmd gateway.Command) pending {
	p := pending{make(chan gateway.Answer, 1), make(chan error, 1)}
	go func() {
		a, err := h.Do(ctx, key, cmd)
		p.answer <- a
		p.err <- err
	}()
	return p
}

func (p pending) wantSilence(t *testing.T, what string) {
	t.Helper()
	select {
	case err := <-p.err:
		t.Errorf("%s is answered before what it rests on is stored: %v", what, err)
	default:
	}
}

func (p pending) done(t *testing.T) (gateway.Answer, error) {
	t.Helper()
	select {
	case err := <-p.err:
		return <-p.answer, err
	case <-time.After(time.Minute):
		t.Fatal("no answer came")
		return gateway.Answer{}, nil
	}
}

// accepting has Anna's accept in the store's hands, held up there, and Bo's change of status
// and a look at the board given after it.
func accepting(t *testing.T) (h *house, g *gate, accept, again, status pending, board chan error) {
	t.Helper()
	g = newGate(11)
	h = openWith(t, pgtest.New(t), "one", g)
	h.ready(t)
	h.do(t, gateway.Consoles{Agent: bo, Live: true})
	id := h.arrive(t, 11)
	offer := await[gateway.Offer](t, h, "offer.created", nil)
	cmd := gateway.Accept{Interaction: id, No: offer.No, Agent: anna}
	accept = h.give(t.Context(), "accept", cmd)
	g.await(t)
	again = h.give(t.Context(), "accept", cmd)
	status = h.give(t.Context(), "status", gateway.SetStatus{Agent: bo, Intent: gateway.IntentOnBreak})
	board = make(chan error, 1)
	go func() {
		_, err := h.Board(t.Context())
		board <- err
	}()
	before := h.n.plans.Load()
	h.eventually(t, "the floor decides meanwhile", func() bool {
		h.n.Publish(SubjectPlan, nil)
		return h.n.plans.Load() >= before+3
	})
	return h, g, accept, again, status, board
}

// What is decided while a batch is stored is told after it.
func TestNothingIsToldBeforeWhatItRestsOn(t *testing.T) {
	t.Parallel()
	h, g, accept, again, status, board := accepting(t)
	accept.wantSilence(t, "the accept")
	again.wantSilence(t, "its repetition")
	status.wantSilence(t, "the status")
	select {
	case err := <-board:
		t.Errorf("the board is shown before what it shows is stored: %v", err)
	default:
	}
	g.refuse <- false
	first, err := accept.done(t)
	if err != nil || first.Interaction.State != gateway.StateActive {
		t.Errorf("got %+v, %v", first, err)
	}
	if second, err := again.done(t); err != nil || !second.At.Equal(first.At) {
		t.Errorf("the repetition got %+v, %v, want the first answer, of %v", second, err, first.At)
	}
	if a, err := status.done(t); err != nil || a.Presence.Intent != gateway.IntentOnBreak {
		t.Errorf("got %+v, %v", a, err)
	}
	if err := <-board; err != nil {
		t.Error(err)
	}
	h.wantReplayed(t)
}

// When a batch is refused, what was decided after it is decided anew on what is stored.
func TestWhatWasDecidedAfterARefusedBatchIsDecidedAnew(t *testing.T) {
	t.Parallel()
	h, g, accept, again, status, board := accepting(t)
	for range cap(g.refuse) {
		g.refuse <- true
	}
	for what, p := range map[string]pending{"the accept": accept, "its repetition": again} {
		if _, err := p.done(t); !isInternal(err) {
			t.Errorf("%s got %v, want an internal error", what, err)
		}
	}
	if a, err := status.done(t); err != nil || a.Presence.Intent != gateway.IntentOnBreak {
		t.Errorf("got %+v, %v", a, err)
	}
	if err := <-board; err != nil {
		t.Error(err)
	}
	if p, err := h.Presence(t.Context(), bo); err != nil || p.Intent != gateway.IntentOnBreak {
		t.Errorf("stored is %+v, %v", p, err)
	}
	h.wantReplayed(t)
}

func isInternal(err error) bool {
	refusal, ok := errors.AsType[*gateway.Error](err)
	return ok && refusal.Kind == gateway.KindInternal
}

// What is no command fills no batch: those after it would find the doors shut.
func TestNonsenseStopsNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.ready(t)
	for range 2 * batchMax {
		if _, err := h.n.Ask(t.Context(), HolderCommand, "", []byte(`{}`)); err == nil {
			t.Fatal("nonsense was obeyed")
		}
	}
	h.do(t, gateway.SetStatus{Agent: anna, Intent: gateway.IntentOnBreak})
}

// An inbox's row that one batch has is not taken by the next.
func TestARowIsTakenOnce(t *testing.T) {
	b := &batch{came: came{taken: []admitted{{id: 3}}}, aside: []torn{{id: 4}}}
	var none *batch
	if got := b.rows(none.rows([]int64{})); len(got) != 2 || got[0] != 3 || got[1] != 4 {
		t.Errorf("got %v", got)
	}
	if none.rows([]int64{}) == nil {
		t.Error("no rows are null: PostgreSQL would find nothing beside them")
	}
}

// What is edited and is no part of the plan is not logged, and what is a part of it, is.
func TestAnEqualPlanIsNotTakenOnAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.ready(t)
	const plans = `select count(*) from routing_event where body->>'name' = 'Configure'`
	before := count(t, h, plans)
	read := h.n.plans.Load()
	h.eventually(t, "the plan was read again", func() bool {
		h.n.Publish(SubjectPlan, nil)
		return h.n.plans.Load() >= read+3
	})
	h.do(t, gateway.SetStatus{Agent: anna, Intent: gateway.IntentOnBreak}) // stored after what those led to
	if got := count(t, h, plans); got != before {
		t.Errorf("the log has %d plans, want %d", got, before)
	}
	h.n.longer.Store(true)
	h.n.Publish(SubjectPlan, nil)
	h.eventually(t, "the other plan is logged", func() bool { return count(t, h, plans) == before+1 })
	h.wantReplayed(t)
}

// A stop leaves what is being stored and what was decided after it stored both, with a snapshot
// of it: a newer release cannot replay our events.
func TestAStopInTheMiddleIsHandedOverWhole(t *testing.T) {
	t.Parallel()
	h, g, _, _, _, _ := accepting(t)
	stopped := make(chan struct{})
	go func() { h.stop(); close(stopped) }()
	h.eventually(t, "the term is ending", func() bool {
		h.n.mu.Lock()
		once := h.n.holders[HolderCommand]
		h.n.mu.Unlock()
		_, err := once(t.Context(), "", []byte(`{}`))
		return errors.Is(err, gateway.ErrTryAgain)
	})
	g.refuse <- false
	<-stopped
	if n := count(t, h, `select count(*) from routing_event where seq > (select max(seq) from routing_snapshot)`); n != 0 {
		t.Errorf("%d events stand after the last snapshot", n)
	}
	if n := count(t, h, `select count(*) from interaction where state = 'active'`); n != 1 {
		t.Errorf("%d are active, want the accepted one", n)
	}
	if p, err := h.Presence(t.Context(), bo); err != nil || p.Intent != gateway.IntentOnBreak {
		t.Errorf("stored is %+v, %v", p, err)
	}
}

// When the floor's own part of a refused batch is refused again, nobody is left waiting: neither
// who was in it nor who came after.
func TestAFloorThatCannotGoOnAnswersEverybody(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.ready(t)
	h.stop()
	l := &leader{f: h.Floor, term: 1, there: attendance{}, next: &batch{}}
	if err := l.load(t.Context()); err != nil {
		t.Fatal(err)
	}
	in, after := &ask{answer: make(chan reply, 1)}, &ask{answer: make(chan reply, 1)}
	h.n.broken.Store(true)
	why := &pgconn.PgError{Code: "22012"}
	if err := l.redo(t.Context(), why, &batch{came: came{replan: true, asks: []*ask{in}}}, &batch{came: came{asks: []*ask{after}}}); err == nil {
		t.Error("the floor goes on without its plan")
	}
	for what, a := range map[string]*ask{"in it": in, "after it": after} {
		select {
		case r := <-a.answer:
			if !errors.Is(r.err, gateway.ErrTryAgain) {
				t.Errorf("who was %s got %v", what, r.err)
			}
		default:
			t.Errorf("who was %s has no answer", what)
		}
	}
}

// A term that ends by an error sends those away who ask, though they would wait without an end:
// the bus lets nobody leave a name before.
func TestATermThatBreaksKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	h, g, _, _, _, board := accepting(t)
	g.breaks.Store(true)
	close(g.refuse)
	select {
	case err := <-board:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("who looked still waits")
	}
	h.do(t, gateway.SetStatus{Agent: bo, Intent: gateway.IntentAvailable})
	h.wantReplayed(t)
}
