package bench

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/bus"
	"github.com/vaxelhq/vaxel/gateway/feed"
	"github.com/vaxelhq/vaxel/gateway/timeline"
	"github.com/vaxelhq/vaxel/localpg"
	"github.com/vaxelhq/vaxel/migrations"
)

// The load of chat: so many visitors, and agents who hold four each.
const (
	chatVisitors = 50
	chatAgents   = (chatVisitors + 3) / 4
	chatRate     = 2000 // lines a second of the open loop, if the closed one reaches twice that
)

// chatLines measures a customer's line from the widget's socket through the commit to the
// agent's socket.
func chatLines(ctx context.Context, b *Bench) error {
	t, err := b.openTalk(ctx)
	if err != nil {
		return err
	}
	reach, err := t.throughput(ctx)
	if err != nil {
		return err
	}
	fsyncs, err := b.fsyncs()
	if err != nil {
		return err
	}
	if err := t.latency(ctx, min(chatRate, int(reach.perSecond/2))); err != nil {
		return err
	}
	if err := t.stored(ctx); err != nil {
		return err
	}
	if err := t.house.stop(); err != nil {
		return err
	}
	writer, err := b.writer(ctx)
	if err != nil {
		return err
	}
	b.tell(Figure{
		Name: "chat.messages_per_s", Value: reach.perSecond, Unit: "1/s", Errors: t.lost(), CPU: new(reach.cpu), Bound: new(writer.perSecond),
		Method: fmt.Sprintf("%d widgets over TCP, closed loop: the next line when the last is acknowledged and on the agent's socket; %v, median of %d; %v; bound: the writer alone",
			chatVisitors, b.share(6), runs, reach.shares),
	})
	b.tell(Figure{
		Name: "chat.writer_per_s", Value: writer.perSecond, Unit: "1/s", CPU: new(writer.cpu), Bound: new(fsyncs),
		Method: fmt.Sprintf("component: timeline's group commit with its events, 500 callers in this process, embedded PostgreSQL, median of %d; bound: fsyncs, one line each", runs),
	})
	b.tell(Figure{
		Name: "chat.fsync_per_s", Value: fsyncs, Unit: "1/s",
		Method: fmt.Sprintf("physical: 8 KiB appended and fdatasync, one after the other, same disk, median of %d", runs),
	})
	return nil
}

// rate is what a closed loop reached.
type rate struct {
	perSecond, cpu float64
	shares         shares
}

func middle(list []rate) rate {
	var speeds []float64
	for _, r := range list {
		speeds = append(speeds, r.perSecond)
	}
	m := median(speeds)
	for _, r := range list {
		if r.perSecond == m {
			return r
		}
	}
	return rate{}
}

// talk is visitors and agents in conversation.
type talk struct {
	b     *Bench
	house *house
	list  []*talker
	going atomic.Bool
	fault atomic.Int64
}

// talker is a visitor with what has become of the lines.
type talker struct {
	*visitor
	turn chan struct{} // a line has come all the way

	mu      sync.Mutex // guards what follows
	said    int        // lines, counted from 1; the next is said+1
	acked   int        // all up to here are acknowledged
	shown   int        // all up to here stand on the agent's socket
	due     map[int]time.Time
	delays  []time.Duration
	timing  bool
	muddled int // acknowledged or shown out of order
}

func (b *Bench) openTalk(ctx context.Context) (*talk, error) {
	h, err := b.newHouse(ctx, chatAgents, nil)
	if err != nil {
		return nil, err
	}
	if _, err := h.launch(ctx, widgets); err != nil {
		return nil, err
	}
	t := &talk{b: b, house: h}
	var taken atomic.Int64
	for _, a := range h.agents {
		a.offered = func(a *agent, o offer, _ time.Time) { a.accept(ctx, o, func() { taken.Add(1) }) }
		a.told = t.shown
	}
	if err := h.work(ctx); err != nil {
		return nil, err
	}
	var guests []*visitor
	for n := range chatVisitors {
		v := &talker{visitor: &visitor{h: h, no: n}, turn: make(chan struct{}, 2), due: map[int]time.Time{}}
		v.visitor.acked = v.acknowledged
		t.list, guests = append(t.list, v), append(guests, v.visitor)
	}
	listen := func(v *visitor) {
		go func() {
			if err := v.listen(ctx); t.going.Load() {
				t.fault.Add(1)
				b.note("visitor %d: %v", v.no, err)
			}
		}()
	}
	if err := h.visitAll(ctx, guests, 10, true, listen); err != nil {
		return nil, err
	}
	return t, h.wait(ctx, "the agents to hold every chat", func() bool { return taken.Load() == chatVisitors })
}

