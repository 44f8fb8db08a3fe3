// Package feed tells consoles and boards what has changed: a log of events, read in one
// order by everybody.
//
// A room appends its events in the transaction that made the change. The order of all
// events is (xid, pos): the transaction's number, then the event's. One tail on each node
// reads what is above its cursor and below the oldest transaction that still runs
// (pg_snapshot_xmin), so an event of a slow transaction is never passed by; it is late.
//
// After its commit the room may announce the same events. They reach every node as early
// frames, without a cursor, and come again from the log. So a slow transaction somewhere
// delays the cursor, never the screen, and a lost announcement costs 200 ms. A reader
// applies events by their Rev, and meeting one twice is harmless.
//
// A follower that was cut off resumes from its last cursor, on any node, for 24 hours or
// 20,000 events of all topics. Nothing is stored for it. Nobody waits for a slow one: past
// 256 frames or 1 MiB it reads the log by itself, at its own pace, and is given up with
// ErrSlow when it has fallen 20,000 events behind.
package feed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
)

// What a follower is told when it can't go on.
var (
	// ErrSlow ends a follower that has fallen too far behind to read what it missed. It
	// needs a snapshot.
	ErrSlow = errors.New("follower is too slow")
	// ErrTooOld refuses a cursor that the log no longer reaches back to, that too much has
	// happened since, or that is none of ours. The follower needs a snapshot, and a new
	// cursor taken before it.
	ErrTooOld = errors.New("cursor is too old")
)

// Bus carries announcements between the nodes, this one included. They may be lost.
type Bus interface {
	Publish(subject string, data []byte)
	Subscribe(subject string, heard func(data []byte)) (cancel func())
}

const subject = "feed"

// Feed is the log of events and those who follow it on this node.
type Feed struct {
	pool  *pgxpool.Pool
	bus   Bus
	log   *slog.Logger
	wake  chan struct{} // holds one hint
	ready chan struct{} // closed when the tail has its first cursor

	metrics metrics

	mu        sync.Mutex // guards what follows
	cluster   string     // names the PostgreSQL cluster, whose transaction numbers the cursors hold
	tail      position   // everything up to here has been handed to the listeners
	listeners map[string]map[*listener]struct{}
}

// New gives the feed. It delivers nothing before Run.
func New(pool *pgxpool.Pool, bus Bus, log *slog.Logger) *Feed {
	return &Feed{
		pool:      pool,
		bus:       bus,
		log:       log,
		wake:      make(chan struct{}, 1),
		ready:     make(chan struct{}),
		metrics:   newMetrics(),
		listeners: map[string]map[*listener]struct{}{},
	}
}

// Append adds events in the caller's transaction. They are told after its commit.
func (f *Feed) Append(ctx context.Context, tx pgx.Tx, events ...gateway.Event) error {
	if len(events) == 0 {
		return nil
	}
	r := rowsOf(events)
	_, err := tx.Exec(ctx, `
		insert into event (topics, n, events)
		select string_to_array(topics, ' '), n, events
		from unnest($1::text[], $2::smallint[], $3::bytea[]) as w(topics, n, events)`, r.topics, r.n, r.events)
	if err != nil {
		return fmt.Errorf("append %d events: %w", len(events), err)
	}
	return nil
}

// rows are events on their way into the log.
type rows struct {
	topics []string // with spaces between
	n      []int16
	events [][]byte
}

// rowSize is about what two rows of fill a page: a larger one would be taken apart.
const rowSize = 3800

// rowsOf puts the events into as few rows as there is room in, in their order.
func rowsOf(events []gateway.Event) (r rows) {
	all := make([]byte, 0, room(events)) // the rows lie in it one after the other
	var topics []string                  // of the last row
	from, size := 0, 0                   // where it begins, and how long its topics are
	for same := range told(events) {
		begin, last := len(all), len(r.n)-1
		all = appendEvent(all, same)
		if last < 0 || r.n[last] == mostInRow || size+topicsOf(same)+len(all)-from > rowSize {
			r.close(topics)
			r.n, r.events = append(r.n, 0), append(r.events, nil)
			topics, from, size, last = topics[:0], begin, 0, last+1
		}
		for _, e := range same {
			if !slices.Contains(topics, e.Topic) {
				topics, size = append(topics, e.Topic), size+len(e.Topic)+1
			}
		}
		r.events[last] = all[from:]
		r.n[last]++
	}
	r.close(topics)
	return r
}

// close notes the topics of the last row, if there is one.
func (r *rows) close(topics []string) {
	if len(r.n) > 0 {
		r.topics = append(r.topics, strings.Join(topics, " "))
	}
}

// Announce tells of events that have been committed, without waiting for the log. It
// never blocks. It may also tell what is never stored, such as typing.
func (f *Feed) Announce(events ...gateway.Event) {
	if len(events) > 0 {
		f.bus.Publish(subject, encode(events))
	}
}

// heard hands an announcement to the listeners here, and reads the log soon.
func (f *Feed) heard(data []byte) {
	f.mu.Lock()
	err := decode(data, func(topics []byte, event gateway.Event) {
		for topic := range bytes.FieldsSeq(topics) {
			if here := f.listeners[string(topic)]; here != nil {
				event.Topic = string(topic)
				deliver(here, Frame{Event: event})
			}
		}
	})
	f.mu.Unlock()
	if err != nil {
		f.log.Error("announcement not understood", "err", err)
	}
	f.hint()
}

func (f *Feed) hint() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// Frame is an event on its way to a follower. At is the cursor to resume from; it is
// empty when the frame comes early, not from the log, and when the same event comes once
// more, for another topic that the follower has.
type Frame struct {
	gateway.Event
	At string

	pos position // in the log; zero when it comes early
}

func (f Frame) early() bool { return f.pos == position{} }

// Watch calls heard for every event of the topics from now on, at least once, early and
// again from the log. It is for rooms that look things up by id when told: heard must
// neither block nor call the feed.
func (f *Feed) Watch(topics []string, heard func(gateway.Event)) (cancel func()) {
	l := &listener{take: func(frame Frame) { heard(frame.Event) }}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.listenLocked(l, topics)
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.leaveLocked(l, topics)
	}
}

// listener is somebody who wants to hear of topics. take is called with mu held.
type listener struct {
	take func(Frame)
}

func (f *Feed) listenLocked(l *listener, topics []string) {
	for _, topic := range topics {
		if f.listeners[topic] == nil {
			f.listeners[topic] = map[*listener]struct{}{}
		}
		f.listeners[topic][l] = struct{}{}
	}
}

func (f *Feed) leaveLocked(l *listener, topics []string) {
	for _, topic := range topics {
		delete(f.listeners[topic], l)
		if len(f.listeners[topic]) == 0 {
			delete(f.listeners, topic)
		}
	}
}

func deliver(to map[*listener]struct{}, frame Frame) {
	for l := range to {
		l.take(frame)
	}
}

// retention is how long a cursor stays good.
const retention = 24 * time.Hour
