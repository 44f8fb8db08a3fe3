package gateway

import (
	"encoding/json"
	"time"
)

// EntryKind is what an entry on a conversation's timeline is.
type EntryKind string

// The kinds of entry. Body's type follows from the kind.
const (
	EntryMessage   EntryKind = "message"   // a chat line; no body
	EntryMail      EntryKind = "mail"      // Mail
	EntryNote      EntryKind = "note"      // never shown to the customer; no body
	EntryArticle   EntryKind = "article"   // ArticleCard
	EntryEvent     EntryKind = "event"     // Happening
	EntryCall      EntryKind = "call"      // CallSummary
	EntryRecording EntryKind = "recording" // Recording
	EntryFile      EntryKind = "file"      // Attachment
)

// AuthorKind says on which side of the conversation an author stands.
type AuthorKind string

// The kinds of author.
const (
	ByCustomer AuthorKind = "customer"
	ByAgent    AuthorKind = "agent"
	BySystem   AuthorKind = "system"
)

// Author is who an entry is from.
type Author struct {
	Kind AuthorKind `json:"kind"`
	ID   int64      `json:"id,omitempty,string"` // an AgentID or CustomerID
	Name string     `json:"name,omitempty"`
}

// Entry is one thing on a conversation's timeline. Within a conversation Pos is
// 1, 2, 3 …, dense, given in the transaction; it is the only order.
type Entry struct {
	Conversation ConversationID  `json:"conversation"`
	Pos          int64           `json:"pos"`
	Kind         EntryKind       `json:"kind"`
	Author       Author          `json:"author"`
	Interaction  InteractionID   `json:"interaction,omitempty"`
	Channel      Channel         `json:"channel"`
	ClientID     string          `json:"client_id,omitempty"` // the writer's own id; the same id twice is one entry
	Text         string          `json:"text"`                // plain text: what is shown, searched and previewed
	Language     string          `json:"language,omitempty"`  // of the text, BCP 47 (RFC 5646); empty where it is not known
	Body         json.RawMessage `json:"body,omitempty"`
	Internal     bool            `json:"internal,omitempty"` // never leaves to the customer
	At           time.Time       `json:"at"`
	Repeated     bool            `json:"-"` // set by the store: ClientID was known, this is the entry of the first time
}

// Mail is the body of an e-mail entry.
type Mail struct {
	MessageID   string       `json:"message_id,omitempty"`
	InReplyTo   string       `json:"in_reply_to,omitempty"`
	Subject     string       `json:"subject"`
	From        Address      `json:"from"`
	To          []Address    `json:"to,omitempty"`
	Cc          []Address    `json:"cc,omitempty"`
	Bcc         []Address    `json:"bcc,omitempty"`      // of a mail that we sent: who got it unknown to the others
	ReplyTo     []Address    `json:"reply_to,omitempty"` // where its sender wants answers, if not at From
	HTML        string       `json:"html,omitempty"`     // made safe; shown in a frame of its own
	Quoted      int          `json:"quoted,omitempty"`   // from this byte on, Text is quoted from earlier mails; 0 none
	Attachments []Attachment `json:"attachments,omitempty"`
	Raw         string       `json:"raw,omitempty"`             // blob of the mail as it came
	Defects     []string     `json:"defects,omitempty"`         // what the parser had to mend
	Outbound    int64        `json:"outbound,omitempty,string"` // the outbox row of a mail we sent
	Forwards    int64        `json:"forwards,omitempty"`        // position of the mail that this one passes on to somebody else

	Invitation     *Invitation     `json:"invitation,omitempty"`     // to a meeting, or what became of one
	Authentication *Authentication `json:"authentication,omitempty"` // nil: no server says anything of the sender
	Spam           string          `json:"spam,omitempty"`           // what a filter on the way has said, in its own words
}

// Authentication is what a server has found of a mail's sender (RFC 8601): pass, fail,
// softfail, neutral, none, temperror, permerror; empty where it did not look.
type Authentication struct {
	Server string `json:"server"` // who says so; believe it only if that is your own
	SPF    string `json:"spf,omitempty"`
	DKIM   string `json:"dkim,omitempty"`
	DMARC  string `json:"dmarc,omitempty"`
}

