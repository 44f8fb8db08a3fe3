package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
)

// Options say where a node finds the others.
type Options struct {
	URL   string // nats://user:password@host:4222, several with commas; tls:// for TLS
	Scope string // keeps contact centres apart that share a NATS: letters, digits, - and _
	Run   string // names this run of this node, as no other ever
	Log   *slog.Logger
}

// Cluster is the bus of several nodes: Local within this one, core NATS between them.
//
// Every node hears every hint, numbered by its publisher. A number that is missing, a cut
// connection, or hints that PostgreSQL says were published and that did not come (Nodes)
// make all subscriptions here look: each is given a hint without data, and finds in
// PostgreSQL what it has missed. While NATS is away hints come so every two seconds, and
// questions reach only holders on the same node.
//
// A question goes to whoever serves its name, here first. For a moment two nodes may
// serve one name; the answer that comes first is taken, and the holder is fenced.
type Cluster struct {
	local *Local
	conn  *nats.Conn
	opts  Options

	sent    atomic.Uint64 // hints published
	pending chan []byte   // hints on their way to the connection
	stop    chan struct{}
	ended   sync.WaitGroup

	mu    sync.Mutex        // guards what follows
	heard map[string]uint64 // by run: the number of its last hint that came, or was looked for
}

var _ Bus = (*Cluster)(nil)

const (
	natsPing      = 2 * time.Second // a dead connection is noticed after three
	natsReconnect = 250 * time.Millisecond
)

// Join connects to the NATS servers, also when none answers yet. Close leaves.
func Join(opts Options) (*Cluster, error) {
	c := &Cluster{
		local: New(), opts: opts, pending: make(chan []byte, buffer), stop: make(chan struct{}), heard: map[string]uint64{},
	}
	conn, err := nats.Connect(opts.URL,
		nats.Name("vaxel "+opts.Run), nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.ReconnectWait(natsReconnect),
		nats.ReconnectBufSize(-1), // what is not sent at once is lost, and found in PostgreSQL
		nats.PingInterval(natsPing), nats.MaxPingsOutstanding(2),
		nats.ConnectHandler(func(*nats.Conn) { opts.Log.Info("joined the bus"); c.resume() }),
		nats.ReconnectHandler(func(*nats.Conn) { opts.Log.Info("joined the bus again"); c.resume() }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { opts.Log.Warn("the bus is away", "err", err) }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			opts.Log.Warn("trouble on the bus", "err", err)
			c.local.missed()
		}))
	if err != nil {
		return nil, fmt.Errorf("join the bus (is nats a list of addresses such as nats://10.0.0.5:4222?): %w", err)
	}
	c.conn = conn
	if _, err := conn.Subscribe(c.hints(), c.hear); err != nil {
		conn.Close()
		return nil, fmt.Errorf("join the bus: %w", err)
	}
	c.ended.Go(c.send)
	return c, nil
}

// Close leaves the bus. Nothing may be subscribed or served any more.
func (c *Cluster) Close() {
	close(c.stop)
	c.ended.Wait()
	c.conn.Close()
}

func (c *Cluster) hints() string { return "vaxel." + c.opts.Scope + ".hint" }

// resume looks for what was missed while the bus was away, and asks again.
func (c *Cluster) resume() {
	c.local.missed()
	c.local.moved()
}

// Publish is described at Bus.
func (c *Cluster) Publish(subject string, data []byte) {
	c.local.Publish(subject, data)
	c.tell(subject, data)
}

// tell gives a hint to the other nodes. What does not fit is counted and so looked for.
func (c *Cluster) tell(subject string, data []byte) {
	frame := hint{run: c.opts.Run, n: c.sent.Add(1), subject: subject, data: data}.append(nil)
	if len(frame) > maxFrame {
		frame = hint{run: c.opts.Run, n: c.sent.Load(), subject: subject}.append(nil)
	}
	select {
	case c.pending <- frame:
	default:
	}
}

// send is apart from Publish, which never waits.
func (c *Cluster) send() {
	for {
		select {
		case <-c.stop:
			return
		case frame := <-c.pending:
			_ = c.conn.Publish(c.hints(), frame) // a hint may be lost
		}
	}
}

