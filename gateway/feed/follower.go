package feed

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
)

// What a follower may leave untaken.
const (
	maxFrames = 256
	maxBytes  = 1 << 20
)

// Follower is one console's way through the events of its topics.
//
// It first reads the log from its cursor by itself; when it has come near the tail it
// listens, reads the last gap up to where the tail was at that moment, and lives on what
// the tail delivers. When it leaves too much of that it is overrun: what waits is dropped,
// and it reads the log by itself again. Next must be called from one goroutine at a time.
type Follower struct {
	feed     *Feed
	listener *listener
	at       position // read from the log so far; only Next touches it
	gap      position // where the tail was when we began to listen
	caught   bool     // everything up to gap has been read
	pending  []Frame  // read from the log, not yet given

	topics map[string]bool // guarded by feed.mu
	joined bool            // listens; guarded by feed.mu

	mu      sync.Mutex // guards what follows
	queue   []Frame
	bytes   int
	overrun bool          // takes nothing until it has gone back to the log
	filled  chan struct{} // holds one wake-up for Next
}

// Follow gives a follower of the topics from a cursor on, or from now when it is empty.
// A cursor that can't be resumed from, or only by reading more than a snapshot costs, is
// refused with ErrTooOld. The caller closes the follower.
func (f *Feed) Follow(ctx context.Context, from string, topics []string) (*Follower, error) {
	select {
	case <-f.ready:
	case <-ctx.Done():
		return nil, fmt.Errorf("follow: %w", ctx.Err())
	}
	w := &Follower{feed: f, topics: map[string]bool{}, filled: make(chan struct{}, 1)}
	w.listener = &listener{take: w.take}
	for _, topic := range topics {
		w.topics[topic] = true
	}
	if from == "" {
		w.join()
		w.at, w.caught = w.gap, true
		return w, nil
	}
	n, err := readNow(ctx, f.pool)
	if err != nil {
		return nil, fmt.Errorf("follow: %w", err)
	}
	if w.at, err = n.parse(from); err != nil {
		return nil, fmt.Errorf("follow: %w", err)
	}
	if far, err := f.farBehind(ctx, w.at); far || err != nil {
		return nil, fmt.Errorf("follow: %w", cmp.Or(err, ErrTooOld))
	}
	return w, nil
}

// mostBehind is how many events, of whatever topics, a follower may catch up with. The log
// is read in its one order: with a million of them, the consoles that all come back after
// an outage would read for seconds each.
const mostBehind = 20_000

// The number stands in the statement, so that PostgreSQL plans for it: it then walks the
// index that far and no further.
var missedMore = fmt.Sprintf(`
	select coalesce(sum(n), 0) > %d
	from (
		select n from event
		where (xid, pos) >= ($1::text::xid8, $2)
		order by xid, pos
		limit %d) as missed`, mostBehind, mostBehind+1)

// farBehind says whether more events than that lie after a position.
func (f *Feed) farBehind(ctx context.Context, at position) (far bool, err error) {
	xid, pos := at.row()
	err = f.pool.QueryRow(ctx, missedMore, pgx.QueryExecModeCacheDescribe, xid, pos).Scan(&far)
	if err != nil {
		return false, fmt.Errorf("count what was missed: %w", err)
	}
	return far, nil
}

// Topics changes what is followed from now on. What a new topic had before is not told:
// change the topics first, then read the snapshot.
func (w *Follower) Topics(add, remove []string) {
	w.feed.mu.Lock()
	defer w.feed.mu.Unlock()
	for _, topic := range remove {
		delete(w.topics, topic)
	}
	for _, topic := range add {
		w.topics[topic] = true
	}
	if w.joined {
		w.feed.leaveLocked(w.listener, remove)
		w.feed.listenLocked(w.listener, add)
	}
}

// Close ends the follower. Next must not be waiting.
func (w *Follower) Close() {
	w.leave()
}

