package staffchat

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Audience is who a supervisor's message is for: whoever belongs to it when it is sent, and
// who comes to belong to it while it holds. Its author is not among them.
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
	Urgent       bool                   `json:"urgent,omitempty"`     // shown over whatever is on the screen until it was seen
	ExpiresAt    *time.Time             `json:"expires_at,omitempty"` // not shown after it
	WithdrawnAt  *time.Time             `json:"withdrawn_at,omitempty"`
	Recipients   int                    `json:"recipients"`
	SeenBy       int                    `json:"seen_by"` // how many have seen it
	Seen         bool                   `json:"seen"`    // by the agent who asks
}

const messageColumns = `
	m.conversation, m.author, m.author_name, m.audience, m.urgent, m.created_at, m.expires_at, m.withdrawn_at,
	(select count(*) from staff_receipt r where r.conversation = m.conversation)::int as recipients,
	(select count(*) from staff_receipt r where r.conversation = m.conversation and r.pos > 0)::int as seen_by,
	exists (select from staff_receipt r where r.conversation = m.conversation and r.agent = $1 and r.pos > 0) as seen
	from supervisor_message m`

// holds is what a message must be to be shown unasked.
const holds = "(m.withdrawn_at is null and (m.expires_at is null or m.expires_at > now()))"

// Send tells agents something: urgently, it stands over whatever they see until they say
// that they have seen it. The caller has checked that the author may.
func (s *Store) Send(ctx context.Context, by gateway.Author, to Audience, text string, urgent bool, expires *time.Time) (Message, error) {
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
	agents = slices.DeleteFunc(agents, func(a gateway.AgentID) bool { return int64(a) == by.ID })
	if len(agents) == 0 {
		return Message{}, gateway.Invalid("nobody_to_tell", "nobody but you belongs to those agents, groups and queues; choose others")
	}
	var m Message
	err = s.write(ctx, func(tx pgx.Tx) ([]gateway.Event, error) {
		id, err := s.timeline.Open(ctx, tx, 0, 0, gateway.Chat)
		if err != nil {
			return nil, err
		}
		e := textOf(by, id, "", text)
		if err := s.timeline.Append(ctx, tx, &e); err != nil {
			return nil, err
		}
		if _, err := tx.Exec(ctx, `
			insert into supervisor_message (conversation, author, author_name, audience, urgent, created_at, expires_at)
			values ($1, $2, $3, $4, $5, $6, $7)`, id, by.ID, gateway.Clean(by.Name), to, urgent, e.At, expires); err != nil {
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

// Wanted is which messages are listed: those with words in their text, whatever the case,
// and after one, which is the last of the page before.
type Wanted struct {
	Words string
	Past  bool // also those that hold no more
	After gateway.ConversationID
	Limit int
}

const wanted = `
	($2::bigint = 0 or m.conversation < $2)
	and ($3 = '' or exists (
		select from staff_said e
		where e.conversation = m.conversation and strpos(lower(e.text), lower($3)) > 0))
	order by m.conversation desc
	limit $4`

// Messages lists what supervisors have told the agent, newest first: what holds, and if
// asked for what did.
func (s *Store) Messages(ctx context.Context, agent gateway.AgentID, w Wanted) ([]Message, error) {
	if w.After == 0 {
		if err := s.admit(ctx, agent); err != nil {
			return nil, err
		}
	}
	return s.messages(ctx, `
		join staff_receipt mine on mine.conversation = m.conversation and mine.agent = $1
		where ($5 or `+holds+`) and`+wanted, agent, w, w.Past)
}

// Sent lists what supervisors have told anybody, newest first, with how many have seen it.
func (s *Store) Sent(ctx context.Context, w Wanted) ([]Message, error) {
	return s.messages(ctx, " where"+wanted, 0, w)
}

func (s *Store) messages(ctx context.Context, which string, agent gateway.AgentID, w Wanted, more ...any) ([]Message, error) {
	words := strings.TrimSpace(gateway.Clean(w.Words))
	found, err := list[Message](ctx, s.db, "select "+messageColumns+which, append([]any{agent, w.After, words, pageLength(w.Limit)}, more...)...)
	if err != nil {
		return nil, err
	}
	return found, s.texts(ctx, found)
}

// admit lets the agent have what was told before they came to belong to those whom it is
// for, and still holds. Of what holds for ever that is a day: who comes later starts anew.
func (s *Store) admit(ctx context.Context, agent gateway.AgentID) error {
	group, queues, here, err := s.roster.Belongs(ctx, agent)
	if err != nil || !here { // a login that is no agent's has no messages
		return err
	}
	of := make([]string, len(queues))
	for i, q := range queues {
		of[i] = q.String()
	}
	_, err = s.db.Exec(ctx, `
		insert into staff_receipt (conversation, agent)
		select m.conversation, $1
		from supervisor_message m
		where m.withdrawn_at is null and m.author <> $1
		and (m.expires_at > now() or m.expires_at is null and m.created_at > now() - interval '1 day')
		and (m.audience @> '{"everybody": true}' or m.audience -> 'groups' ? $2 or m.audience -> 'queues' ?| $3)
		on conflict do nothing`, agent, group.String(), of)
	return err
}

// Reader is somebody whom a message went to.
type Reader struct {
	Agent  gateway.AgentID `json:"agent"`
	SeenAt *time.Time      `json:"seen_at,omitempty"` // nil: not yet
}

// Readers says who was told a message, and who has seen it when: those first who have not.
func (s *Store) Readers(ctx context.Context, id gateway.ConversationID) ([]Reader, error) {
	if _, err := message(ctx, s.db, 0, id); err != nil {
		return nil, err
	}
	return list[Reader](ctx, s.db, `
		select agent, case when pos > 0 then at end as seen_at
		from staff_receipt
		where conversation = $1
		order by pos, at, agent`, id)
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
