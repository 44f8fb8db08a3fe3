package bench

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/vaxelhq/vaxel/gateway/timeline"
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
	if err := t.latency(ctx, min(chatRate, int(reach.perSecond/2)), 1000/fsyncs); err != nil {
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

// talk is visitors and agents in conversation.
type talk struct {
	b     *Bench
	house *house
	list  []*talker
	going atomic.Bool
	fault atomic.Int64
}

// openTalk brings every chat to an agent before anything is measured: chatVisitors on
// chatAgents, all sockets open.
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

// latency tells how long a line takes; commit is how long the disk takes to confirm, in
// milliseconds.
func (t *talk) latency(ctx context.Context, perSecond int, commit float64) error {
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
	method := fmt.Sprintf("%d widgets, open loop at %d/s (half of what the closed loop reached, at most %d/s), from when a line was due to the agent's socket, %v, median of %d; %v; bound of p50: one fdatasync",
		chatVisitors, perSecond, chatRate, t.b.share(6), runs, who)
	t.b.tell(Figure{Name: "chat.latency_p50_ms", Value: median(p50), Unit: "ms", Errors: t.lost(), CPU: new(median(cpu)), Bound: new(commit), Method: method})
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
