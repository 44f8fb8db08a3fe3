package voice_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/channels/voice"
	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

const (
	queue   = gateway.QueueID(7)
	anna    = gateway.AgentID(1)
	bo      = gateway.AgentID(2)
	service = "0701740605" // the number that customers dial
)

// logged is what the log says.
type logged struct {
	mu   sync.Mutex // guards text
	text strings.Builder
}

// Write implements io.Writer.
func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// lines are those with a message.
func (l *logged) lines(message string) (list []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.text.String()) {
		if strings.Contains(line, fmt.Sprintf("msg=%q ", message)) {
			list = append(list, line)
		}
	}
	return list
}

// house stands in for the neighbours: what they are told is written down, and what they
// would decide is done by the test.
type house struct {
	*voice.Voice
	t    testing.TB
	pool *pgxpool.Pool
	cfg  voice.Config
	stop func() // ends Run

	broken bool // Run ends by itself, with an error
	logged logged

	mu       sync.Mutex // guards what follows
	arrivals []gateway.Arrival
	commands []gateway.Command
	keys     map[string]error
	entries  []gateway.Entry
	events   []gateway.Event
	blobs    map[string][]byte
	phones   map[gateway.AgentID][]string
	watchers map[int]watcher
	next     int
	decide   func(cmd gateway.Command) error // the floor's answer; nil says yes
	received map[string]gateway.Received
	trouble  trouble
	over     bool                                // the floor has ended the interactions before it is told so
	limits   map[gateway.QueueID]gateway.Seconds // how long callers wait
	position int                                 // of everybody who waits
	wait     time.Duration
}

type watcher struct {
	topic string
	heard func(gateway.Event)
}

func newHouse(t testing.TB) *house {
	t.Helper()
	return &house{
		t: t, keys: map[string]error{}, blobs: map[string][]byte{}, phones: map[gateway.AgentID][]string{},
		watchers: map[int]watcher{}, limits: map[gateway.QueueID]gateway.Seconds{}, received: map[string]gateway.Received{}, next: 100,
	}
}

// quick has short waits where a test sits them out, and long ones where it must be in time.
var quick = voice.Patience{
	Accept: 400 * time.Millisecond, Arrive: 300 * time.Millisecond,
	Start: time.Minute, Lost: time.Minute, Ring: time.Minute, Sound: time.Minute, Try: time.Minute, Sign: time.Minute,
}

// open starts a telephone with a trunk whose callers wait so long.
func open(t *testing.T, maxWait gateway.Seconds, change ...func(*voice.Config)) *house {
	t.Helper()
	h := newHouse(t)
	h.pool = pgtest.New(t)
	cfg := voice.Config{Node: "test", Listen: netip.MustParseAddrPort("127.0.0.1:0"), Dir: t.TempDir(), Patience: quick}
	for _, f := range change {
		f(&cfg)
	}
	h.run(cfg, maxWait)
	return h
}

