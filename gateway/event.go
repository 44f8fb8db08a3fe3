package gateway

import "encoding/json"

// Event is one change that consoles and boards are told of, after its commit. Rooms
// hand it to the feed inside their transaction.
type Event struct {
	Type         string          `json:"t"` // message.created, offer.created … (docs/api.md)
	Topic        string          `json:"-"` // who hears it, see the Topic functions
	Conversation ConversationID  `json:"conversation,omitempty"`
	Rev          int64           `json:"rev,omitempty"` // apply only if larger than what you have; a Pos for entries
	Data         json.RawMessage `json:"data"`
}

// NewEvent makes an event. Data must be plain words of ours: failing to marshal it is a bug and panics.
func NewEvent(topic, kind string, rev int64, data any) Event {
	body, err := json.Marshal(data)
	if err != nil {
		panic(err)
	}
	return Event{Type: kind, Topic: topic, Rev: rev, Data: body}
}

// MessageCreated tells of an entry that was added to its conversation.
func MessageCreated(e Entry) Event {
	event := NewEvent(TopicConversation(e.Conversation), "message.created", e.Pos, e)
	event.Conversation = e.Conversation
	return event
}

// TopicAll is heard by every console.
const TopicAll = "all"

// TopicBoard is heard by every console that shows a board.
const TopicBoard = "board"

// TopicAgent is heard by one agent's consoles: offers, status, interactions, messages.
func TopicAgent(id AgentID) string { return "agent:" + id.String() }

// TopicConversation is heard by whoever follows the conversation, and by its visitor.
func TopicConversation(id ConversationID) string { return "conversation:" + id.String() }

// TopicInteraction is heard by the channel that serves it: offers, acceptance, end.
func TopicInteraction(id InteractionID) string { return "interaction:" + id.String() }
