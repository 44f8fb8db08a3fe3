// Package timeline is the one stream of every conversation: what was said and what
// happened, each at a position. It is the only writer of entries.
//
// Positions are 1, 2, 3 … without gaps, given in the transaction under the lock of the
// conversation's row. Rows are locked in the order of their ids, always, in one statement
// of Append or Lock: a transaction that touches several conversations names them all at
// once. An entry with a ClientID that is known changes nothing and gives the first entry.
//
// There are two ways to write. Append joins the caller's transaction. Say is the lane for
// chat lines and agents' replies: many callers share one transaction, and each is
// answered after the commit.
package timeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/lazy"
)

// Feed tells consoles and visitors of what was added.
type Feed interface {
	Append(ctx context.Context, tx pgx.Tx, events ...gateway.Event) error
	Announce(events ...gateway.Event)
}

// Store holds the conversations.
type Store struct {
	pool  *pgxpool.Pool
	feed  Feed
	log   *slog.Logger
	lanes [lanes]chan *line

	progress *lazy.Together[reader, Progress]
}

// New gives the store. Say works while Run runs.
func New(pool *pgxpool.Pool, feed Feed, log *slog.Logger) *Store {
	s := &Store{pool: pool, feed: feed, log: log}
	s.progress = lazy.NewTogether(s.readProgress)
	for i := range s.lanes {
		s.lanes[i] = make(chan *line, maxBatch)
	}
	return s
}

// Conversation is a thread of entries with a customer.
type Conversation struct {
	ID        gateway.ConversationID `json:"id"`
	Case      gateway.CaseID         `json:"case"`
	Customer  gateway.CustomerID     `json:"customer"`
	Channel   gateway.Channel        `json:"channel"`
	LastPos   int64                  `json:"last_pos"`
	Open      gateway.InteractionID  `json:"open,omitempty"` // who serves it now
	CreatedAt time.Time              `json:"created_at"`
}

const conversationColumns = `id, case_id, customer_id, channel, last_pos, coalesce(open_interaction, 0), created_at`

func scanConversation(row pgx.CollectableRow) (c Conversation, err error) {
	err = row.Scan(&c.ID, &c.Case, &c.Customer, &c.Channel, &c.LastPos, &c.Open, &c.CreatedAt)
	return c, err
}

// Open begins a conversation. Case and customer are zero between agents.
func (s *Store) Open(ctx context.Context, tx pgx.Tx, c gateway.CaseID, customer gateway.CustomerID, channel gateway.Channel) (gateway.ConversationID, error) {
	var id gateway.ConversationID
	err := tx.QueryRow(ctx, `
		insert into conversation (case_id, customer_id, channel)
		values ($1, $2, $3)
		returning id`, int64(c), int64(customer), string(channel)).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("open conversation of case %d: %w", c, err)
	}
	return id, nil
}

// Discard undoes Open, unless something was said meanwhile.
func (s *Store) Discard(ctx context.Context, tx pgx.Tx, conversation gateway.ConversationID) error {
	_, err := tx.Exec(ctx, `
		delete from conversation
		where id = $1 and last_pos = 0 and open_interaction is null`, int64(conversation))
	if err != nil {
		return fmt.Errorf("discard conversation %d: %w", conversation, err)
	}
	return nil
}

// Get gives one conversation, or gateway.ErrNotFound.
func (s *Store) Get(ctx context.Context, id gateway.ConversationID) (Conversation, error) {
	rows, _ := s.pool.Query(ctx, `
		select `+conversationColumns+`
		from conversation
		where id = $1`, int64(id)) // the error comes with the rows
	c, err := pgx.CollectExactlyOneRow(rows, scanConversation)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return Conversation{}, noConversation(id)
	case err != nil:
		return Conversation{}, fmt.Errorf("get conversation %d: %w", id, err)
	}
	return c, nil
}

func noConversation(id gateway.ConversationID) *gateway.Error {
	return gateway.NotFound("no_conversation", fmt.Sprintf("conversation %d does not exist; use an id that the API gave you", id))
}

// OfCase gives the conversations of a case, oldest first.
func (s *Store) OfCase(ctx context.Context, c gateway.CaseID) ([]Conversation, error) {
	rows, _ := s.pool.Query(ctx, `
		select `+conversationColumns+`
		from conversation
		where case_id = $1
		order by id`, int64(c)) // the error comes with the rows
	list, err := pgx.CollectRows(rows, scanConversation)
	if err != nil {
		return nil, fmt.Errorf("list conversations of case %d: %w", c, err)
	}
	return list, nil
}
