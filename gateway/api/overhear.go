package api

import (
	"context"
	"slices"
	"strings"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/feed"
)

// Who hears a chat that a colleague has looks on at it. That is noted, and told where the house
// wants that (beside.go), so a console may follow such a chat, but hears of it only while its agent
// says so. Asked for with every event: the chat may be given away, and who looked on may have gone.

// topicsRefused is what a console is told of topics of which it hears nothing now.
type topicsRefused struct {
	Topics []string `json:"topics" nullable:"false"`
	Code   string   `json:"code"`
	Detail string   `json:"detail"`
}

// overheard are those that serve some conversations which are chats that colleagues have and at
// which the caller has not said that they look on.
func (s *Server) overheard(ctx context.Context, by access.Caller, of ...gateway.ConversationID) (list []gateway.Interaction, err error) {
	if len(of) == 0 {
		return nil, nil
	}
	serving, err := s.Floor.Serving(ctx, of...)
	if err != nil {
		return nil, err
	}
	for _, i := range serving {
		if !observable(i) || isOn(i, by.Agent) {
			continue
		}
		looks, err := s.StaffChat.LooksOn(ctx, by.Agent, i.ID)
		if err != nil {
			return nil, err
		}
		if !looks {
			list = append(list, i)
		}
	}
	return list, nil
}

// observable says whether an interaction is a chat that somebody has.
func observable(i gateway.Interaction) bool {
	return i.Channel == gateway.Chat && (i.State == gateway.StateActive || i.State == gateway.StateParked)
}

// mayHear says whether an event is of nothing that the console would overhear.
func (c *console) mayHear(ctx context.Context, event feed.Frame) bool {
	id, ok := conversationOf(event.Topic)
	if !ok || c.attends(event.Topic) {
		return true
	}
	overheard, err := c.s.overheard(ctx, c.by, id)
	return err == nil && len(overheard) == 0
}

// refuse tells the console which of the topics that it asks for it hears nothing of. They are
// followed all the same: it hears of them as soon as its agent looks on.
func (c *console) refuse(ctx context.Context, topics []string) {
	var asked []gateway.ConversationID
	for _, t := range topics {
		if id, ok := conversationOf(t); ok && !c.attends(t) {
			asked = append(asked, id)
		}
	}
	overheard, err := c.s.overheard(ctx, c.by, asked...)
	if err != nil || len(overheard) == 0 {
		return // with the database away nothing is heard anyway
	}
	said := topicsRefused{Code: "not_observing", Detail: "a colleague has this chat; supervisors hear of it while they look on: POST /interactions/{id}/observe, and again each minute"}
	for _, i := range overheard {
		said.Topics = append(said.Topics, gateway.TopicConversation(i.Conversation))
	}
	slices.Sort(said.Topics)
	c.tick(frame{Type: "topics.refused", Data: said})
}

// part ends what attend began: the agent has given the chat away.
func (c *console) part(topic string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.topics[topic] {
		c.topics[topic] = false
	}
}

func conversationOf(topic string) (id gateway.ConversationID, ok bool) {
	number, ok := strings.CutPrefix(topic, "conversation:")
	return id, ok && id.UnmarshalText([]byte(number)) == nil
}
