package gateway

import "time"

// AlertKind is what supervisors are told of by the floor.
type AlertKind string

// The kinds of alert.
const (
	AlertUnanswered AlertKind = "unanswered"       // the fifth offer of one interaction goes out
	AlertMaxWait    AlertKind = "max_wait"         // an interaction has waited longer than its queue allows
	AlertNobody     AlertKind = "no_members"       // an interaction entered a queue that nobody works in
	AlertOvertime   AlertKind = "wrap_up_overtime" // two minutes over, and still no transaction code
	AlertSilent     AlertKind = "silent"           // a chat's customer has had no answer from their agent for five minutes
)

// Alert is something that a supervisor may want to act on, as it was when it was raised.
type Alert struct {
	ID          string        `json:"id"`
	Kind        AlertKind     `json:"kind"`
	Interaction InteractionID `json:"interaction"`
	Channel     Channel       `json:"channel"`
	Case        CaseID        `json:"case"`
	Queue       QueueID       `json:"queue"`
	Agent       AgentID       `json:"agent,omitempty"` // whose wrap-up it is, or who does not answer
	At          time.Time     `json:"at"`
	// Open: the interaction still waits, the wrap-up still goes on, the agent has said nothing yet.
	Open bool `json:"open"`
}
