package outbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/outbox"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// post is the world around an outbox: the far server, the feed and the bus.
type post struct {
	t    *testing.T
	pool *pgxpool.Pool
	box  *outbox.Store
	stop func()

	sent    chan gateway.Outbound // what the sender was given
	answers chan answer           // what it says; it waits for them

	mu   sync.Mutex // guards what follows
	more *sync.Cond // told has grown
	told []gateway.Outbound
	log  strings.Builder
	hear func([]byte)
}

type answer struct {
	gateway.Delivery
	err error
}

func newPost(t *testing.T) *post {
	t.Helper()
	p := &post{t: t, pool: pgtest.New(t), sent: make(chan gateway.Outbound, 100), answers: make(chan answer, 100)}
	p.more = sync.NewCond(&p.mu)
	p.start("node1")
	return p
}

// start runs an outbox of the named node until stop.
func (p *post) start(name string) {
	p.t.Helper()
	box := outbox.New(p.pool, name, map[gateway.OutboundKind]outbox.Sender{gateway.OutboundEmail: p}, p, p, slog.New(slog.NewTextHandler(p, nil)))
	ctx, cancel := context.WithCancel(p.t.Context())
	done := make(chan error, 1)
	go func() { done <- box.Run(ctx) }()
	p.box = box
	p.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			p.t.Errorf("run: %v", err)
		}
	})
	p.t.Cleanup(p.stop)
}

func (p *post) Send(ctx context.Context, out gateway.Outbound) (gateway.Delivery, error) {
	p.sent <- out
	select {
	case a := <-p.answers:
		return a.Delivery, a.err
	case <-ctx.Done():
		return gateway.Delivery{}, ctx.Err()
	}
}

func (p *post) Append(context.Context, pgx.Tx, ...gateway.Event) error { return nil }

func (p *post) Announce(events ...gateway.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range events {
		var out gateway.Outbound
		if err := json.Unmarshal(e.Data, &out); err != nil || e.Type != "message.updated" || e.Topic != gateway.TopicConversation(5) || e.Rev != out.Rev {
			p.t.Errorf("told %+v, %v", e, err)
		}
		p.told = append(p.told, out)
	}
	p.more.Broadcast()
}

func (p *post) Publish(_ string, data []byte) {
	p.mu.Lock()
	hear := p.hear
	p.mu.Unlock()
	if hear != nil {
		hear(data)
	}
}

func (p *post) Subscribe(_ string, hear func([]byte)) func() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hear = hear
	return func() {}
}

// Write is what the outbox logs.
func (p *post) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.Write(b)
}

func (p *post) add(messageID string, addresses ...string) (id int64) {
	p.t.Helper()
	out := gateway.Outbound{Kind: gateway.OutboundEmail, Conversation: 5, Pos: 9, MessageID: messageID, Body: []byte(`{"subject":"Re: x"}`)}
	for _, a := range addresses {
		out.Recipients = append(out.Recipients, gateway.Recipient{Address: a})
	}
	err := pgx.BeginFunc(p.t.Context(), p.pool, func(tx pgx.Tx) (err error) {
		id, err = p.box.Add(p.t.Context(), tx, out)
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	p.box.Wake()
	return id
}

func (p *post) get(id int64) gateway.Outbound {
	p.t.Helper()
	out, err := p.box.Get(p.t.Context(), id)
	if err != nil {
		p.t.Fatal(err)
	}
	return out
}

// settled waits until the row is no longer queued or being sent.
func (p *post) settled(id int64, attempts int) gateway.Outbound {
	p.t.Helper()
	for {
		out := p.get(id)
		if out.State != gateway.OutboundQueued && out.State != gateway.OutboundSending && out.Attempts == attempts {
			return out
		}
	}
}

// later lets the time come for the next attempt.
func (p *post) later(id int64) {
	p.t.Helper()
	if _, err := p.pool.Exec(p.t.Context(), `update outbound set due_at = now() where id = $1`, id); err != nil {
		p.t.Fatal(err)
	}
	p.box.Wake()
}

func says(state gateway.OutboundState, response string, each ...gateway.Recipient) answer {
	return answer{Delivery: gateway.Delivery{State: state, Response: response, Recipients: each}}
}

// toldAll waits until as many changes have been told: telling comes after the commit.
func (p *post) toldAll(want ...gateway.OutboundState) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.told) < len(want) {
		p.more.Wait()
	}
	var got []gateway.OutboundState
	for _, out := range p.told {
		got = append(got, out.State)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		p.t.Errorf("told (-want +got):\n%s", diff)
	}
}