// hear passes on what another node has published.
func (c *Cluster) hear(m *nats.Msg) {
	h, ok := parseHint(m.Data)
	if !ok || h.run == c.opts.Run {
		return
	}
	c.mu.Lock()
	last, known := c.heard[h.run]
	c.heard[h.run] = max(last, h.n)
	c.mu.Unlock()
	if known && h.n > last+1 {
		c.local.missed()
	}
	if h.subject == subjectServed {
		c.local.movedOne(string(h.data))
		return
	}
	c.local.Publish(h.subject, h.data)
}

// subjectServed is a hint of the bus's own: its data is a name that a node has begun to serve.
const subjectServed = "bus.served"

// published says how many hints this node has published.
func (c *Cluster) published() uint64 { return c.sent.Load() }

// compare looks for hints that were published, as PostgreSQL knows, and have not come; or
// for what a node may not have told before it died (short). Runs that are gone are forgotten.
func (c *Cluster) compare(published map[string]uint64, short bool) {
	c.mu.Lock()
	for run, n := range published {
		if run == c.opts.Run {
			continue
		}
		if c.heard[run] < n {
			short, c.heard[run] = true, n
		}
	}
	for run := range c.heard {
		if _, here := published[run]; !here {
			delete(c.heard, run)
		}
	}
	c.mu.Unlock()
	if short {
		c.local.missed()
	}
}

// Subscribe is described at Bus.
func (c *Cluster) Subscribe(subject string, f func(data []byte)) (cancel func()) {
	return c.local.Subscribe(subject, f)
}

// Serve is described at Bus.
func (c *Cluster) Serve(name string, f func(ctx context.Context, key string, body []byte) ([]byte, error)) (cancel func()) {
	leave := c.local.Serve(name, f)
	var under sync.WaitGroup
	sub, err := c.conn.Subscribe(c.questions(name), func(m *nats.Msg) {
		under.Go(func() { c.answer(m, name) })
	})
	if err != nil { // only when closed
		c.opts.Log.Error("serve a name on the bus", "name", name, "err", err)
		return leave
	}
	c.tell(subjectServed, []byte(name))
	return sync.OnceFunc(func() {
		_ = sub.Unsubscribe() // it is gone with the connection, else
		leave()
		under.Wait()
	})
}

// answer asks the holder here on behalf of another node.
func (c *Cluster) answer(m *nats.Msg, name string) {
	q, ok := parseQuestion(m.Data)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), q.patience) //nolint:forbidigo // the asker is on another node, and says how long it waits
	defer cancel()
	h, _ := c.local.take(name)
	err := nobody(name)
	var body []byte
	if h != nil {
		body, err = h.ask(ctx, q.key, q.body)
	}
	_ = m.Respond(reply(body, err)) // nobody to tell that nobody hears it
}

// Ask is described at Bus.
func (c *Cluster) Ask(ctx context.Context, name, key string, body []byte) ([]byte, error) {
	if len(key)+len(body) > maxFrame {
		return nil, errors.New("a question is longer than the bus carries")
	}
	return c.local.persist(ctx, name, key, body, c.askAway)
}

// askAway asks whoever serves the name on another node.
func (c *Cluster) askAway(ctx context.Context, moved <-chan struct{}, name, key string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	q := question{patience: patience, key: key, body: body}
	if end, ok := ctx.Deadline(); ok {
		q.patience = time.Until(end)
	}
	type response struct {
		m   *nats.Msg
		err error
	}
	got := make(chan response, 1)
	go func() {
		m, err := c.conn.RequestWithContext(ctx, c.questions(name), q.append(nil))
		got <- response{m, err}
	}()
	select {
	case r := <-got:
		if r.err != nil {
			return nil, nobody(name) // also when the bus is away
		}
		return parseReply(r.m.Data)
	case <-moved:
		return nil, nobody(name)
	case <-ctx.Done():
		return nil, silent
	}
}

func (c *Cluster) questions(name string) string {
	return "vaxel." + c.opts.Scope + ".ask." + token(name)
}

// moved wakes all who ask: their holders may be elsewhere now.
func (l *Local) moved() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for name := range l.came {
		l.cameLocked(name)
	}
}

func (l *Local) movedOne(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cameLocked(name)
}