func (h *house) run(cfg voice.Config, maxWait gateway.Seconds) {
	h.t.Helper()
	log := slog.New(slog.NewTextHandler(io.MultiWriter(h.t.Output(), &h.logged), nil))
	v, err := voice.Open(h.t.Context(), cfg, h.pool, voice.Rooms{Intake: h, Floor: h, Feed: h, Phones: h, Queues: h, Places: h, Timeline: line{h}, Blobs: h}, log)
	if err != nil {
		h.t.Fatal(err)
	}
	h.Voice, h.cfg = v, cfg
	if maxWait > 0 {
		if _, err := v.PutTrunk(h.t.Context(), voice.Trunk{Name: "main", Number: service, Queue: queue, Language: "sv", MaxWait: maxWait}); err != nil {
			h.t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(h.t.Context()))
	done := make(chan error, 1)
	go func() { done <- v.Run(ctx) }()
	h.stop = sync.OnceFunc(func() {
		if !h.broken {
			cancel()
		}
		defer cancel()
		if err := <-done; (err != nil) != h.broken {
			h.t.Errorf("it ended with %v", err)
		}
	})
	h.t.Cleanup(h.stop)
}

// Receive implements voice.Intake.
func (h *house) Receive(ctx context.Context, a gateway.Arrival, also func(context.Context, pgx.Tx, gateway.Received) error) (gateway.Received, error) {
	h.mu.Lock()
	r, repeated := h.received[a.Key]
	r.Repeated = repeated
	if !repeated {
		h.next++
		r = gateway.Received{Interaction: gateway.InteractionID(h.next), Conversation: gateway.ConversationID(9000 + h.next)}
		if a.Conversation != 0 {
			r.Conversation = a.Conversation
		}
	}
	trouble := h.trouble
	h.mu.Unlock()
	lost := errors.New("the connection was lost")
	err := pgx.BeginFunc(ctx, h.pool, func(tx pgx.Tx) error {
		if trouble == beforeCommit {
			return lost
		}
		if also == nil {
			return nil
		}
		return also(ctx, tx, r)
	})
	if err != nil {
		return gateway.Received{}, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if !repeated {
		h.arrivals = append(h.arrivals, a)
		h.received[a.Key] = r
	}
	switch trouble {
	case afterFirst:
		h.trouble = none
		return gateway.Received{}, lost
	case afterCommit:
		return gateway.Received{}, lost
	case none, beforeCommit:
	}
	return r, nil
}

// trouble is what becomes of an arrival's transaction.
type trouble int

const (
	none         trouble = iota
	beforeCommit         // it never succeeds
	afterFirst           // the first commit is not heard of
	afterCommit          // no commit is
)

// Do implements voice.Floor.
func (h *house) Do(_ context.Context, key string, cmd gateway.Command) (gateway.Answer, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err, ok := h.keys[key]; ok {
		return gateway.Answer{}, err
	}
	var err error
	if h.decide != nil {
		err = h.decide(cmd)
	}
	if e := (*gateway.Error)(nil); err == nil || asError(err, &e) && e.Kind != gateway.KindTryAgain {
		h.keys[key] = err
	}
	h.commands = append(h.commands, cmd)
	answer := gateway.Answer{}
	if l, ok := cmd.(gateway.Leave); ok && !h.over {
		answer.Interaction = &gateway.Interaction{ID: l.Interaction, End: l.End}
	}
	return answer, err
}

// set changes what the house does, while it is running.
func (h *house) set(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
}

// arrived are the arrivals so far, told the floor's commands.
func (h *house) arrived() []gateway.Arrival {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.arrivals)
}

func (h *house) told() []gateway.Command {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.commands)
}

func asError(err error, e **gateway.Error) bool {
	x, ok := err.(*gateway.Error) //nolint:errorlint // ours, unwrapped
	*e = x
	return ok
}

// Reserve implements voice.Floor.
func (h *house) Reserve(context.Context) (gateway.InteractionID, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.next++
	return gateway.InteractionID(h.next), nil
}

// Watch implements voice.Feed.
func (h *house) Watch(topics []string, heard func(gateway.Event)) func() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.next++
	n := h.next
	h.watchers[n] = watcher{topics[0], heard}
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.watchers, n)
	}
}

// tell gives an event to whoever watches, twice: early and from the log.
func (h *house) tell(e gateway.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, w := range h.watchers {
		if w.topic == e.Topic {
			w.heard(e)
			w.heard(e)
		}
	}
}

// Append implements voice.Feed.
func (h *house) Append(_ context.Context, _ pgx.Tx, events ...gateway.Event) error { return nil }

// Announce implements voice.Feed.
func (h *house) Announce(events ...gateway.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, events...)
}

// Phones implements voice.Phones.
func (h *house) Phones(_ context.Context, a gateway.AgentID) ([]string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.phones[a], nil
}

