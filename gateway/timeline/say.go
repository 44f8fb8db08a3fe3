package timeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/crash"
	"github.com/vaxelhq/vaxel/gateway/lazy"
)

const (
	lanes    = 2   // one writes while the other waits for the disk
	maxBatch = 512 // lines in one transaction; keeps it well under a second
)

// writeTimeout ends a transaction of a lane that the database does not answer.
const writeTimeout = 10 * time.Second

// ErrUnserved refuses a customer's line in a conversation that no interaction serves:
// the caller gives it to intake instead, which asks for an agent.
var ErrUnserved = errors.New("no interaction serves the conversation")

// line is an entry in a lane. The lane owns it until done is written to.
type line struct {
	entry gateway.Entry
	err   error
	done  chan struct{}
}

// Say adds an entry in a transaction shared with others, and returns after its commit.
// The entry is in the feed by then. It must have a ClientID: when the answer is an error
// other than a refusal, the entry may have been stored, and saying it again is harmless.
func (s *Store) Say(ctx context.Context, e gateway.Entry) (gateway.Entry, error) {
	l := &line{entry: e, done: make(chan struct{})}
	select {
	case s.lanes[uint64(e.Conversation)%lanes] <- l:
	case <-ctx.Done():
		return gateway.Entry{}, fmt.Errorf("say: %w", ctx.Err())
	}
	select {
	case <-l.done:
		return l.entry, l.err
	case <-ctx.Done():
		return gateway.Entry{}, fmt.Errorf("say: %w", ctx.Err())
	}
}

// Run works the lanes until ctx ends. What is being written then is still finished; what
// waits is refused and may be said again elsewhere.
func (s *Store) Run(ctx context.Context) error {
	var group errgroup.Group
	for _, lane := range s.lanes {
		group.Go(func() error {
			s.work(ctx, lane)
			return nil
		})
	}
	return group.Wait()
}

// work takes one line and whatever else waits by then: under load the batch grows by
// itself while the disk is busy, and a single line never lingers.
func (s *Store) work(ctx context.Context, lane chan *line) {
	batch := make([]*line, 0, maxBatch)
	for {
		select {
		case l := <-lane:
			batch = append(batch[:0], l)
		case <-ctx.Done():
			refuse(lane)
			return
		}
		batch = drain(lane, batch)
		s.say(context.WithoutCancel(ctx), batch)
		for _, l := range batch {
			close(l.done)
		}
		clear(batch)
	}
}

func drain(lane chan *line, batch []*line) []*line {
	for len(batch) < maxBatch {
		select {
		case l := <-lane:
			batch = append(batch, l)
		default:
			return batch
		}
	}
	return batch
}

func refuse(lane chan *line) {
	for _, l := range drain(lane, nil) {
		l.err = &gateway.Error{Kind: gateway.KindTryAgain, Code: "try_again", Detail: "this node is stopping; send it again"}
		close(l.done)
	}
}

// say writes a batch. A row that PostgreSQL refuses takes the whole transaction with it,
// so then each line gets one of its own, and only the bad one fails.
func (s *Store) say(ctx context.Context, batch []*line) {
	err := s.commit(ctx, batch)
	if err == nil {
		return
	}
	var refused *pgconn.PgError
	if !errors.As(err, &refused) || len(batch) == 1 {
		for _, l := range batch {
			l.err = fmt.Errorf("say: %w", err)
		}
		return
	}
	s.log.Warn("batch of lines repeated one by one", "lines", len(batch), "err", err)
	for _, l := range batch {
		if err := s.commit(ctx, []*line{l}); err != nil {
			l.err = fmt.Errorf("say: %w", err)
		}
	}
}

func (s *Store) commit(ctx context.Context, batch []*line) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	written := make([]*gateway.Entry, 0, len(batch))
	copies := make([]gateway.Entry, len(batch)) // the lines keep what was asked for until the commit
	var told []gateway.Event
	err := lazy.Do(ctx, s.pool, func(tx *lazy.Tx) error {
		for i, l := range batch {
			copies[i], l.err = l.entry, nil
			written = append(written, &copies[i])
		}
		locked, known, err := lock(ctx, tx, written)
		if err != nil {
			return err
		}
		written = admitted(locked, known, batch, written)
		if err := write(ctx, tx, locked, known, written); err != nil {
			return err
		}
		for _, e := range written {
			if !e.Repeated {
				told = append(told, gateway.MessageCreated(*e))
			}
		}
		if err := s.feed.Append(ctx, tx, told...); err != nil {
			return err
		}
		return tx.Crash(ctx, "timeline.committing")
	})
	if err != nil {
		return err
	}
	crash.At("timeline.committed")
	s.feed.Announce(told...)
	for i, l := range batch {
		if l.err == nil {
			l.entry = copies[i]
		}
	}
	return nil
}

// admitted leaves out the lines that can't be written here, each with its reason. What
// was said before is answered as it was then, even if nobody serves the customer now.
func admitted(locked heads, known map[clientKey]gateway.Entry, batch []*line, entries []*gateway.Entry) []*gateway.Entry {
	kept := entries[:0]
	for i, e := range entries {
		_, repeated := known[clientKey{e.Conversation, e.ClientID}]
		if batch[i].err = unfit(e, locked); batch[i].err != nil {
			continue
		}
		asks := e.Author.Kind == gateway.ByCustomer && e.Kind != gateway.EntryEvent // for an agent
		if asks && locked[e.Conversation].open == 0 && !repeated {
			batch[i].err = ErrUnserved
			continue
		}
		kept = append(kept, e)
	}
	return kept
}
