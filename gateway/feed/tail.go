package feed

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"golang.org/x/sync/errgroup"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/beat"
)

const (
	pollEvery  = 200 * time.Millisecond // while something comes: an older transaction may hold back what was hinted at
	restAfter  = 2 * time.Second        // without anything
	restEvery  = 4 * time.Second        // from then on: a hint is seldom lost, and then the bus says so
	restBefore = 10 * time.Millisecond  // between two reads; early frames make it unseen
	pageSize   = 64                     // rows read at once: their followers take them while the next are read
	sweepEvery = time.Hour
	gaugeEvery = 5 * time.Second
)

// Run reads the log and hands it to the followers until ctx ends. While the database is
// away it waits and then goes on where it was.
func (f *Feed) Run(ctx context.Context) error {
	for {
		err := f.begin(ctx)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return nil
		}
		f.log.Warn("feed not begun; trying again", "err", err)
		wait(ctx, time.Second)
	}
	defer f.bus.Subscribe(subject, f.heard)()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return f.every(ctx, sweepEvery, "sweep events", f.sweep) })
	group.Go(func() error { return f.every(ctx, gaugeEvery, "measure the feed's lag", f.gauge) })
	group.Go(func() error { return f.follow(ctx) })
	return group.Wait()
}

// begin sets the tail to now. Events with transaction numbers that this cluster has not
// reached come from a restored dump; they would be told again when it gets there.
func (f *Feed) begin(ctx context.Context) error {
	n, err := readNow(ctx, f.pool)
	if err != nil {
		return err
	}
	if _, err := f.pool.Exec(ctx, `
		delete from event
		where xid >= $1::text::xid8 and at < now() - interval '1 minute'`, strconv.FormatUint(n.xmax, 10)); err != nil {
		return fmt.Errorf("drop events of another cluster: %w", err)
	}
	f.mu.Lock()
	f.cluster, f.tail = n.cluster, n.cursor().position
	f.mu.Unlock()
	close(f.ready)
	return nil
}

func (f *Feed) follow(ctx context.Context) error {
	poll := time.NewTimer(pollEvery)
	defer poll.Stop()
	heard := time.Now()
	for {
		came, err := f.read(ctx)
		if came {
			heard = time.Now()
		}
		if err != nil && ctx.Err() == nil {
			f.log.Warn("events not read; trying again", "err", err)
			wait(ctx, time.Second)
		}
		wait(ctx, restBefore)
		if poll.Reset(pollEvery); time.Since(heard) > restAfter {
			poll.Reset(beat.Next(restEvery))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-f.wake:
			heard = time.Now()
		case <-poll.C:
		}
	}
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// read hands on everything between the tail and the watermark, and says whether there was any.
func (f *Feed) read(ctx context.Context) (came bool, err error) {
	for {
		f.mu.Lock()
		from := f.tail
		f.mu.Unlock()
		n, err := f.page(ctx, from, pageSize, nil, f.pass)
		came = came || n > 0
		if err != nil || n < pageSize {
			return came, err
		}
	}
}

// pass moves the tail past an event and gives it to its listeners here.
func (f *Feed) pass(e *logged) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tail = e.position
	topics := strings.Fields(e.Topic)
	topics = slices.DeleteFunc(topics, func(topic string) bool { return f.listeners[topic] == nil })
	if len(topics) == 0 {
		return
	}
	frame := e.frame(f.cluster)
	for i, topic := range topics {
		for l := range f.listeners[topic] {
			again := slices.ContainsFunc(topics[i+1:], func(later string) bool { _, ok := f.listeners[later][l]; return ok })
			l.take(frame.of(topic, !again))
		}
	}
}

// logged is an event as it is read. Its bytes are the connection's, until the next row. Its
// topic is all of its topics, with spaces between.
type logged struct {
	position
	gateway.Event
	at time.Time
}

// frame is a copy of the event, for whichever of its topics.
func (e *logged) frame(cluster string) Frame {
	event := e.Event
	event.Topic, event.Data = "", slices.Clone(e.Data)
	return Frame{Event: event, At: cursor{cluster, e.position, e.at}.String(), pos: e.position}
}

// of is the frame for one topic. Whoever has several of the row's gets a frame for each,
// and only the last one leads past it.
func (f Frame) of(topic string, last bool) Frame {
	f.Topic = topic
	if !last {
		f.At = ""
	}
	return f
}

// inOrder has the log read along its index. A plan is kept, and the log grows too fast for
// one that was made while it was short; one made anew each time cost more than the reading.
const inOrder = `
	select
		set_config('enable_seqscan', 'off', true),
		set_config('enable_bitmapscan', 'off', true),
		set_config('enable_sort', 'off', true)`

const readPage = `
	select xid::text::bigint, pos, n, events, at
	from event
	where (xid, pos) >= ($1::text::xid8, $2)
	and xid < pg_snapshot_xmin(pg_current_snapshot())
	and ($3::text[] is null or topics && $3)
	order by xid, pos
	limit $4`

// page reads the events after a position and below the watermark, in order; rows without
// any of the topics are left out, unless nil. It says how many rows there were.
func (f *Feed) page(ctx context.Context, after position, limit int, topics []string, each func(*logged)) (n int, err error) {
	var row position
	var size int
	var events pgtype.DriverBytes
	var at time.Time
	var b pgx.Batch // the settings last as long as it
	b.Queue(inOrder)
	xid, pos := after.row()
	b.Queue(readPage, xid, pos, topics, limit).Query(func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, []any{&row.xid, &row.pos, &size, &events, &at}, func() error {
			n++
			k := 0
			return decode(events, func(topics []byte, e gateway.Event) {
				e.Topic = string(topics)
				l := logged{row.event(k, size), e, at}
				k++
				if after.before(l.position) {
					each(&l)
				}
			})
		})
		return err
	})
	if err := f.pool.SendBatch(ctx, &b).Close(); err != nil {
		return n, fmt.Errorf("read events: %w", err)
	}
	return n, nil
}

// every runs a duty now and then until ctx ends; that it failed once is no reason to stop.
func (f *Feed) every(ctx context.Context, period time.Duration, duty string, do func(context.Context) error) error {
	tick := time.NewTimer(beat.Next(period))
	defer tick.Stop()
	for {
		if err := do(ctx); err != nil && ctx.Err() == nil {
			f.log.Warn("feed duty failed", "duty", duty, "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			tick.Reset(beat.Next(period))
		}
	}
}