// MaxWait implements voice.Queues.
func (h *house) MaxWait(_ context.Context, q gateway.QueueID) (gateway.Seconds, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.limits[q], nil
}

// Place implements voice.Places.
func (h *house) Place(context.Context, gateway.InteractionID) (int, time.Duration, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.position, h.wait, nil
}

// step tells of a step of the queue, with the end that it has made, if any.
func (h *house) step(id gateway.InteractionID, s gateway.Step, end gateway.End) {
	h.tell(gateway.NewEvent(gateway.TopicInteraction(id), "interaction.step", 0, map[string]any{"interaction": id, "queue": queue, "step": s}))
	if end != "" {
		h.change(gateway.Interaction{ID: id, State: gateway.StateFinished, End: end, Queue: queue, Rev: 50})
	}
}

// Put implements voice.Blobs.
func (h *house) Put(_ context.Context, r io.Reader) (string, int64, error) {
	b, err := io.ReadAll(r)
	h.mu.Lock()
	defer h.mu.Unlock()
	key := fmt.Sprintf("blob-%d", len(h.blobs))
	h.blobs[key] = b
	return key, int64(len(b)), err
}

// Note implements voice.Blobs.
func (h *house) Note(context.Context, pgx.Tx, string, int64, string, string) error { return nil }

// line is a Timeline: house has another Append already.
type line struct{ *house }

// Append implements voice.Timeline.
func (l line) Append(_ context.Context, _ pgx.Tx, entries ...*gateway.Entry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range entries {
		l.entries = append(l.entries, *e)
	}
	return nil
}

// did says whether the floor was given such a command.
func did[T gateway.Command](h *house, f func(T) bool) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.commands {
		if cmd, ok := c.(T); ok && f(cmd) {
			return true
		}
	}
	return false
}

func waitFor[T gateway.Command](h *house, what string, f func(T) bool) {
	h.t.Helper()
	phonetest.Wait(h.t, what, func() bool { return did(h, f) })
}

// interaction is the newest that was received on the channel.
func (h *house) interaction() gateway.InteractionID {
	h.t.Helper()
	var id gateway.InteractionID
	phonetest.Wait(h.t, "a call is received", func() bool {
		_ = h.pool.QueryRow(h.t.Context(), "select interaction_id from call where interaction_id <> 0 order by id desc limit 1").Scan(&id)
		return id != 0
	})
	return id
}

// offer asks an agent.
func (h *house) offer(id gateway.InteractionID, no int, agent gateway.AgentID) gateway.Offer {
	o := gateway.Offer{Interaction: id, No: no, Agent: agent, Kind: gateway.OfferQueue, Channel: gateway.Voice}
	h.tell(gateway.NewEvent(gateway.TopicInteraction(id), "offer.created", int64(no), o))
	return o
}

func (h *house) closeOffer(o gateway.Offer, how gateway.Outcome) {
	o.Outcome = how
	h.tell(gateway.NewEvent(gateway.TopicInteraction(o.Interaction), "offer.closed", int64(o.No), o))
}

func (h *house) change(i gateway.Interaction) {
	h.tell(gateway.NewEvent(gateway.TopicInteraction(i.ID), "interaction.changed", i.Rev, i))
}

// ends waits for the newest call's end and gives its cause.
func (h *house) ends() string {
	h.t.Helper()
	var cause, state string
	phonetest.Wait(h.t, "the call's row ends", func() bool {
		_ = h.pool.QueryRow(h.t.Context(), "select state, cause from call order by id desc limit 1").Scan(&state, &cause)
		return state == "ended"
	})
	var open int
	if err := h.pool.QueryRow(h.t.Context(), "select count(*) from leg where ended_at is null").Scan(&open); err != nil || open != 0 {
		h.t.Errorf("%d legs without an end; %v", open, err)
	}
	return cause
}