// acknowledged hears of the visitor's side.
func (v *talker) acknowledged(cid []byte) {
	n := 0
	for _, c := range cid {
		n = n*10 + int(c-'0')
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if n != v.acked+1 {
		v.muddled++
	}
	v.acked = n
	v.wakeLocked()
}

// shown hears of the agents' side. Each frame comes twice, early and from the log; the
// first counts.
func (t *talk) shown(frame []byte, at time.Time) {
	no, n, ok := lineIn(frame)
	if !ok || n == 0 {
		return
	}
	v := t.list[no]
	v.mu.Lock()
	defer v.mu.Unlock()
	if n <= v.shown {
		return
	}
	if n != v.shown+1 {
		v.muddled++
	}
	v.shown = n
	if v.timing {
		v.delays = append(v.delays, at.Sub(v.due[n]))
		delete(v.due, n)
	}
	v.wakeLocked()
}

func (v *talker) wakeLocked() {
	if v.acked == v.said && v.shown == v.said {
		select {
		case v.turn <- struct{}{}:
		default:
		}
	}
}

// next says the next line.
func (v *talker) next(ctx context.Context) error {
	v.mu.Lock()
	v.said++
	n := v.said
	v.mu.Unlock()
	return v.say(ctx, n)
}

// closedLoop has every visitor talk for a while, line after line.
func (t *talk) closedLoop(ctx context.Context, d time.Duration) (lines int) {
	t.going.Store(true)
	defer t.going.Store(false)
	end := time.Now().Add(d)
	var all sync.WaitGroup
	var count atomic.Int64
	for _, v := range t.list {
		all.Go(func() {
			for time.Now().Before(end) {
				if err := v.next(ctx); err != nil {
					t.fault.Add(1)
					return
				}
				select {
				case <-v.turn:
					count.Add(1)
				case <-time.After(patience / 4):
					t.fault.Add(1)
					return
				case <-ctx.Done():
					return
				}
			}
		})
	}
	all.Wait()
	return int(count.Load())
}

func (t *talk) throughput(ctx context.Context) (rate, error) {
	t.closedLoop(ctx, t.b.share(15))
	var got []rate
	for range runs {
		m := measure(t.house.pid())
		lines := t.closedLoop(ctx, t.b.share(6))
		c := m.cost(lines)
		got = append(got, rate{float64(lines) / c.seconds, c.cpu, c.shares})
		t.b.note("chat: %.0f lines/s, %.2f ms each; %v", got[len(got)-1].perSecond, c.cpu, c.shares)
	}
	return middle(got), ctx.Err()
}

// openLoop says so many lines a second, whatever becomes of them, and gives how long each
// took from when it was due.
func (t *talk) openLoop(ctx context.Context, perSecond int, d time.Duration) (delays []time.Duration) {
	t.going.Store(true)
	defer t.going.Store(false)
	begin := time.Now().Add(20 * time.Millisecond)
	step := time.Second / time.Duration(perSecond)
	var all sync.WaitGroup
	for i, v := range t.list {
		all.Go(func() {
			for at := begin.Add(time.Duration(i) * step); at.Before(begin.Add(d)); at = at.Add(time.Duration(len(t.list)) * step) {
				time.Sleep(time.Until(at))
				v.mu.Lock()
				v.timing = true
				v.due[v.said+1] = at
				v.mu.Unlock()
				if err := v.next(ctx); err != nil {
					t.fault.Add(1)
					return
				}
			}
		})
	}
	all.Wait()
	soon(ctx, patience/4, func() bool { return t.lost() == 0 })
	for _, v := range t.list {
		v.mu.Lock()
		delays = append(delays, v.delays...)
		v.delays, v.timing = nil, false
		v.mu.Unlock()
	}
	return delays
}

func (t *talk) latency(ctx context.Context, perSecond int) error {
	t.openLoop(ctx, perSecond, t.b.share(15))
	var p50, p99, cpu []float64
	var who shares
	for range runs {
		m := measure(t.house.pid())
		delays := t.openLoop(ctx, perSecond, t.b.share(6))
		c := m.cost(len(delays))
		p50, p99 = append(p50, percentile(delays, 50)), append(p99, percentile(delays, 99))
		cpu, who = append(cpu, c.cpu), c.shares
		t.b.note("chat: p50 %.2f ms, p99 %.2f ms at %d/s, %.2f ms each", p50[len(p50)-1], p99[len(p99)-1], perSecond, c.cpu)
	}
	method := fmt.Sprintf("%d widgets, open loop at %d/s (half of what the closed loop reached, at most %d/s), from when a line was due to the agent's socket, %v, median of %d; %v",
		chatVisitors, perSecond, chatRate, t.b.share(6), runs, who)
	t.b.tell(Figure{Name: "chat.latency_p50_ms", Value: median(p50), Unit: "ms", Errors: t.lost(), CPU: new(median(cpu)), Method: method})
	t.b.tell(Figure{Name: "chat.latency_p99_ms", Value: median(p99), Unit: "ms", CPU: new(median(cpu)), Method: method})
	return ctx.Err()
}

// lost counts what did not come all the way, in order, once.
func (t *talk) lost() int {
	n := int(t.fault.Load()) + t.house.faults()
	for _, v := range t.list {
		v.mu.Lock()
		n += v.muddled + v.said - min(v.acked, v.shown)
		v.mu.Unlock()
	}
	return n
}

// stored compares the database with what was said: each line once, in order.
func (t *talk) stored(ctx context.Context) error {
	pool, err := t.house.db(ctx)
	if err != nil {
		return err
	}
	lines := timeline.New(pool, nil, slog.New(slog.DiscardHandler))
	for _, v := range t.list {
		want := 1
		for pos := int64(0); ; {
			page, err := lines.Entries(ctx, v.conversation, pos, 500)
			if err != nil {
				return err
			}
			for _, e := range page {
				pos = e.Pos
				if _, n, ok := lineIn([]byte(e.Text)); ok && n > 0 {
					if n != want {
						t.fault.Add(1)
					}
					want = n + 1
				}
			}
			if len(page) < 500 {
				break
			}
		}
		if want != v.said+1 {
			t.fault.Add(1)
			t.b.note("visitor %d said %d lines, %d are stored", v.no, v.said, want-1)
		}
	}
	return nil
}

// writer measures the store's part alone.
func (b *Bench) writer(ctx context.Context) (rate, error) {
	server, err := localpg.Start(ctx, localpg.Options{Dir: filepath.Join(b.dir, "writer")})
	if err != nil {
		return rate{}, err
	}
	defer func() { _ = server.Stop() }()
	pool, err := pgxpool.New(ctx, server.URL())
	if err != nil {
		return rate{}, err
	}
	defer pool.Close()
	if err := migrations.Up(ctx, pool); err != nil {
		return rate{}, err
	}
	log := slog.New(slog.DiscardHandler)
	events := feed.New(pool, bus.New(), log)
	store := timeline.New(pool, events, log)
	ctx, stop := context.WithCancel(ctx)
	var rooms sync.WaitGroup
	rooms.Go(func() { _ = events.Run(ctx) })
	rooms.Go(func() { _ = store.Run(ctx) })
	defer rooms.Wait()
	defer stop()
	ids, err := openConversations(ctx, pool, store, 200)
	if err != nil {
		return rate{}, err
	}
	sayAll(ctx, store, ids, b.share(30), "warm")
	var got []rate
	for n := range runs {
		m := measure(os.Getpid())
		lines := sayAll(ctx, store, ids, b.share(15), strconv.Itoa(n))
		c := m.cost(lines)
		got = append(got, rate{float64(lines) / c.seconds, c.cpu, c.shares})
	}
	return middle(got), ctx.Err()
}

// sayAll has 500 callers write, each waiting for its commit, and gives how many lines.
func sayAll(ctx context.Context, store *timeline.Store, ids []gateway.ConversationID, d time.Duration, run string) int {
	const callers = 500
	end := time.Now().Add(d)
	var all sync.WaitGroup
	var count atomic.Int64
	for n := range callers {
		all.Go(func() {
			for i := 0; time.Now().Before(end); i++ {
				_, err := store.Say(ctx, gateway.Entry{
					Conversation: ids[n%len(ids)], Kind: gateway.EntryMessage, Channel: gateway.Chat, ClientID: fmt.Sprint(run, "-", n, "-", i),
					Author: gateway.Author{Kind: gateway.ByCustomer, ID: 8}, Text: "Hej, min faktura stämmer inte. Kan ni hjälpa mig?",
				})
				if err != nil {
					return
				}
				count.Add(1)
			}
		})
	}
	all.Wait()
	return int(count.Load())
}

func openConversations(ctx context.Context, pool *pgxpool.Pool, store *timeline.Store, n int) (ids []gateway.ConversationID, err error) {
	return ids, pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		for range n {
			id, err := store.Open(ctx, tx, 1, 1, gateway.Chat)
			if err != nil {
				return err
			}
			if err := store.Serve(ctx, tx, id, 1, true); err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return nil
	})
}

// fsyncs is how often a second the disk confirms.
func (b *Bench) fsyncs() (float64, error) {
	f, err := os.Create(filepath.Join(b.dir, "fsync"))
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	var got []float64
	page := make([]byte, 8192)
	for range runs + 1 { // the first warms up
		began, n := time.Now(), 0
		for ; time.Since(began) < b.share(30); n++ {
			if _, err := f.Write(page); err != nil {
				return 0, err
			}
			if err := syscall.Fdatasync(int(f.Fd())); err != nil {
				return 0, err
			}
		}
		got = append(got, float64(n)/time.Since(began).Seconds())
	}
	return median(got[1:]), nil
}
