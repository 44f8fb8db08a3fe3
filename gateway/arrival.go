package gateway

import "time"

// AddressKind is the kind of thing a customer is reached at.
type AddressKind string

// The kinds of address.
const (
	AddressEmail   AddressKind = "email"   // lower case
	AddressPhone   AddressKind = "phone"   // E.164 where known, digits otherwise
	AddressVisitor AddressKind = "visitor" // the widget's opaque visitor id
)

// Address is where a customer can be found again.
type Address struct {
	Kind  AddressKind `json:"kind"`
	Value string      `json:"value"`
	Name  string      `json:"name,omitempty"` // as the customer wrote it
}

// Arrival is something from a customer on its way in. Every arrival has a Key;
// receiving the same Key twice changes nothing and gives the first answer.
type Arrival struct {
	Key          string // the channel's own name for it: "email/3/1700000000/INBOX/42"
	Channel      Channel
	Queue        QueueID
	Conversation ConversationID // where the channel knows it (chat, a call's voicemail)
	MessageID    string         // RFC 5322 §3.6.4, without brackets; empty is fine
	References   []string       // In-Reply-To and References, newest first, without brackets
	Trusted      bool           // our own signature names Conversation: the sender needs not be a participant
	Forged       bool           // its sender's domain disowns it: it joins nothing by the sender's name
	From         Address
	Others       []Address // other addresses of the same person (the chat form's e-mail)
	Subject      string
	Language     string // BCP 47, if known
	Skills       []SkillLevel
	ArrivedAt    time.Time
	Entry        Entry // what goes on the timeline; Conversation and Pos are filled in
	Quoted       int   // from this byte on, Entry.Text is quoted from earlier mails; 0 none
	Alone        bool  // never joins an open interaction (each call and voicemail is its own)
	Quiet        bool  // kept on the case, offered to nobody (bounces, automatic replies)
	Preferred    AgentID
}

// Own is what the customer wrote for this occasion.
func (a Arrival) Own() string {
	if a.Quoted > 0 && a.Quoted < len(a.Entry.Text) {
		return a.Entry.Text[:a.Quoted]
	}
	return a.Entry.Text
}

// Received says what an arrival became.
type Received struct {
	Conversation ConversationID `json:"conversation"`
	Case         CaseID         `json:"case"`
	Customer     CustomerID     `json:"customer"`
	Pos          int64          `json:"pos"`
	// Interaction is the number the floor will use if it opens a new interaction for
	// this arrival; it may join an open one of the case instead. Zero when Quiet.
	Interaction InteractionID `json:"interaction"`
	Repeated    bool          `json:"repeated"` // the key was known; nothing was changed
}

// SkillLevel is a skill and the level, 1 to 5, that is required or held.
type SkillLevel struct {
	Skill SkillID `json:"skill"`
	Level int     `json:"level"`
}

// Regroup says that interactions belong to another case: theirs has become a part of it, or
// their conversations were taken out of it.
type Regroup struct {
	From          CaseID           `json:"from"`
	Into          CaseID           `json:"into"`
	Conversations []ConversationID `json:"conversations,omitempty"` // only those of these; empty: all of From, which is no more
}

// Settle says that a case was closed: what was promised on it before, to call its customer, is done with.
type Settle struct {
	Case CaseID    `json:"case"`
	At   time.Time `json:"at"`
}

// Admission asks the floor to put an arrival in the queue. It carries ids and
// numbers only, so that the routing log never holds what a customer wrote.
type Admission struct {
	Interaction  InteractionID  `json:"interaction"` // reserved; used if a new one is opened
	Channel      Channel        `json:"channel"`
	Queue        QueueID        `json:"queue"`
	Case         CaseID         `json:"case"`
	Conversation ConversationID `json:"conversation"`
	Customer     CustomerID     `json:"customer"`
	ArrivedAt    time.Time      `json:"arrived_at"`
	Skills       []SkillLevel   `json:"skills,omitempty"`
	Alone        bool           `json:"alone,omitempty"`
	Preferred    AgentID        `json:"preferred,omitempty"`
	Credit       Seconds        `json:"credit,omitempty"` // due so much earlier than others; negative is later
}
