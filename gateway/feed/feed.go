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
// 20,000 events of all topics. Nothing is stored for it. Nobody waits for a slow one: past 256 frames or 1 MiB it is
// given up with ErrSlow.
package feed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
)

// What a follower is told when it can't go on.
var (
	// ErrSlow ends a follower that didn't take its frames in time. It resumes from its
	// last cursor.
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
	var r rows
	for from := 0; from < len(events); {
		next := from + 1
		for next < len(events) && alike(events[next], events[next-1]) {
			next++
		}
		r.add(events[from:next])
		from = next
	}
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

// add puts an event, which is for one topic each, into the last row or a new one.
func (r *rows) add(same []gateway.Event) {
	e := same[0]
	for _, s := range same[1:] {
		e.Topic += " " + s.Topic
	}
	body := encode([]gateway.Event{e})
	last := len(r.n) - 1
	if last < 0 || r.n[last] == mostInRow || len(r.topics[last])+len(r.events[last])+len(e.Topic)+len(body) > rowSize {
		r.topics, r.n, r.events = append(r.topics, ""), append(r.n, 0), append(r.events, nil)
		last++
	}
	r.n[last]++
	r.events[last] = append(r.events[last], body...)
	for _, s := range same {
		if !hasWord(r.topics[last], s.Topic) {
			r.topics[last] = strings.TrimPrefix(r.topics[last]+" "+s.Topic, " ")
		}
	}
}

func hasWord(words, word string) bool {
	return strings.Contains(" "+words+" ", " "+word+" ")
}

// alike says whether two events are one that is told to two topics: they share a row.
func alike(e, before gateway.Event) bool {
	return e.Topic != before.Topic && e.Type == before.Type && e.Conversation == before.Conversation && e.Rev == before.Rev && bytes.Equal(e.Data, before.Data)
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
	err := decode(data, func(topic []byte, event gateway.Event) {
		if here := f.listeners[string(topic)]; here != nil {
			event.Topic = string(topic)
			deliver(here, Frame{Event: event})
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
