package gateway

import "time"

// Intent is what the agent chose. Only the intent is stored; the status is computed
// from intent × load.
type Intent string

// The intents.
const (
	IntentLoggedOut      Intent = "logged_out"
	IntentAvailable      Intent = "available"
	IntentWorkingOffline Intent = "working_offline"
	IntentOnBreak        Intent = "on_break"
)

// Status is what boards show of an agent.
type Status string

// The statuses.
const (
	Available      Status = "available"
	Offered        Status = "offered"
	Busy           Status = "busy"
	WrapUp         Status = "wrap_up"
	WorkingOffline Status = "working_offline"
	OnBreak        Status = "on_break"
	LoggedOut      Status = "logged_out"
)

// Presence is an agent as the floor sees it.
type Presence struct {
	Agent      AgentID         `json:"agent"`
	Intent     Intent          `json:"intent"`
	StatusCode string          `json:"status_code,omitempty"` // the agent's reason; see StatusCodes
	Next       Intent          `json:"next,omitempty"`        // takes effect when the load is gone ("stop new")
	NextCode   string          `json:"next_code,omitempty"`
	Status     Status          `json:"status"`
	Since      time.Time       `json:"since"` // when Status last changed; being offered something does not count
	Units      int             `json:"units"` // of 100 in use
	Live       bool            `json:"live"`  // a console is connected
	Holds      []InteractionID `json:"holds,omitempty"`
	WrapUps    []WrapUpLeft    `json:"wrap_ups,omitempty"` // those of Holds that are in wrap-up
	Rev        int64           `json:"rev"`
}

// WrapUpLeft is one wrap-up of an agent; after a transfer the interaction itself goes on.
type WrapUpLeft struct {
	Interaction InteractionID `json:"interaction"`
	Queue       QueueID       `json:"queue"`              // in which it was served, whose codes it asks for
	Until       time.Time     `json:"until,omitzero"`     // zero while an outbound call pauses it
	Overtime    bool          `json:"overtime,omitempty"` // the time is over and a code is missing
	// ExtendableUntil is when asking for another minute begins to be refused; zero if it is
	// refused now.
	ExtendableUntil time.Time `json:"extendable_until,omitzero"`
}

// Reasons that the floor itself gives for a status; they are not in any list.
const (
	CodeLogin          = "login"
	CodeMissed         = "missed"
	CodeDeclined       = "declined"
	CodeConnectionLost = "connection_lost"
	CodeDrain          = "drain" // the agent's node had to stop
)