func TestSent(t *testing.T) {
	p := newPost(t)
	p.answers <- says(gateway.OutboundSent, "250 2.0.0 queued as 4711")
	id := p.add("a@vaxel", "maja@example.com", "kim@example.com", "maja@example.com")

	got := <-p.sent
	if got.ID != id || got.MessageID != "a@vaxel" || got.Conversation != 5 || got.Pos != 9 || string(got.Body) != `{"subject":"Re: x"}` ||
		len(got.Recipients) != 2 || got.Attempts != 1 || got.Doubtful || got.State != gateway.OutboundSending {
		t.Errorf("sender was given %+v", got)
	}
	out := p.settled(id, 1)
	if out.State != gateway.OutboundSent || out.Response != "250 2.0.0 queued as 4711" || !out.DueAt.IsZero() || out.Recipients[0].State != gateway.OutboundSent {
		t.Errorf("got %+v", out)
	}
	p.toldAll(gateway.OutboundSending, gateway.OutboundSent)
	if list, err := p.box.Of(t.Context(), 5); err != nil || len(list) != 1 || list[0].ID != id {
		t.Errorf("of conversation: got %v, %v", list, err)
	}
}

func TestDeferredIsTriedAgainWithLongerPauses(t *testing.T) {
	p := newPost(t)
	refused := errors.New("dial: connection refused")
	p.answers <- answer{err: refused}
	id := p.add("a@vaxel", "maja@example.com")
	if _, err := p.pool.Exec(t.Context(), `update outbound set created_at = now() - interval '73 hours'`); err != nil { // it had to wait for a slow lane
		t.Fatal(err)
	}
	for attempt, pause := range []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 4 * time.Hour} {
		<-p.sent
		out := p.settled(id, attempt+1)
		if wait := time.Until(out.DueAt); out.State != gateway.OutboundDeferred || wait > pause || wait < pause-30*time.Second || out.Response != refused.Error() {
			t.Errorf("attempt %d: got %+v, again in %v want %v", attempt+1, out, wait, pause)
		}
		p.answers <- says(gateway.OutboundDeferred, refused.Error())
		p.later(id)
	}
	p.mu.Lock()
	if log := p.log.String(); !strings.Contains(log, `level=WARN msg="outbound deferred"`) { // of warnings a flood is counted
		t.Errorf("logged %q", log)
	}
	p.mu.Unlock()
	<-p.sent
	p.settled(id, 8)
	if _, err := p.pool.Exec(t.Context(), `update outbound set tried_at = now() - interval '73 hours'`); err != nil {
		t.Fatal(err)
	}
	p.answers <- says(gateway.OutboundDeferred, "451 later")
	p.later(id)
	if out := p.settled(id, 9); out.State != gateway.OutboundFailed || !out.DueAt.IsZero() || out.Response != "451 later" {
		t.Errorf("after 72 hours: got %+v", out)
	}
}

