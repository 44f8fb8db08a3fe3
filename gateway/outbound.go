package gateway

import (
	"encoding/json"
	"time"
)

// OutboundKind is what kind of thing leaves for somebody else's server.
type OutboundKind string

// The kinds of outbound.
const (
	OutboundEmail      OutboundKind = "email"
	OutboundTranscript OutboundKind = "transcript" // a finished chat, by e-mail
	OutboundCallback   OutboundKind = "callback"
)

// OutboundState is how far an outbound, or one of its recipients, has come:
//
//	queued → sending → sent          queued → cancelled
//	   ↑        ├────→ deferred → sending …
//	   │        ├────→ failed
//	   └────────└────→ unknown → sending, once more
type OutboundState string

// The states of an outbound.
const (
	OutboundQueued    OutboundState = "queued"
	OutboundSending   OutboundState = "sending"
	OutboundSent      OutboundState = "sent"      // the other server has taken it
	OutboundDeferred  OutboundState = "deferred"  // not now (SMTP 4xx, no connection); it is tried again
	OutboundFailed    OutboundState = "failed"    // never (SMTP 5xx), or not within 72 hours
	OutboundCancelled OutboundState = "cancelled" // by its author, before anything was tried
	OutboundUnknown   OutboundState = "unknown"   // broke off after the last byte and before the answer
)

// Outbound is one message on its way to somebody else's server. It is a committed
// row before anything is sent.
type Outbound struct {
	ID           int64           `json:"id,string"`
	Kind         OutboundKind    `json:"kind"`
	Conversation ConversationID  `json:"conversation"`
	Pos          int64           `json:"pos"`                  // the entry that it carries
	MessageID    string          `json:"message_id,omitempty"` // without brackets; fixed, whatever the number of attempts
	Recipients   []Recipient     `json:"recipients"`           // a Sender gets only those not yet reached
	Body         json.RawMessage `json:"-"`                    // in the words of the channel that sends it
	State        OutboundState   `json:"state"`
	Attempts     int             `json:"attempts"` // including the one that runs
	Response     string          `json:"response,omitempty"`
	DueAt        time.Time       `json:"due_at,omitzero"`  // the next attempt; zero when there is none
	SendAt       time.Time       `json:"send_at,omitzero"` // not before this; zero: at once
	CreatedAt    time.Time       `json:"created_at"`
	Rev          int64           `json:"rev"`
	// Via is the way that it takes, of which there may be several: a mailbox's address. What takes the
	// same way keeps to its limits together.
	Via string `json:"-"`
	// Filed says that its server files what it has taken where its Sender looks: a doubtful attempt is
	// found out, and never a second copy.
	Filed bool `json:"-"`
	// Doubtful says that an earlier attempt may have arrived: look for MessageID where
	// the provider files sent mail before sending it once more.
	Doubtful bool `json:"doubtful,omitempty"`
}

// Recipient is one address of an outbound and what its server said.
type Recipient struct {
	Address  string        `json:"address"`
	State    OutboundState `json:"state"`
	Response string        `json:"response,omitempty"`
}

// Delivery is what became of one attempt. State is for every recipient that
// Recipients does not name: sent, deferred, failed or unknown.
type Delivery struct {
	State      OutboundState
	Response   string // the other server's last line
	Recipients []Recipient
	Slow       []string // who has asked for fewer messages: the Via, the domains of recipients
}
