package staffchat

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Chat is a conversation between agents, as one of them sees it.
type Chat struct {
	Conversation gateway.ConversationID `json:"conversation"`
	Title        string                 `json:"title"` // empty between two
	CreatedBy    gateway.AgentID        `json:"created_by"`
	CreatedAt    time.Time              `json:"created_at"`
	Members      []Receipt              `json:"members"`
	LastPos      int64                  `json:"last_pos"`
	LastAt       time.Time              `json:"last_at"`
	Preview      string                 `json:"preview"`
	PreviewBy    gateway.AgentID        `json:"preview_by,omitempty"`
	Unread       int64                  `json:"unread"`
	Interaction  gateway.InteractionID  `json:"interaction,omitempty"` // that it is beside
}

const chatColumns = `
	c.conversation, c.interaction, c.title, c.created_by, c.created_at, c.last_pos, c.last_at, c.preview, c.preview_by, c.last_pos - r.pos - ` + unheard + ` as unread,
	(select jsonb_agg(jsonb_build_object('agent', m.agent::text, 'pos', m.pos) order by m.agent)
		from staff_receipt m
		where m.conversation = c.conversation
		and (r.looks_on or not m.looks_on or (select show_observers from staff_setting))) as members
	from staff_chat c
	join staff_receipt r on r.conversation = c.conversation and r.agent = $1`

// maxMembers keeps a chat a chat: what is for more is a supervisor's message.
const maxMembers = 50

// Start opens a chat between the agent and others. Between two there is only one: it is
// given again.
func (s *Store) Start(ctx context.Context, by gateway.AgentID, with []gateway.AgentID, title string) (Chat, error) {
	if by == 0 {
		return Chat{}, errNotAgent
	}
	with = slices.DeleteFunc(slices.Clone(with), func(a gateway.AgentID) bool { return a == by })
	at, err := s.roster.Recipients(ctx, with, nil, nil, false)
	if err != nil {
		return Chat{}, err
	}
	slices.Sort(with)
	if with = slices.Compact(with); len(with) == 0 || len(with) >= maxMembers || len(at) != len(with) {
		return Chat{}, gateway.Invalid("bad_members", "a chat is between you and 1 to 49 colleagues who work here")
	}
	all := append(with, by)
	slices.Sort(all)
	var pair *string
	if len(all) == 2 {
		key := fmt.Sprintf("%d:%d", all[0], all[1])
		pair = &key
	}
	var chat Chat
	err = s.write(ctx, func(tx pgx.Tx) (told []gateway.Event, err error) {
		chat, told, err = s.start(ctx, tx, by, all, pair, title)
		return told, err
	})
	return chat, err
}

func (s *Store) start(ctx context.Context, tx pgx.Tx, by gateway.AgentID, all []gateway.AgentID, pair *string, title string) (Chat, []gateway.Event, error) {
	if pair != nil { // two who start it at once must find the same one
		if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock(hashtextextended('staff_chat ' || $1, 0))", *pair); err != nil {
			return Chat{}, nil, err
		}
		chats, err := list[Chat](ctx, tx, "select "+chatColumns+" where c.pair = $2", by, *pair)
		if err != nil || len(chats) > 0 {
			return append(chats, Chat{})[0], nil, err
		}
	}
	id, err := s.timeline.Open(ctx, tx, 0, 0, gateway.Chat)
	if err != nil {
		return Chat{}, nil, err
	}
	if _, err := tx.Exec(ctx, "insert into staff_chat (conversation, pair, title, created_by) values ($1, $2, $3, $4)",
		id, pair, preview(title), by); err != nil {
		return Chat{}, nil, err
	}
	if err := join(ctx, tx, id, all); err != nil {
		return Chat{}, nil, err
	}
	chats, err := list[Chat](ctx, tx, "select "+chatColumns+" where c.conversation = $2", by, id)
	if err != nil {
		return Chat{}, nil, err
	}
	return chats[0], toAll(all, "staff_chat.created", id, 0, chats[0]), nil
}

// Chats lists the agent's chats, the one with the latest text first. What is beside an
// interaction is among them until it was seen.
func (s *Store) Chats(ctx context.Context, agent gateway.AgentID) ([]Chat, error) {
	return list[Chat](ctx, s.db, "select "+chatColumns+`
		where c.interaction = 0 or c.last_pos > r.pos
		order by c.last_at desc, c.conversation desc
		limit 200`, agent)
}

// Said is a text that was looked for.
type Said struct {
	Conversation gateway.ConversationID `json:"conversation"`
	Pos          int64                  `json:"pos"`
	Author       gateway.AgentID        `json:"author"`
	AuthorName   string                 `json:"author_name"`
	Text         string                 `json:"text"`
	At           time.Time              `json:"at"`
}

// Find looks for words in what was said in the agent's chats, whatever their case, the
// latest first.
func (s *Store) Find(ctx context.Context, agent gateway.AgentID, words string, limit int) ([]Said, error) {
	return list[Said](ctx, s.db, `
		select conversation, e.pos, e.author, e.author_name, e.text, e.at
		from staff_receipt r
		join staff_chat c using (conversation)
		join staff_said e using (conversation)
		where r.agent = $1 and c.interaction = 0 and strpos(lower(e.text), lower($2)) > 0
		order by e.at desc, conversation desc, e.pos desc
		limit $3`, agent, strings.TrimSpace(gateway.Clean(words)), pageLength(limit))
}