func TestEachRecipientHasItsResult(t *testing.T) {
	p := newPost(t)
	p.answers <- says(gateway.OutboundSent, "250 ok",
		gateway.Recipient{Address: "b@x", State: gateway.OutboundDeferred, Response: "451 greylisted"},
		gateway.Recipient{Address: "c@x", State: gateway.OutboundFailed, Response: "550 no such user\x00"})
	id := p.add("a@vaxel", "a@x", "b@x", "c@x")
	<-p.sent
	out := p.settled(id, 1)
	want := []gateway.Recipient{
		{Address: "a@x", State: gateway.OutboundSent, Response: "250 ok"},
		{Address: "b@x", State: gateway.OutboundDeferred, Response: "451 greylisted"},
		{Address: "c@x", State: gateway.OutboundFailed, Response: "550 no such user"},
	}
	if diff := cmp.Diff(want, out.Recipients); diff != "" || out.State != gateway.OutboundDeferred {
		t.Errorf("%s (-want +got):\n%s", out.State, diff)
	}
	p.answers <- says(gateway.OutboundSent, "250 now")
	p.later(id)
	if again := <-p.sent; len(again.Recipients) != 1 || again.Recipients[0].Address != "b@x" {
		t.Errorf("second attempt went to %+v", again.Recipients)
	}
	if out := p.settled(id, 2); out.State != gateway.OutboundFailed || out.Recipients[1].State != gateway.OutboundSent {
		t.Errorf("got %+v want failed, for one of them did", out)
	}
}

func TestUnknownIsSentOnceMoreDoubtful(t *testing.T) {
	p := newPost(t)
	p.answers <- says(gateway.OutboundUnknown, "connection lost after the final dot")
	id := p.add("a@vaxel", "maja@example.com")
	<-p.sent
	if out := p.settled(id, 1); out.State != gateway.OutboundUnknown || time.Until(out.DueAt) > time.Minute || !out.Doubtful {
		t.Errorf("got %+v", out)
	}
	p.answers <- says(gateway.OutboundUnknown, "again")
	p.later(id)
	if again := <-p.sent; !again.Doubtful || again.MessageID != "a@vaxel" {
		t.Errorf("second attempt was given %+v", again)
	}
	if out := p.settled(id, 2); out.State != gateway.OutboundUnknown || !out.DueAt.IsZero() {
		t.Errorf("got %+v want unknown for good", out)
	}
}

