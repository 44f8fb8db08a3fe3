package api

import (
	"context"
	"net/http"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/roster"
	"github.com/vaxelhq/vaxel/gateway/staffchat"
)

type staffIn struct {
	ID gateway.ConversationID `path:"id"`
}

type staffEntriesIn struct {
	ID     gateway.ConversationID `path:"id"`
	Before int64                  `query:"before" minimum:"0"`
	Limit  int                    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

// StaffChat is a chat between agents, as one of them sees it.
type StaffChat struct {
	ID        gateway.ConversationID `json:"id" doc:"Also the conversation of its entries"`
	Title     string                 `json:"title,omitempty" doc:"Between two there is none"`
	Members   []StaffMember          `json:"members" nullable:"false"`
	CreatedBy gateway.AgentID        `json:"created_by"`
	CreatedAt time.Time              `json:"created_at"`
	LastPos   int64                  `json:"last_pos"`
	LastAt    time.Time              `json:"last_at"`
	Preview   string                 `json:"preview"`
	PreviewBy gateway.AgentID        `json:"preview_by,omitempty"`
	Unread    int64                  `json:"unread"`

	Interaction gateway.InteractionID `json:"interaction,omitempty" doc:"That it is beside; such a chat is listed until you have read it"`
}

// StaffMember is somebody in a chat.
type StaffMember struct {
	ID   gateway.AgentID `json:"id"`
	Name string          `json:"name"`
	Pos  int64           `json:"pos" doc:"Read up to here"`
}

// SupervisorMessage is what a supervisor told agents.
type SupervisorMessage struct {
	ID          gateway.ConversationID `json:"id"`
	Author      gateway.AgentID        `json:"author,omitempty"`
	AuthorName  string                 `json:"author_name"`
	Audience    staffchat.Audience     `json:"audience"`
	Text        string                 `json:"text"`
	At          time.Time              `json:"at"`
	Urgent      bool                   `json:"urgent,omitempty" doc:"Show it over whatever is on the screen, until they say that they have seen it"`
	ExpiresAt   *time.Time             `json:"expires_at,omitempty" doc:"Not shown after it"`
	WithdrawnAt *time.Time             `json:"withdrawn_at,omitempty"`
	Recipients  int                    `json:"recipients"`
	SeenBy      int                    `json:"seen_by" doc:"How many have seen it"`
	Seen        bool                   `json:"seen" doc:"By you"`
}

// MessageReader is somebody whom a supervisor's message went to.
type MessageReader struct {
	ID     gateway.AgentID `json:"id"`
	Name   string          `json:"name"`
	SeenAt *time.Time      `json:"seen_at,omitempty" doc:"Absent: not yet"`
}

type newChatIn struct {
	Body struct {
		Members []gateway.AgentID `json:"members" nullable:"false" minItems:"1" maxItems:"49" doc:"The others; between two there is only one chat, which is given again"`
		Title   string            `json:"title,omitempty" maxLength:"200"`
	}
}

type staffTextIn struct {
	ID   gateway.ConversationID `path:"id"`
	Body struct {
		ClientID string `json:"client_id,omitempty" maxLength:"100"`
		Text     string `json:"text" minLength:"1" maxLength:"5000"`
	}
}

type staffSeenIn struct {
	ID   gateway.ConversationID `path:"id"`
	Body struct {
		Pos int64 `json:"pos" minimum:"0"`
	}
}

type newMessageIn struct {
	Body struct {
		Audience  staffchat.Audience `json:"audience"`
		Text      string             `json:"text" minLength:"1" maxLength:"5000"`
		Urgent    bool               `json:"urgent,omitempty" doc:"Agents must say that they have seen it before they go on"`
		ExpiresAt *time.Time         `json:"expires_at,omitempty"`
	}
}

type messagesIn struct {
	Sent  bool                   `query:"sent" doc:"Those that supervisors have sent to anybody, with how many have seen them"`
	Past  bool                   `query:"past" doc:"Also those that are taken back or have expired"`
	Q     string                 `query:"q" maxLength:"200" doc:"Words in the text"`
	After gateway.ConversationID `query:"after"`
	Limit int                    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type findStaffIn struct {
	Q     string `query:"q" required:"true" minLength:"2" maxLength:"200" doc:"Words in the text"`
	Limit int    `query:"limit" minimum:"1" maximum:"50" default:"20"`
}

func (s *Server) registerStaff() {
	agent, supervisor := gateway.RoleAgent, gateway.RoleSupervisor
	add(s, operation{Method: http.MethodGet, Path: "/staff-chats", ID: "list-staff-chats", Summary: "Your chats with colleagues", Role: agent}, s.staffChats)
	add(s, operation{Method: http.MethodPost, Path: "/staff-chats", ID: "start-staff-chat", Summary: "Start a chat with colleagues", Role: agent, Status: http.StatusCreated, Once: true}, s.startChat)
	add(s, operation{Method: http.MethodGet, Path: "/staff-chats/entries", ID: "find-staff-entries", Summary: "What was said in your chats, found by words", Role: agent}, s.findStaff)
	add(s, operation{Method: http.MethodGet, Path: "/staff-chats/{id}/entries", ID: "list-staff-entries", Summary: "What was said there", Role: agent}, s.staffEntries)
	add(s, operation{Method: http.MethodPost, Path: "/staff-chats/{id}/messages", ID: "say-to-staff", Summary: "Say something there", Role: agent, Status: http.StatusCreated}, s.sayToStaff)
	addSilent(s, operation{Method: http.MethodPost, Path: "/staff-chats/{id}/seen", ID: "note-staff-seen", Summary: "You have read up to a position", Role: agent}, s.staffSeen)
	add(s, operation{Method: http.MethodGet, Path: "/supervisor-messages", ID: "list-supervisor-messages", Summary: "What supervisors have told you", Role: agent}, s.messages)
	add(s, operation{Method: http.MethodPost, Path: "/supervisor-messages", ID: "send-supervisor-message", Summary: "Tell agents, groups, queues or everybody", Role: supervisor, Status: http.StatusCreated, Once: true}, s.sendMessage)
	add(s, operation{Method: http.MethodGet, Path: "/supervisor-messages/{id}/readers", ID: "list-message-readers", Summary: "Who was told, and who has seen it when", Role: supervisor}, s.messageReaders)
	addSilent(s, operation{Method: http.MethodPost, Path: "/supervisor-messages/{id}/seen", ID: "note-message-seen", Summary: "You have read it", Role: agent}, s.messageSeen)
	add(s, operation{Method: http.MethodDelete, Path: "/supervisor-messages/{id}", ID: "withdraw-supervisor-message", Summary: "Take it back", Role: supervisor}, s.withdrawMessage)
}

func (s *Server) staffChats(ctx context.Context, by access.Caller, _ *none) (page[StaffChat], error) {
	list, err := s.StaffChat.Chats(ctx, by.Agent)
	out := page[StaffChat]{Items: make([]StaffChat, len(list))}
	for i, c := range list {
		out.Items[i] = s.chatView(ctx, c)
	}
	return out, err
}

// chatView adds the members' names, as far as they are known.
func (s *Server) chatView(ctx context.Context, c staffchat.Chat) StaffChat {
	names, err := s.names.Get(ctx)
	if err != nil {
		s.log.WarnContext(ctx, "read names for a staff chat", "err", err)
	}
	out := StaffChat{
		ID: c.Conversation, Title: c.Title, Members: make([]StaffMember, len(c.Members)), CreatedBy: c.CreatedBy, CreatedAt: c.CreatedAt,
		LastPos: c.LastPos, LastAt: c.LastAt, Preview: c.Preview, PreviewBy: c.PreviewBy, Unread: c.Unread, Interaction: c.Interaction,
	}
	for i, m := range c.Members {
		out.Members[i] = StaffMember{m.Agent, names.Agent(m.Agent), m.Pos}
	}
	return out
}

func (s *Server) startChat(ctx context.Context, by access.Caller, in *newChatIn) (StaffChat, error) {
	chat, err := once(ctx, s, by, "start-staff-chat", func(w *work) (staffchat.Chat, error) {
		chat, err := w.staff().Start(ctx, by.Agent, in.Body.Members, in.Body.Title)
		if err != nil || len(in.Body.Members) != 1 {
			return chat, err
		}
		people, _ := s.Roster.In(w.tx) // recents are no change of the plan
		return chat, people.Used(ctx, by.Agent, roster.TargetAgent, int64(in.Body.Members[0]), time.Now())
	})
	return s.chatView(ctx, chat), err
}

func (s *Server) staffEntries(ctx context.Context, by access.Caller, in *staffEntriesIn) (page[gateway.Entry], error) {
	list, err := s.StaffChat.Entries(ctx, by.Agent, in.ID, in.Before, in.Limit)
	return page[gateway.Entry]{Items: orEmpty(list)}, err
}

func (s *Server) findStaff(ctx context.Context, by access.Caller, in *findStaffIn) (page[staffchat.Said], error) {
	list, err := s.StaffChat.Find(ctx, by.Agent, in.Q, in.Limit)
	return page[staffchat.Said]{Items: orEmpty(list)}, err
}

func (s *Server) sayToStaff(ctx context.Context, by access.Caller, in *staffTextIn) (gateway.Entry, error) {
	return s.StaffChat.Say(ctx, author(by), in.ID, in.Body.ClientID, in.Body.Text)
}

// author is the caller as entries name them.
func author(by access.Caller) gateway.Author {
	return gateway.Author{Kind: gateway.ByAgent, ID: int64(by.Agent), Name: by.Name}
}

func (s *Server) staffSeen(ctx context.Context, by access.Caller, in *staffSeenIn) (none, error) {
	return none{}, s.StaffChat.Seen(ctx, by.Agent, in.ID, in.Body.Pos)
}

// messages are those to the caller, or those that supervisors have sent.
func (s *Server) messages(ctx context.Context, by access.Caller, in *messagesIn) (page[SupervisorMessage], error) {
	var list []staffchat.Message
	var err error
	wanted := staffchat.Wanted{Words: in.Q, Past: in.Past, After: in.After, Limit: in.Limit}
	if in.Sent {
		if err := by.Require(gateway.RoleSupervisor); err != nil {
			return page[SupervisorMessage]{}, err
		}
		list, err = s.StaffChat.Sent(ctx, wanted)
	} else {
		list, err = s.StaffChat.Messages(ctx, by.Agent, wanted)
	}
	out := page[SupervisorMessage]{Items: make([]SupervisorMessage, len(list))}
	for i, m := range list {
		out.Items[i] = messageView(m)
	}
	out.After = nextOf(list, in.Limit, func(m staffchat.Message) int64 { return int64(m.Conversation) })
	return out, err
}

func messageView(m staffchat.Message) SupervisorMessage {
	return SupervisorMessage{
		ID: m.Conversation, Author: m.Author, AuthorName: m.AuthorName, Audience: m.Audience, Text: m.Text, At: m.CreatedAt,
		Urgent: m.Urgent, ExpiresAt: m.ExpiresAt, WithdrawnAt: m.WithdrawnAt, Recipients: m.Recipients, SeenBy: m.SeenBy, Seen: m.Seen,
	}
}

func (s *Server) sendMessage(ctx context.Context, by access.Caller, in *newMessageIn) (SupervisorMessage, error) {
	m, err := once(ctx, s, by, "send-supervisor-message", func(w *work) (staffchat.Message, error) {
		m, err := w.staff().Send(ctx, author(by), in.Body.Audience, in.Body.Text, in.Body.Urgent, in.Body.ExpiresAt)
		if err != nil {
			return m, err
		}
		return m, w.audit(ctx, by, "supervisor_message.sent", "conversation:"+m.Conversation.String(), in.Body.Audience)
	})
	return messageView(m), err
}

func (s *Server) messageReaders(ctx context.Context, _ access.Caller, in *staffIn) (page[MessageReader], error) {
	list, err := s.StaffChat.Readers(ctx, in.ID)
	if err != nil {
		return page[MessageReader]{}, err
	}
	names, err := s.names.Get(ctx)
	out := page[MessageReader]{Items: make([]MessageReader, len(list))}
	for i, r := range list {
		out.Items[i] = MessageReader{r.Agent, names.Agent(r.Agent), r.SeenAt}
	}
	return out, err
}

func (s *Server) messageSeen(ctx context.Context, by access.Caller, in *staffIn) (none, error) {
	return none{}, s.StaffChat.Seen(ctx, by.Agent, in.ID, 1)
}

func (s *Server) withdrawMessage(ctx context.Context, by access.Caller, in *staffIn) (SupervisorMessage, error) {
	var m staffchat.Message
	err := s.commit(ctx, func(w *work) (err error) {
		if m, err = w.staff().Withdraw(ctx, in.ID); err != nil {
			return err
		}
		return w.audit(ctx, by, "supervisor_message.withdrawn", "conversation:"+in.ID.String(), nil)
	})
	return messageView(m), err
}