// Say adds a text to a chat, once for each clientID, and tells everybody in it. Beside an
// interaction SayBeside does, which knows who is on it now.
func (s *Store) Say(ctx context.Context, by gateway.Author, conversation gateway.ConversationID, clientID, text string) (gateway.Entry, error) {
	agent := gateway.AgentID(by.ID)
	text, err := checkText(text)
	if err != nil {
		return gateway.Entry{}, err
	}
	var e gateway.Entry
	err = s.write(ctx, func(tx pgx.Tx) (told []gateway.Event, err error) {
		all, err := members(ctx, tx, conversation, agent)
		if err != nil {
			return nil, err
		}
		if err := notBeside(ctx, tx, conversation); err != nil {
			return nil, err
		}
		e = textOf(by, conversation, clientID, text)
		return s.say(ctx, tx, &e, all)
	})
	return e, err
}

func notBeside(ctx context.Context, tx pgx.Tx, conversation gateway.ConversationID) error {
	var beside bool
	err := tx.QueryRow(ctx, "select exists (select from staff_chat where conversation = $1 and interaction <> 0)", conversation).Scan(&beside)
	if err == nil && beside {
		return gateway.Forbidden("beside_interaction", "this goes on beside a customer's conversation; open that, and say it there (POST /interactions/{id}/side-chat)")
	}
	return err
}

func textOf(by gateway.Author, conversation gateway.ConversationID, clientID, text string) gateway.Entry {
	return gateway.Entry{
		Conversation: conversation, Kind: gateway.EntryMessage, Author: by, Channel: gateway.Chat,
		ClientID: clientID, Text: text, Internal: true,
	}
}

// say adds a text, which its author has seen, and gives what all are told.
func (s *Store) say(ctx context.Context, tx pgx.Tx, e *gateway.Entry, all []gateway.AgentID) ([]gateway.Event, error) {
	if err := s.timeline.Append(ctx, tx, e); err != nil || e.Repeated {
		return nil, err
	}
	agent := gateway.AgentID(e.Author.ID)
	tag, err := tx.Exec(ctx, `
		update staff_chat
		set last_pos = $2, last_at = $3, preview = $4, preview_by = $5
		where conversation = $1`, e.Conversation, e.Pos, e.At, preview(e.Text), agent)
	if err != nil {
		return nil, err
	}
	if tag.RowsAffected() == 0 {
		return nil, gateway.Forbidden("not_a_chat", "a supervisor's message is not answered here; start a chat with its author")
	}
	if _, err := see(ctx, tx, e.Conversation, agent, e.Pos); err != nil {
		return nil, err
	}
	return toAll(all, "message.created", e.Conversation, e.Pos, *e), nil
}

// Entries gives the last texts before a position, oldest first; 0 means from the end.
func (s *Store) Entries(ctx context.Context, agent gateway.AgentID, conversation gateway.ConversationID, before int64, limit int) ([]gateway.Entry, error) {
	if _, err := members(ctx, s.db, conversation, agent); err != nil {
		return nil, err
	}
	if limit <= 0 || limit > 200 {
		limit = 50
	}
	return s.said(ctx, agent, conversation, before, limit)
}

// Seen notes that the agent has seen a chat up to a position, or a message, and tells
// the others; of a message supervisors are told. It never goes back, nor past the last text.
func (s *Store) Seen(ctx context.Context, agent gateway.AgentID, conversation gateway.ConversationID, pos int64) error {
	return s.write(ctx, func(tx pgx.Tx) ([]gateway.Event, error) {
		all, err := members(ctx, tx, conversation, agent)
		if err != nil {
			return nil, err
		}
		rows, _ := tx.Query(ctx, "select last_pos from staff_chat where conversation = $1", conversation)
		chats, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			return nil, err
		}
		message := len(chats) == 0 // a supervisor's, which is one text
		if message {
			chats, all = []int64{1}, []gateway.AgentID{agent} // the other consoles of the agent
		}
		pos = min(pos, chats[0])
		moved, err := see(ctx, tx, conversation, agent, pos)
		if err != nil || !moved {
			return nil, err
		}
		told := toAll(all, "staff_chat.receipt", conversation, pos, Receipt{agent, pos})
		if message {
			told = append(told, toSupervisors("supervisor_message.seen", conversation, Receipt{agent, pos}))
		}
		return told, nil
	})
}

func toSupervisors(kind string, conversation gateway.ConversationID, data any) gateway.Event {
	e := gateway.NewEvent(gateway.TopicSupervisors, kind, 0, data)
	e.Conversation = conversation
	return e
}

func toAll(agents []gateway.AgentID, kind string, conversation gateway.ConversationID, rev int64, data any) []gateway.Event {
	var events []gateway.Event
	for _, a := range agents {
		e := gateway.NewEvent(gateway.TopicAgent(a), kind, rev, data)
		e.Conversation = conversation
		events = append(events, e)
	}
	return events
}

// preview is the beginning of a text, on one line.
func preview(text string) string {
	const most = 160
	line := []rune(oneLine(text))
	if len(line) > most {
		line = append(line[:most-1], '…')
	}
	return string(line)
}
