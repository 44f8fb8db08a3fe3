package floor

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/beat"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

// leader is the goroutine that owns a core for one term. Nothing in it is shared.
type leader struct {
	f       *Floor
	term    int64
	core    *routing.Core
	seq     int64 // of the last event that is stored
	snap    int64 // of the last event that a snapshot holds
	weight  int   // of that snapshot, in bytes
	drawn   chan *snapshot
	drawing bool      // a snapshot is being written beside the loop, which hears of it in drawn
	last    time.Time // the core's time never goes back
	wakeAt  time.Time
	seen    map[gateway.InteractionID]sight        // open ones, as they were last told
	met     map[gateway.AgentID]bool               // agents whose presence was told once
	asks    chan *ask                              // commands; full when the store is slow, and then callers wait
	early   []*ask                                 // who left before what they leave was taken
	more    bool                                   // floor_inbox has more than was read of it
	inbox   chan struct{}                          // holds one hint that floor_inbox has rows
	plan    chan struct{}                          // holds one hint that the plan has changed
	looks   chan func(*routing.Core) (tell func()) // questions of the core, told when what they saw is stored
	next    *batch                                 // is being decided
	under   *batch                                 // is being stored, nil if none is
	stored  chan error                             // how that went
	board   bool                                   // the board has changed since it was published
	planned *gateway.Plan                          // that the core has, as it was read; nil: unknown
	sought  map[gateway.QueueID]bool               // were looked for in the plan, in vain
	tidied  time.Time                              // when old answers were last forgotten
	there   attendance
}

// ask is a command waiting for its batch.
type ask struct {
	key    string // empty: nobody will ask again
	body   []byte
	answer chan reply // one, buffered
}

// tell answers, unless that was done before: what was undone is done again.
func (a *ask) tell(r reply) {
	select {
	case a.answer <- r:
	default:
	}
}

type reply struct {
	body []byte
	err  error
}

// lead rebuilds the core and works until ctx ends or a batch fails. Commands are taken from the
// beginning: nodes tell of their consoles while the core is rebuilt, and what they say is in the
// first batch, with the customers who came meanwhile. Without a console nobody is offered.
func (f *Floor) lead(ctx context.Context, term int64) error {
	l := &leader{
		f: f, term: term, there: attendance{},
		asks:  make(chan *ask, batchMax),
		inbox: make(chan struct{}, 1),
		plan:  make(chan struct{}, 1),
		looks: make(chan func(*routing.Core) func()),
		drawn: make(chan *snapshot, 1),
		next:  &batch{}, stored: make(chan error, 1),
	}
	bus := f.rooms.Bus
	defer bus.Subscribe(SubjectInbox, func([]byte) { poke(l.inbox) })()
	defer bus.Subscribe(SubjectPlan, func([]byte) { poke(l.plan) })() // before it is read: what changes meanwhile is read again
	ctx, cancel := context.WithCancel(ctx)
	defer l.await() // once what is under way has been told to stop
	defer bus.Serve(HolderCommand, l.serve(ctx))()
	defer bus.Serve(HolderBoard, l.questions(ctx))()
	defer cancel() // before the names are left, which waits for those who ask
	bus.Publish(SubjectLed, nil)
	if err := l.recover(ctx); err != nil {
		return err
	}
	poke(l.inbox) // for what came while nobody led
	if err := l.loop(ctx); err != nil {
		return err // perhaps in the middle of a batch: the core knows what the store does not
	}
	return l.handOver(ctx)
}

var changingHands = &gateway.Error{
	Kind: gateway.KindTryAgain, Code: "try_again", Detail: "The floor is changing hands; send the same request again.",
}

// serve hands a command from any node to the loop and waits for its batch. Whoever gets
// changingHands does not know whether it was obeyed: they ask again under the same key,
// and the next leader knows the answer.
func (l *leader) serve(ctx context.Context) func(context.Context, string, []byte) ([]byte, error) {
	return func(caller context.Context, key string, body []byte) ([]byte, error) {
		a := &ask{key: gateway.Clean(key), body: gateway.CleanJSON(body), answer: make(chan reply, 1)}
		select {
		case l.asks <- a:
		case <-ctx.Done():
			return nil, changingHands
		case <-caller.Done():
			return nil, changingHands
		}
		select {
		case r := <-a.answer:
			return r.body, r.err
		case <-ctx.Done():
			return nil, changingHands
		case <-caller.Done():
			return nil, changingHands
		}
	}
}