// Where the sender finds out what became of the last attempt, it is asked until it has: but not for ever.
func TestWhatIsFiledIsFoundOut(t *testing.T) {
	p := newPost(t)
	p.answers <- says(gateway.OutboundUnknown, "connection lost after the final dot")
	var id int64
	err := pgx.BeginFunc(t.Context(), p.pool, func(tx pgx.Tx) (err error) {
		id, err = p.box.Add(t.Context(), tx, gateway.Outbound{
			Kind: gateway.OutboundEmail, Conversation: 5, Pos: 9, Body: json.RawMessage(`{}`), Filed: true,
			Recipients: []gateway.Recipient{{Address: "maja@example.com"}},
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	p.box.Wake()
	for attempt := 1; attempt <= 6; attempt++ {
		if got := <-p.sent; got.Doubtful != (attempt > 1) || !got.Filed {
			t.Errorf("attempt %d was given %+v", attempt, got)
		}
		if out := p.settled(id, attempt); out.State != gateway.OutboundUnknown || out.DueAt.IsZero() != (attempt == 6) {
			t.Errorf("after attempt %d: %+v", attempt, out)
		}
		if attempt < 6 {
			p.answers <- says(gateway.OutboundUnknown, "again")
			p.later(id)
		}
	}
}

func TestASenderThatCannotSayIsUnknown(t *testing.T) {
	p := newPost(t)
	p.answers <- says("", strings.Repeat("å", 5000))
	id := p.add("a@vaxel", "maja@example.com")
	<-p.sent
	if out := p.settled(id, 1); out.State != gateway.OutboundUnknown || len(out.Response) > 1000 {
		t.Errorf("got %+v", out)
	}
}

// lose makes the row look as a node leaves it that dies while sending.
func (p *post) lose(id int64, node string) {
	p.t.Helper()
	_, err := p.pool.Exec(p.t.Context(), `
		update outbound
		set state = 'sending', holder = $2, due_at = now() + interval '10 minutes', attempts = attempts + 1
		where id = $1`, id, node)
	if err != nil {
		p.t.Fatal(err)
	}
}

func TestWhatADeadNodeHeldIsDoubtful(t *testing.T) {
	p := newPost(t)
	p.stop()
	id := p.add("a@vaxel", "maja@example.com")
	p.lose(id, "node1")
	p.answers <- says(gateway.OutboundSent, "250 ok")
	p.start("node1") // its next life knows at once
	if got := <-p.sent; !got.Doubtful || got.Attempts != 2 {
		t.Errorf("sender was given %+v", got)
	}
	p.settled(id, 2)

	other := p.add("b@vaxel", "maja@example.com")
	<-p.sent
	p.stop()
	p.lose(other, "node2")
	p.start("node1") // another node waits for the lease to end
	p.later(other)
	if got := <-p.sent; got.ID != other || !got.Doubtful {
		t.Errorf("sender was given %+v", got)
	}
	p.stop()
	p.lose(other, "node2")
	p.start("node1") // dead twice: a third attempt would risk a third copy
	p.later(other)
	for p.get(other).State != gateway.OutboundUnknown {
	}
	if out := p.get(other); !out.DueAt.IsZero() {
		t.Errorf("got %+v want it left", out)
	}
}

func TestTwoNodesSendOnce(t *testing.T) {
	p := newPost(t)
	first := p.stop
	p.start("node2")
	defer first()
	const mails = 40
	for range mails {
		p.answers <- says(gateway.OutboundSent, "250 ok")
	}
	ids := map[int64]bool{}
	for range mails {
		ids[p.add("", "maja@example.com")] = true
	}
	for range mails {
		got := <-p.sent
		if !ids[got.ID] {
			t.Errorf("%d was sent twice", got.ID)
		}
		delete(ids, got.ID)
	}
}

func TestAddNeedsARecipientAndANewMessageID(t *testing.T) {
	p := newPost(t)
	p.stop()
	p.add("a@vaxel", "maja@example.com")
	for name, out := range map[string]gateway.Outbound{
		"nobody":    {Kind: gateway.OutboundEmail, Body: []byte(`{}`)},
		"same mail": {Kind: gateway.OutboundEmail, Body: []byte(`{}`), MessageID: "a@vaxel", Recipients: []gateway.Recipient{{Address: "x@x"}}},
	} {
		err := pgx.BeginFunc(t.Context(), p.pool, func(tx pgx.Tx) error {
			_, err := p.box.Add(t.Context(), tx, out)
			return err
		})
		if err == nil {
			t.Errorf("%s was added", name)
		}
	}
	if _, err := p.box.Get(t.Context(), 404); !errors.Is(err, gateway.ErrNotFound) {
		t.Errorf("get 404: got %v want not found", err)
	}
}

// bounced notes a bounce as the mail channel does.
func (p *post) bounced(messageID string, r gateway.Recipient) (out gateway.Outbound, found bool) {
	p.t.Helper()
	err := pgx.BeginFunc(p.t.Context(), p.pool, func(tx pgx.Tx) (err error) {
		out, found, err = p.box.Bounced(p.t.Context(), tx, messageID, r)
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return out, found
}

func TestBounce(t *testing.T) {
	p := newPost(t)
	p.answers <- says(gateway.OutboundSent, "250 ok")
	id := p.add("a@vaxel", "a@x", "b@x")
	<-p.sent
	p.settled(id, 1)
	if _, found := p.bounced("other@vaxel", gateway.Recipient{State: gateway.OutboundFailed}); found {
		t.Error("found a mail that is not ours")
	}
	p.bounced("a@vaxel", gateway.Recipient{Address: "a@x", State: gateway.OutboundDeferred, Response: "delayed"})
	if out := p.get(id); out.State != gateway.OutboundSent || out.Recipients[0].Response != "delayed" {
		t.Errorf("delayed: got %+v", out)
	}
	out, found := p.bounced("a@vaxel", gateway.Recipient{Address: "b@x", State: gateway.OutboundFailed, Response: "550 5.1.1"})
	if diff := cmp.Diff(p.get(id), out); diff != "" || !found || out.State != gateway.OutboundFailed || out.Recipients[0].State != gateway.OutboundSent {
		t.Errorf("failed: got %+v, stored (-stored +got):\n%s", out, diff)
	}
}

// A bounce can be faster than our noting that the mail was taken.
func TestABounceDuringTheSending(t *testing.T) {
	p := newPost(t)
	id := p.add("a@vaxel", "a@x", "b@x")
	<-p.sent
	p.bounced("a@vaxel", gateway.Recipient{Address: "B@x", State: gateway.OutboundFailed, Response: "550 5.1.1"})
	p.answers <- says(gateway.OutboundSent, "250 ok")
	p.toldAll(gateway.OutboundSending, gateway.OutboundFailed)
	out := p.get(id)
	if out.Recipients[0].State != gateway.OutboundSent || out.Recipients[1].State != gateway.OutboundFailed || out.Recipients[1].Response != "550 5.1.1" {
		t.Errorf("got %+v", out)
	}
}

// A report that names nobody means whomever the attempt has reached; who was put off is
// still tried.
func TestABounceOfNobodyDuringTheSending(t *testing.T) {
	p := newPost(t)
	id := p.add("a@vaxel", "a@x", "b@x")
	<-p.sent
	p.bounced("a@vaxel", gateway.Recipient{State: gateway.OutboundFailed, Response: "550 5.1.1"})
	p.answers <- says(gateway.OutboundSent, "250 ok", gateway.Recipient{Address: "b@x", State: gateway.OutboundDeferred, Response: "451 busy"})
	out := p.settled(id, 1)
	if out.State != gateway.OutboundDeferred || out.Recipients[0].State != gateway.OutboundFailed || out.Recipients[1].State != gateway.OutboundDeferred {
		t.Errorf("got %+v", out)
	}
}

// A recipient of whom nobody knows any more does not keep another from being tried again.
func TestOneUnknownForGoodOneDeferred(t *testing.T) {
	p := newPost(t)
	halves := says(gateway.OutboundUnknown, "broke off", gateway.Recipient{Address: "b@x", State: gateway.OutboundDeferred, Response: "451 busy"})
	p.answers <- halves
	p.answers <- halves
	id := p.add("a@vaxel", "a@x", "b@x")
	<-p.sent
	p.settled(id, 1)
	p.later(id)
	<-p.sent
	if out := p.settled(id, 2); out.State != gateway.OutboundDeferred || out.DueAt.IsZero() {
		t.Errorf("got %+v want one still to be tried", out)
	}
	p.answers <- says(gateway.OutboundSent, "250 ok")
	p.later(id)
	if last := <-p.sent; len(last.Recipients) != 1 || last.Recipients[0].Address != "b@x" {
		t.Errorf("sender was given %+v want b alone", last.Recipients)
	}
	if out := p.settled(id, 3); out.State != gateway.OutboundUnknown || !out.DueAt.IsZero() {
		t.Errorf("got %+v want what is left", out)
	}
}

// The last who was to be tried again is given up by a bounce: nobody is left to send to.
func TestABounceLeavesOneUnknownForGood(t *testing.T) {
	p := newPost(t)
	halves := says(gateway.OutboundUnknown, "broke off", gateway.Recipient{Address: "b@x", State: gateway.OutboundDeferred, Response: "451 busy"})
	p.answers <- halves
	p.answers <- halves
	id := p.add("a@vaxel", "a@x", "b@x")
	<-p.sent
	p.settled(id, 1)
	p.later(id)
	<-p.sent
	p.settled(id, 2)
	p.bounced("a@vaxel", gateway.Recipient{Address: "b@x", State: gateway.OutboundFailed, Response: "550 5.1.1"})
	if out := p.get(id); out.State != gateway.OutboundUnknown || !out.DueAt.IsZero() {
		t.Errorf("got %+v want it left", out)
	}
}

// addAt adds a message that may wait until a time.
func (p *post) addAt(messageID string, pos int64, at time.Time) {
	p.t.Helper()
	err := pgx.BeginFunc(p.t.Context(), p.pool, func(tx pgx.Tx) error {
		_, err := p.box.Add(p.t.Context(), tx, gateway.Outbound{
			Kind: gateway.OutboundEmail, Conversation: 5, Pos: pos, MessageID: messageID, Body: json.RawMessage(`{}`), SendAt: at,
			Recipients: []gateway.Recipient{{Address: "maja@example.com"}},
		})
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	p.box.Wake()
}

func (p *post) cancel(pos int64) (e gateway.Event, err error) {
	err = pgx.BeginFunc(p.t.Context(), p.pool, func(tx pgx.Tx) error {
		e, err = p.box.Cancel(p.t.Context(), tx, 5, pos)
		return err
	})
	return e, err
}

// What waits for its time is not sent before, is sent then, and its 72 hours begin then. What
// is cancelled meanwhile never is; what has left can't be.
func TestWhatWaitsMayBeCancelled(t *testing.T) {
	p := newPost(t)
	p.addAt("later@vaxel", 1, time.Now().Add(100*time.Hour))
	p.addAt("never@vaxel", 2, time.Now().Add(time.Hour))
	for range 2 {
		if e, err := p.cancel(2); err != nil || e.Type != "message.updated" {
			t.Fatalf("cancel: got %v, %v", e, err)
		}
	}
	p.answers <- says(gateway.OutboundSent, "250")
	p.addAt("now@vaxel", 3, time.Time{})
	now := <-p.sent
	if now.MessageID != "now@vaxel" {
		t.Errorf("sent %s", now.MessageID)
	}
	p.settled(now.ID, 1) // or its lease would be over a hundred hours later
	// A hundred hours later.
	if _, err := p.pool.Exec(t.Context(), "update outbound set created_at = created_at - interval '101 hours', due_at = due_at - interval '101 hours', send_at = send_at - interval '101 hours'"); err != nil {
		t.Fatal(err)
	}
	p.answers <- answer{err: errors.New("dial: connection refused")}
	p.box.Wake()
	got := <-p.sent
	if got.MessageID != "later@vaxel" {
		t.Errorf("sent %s", got.MessageID)
	}
	if out := p.settled(got.ID, 1); out.State != gateway.OutboundDeferred {
		t.Errorf("after its first attempt: got %v want deferred", out.State)
	}
	if _, err := p.cancel(1); !errors.Is(err, gateway.ErrConflict) {
		t.Errorf("cancel what was tried: got %v", err)
	}
	if _, err := p.cancel(4); !errors.Is(err, gateway.ErrNotFound) {
		t.Errorf("cancel nothing: got %v", err)
	}
	list, err := p.box.Of(t.Context(), 5)
	if err != nil || len(list) != 3 || list[1].State != gateway.OutboundCancelled || list[1].Recipients[0].State != gateway.OutboundCancelled || !list[1].DueAt.IsZero() {
		t.Errorf("got %+v, %v", list, err)
	}
}

// What waited is kept as long as anything else, counted from when it left.
func TestWhatWaitedIsKeptFromWhenItLeft(t *testing.T) {
	p := newPost(t)
	p.answers <- says(gateway.OutboundSent, "250")
	p.addAt("at-once@vaxel", 1, time.Time{})
	p.settled((<-p.sent).ID, 1)
	p.answers <- says(gateway.OutboundSent, "250")
	p.addAt("waited@vaxel", 2, time.Now().Add(-time.Second))
	waited := p.settled((<-p.sent).ID, 1)
	if _, err := p.pool.Exec(t.Context(), "update outbound set created_at = now() - interval '100 days'"); err != nil {
		t.Fatal(err)
	}
	if n, err := p.box.Sweep(t.Context(), time.Now().Add(-90*24*time.Hour)); err != nil || n != 1 {
		t.Errorf("swept %d, %v; want the one that left at once", n, err)
	}
	if out := p.get(waited.ID); out.MessageID != "waited@vaxel" {
		t.Errorf("left: %+v", out)
	}
}
