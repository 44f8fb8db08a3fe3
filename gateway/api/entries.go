package api

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/timeline"
)

type entriesIn struct {
	ID     gateway.ConversationID `path:"id"`
	After  int64                  `query:"after" minimum:"0" doc:"Entries after this position, oldest first"`
	Before int64                  `query:"before" minimum:"0" doc:"Entries before this position, the latest of them"`
	Limit  int                    `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

type textIn struct {
	ID   gateway.InteractionID `path:"id"`
	Key  string                `header:"Idempotency-Key" doc:"Your id of this write: repeated, it gives the first answer"`
	Body struct {
		ClientID string `json:"client_id,omitempty" maxLength:"100" doc:"Your own id; the same id twice is one entry"`
		Text     string `json:"text" minLength:"1" maxLength:"20000"`
		Language string `json:"language,omitempty" maxLength:"35" pattern:"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$" doc:"Of the text, BCP 47, where you know it; a note's is yours unless set"`
	}
}

type seenIn struct {
	ID   gateway.ConversationID `path:"id"`
	Body struct {
		Pos int64 `json:"pos" minimum:"0"`
	}
}

func (s *Server) registerEntries() {
	agent := gateway.RoleAgent
	add(s, operation{Method: http.MethodGet, Path: "/conversations/{id}/entries", ID: "list-entries", Summary: "What was said and what happened, by position", Role: agent}, s.entries)
	addSilent(s, operation{Method: http.MethodPost, Path: "/conversations/{id}/seen", ID: "note-seen", Summary: "You have read up to a position", Role: agent}, s.seen)
	add(s, operation{Method: http.MethodPost, Path: "/interactions/{id}/messages", ID: "send-message", Summary: "Say something to the customer of a chat", Role: agent, Status: http.StatusCreated}, s.message)
	add(s, operation{Method: http.MethodPost, Path: "/interactions/{id}/notes", ID: "write-note", Summary: "Write what customers never see", Role: agent, Status: http.StatusCreated}, s.note)
}

func (s *Server) entries(ctx context.Context, by access.Caller, in *entriesIn) (page[gateway.Entry], error) {
	c, err := s.withCustomer(ctx, in.ID)
	if err == nil {
		err = s.noteReading(ctx, by, c)
	}
	if err != nil {
		return page[gateway.Entry]{}, err
	}
	var list []gateway.Entry
	if in.After > 0 {
		list, err = s.Timeline.Entries(ctx, in.ID, in.After, in.Limit)
	} else {
		list, err = s.Timeline.Before(ctx, in.ID, in.Before, in.Limit)
	}
	return page[gateway.Entry]{Items: orEmpty(list)}, err
}

// readable refuses conversations that belong to no case: what the staff say among
// themselves is read through their own resources.
func (s *Server) readable(ctx context.Context, id gateway.ConversationID) error {
	_, err := s.withCustomer(ctx, id)
	return err
}

func (s *Server) withCustomer(ctx context.Context, id gateway.ConversationID) (timeline.Conversation, error) {
	c, err := s.Timeline.Get(ctx, id)
	if err == nil && c.Case == 0 {
		err = gateway.NotFound("no_conversation", "there is no such conversation with a customer")
	}
	return c, err
}

// conversation is the latest of what was said in a conversation with a customer.
func (s *Server) conversation(ctx context.Context, id gateway.ConversationID) ([]gateway.Entry, error) {
	if err := s.readable(ctx, id); err != nil {
		return nil, err
	}
	return s.Timeline.Before(ctx, id, 0, 50)
}

func cardOf(e gateway.Entry) (card gateway.ArticleCard, ok bool) {
	if e.Kind != gateway.EntryArticle {
		return card, false
	}
	return card, json.Unmarshal(e.Body, &card) == nil
}

func (s *Server) seen(ctx context.Context, by access.Caller, in *seenIn) (none, error) {
	if err := needAgent(by); err != nil {
		return none{}, err
	}
	c, err := s.withCustomer(ctx, in.ID)
	if err != nil {
		return none{}, err
	}
	if c.Channel != gateway.Chat {
		return none{}, s.Timeline.Seen(ctx, in.ID, author(by), in.Body.Pos)
	}
	// A visitor sees who has read; that is whom they talk to, not a supervisor or a colleague who reads along.
	if c.Open != 0 {
		i, err := s.Floor.Interaction(ctx, c.Open)
		if err != nil {
			return none{}, err
		}
		if speaks(i, by) {
			return none{}, s.Timeline.Seen(ctx, in.ID, author(by), in.Body.Pos)
		}
	}
	return none{}, s.Timeline.SeenQuietly(ctx, in.ID, author(by), in.Body.Pos)
}

func (s *Server) message(ctx context.Context, by access.Caller, in *textIn) (gateway.Entry, error) {
	id := cmp.Or(in.Body.ClientID, in.Key)
	i, before, err := s.mine(ctx, by, in.ID, id)
	if err != nil || before.Pos != 0 {
		return before, err
	}
	if i.Channel != gateway.Chat {
		return gateway.Entry{}, gateway.Conflict("not_a_chat", "only chats take messages; answer mail with reply", nil)
	}
	return s.write(ctx, by, i, gateway.Entry{Kind: gateway.EntryMessage, Text: in.Body.Text, Language: in.Body.Language, ClientID: id})
}

func (s *Server) note(ctx context.Context, by access.Caller, in *textIn) (gateway.Entry, error) {
	if err := needAgent(by); err != nil {
		return gateway.Entry{}, err
	}
	i, err := s.Floor.Interaction(ctx, in.ID)
	if err != nil {
		return gateway.Entry{}, err
	}
	return s.write(ctx, by, i, gateway.Entry{Kind: gateway.EntryNote, Internal: true, Text: in.Body.Text, Language: cmp.Or(in.Body.Language, s.language(ctx, by)), ClientID: cmp.Or(in.Body.ClientID, in.Key)})
}

// mine is an interaction that the caller holds with its customer still there. Where that
// is over, what the caller wrote under the same id before is given again: whoever repeats
// it after a time-out must learn that it was said.
func (s *Server) mine(ctx context.Context, by access.Caller, id gateway.InteractionID, clientID string) (i gateway.Interaction, before gateway.Entry, err error) {
	if i, err = s.Floor.Interaction(ctx, id); err != nil {
		return i, before, err
	}
	if err = held(i, by); err == nil {
		s.touched(ctx, by, i)
		return i, before, nil
	}
	if before, ok := s.said(ctx, by, i, clientID); ok {
		return i, before, nil
	}
	return i, before, err
}

// said is what the caller wrote under an id of their own before.
func (s *Server) said(ctx context.Context, by access.Caller, i gateway.Interaction, clientID string) (gateway.Entry, bool) {
	if clientID == "" {
		return gateway.Entry{}, false
	}
	e, err := s.Timeline.Known(ctx, i.Conversation, clientID)
	return e, err == nil && e.Author == author(by)
}

// held refuses to say something in an interaction that is not the caller's, or over.
func held(i gateway.Interaction, by access.Caller) error {
	if !speaks(i, by) {
		return gateway.Forbidden("not_yours", "another agent has this; ask for a transfer, or write a note")
	}
	if i.State != gateway.StateActive && i.State != gateway.StateParked {
		return gateway.Conflict("ended", "the customer's side has ended; finish the wrap-up", i)
	}
	return nil
}

// write says something in an interaction's conversation as the caller, through the lane
// that many share. It is committed when write returns.
func (s *Server) write(ctx context.Context, by access.Caller, i gateway.Interaction, e gateway.Entry) (gateway.Entry, error) {
	if e.ClientID == "" {
		e.ClientID = uuid.Must(uuid.NewV7()).String()
	}
	e.Conversation, e.Interaction, e.Channel, e.At = i.Conversation, i.ID, i.Channel, time.Now().UTC()
	e.Author = author(by)
	e, err := s.Timeline.Say(ctx, e)
	if err == nil && !e.Internal {
		s.Cases.Said(e)
	}
	return e, err
}
