package api

import (
	"context"
	"io"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/feed"
	"github.com/vaxelhq/vaxel/gateway/floor"
	"github.com/vaxelhq/vaxel/gateway/intake"
	"github.com/vaxelhq/vaxel/gateway/outbox"
	"github.com/vaxelhq/vaxel/gateway/roster"
	"github.com/vaxelhq/vaxel/gateway/staffchat"
	"github.com/vaxelhq/vaxel/gateway/stats"
	"github.com/vaxelhq/vaxel/gateway/timeline"
	"github.com/vaxelhq/vaxel/kb"
	"github.com/vaxelhq/vaxel/tickets"
)

// Rooms are what the API opens the door to.
type Rooms struct {
	Pool      *pgxpool.Pool // for writes that touch several rooms at once
	Access    *access.Store
	Roster    *roster.Store
	Floor     *floor.Floor
	Commands  *floor.Client
	Intake    *intake.Intake
	Timeline  *timeline.Store
	Outbox    *outbox.Store
	Bus       floor.Bus
	Feed      *feed.Feed
	Cases     *tickets.Store
	Articles  Articles
	KB        *kb.Store // for editors
	StaffChat *staffchat.Store
	Stats     *stats.Store
	Blobs     Blobs
	Mail      Mail
	Calls     Calls
	Ways      Ways

	Quarantine Quarantine
	Blocks     Blocks
	Signatures Signatures

	Unsubscriptions Unsubscriptions

	Widgets Widgets
	Visits  Visits
	Nodes   Nodes

	VisitorBlocks VisitorBlocks

	Collaborate Collaborations
}

// Blobs keep what is too large for a row.
type Blobs interface {
	Put(ctx context.Context, r io.Reader) (key string, size int64, err error)
	Open(ctx context.Context, key string) (io.ReadSeekCloser, error)
	// Note names a blob in the transaction of what shows it, which keeps it.
	Note(ctx context.Context, tx pgx.Tx, key string, size int64, mediaType, name string) error
	// Forget takes one Note back.
	Forget(ctx context.Context, tx pgx.Tx, key string) error
}

// Mail makes what an agent writes ready to be sent: its recipients, headers and fixed
// Message-ID, in the words of the channel that will send it.
type Mail interface {
	// Compose makes it in the transaction that will keep it.
	Compose(ctx context.Context, tx pgx.Tx, r MailReply) (gateway.Outbound, gateway.Mail, error)
	// Forward puts a mail and its attachments below the text; quoted is where it begins.
	Forward(r MailReply, e gateway.Entry) (forwarded MailReply, quoted int, err error)
	// Answer says whom an answer goes to: the author of the mail, or all who got it.
	Answer(ctx context.Context, m gateway.Mail, identities []string) (author, all Recipients, err error)
}

// MailReply is what an agent wrote, and what it answers.
type MailReply struct {
	Conversation gateway.ConversationID
	Queue        gateway.QueueID
	CaseNumber   int64
	Agent        gateway.AgentID
	AgentName    string
	Sender       gateway.Address // the queue's identity, where it has one
	Answers      gateway.Mail    // the latest mail of the conversation
	References   []string
	To, Cc, Bcc  []gateway.Address
	All          bool     // without To: to all who got what it answers, not to its author alone
	Ours         []string // identities of queues, which are not among them
	Subject      string
	Text, HTML   string
	Attachments  []gateway.Attachment
	SendAt       time.Time                // not before this; zero: at once
	Language     string                   // of what we say in it ourselves
	Invitation   *gateway.Invitation      // that it answers; nil: none
	Attend       gateway.InvitationAnswer // what it answers
}

// Recipients are whom a mail goes to.
type Recipients struct {
	To []gateway.Address `json:"to" nullable:"false"`
	Cc []gateway.Address `json:"cc" nullable:"false"`
}

// Calls is the telephone. Every call that it is asked for is a committed interaction.
type Calls interface {
	// MayDial refuses a number that the dial plan does not allow, or an agent without a phone.
	MayDial(ctx context.Context, agent gateway.AgentID, number string) error
	// Dial rings the agent's phone and, when it is answered, the number.
	Dial(ctx context.Context, agent gateway.AgentID, number string, i gateway.Interaction) error
	Control(ctx context.Context, i gateway.InteractionID, agent gateway.AgentID, what CallControl) error
	// CallOutside calls a number on line 2 of a call, or sends its customer there without
	// talking first. The dial plan allows it as if it were dialled.
	CallOutside(ctx context.Context, i gateway.InteractionID, agent gateway.AgentID, number string, blind bool) error
	// Press sends keys to the customer's side, as if pressed on the agent's phone.
	Press(ctx context.Context, i gateway.InteractionID, agent gateway.AgentID, keys string) error
	Lines(ctx context.Context, agent gateway.AgentID) ([]Line, error)
}

// CallControl is what an agent does to a call under way.
type CallControl string

// What can be done to a call.
const (
	HoldCall   CallControl = "hold"
	ResumeCall CallControl = "resume"
	HangUpCall CallControl = "hang_up"
	GiveAway   CallControl = "give_away" // the customer, to somebody outside on line 2

	TalkOnLine1 CallControl = "talk_on_line_1" // in a consultation, while line 2 hears music
	TalkOnLine2 CallControl = "talk_on_line_2"
)

// Line is one line of an agent's phone.
type Line struct {
	No          int                   `json:"no"` // 1 or 2
	Interaction gateway.InteractionID `json:"interaction,omitempty"`
	State       string                `json:"state" enum:"idle,ringing,talking,held,failed"`
	Number      string                `json:"number,omitempty"`
	Name        string                `json:"name,omitempty"`
	Since       string                `json:"since,omitempty"`
	Outside     bool                  `json:"outside,omitempty" doc:"A number outside, on line 2"`
	Failure     gateway.CallFailure   `json:"failure,omitempty" doc:"Of a line that failed: why"`
}
