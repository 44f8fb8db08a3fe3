package api

import (
	"context"
	"net/http"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/staffchat"
)

type staffIn struct {
	ID gateway.ConversationID `path:"id"`
}

type staffEntriesIn struct {
	staffIn
	Before int64 `query:"before" minimum:"0"`
	Limit  int   `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type newChatIn struct {
	Body struct {
		With  []gateway.AgentID `json:"with" minItems:"1" maxItems:"49"`
		Title string            `json:"title,omitempty" maxLength:"200"`
	}
}

type staffTextIn struct {
	staffIn
	Body struct {
		ClientID string `json:"client_id,omitempty" maxLength:"100"`
		Text     string `json:"text" minLength:"1" maxLength:"5000"`
	}
}

type staffSeenIn struct {
	staffIn
	Body struct {
		Pos int64 `json:"pos" minimum:"0"`
	}
}

type newMessageIn struct {
	Body struct {
		To        staffchat.Audience `json:"to"`
		Text      string             `json:"text" minLength:"1" maxLength:"5000"`
		ExpiresAt *time.Time         `json:"expires_at,omitempty"`
	}
}

type messagesIn struct {
	Sent  bool                   `query:"sent" doc:"Those that supervisors have sent, with who has seen them"`
	After gateway.ConversationID `query:"after"`
	Limit int                    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

func (s *Server) registerStaff() {
	agent, supervisor := gateway.RoleAgent, gateway.RoleSupervisor
	add(s, operation{Method: http.MethodGet, Path: "/staff-chats", ID: "list-staff-chats", Summary: "Your chats with colleagues", Role: agent}, s.staffChats)
	add(s, operation{Method: http.MethodPost, Path: "/staff-chats", ID: "start-staff-chat", Summary: "Start a chat with colleagues", Role: agent, Status: http.StatusCreated}, s.startChat)
	add(s, operation{Method: http.MethodGet, Path: "/staff-chats/{id}/entries", ID: "list-staff-entries", Summary: "What was said there", Role: agent}, s.staffEntries)
	add(s, operation{Method: http.MethodPost, Path: "/staff-chats/{id}/messages", ID: "say-to-staff", Summary: "Say something there", Role: agent, Status: http.StatusCreated}, s.sayToStaff)
	add(s, operation{Method: http.MethodPost, Path: "/staff-chats/{id}/seen", ID: "note-staff-seen", Summary: "You have read up to a position", Role: agent}, s.staffSeen)
	add(s, operation{Method: http.MethodGet, Path: "/supervisor-messages", ID: "list-supervisor-messages", Summary: "What supervisors have told you", Role: agent}, s.messages)
	add(s, operation{Method: http.MethodPost, Path: "/supervisor-messages", ID: "send-supervisor-message", Summary: "Tell agents, groups, queues or everybody", Role: supervisor, Status: http.StatusCreated}, s.sendMessage)
	add(s, operation{Method: http.MethodPost, Path: "/supervisor-messages/{id}/seen", ID: "note-message-seen", Summary: "You have read it", Role: agent}, s.messageSeen)
	add(s, operation{Method: http.MethodDelete, Path: "/supervisor-messages/{id}", ID: "withdraw-supervisor-message", Summary: "Take it back", Role: supervisor}, s.withdrawMessage)
}

func (s *Server) staffChats(ctx context.Context, by access.Caller, _ *none) (page[staffchat.Chat], error) {
	list, err := s.StaffChat.Chats(ctx, by.Agent)
	return page[staffchat.Chat]{Items: orEmpty(list)}, err
}

func (s *Server) startChat(ctx context.Context, by access.Caller, in *newChatIn) (staffchat.Chat, error) {
	chat, err := s.StaffChat.Start(ctx, by.Agent, in.Body.With, in.Body.Title)
	if err == nil && len(in.Body.With) == 1 {
		err = s.Roster.Used(ctx, by.Agent, "agent", int64(in.Body.With[0]), time.Now())
	}
	return chat, err
}

func (s *Server) staffEntries(ctx context.Context, by access.Caller, in *staffEntriesIn) (page[gateway.Entry], error) {
	list, err := s.StaffChat.Entries(ctx, by.Agent, in.ID, in.Before, in.Limit)
	return page[gateway.Entry]{Items: orEmpty(list)}, err
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

func (s *Server) messages(ctx context.Context, by access.Caller, in *messagesIn) (page[staffchat.Message], error) {
	var list []staffchat.Message
	var err error
	if in.Sent {
		if err := by.Require(gateway.RoleSupervisor); err != nil {
			return page[staffchat.Message]{}, err
		}
		list, err = s.StaffChat.Sent(ctx, in.After, in.Limit)
	} else {
		list, err = s.StaffChat.Messages(ctx, by.Agent, in.After, in.Limit)
	}
	return page[staffchat.Message]{
		Items: orEmpty(list), After: nextOf(list, in.Limit, func(m staffchat.Message) int64 { return int64(m.Conversation) }),
	}, err
}

func (s *Server) sendMessage(ctx context.Context, by access.Caller, in *newMessageIn) (staffchat.Message, error) {
	m, err := s.StaffChat.Send(ctx, author(by), in.Body.To, in.Body.Text, in.Body.ExpiresAt)
	if err != nil {
		return m, err
	}
	return m, s.Access.Audit(ctx, by, "supervisor_message.sent", "conversation/"+m.Conversation.String(), in.Body.To)
}

func (s *Server) messageSeen(ctx context.Context, by access.Caller, in *staffIn) (none, error) {
	return none{}, s.StaffChat.Seen(ctx, by.Agent, in.ID, 1)
}

func (s *Server) withdrawMessage(ctx context.Context, by access.Caller, in *staffIn) (staffchat.Message, error) {
	m, err := s.StaffChat.Withdraw(ctx, in.ID)
	if err != nil {
		return m, err
	}
	return m, s.Access.Audit(ctx, by, "supervisor_message.withdrawn", "conversation/"+in.ID.String(), nil)
}