// leave ends listening: nothing is taken any more.
func (w *Follower) leave() {
	w.feed.mu.Lock()
	defer w.feed.mu.Unlock()
	if w.joined {
		w.joined = false
		w.feed.leaveLocked(w.listener, w.listLocked())
	}
}

func (w *Follower) listLocked() []string {
	list := make([]string, 0, len(w.topics))
	for topic := range w.topics {
		list = append(list, topic)
	}
	return list
}

// join begins to listen, and notes where the tail is: what comes after that is delivered.
func (w *Follower) join() {
	w.feed.mu.Lock()
	defer w.feed.mu.Unlock()
	w.joined = true
	w.gap = w.feed.tail
	w.feed.listenLocked(w.listener, w.listLocked())
}

// take is the feed's hand: it queues a frame, and never waits. An early frame that finds
// the queue full is dropped, for it comes again from the log.
func (w *Follower) take(frame Frame) {
	w.mu.Lock()
	defer w.mu.Unlock()
	size := len(frame.Data)
	full := len(w.queue) >= maxFrames || w.bytes+size > maxBytes && len(w.queue) > 0
	switch {
	case w.overrun || full && frame.early():
		return
	case full:
		w.overrun, w.queue, w.bytes = true, nil, 0
		w.feed.metrics.overrun.Inc()
	default:
		w.queue = append(w.queue, frame)
		w.bytes += size
	}
	select {
	case w.filled <- struct{}{}:
	default:
	}
}

// Next waits for the next frame. After an error the follower is of no more use.
func (w *Follower) Next(ctx context.Context) (Frame, error) {
	for {
		for !w.caught && len(w.pending) == 0 {
			if err := w.catchUp(ctx); err != nil {
				return Frame{}, err
			}
		}
		if len(w.pending) > 0 {
			frame := w.pending[0]
			w.pending = w.pending[1:]
			return frame, nil
		}
		if frame, ok := w.pop(); ok {
			return frame, nil
		}
		if err := w.await(ctx); err != nil {
			return Frame{}, err
		}
	}
}

// await waits until something may have been queued. An overrun follower goes back instead.
func (w *Follower) await(ctx context.Context) error {
	w.mu.Lock()
	overrun := w.overrun
	w.mu.Unlock()
	if overrun {
		return w.goBack(ctx)
	}
	select {
	case <-w.filled:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// goBack has the follower read the log by itself, from where it is, until it has come near
// the tail again; unless that is farther than anybody may read.
func (w *Follower) goBack(ctx context.Context) error {
	w.leave()
	w.mu.Lock()
	w.overrun = false
	w.mu.Unlock()
	w.caught = false
	far, err := w.feed.farBehind(ctx, w.at)
	if far && err == nil {
		return ErrSlow
	}
	return err
}

// pop takes the oldest queued frame that has not been read from the log already.
func (w *Follower) pop() (Frame, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.queue) > 0 {
		frame := w.queue[0]
		w.queue[0] = Frame{}
		w.queue = w.queue[1:]
		w.bytes -= len(frame.Data)
		if frame.early() || w.at.before(frame.pos) {
			if frame.At != "" {
				w.at = frame.pos
			}
			return frame, true
		}
	}
	w.queue = nil // an idle follower keeps no memory
	return Frame{}, false
}

// catchUp reads the next page of the log. A page that is not full has come near the tail:
// then we listen, and read once more up to where the tail is.
func (w *Follower) catchUp(ctx context.Context) error {
	w.feed.mu.Lock()
	topics, joined := w.listLocked(), w.joined
	w.feed.mu.Unlock()
	n, err := w.feed.page(ctx, w.at, maxFrames, topics, func(row *logged) {
		w.at = row.position
		heard := slices.DeleteFunc(strings.Fields(row.Topic), func(topic string) bool { return !slices.Contains(topics, topic) })
		for i, topic := range heard {
			w.pending = append(w.pending, row.frame(w.feed.cluster).of(topic, i == len(heard)-1))
		}
	})
	switch {
	case err != nil:
		return err
	case n == maxFrames:
	case !joined:
		w.join()
	default:
		w.caught = true
	}
	return nil
}