// loop makes batches until one fails, or until ctx ends. One is stored beside it while the
// next is decided, so that neither the processor nor the disk waits for the other. It takes
// the first thing to come and then whatever else is there: nobody lingers for company, and
// yet a busy floor commits in large batches. The inbox is read on a hint, now and then without
// one, and for who leaves what is not known: an exchange with the database less for each command.
func (l *leader) loop(ctx context.Context) error {
	poll := time.NewTimer(beat.Next(inboxPoll))
	defer poll.Stop()
	board := time.NewTimer(boardGap)
	defer board.Stop()
	rested := false
	wake := time.NewTimer(0)
	defer wake.Stop()
	work, cancel := outlast(ctx)
	defer cancel()
	for {
		if rested && l.stirs() {
			board.Reset(beat.Next(boardGap))
			rested = false
		}
		var more came
		in := l.doors(poll.C, wake.C)
		select {
		case <-ctx.Done():
			return l.halt(work)
		case err := <-l.stored:
			if err := l.land(work, err); err != nil {
				return err
			}
			l.launch(work)
			l.arm(wake)
			continue
		case a := <-in.asks:
			more.asks = append(more.asks, a)
		case <-in.inbox:
			more.look = true
		case <-in.poll:
			poll.Reset(beat.Next(inboxPoll))
			more.look = true
		case <-in.wake:
		case <-in.plan:
			more.replan = true
		case look := <-l.looks:
			l.look(look)
			continue
		case s := <-l.drawn:
			l.keep(s)
			continue
		case <-board.C:
			l.publishBoard()
			l.keepHouse(ctx)
			rested = !l.stirs()
			board.Reset(l.rest())
			if more.lost = l.missing(); len(more.lost) == 0 {
				continue
			}
		}
		more.look, more.replan = more.look || poked(l.inbox), more.replan || poked(l.plan)
		more.asks, l.early = l.drain(append(more.asks, l.early...)), nil
		if err := l.advance(work, more); err != nil {
			return err
		}
		l.arm(wake)
	}
}

// missing are the agents whose consoles' nodes have died, if the next batch has room for them.
func (l *leader) missing() []gateway.Consoles {
	if l.next.full() {
		return nil
	}
	return l.there.miss(l.f.now(), l.f.rooms.Nodes)
}

// stirs says whether there is something to look after at each beat: a board to publish, a snapshot
// to draw, or consoles whose nodes may die.
func (l *leader) stirs() bool { return l.board || l.snapshotDue() || len(l.there) > 0 }

// rest is how long it is until that is looked after again; what else keepHouse does need not be on
// the minute.
func (l *leader) rest() time.Duration {
	if l.stirs() {
		return beat.Next(boardGap)
	}
	return beat.Next(tidyEvery / 2)
}

// doors are where things come in. They are shut while the next batch is full.
type doors struct {
	asks        <-chan *ask
	inbox, plan <-chan struct{}
	poll, wake  <-chan time.Time
}

func (l *leader) doors(poll, wake <-chan time.Time) doors {
	if l.next.full() {
		return doors{}
	}
	return doors{l.asks, l.inbox, l.plan, poll, wake}
}

// drain takes what else is queued, without waiting.
func (l *leader) drain(asks []*ask) []*ask {
	for len(l.next.asks)+len(asks) < batchMax {
		select {
		case a := <-l.asks:
			asks = append(asks, a)
		default:
			return asks
		}
	}
	return asks
}

// arm sets the timer to when the core next wants a Wake. A timer that fires early or twice
// is harmless: apply looks at the time itself.
func (l *leader) arm(wake *time.Timer) {
	if l.wakeAt.IsZero() {
		wake.Stop()
		return
	}
	wake.Reset(max(0, l.wakeAt.Sub(l.f.now())))
}

// time is now, in the resolution of the store, and never before the last event.
func (l *leader) time() time.Time {
	now := l.f.now().UTC().Truncate(time.Microsecond)
	if now.Before(l.last) {
		return l.last
	}
	return now
}

// poke leaves a hint, unless one lies there already.
func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// poked takes a hint, if one lies there.
func poked(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// answerOf is a result as it is stored and sent: an answer, or a refusal.
func answerOf(r routing.Result) (json.RawMessage, error) {
	var v any = struct {
		Answer gateway.Answer `json:"answer"`
	}{r.Answer}
	if r.Err != nil {
		v = struct {
			Err *gateway.Error `json:"error"`
		}{r.Err}
	}
	body, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("marshal answer: %w", err)
	}
	return body, nil
}

// Client sends commands to whichever node leads.
type Client struct{ bus Bus }

// NewClient makes a client on the bus.
func NewClient(bus Bus) *Client { return &Client{bus} }

// Do obeys a command once. The key names the attempt: repeated, it gives the first
// answer, for 24 hours; an empty key names nothing. Errors are *gateway.Error:
// refusals as routing gives them, or try_again when nobody leads before ctx's deadline.
func (c *Client) Do(ctx context.Context, key string, cmd gateway.Command) (gateway.Answer, error) {
	body, err := gateway.MarshalCommand(cmd)
	if err != nil {
		return gateway.Answer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	got, err := c.bus.Ask(ctx, HolderCommand, key, body)
	if err != nil {
		return gateway.Answer{}, err
	}
	var r struct {
		Answer gateway.Answer `json:"answer"`
		Err    *gateway.Error `json:"error"`
	}
	if err := json.Unmarshal(got, &r); err != nil {
		return gateway.Answer{}, fmt.Errorf("read the floor's answer: %w", err)
	}
	if r.Err != nil {
		return gateway.Answer{}, r.Err
	}
	return r.Answer, nil
}
