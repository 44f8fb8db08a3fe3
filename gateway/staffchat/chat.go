package staffchat

import (
	"context"
	"fmt"
	"slices"
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
}

const chatColumns = `
	c.conversation, c.title, c.created_by, c.created_at, c.last_pos, c.last_at, c.preview, c.preview_by, c.last_pos - r.pos as unread,
	(select jsonb_agg(jsonb_build_object('agent', m.agent::text, 'pos', m.pos) order by m.agent)
		from staff_receipt m where m.conversation = c.conversation) as members
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

// Chats lists the agent's chats, the one with the latest text first.
func (s *Store) Chats(ctx context.Context, agent gateway.AgentID) ([]Chat, error) {
	return list[Chat](ctx, s.db, "select "+chatColumns+" order by c.last_at desc, c.conversation desc limit 200", agent)
}

// Say adds a text to a chat, once for each clientID, and tells everybody in it.
func (s *Store) Say(ctx context.Context, by gateway.Author, conversation gateway.ConversationID, clientID, text string) (gateway.Entry, error) {
	agent := gateway.AgentID(by.ID)
	text, err := checkText(text)
	if err != nil {
		return gateway.Entry{}, err
	}
	e := gateway.Entry{
		Conversation: conversation, Kind: gateway.EntryMessage, Author: by, Channel: gateway.Chat,
		ClientID: clientID, Text: text, Internal: true,
	}
	err = s.write(ctx, func(tx pgx.Tx) ([]gateway.Event, error) {
		all, err := members(ctx, tx, conversation, agent)
		if err != nil {
			return nil, err
		}
		if err := s.timeline.Append(ctx, tx, &e); err != nil || e.Repeated {
			return nil, err
		}
		tag, err := tx.Exec(ctx, `
			update staff_chat
			set last_pos = $2, last_at = $3, preview = $4, preview_by = $5
			where conversation = $1`, conversation, e.Pos, e.At, preview(text), agent)
		if err != nil {
			return nil, err
		}
		if tag.RowsAffected() == 0 {
			return nil, gateway.Forbidden("not_a_chat", "a supervisor's message is not answered here; start a chat with its author")
		}
		if _, err := see(ctx, tx, conversation, agent, e.Pos); err != nil {
			return nil, err
		}
		return toAll(all, "message.created", conversation, e.Pos, e), nil
	})
	return e, err
}

// Entries gives the last texts before a position, oldest first; 0 means from the end.
func (s *Store) Entries(ctx context.Context, agent gateway.AgentID, conversation gateway.ConversationID, before int64, limit int) ([]gateway.Entry, error) {
	if _, err := members(ctx, s.db, conversation, agent); err != nil {
		return nil, err
	}
	if limit <= 0 || limit > 200 {
		limit = 50
	}
	return s.timeline.Before(ctx, conversation, before, limit)
}

// Seen notes that the agent has seen a chat up to a position, or a message, and tells
// the others. It never goes back, nor past the last text.
func (s *Store) Seen(ctx context.Context, agent gateway.AgentID, conversation gateway.ConversationID, pos int64) error {
	return s.write(ctx, func(tx pgx.Tx) ([]gateway.Event, error) {
		all, err := members(ctx, tx, conversation, agent)
		if err != nil {
			return nil, err
		}
		last := int64(1) // of a supervisor's message
		rows, _ := tx.Query(ctx, "select last_pos from staff_chat where conversation = $1", conversation)
		chats, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			return nil, err
		}
		if len(chats) > 0 {
			last = chats[0]
		} else {
			all = []gateway.AgentID{agent} // the other consoles of the agent; not everybody a message went to
		}
		pos = min(pos, last)
		moved, err := see(ctx, tx, conversation, agent, pos)
		if err != nil || !moved {
			return nil, err
		}
		return toAll(all, "staff_chat.receipt", conversation, pos, Receipt{agent, pos}), nil
	})
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
