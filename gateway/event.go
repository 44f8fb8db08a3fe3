package gateway

import (
	"bytes"
	"encoding/json"
)

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

// MessageCreated tells of an entry that was added to its conversation. A mail is told of
// without what it says, which may be long, and which everybody would have to carry:
// whoever shows it reads it by its position (see Partial).
func MessageCreated(e Entry) Event {
	told := struct {
		Entry
		Partial bool `json:"partial,omitempty"`
	}{Entry: e}
	if e.Kind == EntryMail {
		told.Text, told.Body, told.Partial = "", nil, true
	}
	event := NewEvent(TopicConversation(e.Conversation), "message.created", e.Pos, told)
	event.Conversation = e.Conversation
	return event
}

// Partial gives the position of an entry that is told of without what it says; ok is
// false when nothing is left out.
func (e Event) Partial() (pos int64, ok bool) {
	if e.Type != "message.created" || !bytes.Contains(e.Data, []byte(`"partial":true`)) { // it may stand in a text too
		return 0, false
	}
	var told struct{ Partial bool }
	ok = json.Unmarshal(e.Data, &told) == nil && told.Partial
	return e.Rev, ok
}

// TopicAll is heard by every console.
const TopicAll = "all"

// TopicBoard is heard by every console that shows a board.
const TopicBoard = "board"

// TopicSupervisors is heard by the consoles of supervisors: alerts.
const TopicSupervisors = "supervisors"

// TopicAgent is heard by one agent's consoles: offers, status, interactions, messages.
func TopicAgent(id AgentID) string { return "agent:" + id.String() }

// TopicConversation is heard by whoever follows the conversation, and by its visitor.
func TopicConversation(id ConversationID) string { return "conversation:" + id.String() }

// TopicInteraction is heard by the channel that serves it: offers, acceptance, end.
func TopicInteraction(id InteractionID) string { return "interaction:" + id.String() }
