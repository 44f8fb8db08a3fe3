// Package staffchat is what goes between the people who work here: agents' chats,
// supervisors' messages to them, and what is said beside an interaction, of which its
// customer never hears.
//
// Texts are entries on a conversation of the timeline, so they are ordered, delivered
// and resumed as every other text; this room knows who is in a conversation and how
// far each has seen. It promises that only those read it, that a text counts as unread
// until it was seen, and that everybody in it is told after the commit.
package staffchat

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/retry"
)

// Timeline keeps the texts.
type Timeline interface {
	Open(ctx context.Context, tx pgx.Tx, c gateway.CaseID, customer gateway.CustomerID, channel gateway.Channel) (gateway.ConversationID, error)
	Append(ctx context.Context, tx pgx.Tx, entries ...*gateway.Entry) error
	Before(ctx context.Context, conversation gateway.ConversationID, before int64, limit int) ([]gateway.Entry, error)
	// Forget removes a batch of what was said before a time, up to a position: how many texts, and whether nothing is left.
	Forget(ctx context.Context, tx pgx.Tx, conversation gateway.ConversationID, before time.Time) (upTo, gone int64, whole bool, err error)
}

// Roster says who a message is for.
type Roster interface {
	// Recipients are the agents at work of the groups, in the queues and named
	// themselves, each once; with everybody all of them.
	Recipients(ctx context.Context, agents []gateway.AgentID, groups []gateway.GroupID, queues []gateway.QueueID, everybody bool) ([]gateway.AgentID, error)
	// Belongs gives the group that an agent is in, zero for none, and the queues; here says
	// whether there is such an agent, who works here still.
	Belongs(ctx context.Context, agent gateway.AgentID) (group gateway.GroupID, queues []gateway.QueueID, here bool, err error)
}

// Feed tells consoles.
type Feed interface {
	Append(ctx context.Context, tx pgx.Tx, events ...gateway.Event) error
	Announce(events ...gateway.Event)
}

// Store keeps the chats and messages. It is safe for concurrent use.
type Store struct {
	db       database // a pool, or the transaction of In
	timeline Timeline
	roster   Roster
	feed     Feed
}

// New gives the chats and messages in pool.
func New(pool *pgxpool.Pool, timeline Timeline, roster Roster, feed Feed) *Store {
	return &Store{pool, timeline, roster, feed}
}

// longestText is in characters, as for customers' lines.
const longestText = 5000

func checkText(text string) (string, error) {
	text = strings.TrimSpace(gateway.Clean(text))
	if text == "" {
		return "", gateway.Invalid("text_missing", "write something first")
	}
	if utf8.RuneCountInString(text) > longestText {
		return "", gateway.Invalid("text_too_long", "a text has at most 5,000 characters; send it in parts")
	}
	return text, nil
}

// In gives the chats and messages as a part of the caller's transaction, where the roster
// is read too: what is written is committed with that. The caller tells after the commit.
func (s *Store) In(tx pgx.Tx, people Roster) (in *Store, tell func()) {
	quiet := &held{Feed: s.feed}
	return &Store{tx, s.timeline, people, quiet}, func() { s.feed.Announce(quiet.told...) }
}

// held keeps what is to be told after a commit that is not ours.
type held struct {
	Feed
	told []gateway.Event
}

// Announce is described at Feed.
func (h *held) Announce(events ...gateway.Event) { h.told = append(h.told, events...) }

// write runs work in a transaction with the events that it gives, and tells them after
// the commit.
func (s *Store) write(ctx context.Context, work func(tx pgx.Tx) ([]gateway.Event, error)) error {
	var told []gateway.Event
	err := retry.Tx(ctx, s.db, func(tx pgx.Tx) (err error) {
		if told, err = work(tx); err != nil {
			return err
		}
		return s.feed.Append(ctx, tx, told...)
	})
	if err == nil {
		s.feed.Announce(told...)
	}
	return err
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

type database interface {
	querier
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	Begin(ctx context.Context) (pgx.Tx, error)
}

func list[T any](ctx context.Context, db querier, sql string, args ...any) ([]T, error) {
	rows, _ := db.Query(ctx, sql, args...) // its error is met again in CollectRows
	return pgx.CollectRows(rows, pgx.RowToStructByName[T])
}

// members are the agents in a conversation who may know that the agent is, if they are: of
// somebody who looks on where that is not shown, only others who do.
func members(ctx context.Context, db querier, conversation gateway.ConversationID, agent gateway.AgentID) ([]gateway.AgentID, error) {
	rows, _ := db.Query(ctx, `
		select m.agent
		from staff_receipt m
		join staff_receipt own on own.conversation = m.conversation and own.agent = $2
		where m.conversation = $1
		and (m.looks_on or not own.looks_on or (select show_observers from staff_setting))
		order by m.agent`, conversation, agent)
	all, err := pgx.CollectRows(rows, pgx.RowTo[gateway.AgentID])
	if err != nil {
		return nil, err
	}
	if slices.Contains(all, agent) {
		return all, nil
	}
	return nil, gateway.NotFound("staff_chat_not_found", "there is no such chat, or you are not in it")
}

// join puts agents into a conversation with nothing seen.
func join(ctx context.Context, tx pgx.Tx, conversation gateway.ConversationID, agents []gateway.AgentID) error {
	_, err := tx.Exec(ctx, "insert into staff_receipt (conversation, agent) select $1, unnest($2::bigint[])", conversation, agents)
	return err
}

// see notes that the agent has seen everything up to pos; it never goes back.
func see(ctx context.Context, db querier, conversation gateway.ConversationID, agent gateway.AgentID, pos int64) (bool, error) {
	tag, err := db.Exec(ctx, `
		update staff_receipt set pos = $3, at = now()
		where conversation = $1 and agent = $2 and pos < $3`, conversation, agent, pos)
	return tag.RowsAffected() == 1, err
}

// Receipt is how far an agent has seen.
type Receipt struct {
	Agent gateway.AgentID `json:"agent"`
	Pos   int64           `json:"pos"` // 0: nothing yet
}

// Unread is what an agent has not seen.
type Unread struct {
	Chats    int `json:"chats"`    // texts in staff chats
	Messages int `json:"messages"` // supervisors' messages
}

// Unread counts what the agent has not seen of what they were told.
func (s *Store) Unread(ctx context.Context, agent gateway.AgentID) (u Unread, err error) {
	err = s.db.QueryRow(ctx, `
		select
			(select coalesce(sum(c.last_pos - r.pos - `+unheard+`), 0)
			from staff_receipt r join staff_chat c using (conversation)
			where r.agent = $1),
			(select count(*)
			from staff_receipt r join supervisor_message m using (conversation)
			where r.agent = $1 and r.pos = 0 and `+holds+`)`,
		agent).Scan(&u.Chats, &u.Messages)
	return u, err
}

var errNotAgent = &gateway.Error{Kind: gateway.KindForbidden, Code: "agent_required", Detail: "only an agent chats with agents; ask an administrator to give your login one"}

func notFound(err error, code, detail string) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return gateway.NotFound(code, detail)
	}
	return err
}