// Forged says that the sender's domain disowns the mail. A sender may write such a field
// too, which only harms himself; that a mail passes proves nothing here.
func (a *Authentication) Forged() bool {
	if a == nil || a.DMARC == "pass" {
		return false
	}
	return a.DMARC == "fail" || a.SPF == "fail" && a.DKIM != "pass"
}

// Invitation is a meeting that a mail is about (RFC 5546).
type Invitation struct {
	Method     string           `json:"method"` // request: answer it; cancel, reply, publish …: know it
	UID        string           `json:"uid"`    // of the meeting, in all mails about it
	Sequence   int              `json:"sequence,omitempty"`
	Recurrence string           `json:"recurrence,omitempty"` // which occasion of several, as its calendar has it
	Summary    string           `json:"summary,omitempty"`
	Place      string           `json:"place,omitempty"`
	Text       string           `json:"text,omitempty"`
	Start      *time.Time       `json:"start,omitempty"`
	End        *time.Time       `json:"end,omitempty"`
	AllDay     bool             `json:"all_day,omitempty"` // then start and end are days, the end not among them
	Repeats    string           `json:"repeats,omitempty"` // RRULE of RFC 5545
	Organizer  Address          `json:"organizer"`
	Attendees  []Attendee       `json:"attendees,omitempty"`
	Answer     InvitationAnswer `json:"answer,omitempty"` // of a mail that we sent: what it answers
}

// Attendee is somebody who is invited, and what they have answered.
type Attendee struct {
	Address

	Answer InvitationAnswer `json:"answer,omitempty"`
}

// InvitationAnswer is what somebody answers to an invitation. Others write words beside these.
type InvitationAnswer string

// The answers that agents may give.
const (
	InvitationAccepted  InvitationAnswer = "accepted"
	InvitationTentative InvitationAnswer = "tentative"
	InvitationDeclined  InvitationAnswer = "declined"
)

// Attachment is a file on an entry.
type Attachment struct {
	Blob string `json:"blob"`
	Name string `json:"name"`
	Type string `json:"type"`
	Size int64  `json:"size"`
	CID  string `json:"cid,omitempty"` // referred to by the HTML
}

// ArticleCard is a FAQ link as the customer gets it.
type ArticleCard struct {
	Article  ArticleID `json:"article"`
	Number   int64     `json:"number"`
	Language string    `json:"language"`
	Title    string    `json:"title"`
	Snippet  string    `json:"snippet"`
	URL      string    `json:"url"`
}

// Happening is an event that both sides must not miss.
type Happening struct {
	What  string  `json:"what"` // joined, left, transferred, handed_over, ended, reconnecting, finished, rated, transcript …
	Agent AgentID `json:"agent,omitempty"`
	Queue QueueID `json:"queue,omitempty"`
	Cause string  `json:"cause,omitempty"`

	Case   CaseID `json:"case,omitempty"`   // the other one, of merged and split
	Number int64  `json:"number,omitempty"` // and what people call it
	Score  int    `json:"score,omitempty"`  // rated: 1 to 5, by the customer
}

// What happens to cases, on the timelines of both.
const (
	HappenedMerged = "merged" // Case has become a part of this one
	HappenedSplit  = "split"  // a part of this conversation is on Case now, or came from there
)

// CallSummary is what a call leaves behind.
type CallSummary struct {
	From     string `json:"from"`
	To       string `json:"to"`
	Outbound bool   `json:"outbound,omitempty"`
	WaitMS   int64  `json:"wait_ms"`
	TalkMS   int64  `json:"talk_ms"`
	Cause    string `json:"cause,omitempty"`
	// Failure is why the number that was called did not answer; empty if it did.
	Failure CallFailure `json:"failure,omitempty"`
}

// CallFailure is why a telephone outside could not be talked to.
type CallFailure string

// The failures of calls that go out.
const (
	FailedBusy     CallFailure = "busy"
	FailedNoAnswer CallFailure = "no_answer"
	FailedRefused  CallFailure = "refused"        // somebody, or the network, does not want the call
	FailedUnknown  CallFailure = "unknown_number" // there is no such telephone
	FailedNetwork  CallFailure = "unreachable"    // the call did not get there
)

// Recording is sound on a case.
type Recording struct {
	Blob       string `json:"blob"` // a WAV
	DurationMS int64  `json:"duration_ms"`
}
