package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/feed"
	"github.com/vaxelhq/vaxel/gateway/staffchat"
)

// frame is one message to a console. N counts those that must not be missed; At, when
// the frame comes from the log, is where to resume.
type frame struct {
	V            int                    `json:"v"`
	Type         string                 `json:"t"`
	N            int64                  `json:"n,omitempty"`
	At           string                 `json:"at,omitempty"`
	TS           time.Time              `json:"ts"`
	Conversation gateway.ConversationID `json:"conversation,omitempty"`
	Rev          int64                  `json:"rev,omitempty"`
	Data         any                    `json:"data,omitempty"`
}

// welcome is the first frame's data.
type welcome struct {
	Node       string    `json:"node"`
	ServerTime time.Time `json:"server_time"`
	Heartbeat  int       `json:"heartbeat_s"`
	Resumed    bool      `json:"resumed"`
}

// typing says that somebody writes, or no longer.
type typing struct {
	Author gateway.Author `json:"author"`
	On     bool           `json:"on"`
	Text   string         `json:"text,omitempty"` // what a visitor has written so far, where their widget tells them that it is seen
}

// early is what went out ahead of the log, by the event's own bytes. When the event comes
// again from there, it is the same frame with a cursor, and nothing is looked up twice:
// clients know its rev, and the lookups are most of what an agent's event costs.
type early map[string]any

// earlyMost bounds what a console keeps of events that the log has not brought yet.
const earlyMost = 64

func (e *early) keep(event feed.Frame, data any) {
	if *e == nil || len(*e) >= earlyMost {
		*e = early{}
	}
	(*e)[event.Type+string(event.Data)] = data
}

func (e *early) take(event feed.Frame) (data any, ok bool) {
	key := event.Type + string(event.Data)
	data, ok = (*e)[key]
	delete(*e, key)
	return data, ok
}

// frame is an event as a console gets it, early or from the log.
func (c *console) frame(ctx context.Context, event feed.Frame) (frame, error) {
	if event.At != "" {
		if data, ok := c.early.take(event); ok {
			return frame{Type: event.Type, At: event.At, Conversation: event.Conversation, Rev: event.Rev, Data: data}, nil
		}
	}
	f, err := c.named(ctx, event)
	if _, plain := f.Data.(json.RawMessage); err == nil && event.At == "" && !plain {
		c.early.keep(event, f.Data)
	}
	return f, err
}

// named is an event with names, where it is the agent's own. What boards hear of others'
// interactions goes out as it is, because everybody hears it.
func (c *console) named(ctx context.Context, event feed.Frame) (frame, error) {
	f := frame{Type: event.Type, At: event.At, Conversation: event.Conversation, Rev: event.Rev, Data: event.Data}
	var err error
	switch {
	case event.Type == "interaction.changed" && event.Topic == gateway.TopicAgent(c.by.Agent):
		f.Data, err = c.ownInteraction(ctx, event.Data)
	case event.Type == "message.created":
		f.Data, err = c.s.wholeEntry(ctx, event.Event)
	case event.Type == "offer.created":
		var o gateway.OfferMade
		if err = json.Unmarshal(event.Data, &o); err == nil {
			f.Data, err = c.s.offerView(ctx, c.s.language(ctx, c.by), o)
		}
	case event.Type == "alert.raised":
		f.Data, err = c.alert(ctx, event.Data)
	case event.Type == "staff_chat.created":
		var chat staffchat.Chat
		if err = json.Unmarshal(event.Data, &chat); err == nil {
			f.Data = c.s.chatView(ctx, chat)
		}
	case event.Type == "supervisor_message.created", event.Type == "supervisor_message.withdrawn":
		var told staffchat.Message
		if err = json.Unmarshal(event.Data, &told); err == nil {
			f.Data = messageView(told)
		}
	}
	return f, err
}

func (c *console) alert(ctx context.Context, data json.RawMessage) (Alert, error) {
	var a gateway.Alert
	if err := json.Unmarshal(data, &a); err != nil {
		return Alert{}, err
	}
	views, err := c.s.alertViews(ctx, c.by, a)
	if err != nil {
		return Alert{}, err
	}
	return views[0], nil
}

// ownInteraction brings the conversation along before the agent hears that the
// interaction is theirs. The view is read after that, so its last_pos shows whatever may
// have been missed before.
func (c *console) ownInteraction(ctx context.Context, data json.RawMessage) (Interaction, error) {
	var i gateway.Interaction
	if err := json.Unmarshal(data, &i); err != nil {
		return Interaction{}, err
	}
	switch on := isOn(i, c.by.Agent); {
	case on && i.State == gateway.StateActive:
		c.attend(gateway.TopicConversation(i.Conversation))
	case !on && observable(i):
		c.part(gateway.TopicConversation(i.Conversation))
	}
	return c.s.ownView(ctx, c.by, i)
}

// wholeEntry is what an event tells of, with what was left out of it.
func (s *Server) wholeEntry(ctx context.Context, event gateway.Event) (any, error) {
	pos, partial := event.Partial()
	if !partial {
		return event.Data, nil
	}
	entries, err := s.Timeline.Entries(ctx, event.Conversation, pos-1, 1)
	if err != nil || len(entries) == 0 || entries[0].Pos != pos {
		return event.Data, err // erased meanwhile
	}
	return entries[0], nil
}

func isEOF(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}