func (h *house) customer(hz int) *phonetest.Phone {
	return phonetest.NewPhone(h.t, "+46701234567", g711.A, hz)
}

// deskphone is an agent's telephone.
func (h *house) deskphone(a gateway.AgentID, hz int) *phonetest.Phone {
	p := phonetest.NewPhone(h.t, fmt.Sprintf("agent%d", a), g711.Mu, hz)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.phones[a] = []string{p.URI()}
	return p
}

// calls has a customer call who says the tone (0: nothing), and waits until the call is
// received.
func (h *house) calls(hz int) (customer *phonetest.Phone, c *phonetest.Call, id gateway.InteractionID) {
	h.t.Helper()
	customer = h.customer(hz)
	c = customer.Dial(service, h.Addr())
	return customer, c, h.interaction()
}

// ringing has a customer call who is answered, and the first agent's phone ring for them.
func (h *house) ringing() (customer, agent *phonetest.Phone, c, a *phonetest.Call, o gateway.Offer) {
	h.t.Helper()
	agent = h.deskphone(anna, 1000)
	customer, c, id := h.calls(440)
	phonetest.Wait(h.t, "the customer is answered", c.Up)
	o = h.offer(id, 1, anna)
	a = agent.Next()
	a.Ring()
	return customer, agent, c, a, o
}

// speaks has a caller say something that is long enough for a message.
func (h *house) speaks(customer *phonetest.Phone) {
	h.t.Helper()
	customer.Sound.Say(660)
	begun := customer.Sound.Sent()
	phonetest.Wait(h.t, "two seconds are said", func() bool { return customer.Sound.Sent() > begun+120 }) // of 20 ms
}

// talk brings a customer and an agent together.
func (h *house) talk() (customer, agent *phonetest.Phone, c, a *phonetest.Call, id gateway.InteractionID) {
	h.t.Helper()
	customer, agent, c, a, o := h.ringing()
	id = o.Interaction
	a.Answer()
	waitFor(h, "the agent's answer accepts", func(cmd gateway.Accept) bool {
		return cmd.Interaction == id && cmd.No == 1 && cmd.Agent == anna && cmd.ByPhone
	})
	phonetest.Talk(h.t, "they hear each other", customer, agent)
	return customer, agent, c, a, id
}

func (h *house) summary() gateway.CallSummary {
	h.t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	var s gateway.CallSummary
	for _, e := range h.entries {
		if e.Kind == gateway.EntryCall {
			if err := json.Unmarshal(e.Body, &s); err != nil {
				h.t.Error(err)
			}
		}
	}
	return s
}

// waitedUntilVoicemail says that the call's summary counts the wait up to the turn to
// voicemail, and no talk.
func (h *house) waitedUntilVoicemail() {
	h.t.Helper()
	const query = `
		select r.created_at - c.created_at, c.ended_at - c.created_at
		from call c
		join recording r on r.call_id = c.id`
	var wait, all time.Duration
	if err := h.pool.QueryRow(h.t.Context(), query).Scan(&wait, &all); err != nil {
		h.t.Fatal(err)
	}
	if s := h.summary(); s.WaitMS != wait.Milliseconds() || wait >= all || s.TalkMS != 0 {
		h.t.Errorf("a call of %v that turned to voicemail after %v is told as %+v", all, wait, s)
	}
}

func (h *house) voicemail() (gateway.Arrival, []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range h.arrivals {
		if a.Channel == gateway.Voicemail {
			var r gateway.Recording
			_ = json.Unmarshal(a.Entry.Body, &r)
			return a, bytes.Clone(h.blobs[r.Blob])
		}
	}
	return gateway.Arrival{}, nil
}

func gone() error { return gateway.Conflict("offer_gone", "somebody else was faster", nil) }

func emptyDir(t testing.TB, dir string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 0 {
		t.Errorf("left behind: %v, %v", files, err)
	}
}

func has(s, part string) bool { return strings.Contains(s, part) }
