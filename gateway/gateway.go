// Package gateway holds the words that every room shares: the interaction, its
// offer, the agent, the queue, the arrival and the entry, and the commands that
// people and channels give to the floor.
//
// It promises nothing but meaning: standard library only, no I/O, no clock.
package gateway

import (
	"fmt"
	"strconv"
)

// ID is a row's number. Its type parameter keeps an agent from being taken for a
// queue; in JSON it is an opaque string.
type ID[of any] int64

// MarshalText writes the id as people's programs see it: a string.
func (id ID[of]) MarshalText() ([]byte, error) {
	return strconv.AppendInt(nil, int64(id), 10), nil
}

// UnmarshalText reads what MarshalText wrote; anything else is an Invalid error.
func (id *ID[of]) UnmarshalText(text []byte) error {
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil || n < 0 {
		return Invalid("bad_id", fmt.Sprintf("%q is not an id; use one that the API gave you", text))
	}
	*id = ID[of](n)
	return nil
}

// String is the id in decimal.
func (id ID[of]) String() string { return strconv.FormatInt(int64(id), 10) }

type (
	agentKind        struct{}
	groupKind        struct{}
	queueKind        struct{}
	skillKind        struct{}
	codeKind         struct{}
	loginKind        struct{}
	interactionKind  struct{}
	caseKind         struct{}
	customerKind     struct{}
	conversationKind struct{}
	articleKind      struct{}
	taskKind         struct{}
	calendarKind     struct{}
)

// The ids of the things that rooms talk to each other about. Zero means none.
type (
	// AgentID names an agent.
	AgentID = ID[agentKind]
	// GroupID names an agent group.
	GroupID = ID[groupKind]
	// QueueID names a queue.
	QueueID = ID[queueKind]
	// SkillID names a skill.
	SkillID = ID[skillKind]
	// CodeID names a transaction code.
	CodeID = ID[codeKind]
	// LoginID names a login.
	LoginID = ID[loginKind]
	// InteractionID names an interaction.
	InteractionID = ID[interactionKind]
	// CaseID names a case.
	CaseID = ID[caseKind]
	// CustomerID names a customer.
	CustomerID = ID[customerKind]
	// ConversationID names a conversation.
	ConversationID = ID[conversationKind]
	// ArticleID names an article.
	ArticleID = ID[articleKind]
	// TaskID names a task.
	TaskID = ID[taskKind]
	// CalendarID names a calendar.
	CalendarID = ID[calendarKind]
)

// Channel is the way an interaction came.
type Channel string

// The channels. A callback is a promised outbound call.
const (
	Voice     Channel = "voice"
	Chat      Channel = "chat"
	Email     Channel = "email"
	Voicemail Channel = "voicemail"
	Callback  Channel = "callback"
)

// Channels lists every channel, in the order that boards show them.
var Channels = []Channel{Voice, Chat, Email, Voicemail, Callback}

// Role is what a login may do.
type Role string

// The roles, each including the one before it.
const (
	RoleAgent         Role = "agent"
	RoleSupervisor    Role = "supervisor"
	RoleAdministrator Role = "administrator"
)
