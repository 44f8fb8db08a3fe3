package staffchat

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Audience is who a supervisor's message is for. Whoever belongs to it when it is sent
// gets it.
type Audience struct {
	Agents    []gateway.AgentID `json:"agents,omitempty"`
	Groups    []gateway.GroupID `json:"groups,omitempty"`
	Queues    []gateway.QueueID `json:"queues,omitempty"`
	Everybody bool              `json:"everybody,omitempty"`
}

// Message is what a supervisor told agents.
type Message struct {
	Conversation gateway.ConversationID `json:"conversation"`
	Author       gateway.AgentID        `json:"author,omitempty"`
	AuthorName   string                 `json:"author_name"`
	Audience     Audience               `json:"audience"`
	Text         string                 `json:"text" db:"-"`
	CreatedAt    time.Time              `json:"created_at"`
	ExpiresAt    *time.Time             `json:"expires_at,omitempty"` // not shown after it
	WithdrawnAt  *time.Time             `json:"withdrawn_at,omitempty"`
	Recipients   int                    `json:"recipients"`
	SeenBy       int                    `json:"seen_by"` // how many have seen it
	Seen         bool                   `json:"seen"`    // by the agent who asks
}

const messageColumns = `
	m.conversation, m.author, m.author_name, m.audience, m.created_at, m.expires_at, m.withdrawn_at, m.recipients,
	(select count(*) from staff_receipt r where r.conversation = m.conversation and r.pos > 0)::int as seen_by,
	exists (select from staff_receipt r where r.conversation = m.conversation and r.agent = $1 and r.pos > 0) as seen
	from supervisor_message m`

// Send tells agents something. The caller has checked that the author may.
func (s *Store) Send(ctx context.Context, by gateway.Author, to Audience, text string, expires *time.Time) (Message, error) {
	text, err := checkText(text)
	if err != nil {
		return Message{}, err
	}
	if expires != nil && !expires.After(time.Now()) {
		return Message{}, gateway.Invalid("expired_already", "the message would expire before it is read; choose a later time, or none")
	}
	agents, err := s.roster.Recipients(ctx, to.Agents, to.Groups, to.Queues, to.Everybody)
	if err != nil {
		return Message{}, err
	}
	if len(agents) == 0 {
		return Message{}, gateway.Invalid("nobody_to_tell", "nobody belongs to those agents, groups and queues; choose others")
	}
	var m Message
	err = s.write(ctx, func(tx pgx.Tx) ([]gateway.Event, error) {
		id, err := s.timeline.Open(ctx, tx, 0, 0, gateway.Chat)
		if err != nil {
			return nil, err
		}
		e := &gateway.Entry{Conversation: id, Kind: gateway.EntryMessage, Author: by, Channel: gateway.Chat, Text: text, Internal: true}
		if err := s.timeline.Append(ctx, tx, e); err != nil {
			return nil, err
		}
		if _, err := tx.Exec(ctx, `
			insert into supervisor_message (conversation, author, author_name, audience, recipients, created_at, expires_at)
			values ($1, $2, $3, $4, $5, $6, $7)`, id, by.ID, gateway.Clean(by.Name), to, len(agents), e.At, expires); err != nil {
			return nil, err
		}
		if err := join(ctx, tx, id, agents); err != nil {
			return nil, err
		}
		if m, err = message(ctx, tx, 0, id); err != nil {
			return nil, err
		}
		m.Text = text
		return messageTold(to, agents, "supervisor_message.created", m), nil
	})
	return m, err
}

// Withdraw takes a message back: nobody is shown it any more.
func (s *Store) Withdraw(ctx context.Context, id gateway.ConversationID) (Message, error) {
	var m Message
	err := s.write(ctx, func(tx pgx.Tx) ([]gateway.Event, error) {
		if _, err := tx.Exec(ctx, "update supervisor_message set withdrawn_at = coalesce(withdrawn_at, now()) where conversation = $1", id); err != nil {
			return nil, err
		}
		var err error
		if m, err = message(ctx, tx, 0, id); err != nil {
			return nil, err
		}
		rows, _ := tx.Query(ctx, "select agent from staff_receipt where conversation = $1 order by agent", id)
		agents, err := pgx.CollectRows(rows, pgx.RowTo[gateway.AgentID])
		return messageTold(m.Audience, agents, "supervisor_message.withdrawn", m), err
	})
	return m, err
}

func message(ctx context.Context, db querier, agent gateway.AgentID, id gateway.ConversationID) (Message, error) {
	rows, _ := db.Query(ctx, "select "+messageColumns+" where m.conversation = $2", agent, id)
	m, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Message])
	return m, notFound(err, "message_not_found", "there is no such message")
}

// messageTold is one event when everybody hears it, else one each.
func messageTold(to Audience, agents []gateway.AgentID, kind string, m Message) []gateway.Event {
	if to.Everybody {
		e := gateway.NewEvent(gateway.TopicAll, kind, 1, m)
		e.Conversation = m.Conversation
		return []gateway.Event{e}
	}
	return toAll(agents, kind, m.Conversation, 1, m)
}

// Messages lists what supervisors have told the agent and still holds, newest first.
// After is the last one of the page before.
func (s *Store) Messages(ctx context.Context, agent gateway.AgentID, after gateway.ConversationID, limit int) ([]Message, error) {
	found, err := list[Message](ctx, s.db, "select "+messageColumns+`
		join staff_receipt mine on mine.conversation = m.conversation and mine.agent = $1
		where m.withdrawn_at is null and (m.expires_at is null or m.expires_at > now())
		and ($2::bigint = 0 or m.conversation < $2)
		order by m.conversation desc
		limit $3`, agent, after, pageLength(limit))
	if err != nil {
		return nil, err
	}
	return found, s.texts(ctx, found)
}

// Sent lists what supervisors have told anybody, newest first, with how many have seen
// it. After is the last one of the page before.
func (s *Store) Sent(ctx context.Context, after gateway.ConversationID, limit int) ([]Message, error) {
	found, err := list[Message](ctx, s.db, "select "+messageColumns+`
		where ($2::bigint = 0 or m.conversation < $2)
		order by m.conversation desc
		limit $3`, gateway.AgentID(0), after, pageLength(limit))
	if err != nil {
		return nil, err
	}
	return found, s.texts(ctx, found)
}

func (s *Store) texts(ctx context.Context, found []Message) error {
	for i := range found {
		entries, err := s.timeline.Before(ctx, found[i].Conversation, 0, 1)
		if err != nil {
			return err
		}
		if len(entries) > 0 {
			found[i].Text = entries[0].Text
		}
	}
	return nil
}

func pageLength(n int) int {
	if n <= 0 || n > 50 {
		return 50
	}
	return n
}

func oneLine(text string) string { return strings.Join(strings.Fields(gateway.Clean(text)), " ") }
