package gateway

import "time"

// State is where an interaction is in its life:
//
//	waiting → offered → active ⇄ parked → wrap_up → finished
//	   ↑         │         │
//	   └─────────┘         └→ waiting (transfer to a queue)
//	waiting, offered → ended before an answer: finished with an End
type State string

// The states of an interaction.
const (
	StateWaiting  State = "waiting"
	StateOffered  State = "offered"
	StateActive   State = "active"
	StateParked   State = "parked"
	StateWrapUp   State = "wrap_up"
	StateFinished State = "finished"
)

// Phase is what goes on in an active interaction that has lines: a call, or a chat in
// which a colleague is asked. Empty where nothing of the kind does.
type Phase string

// The phases.
const (
	PhaseTalking    Phase = "talking"
	PhaseHold       Phase = "hold"       // the customer hears music
	PhaseConsult    Phase = "consult"    // the agent talks to line 2, the customer waits
	PhaseConference Phase = "conference" // everybody hears everybody
	PhaseColleagues Phase = "colleagues" // the customer has gone, the others talk on
)

// Line2 is who is on an agent's second line, alone with the agent while they consult.
type Line2 string

// Who may be on line 2.
const (
	Line2Colleague Line2 = "colleague" // asked; the last of Others once they have accepted
	Line2Outside   Line2 = "outside"   // somebody else's telephone
)

// End is how an interaction ended. It has exactly one, empty until then.
type End string

// The ends.
const (
	EndHandled             End = "handled"
	EndPending             End = "pending"       // the agent has begun an answer, which its conversation keeps
	EndAbandoned           End = "abandoned"     // the customer left after five seconds or more of waiting
	EndShortAbandon        End = "short_abandon" // or before
	EndVoicemail           End = "voicemail"     // no agent in time, sent to voicemail
	EndTransferredExternal End = "transferred_external"
	EndClosed              End = "closed"         // the queue was closed, full or withdrawn by a supervisor
	EndForm                End = "form"           // a chat that was asked to leave a message
	EndSilent              End = "silent"         // a chat whose customer answered nothing any more
	EndCallback            End = "callback"       // the customer is called back instead
	EndSettled             End = "settled"        // a callback that nobody had when its case was closed
	EndSystemFailure       End = "system_failure" // our media died; a callback was made
)

// Interaction is one call, chat, e-mail, voicemail or callback in the one queue.
type Interaction struct {
	ID           InteractionID  `json:"id"`
	Channel      Channel        `json:"channel"`
	Queue        QueueID        `json:"queue"`
	Case         CaseID         `json:"case"`
	Conversation ConversationID `json:"conversation"`
	Customer     CustomerID     `json:"customer"`
	State        State          `json:"state"`
	Agent        AgentID        `json:"agent"`               // who holds it, or held it last
	Preferred    AgentID        `json:"preferred,omitempty"` // last agent, asked first while sticky
	Outbound     bool           `json:"outbound,omitempty"`  // an agent began it
	Band         int            `json:"band"`
	Seq          int64          `json:"seq"`      // order of entry; ties are broken by it
	OfferNo      int            `json:"offer_no"` // the number of the latest offer
	ArrivedAt    time.Time      `json:"arrived_at"`
	DueAt        time.Time      `json:"due_at"`
	AcceptedAt   time.Time      `json:"accepted_at,omitzero"` // first acceptance
	EndedAt      time.Time      `json:"ended_at,omitzero"`    // the customer's side ended
	WrapUpUntil  time.Time      `json:"wrap_up_until,omitzero"`
	Overtime     bool           `json:"overtime,omitempty"` // wrap-up time is over and a code is missing
	FinishedAt   time.Time      `json:"finished_at,omitzero"`
	End          End            `json:"end,omitempty"`
	Codes        []CodeID       `json:"codes,omitempty"`
	OverCapacity bool           `json:"over_capacity,omitempty"` // given by hand beyond 100 units
	Phase        Phase          `json:"phase,omitempty"`
	Others       []AgentID      `json:"others,omitempty"`  // colleagues on it beside Agent, in the order they came
	Line2        Line2          `json:"line_2,omitempty"`  // while the agent consults
	Outside      bool           `json:"outside,omitempty"` // somebody outside is on it, on line 2 or in the conference
	Rev          int64          `json:"rev"`
}

// Outcome is how an offer closed. Every offer has exactly one.
type Outcome string

// The outcomes of an offer.
const (
	Accepted  Outcome = "accepted"
	Declined  Outcome = "declined"
	Missed    Outcome = "missed"
	Withdrawn Outcome = "withdrawn"
	Failed    Outcome = "failed"
)

// OfferKind says why the agent is asked.
type OfferKind string

// The kinds of offer.
const (
	OfferQueue    OfferKind = "queue"
	OfferTransfer OfferKind = "transfer"
	OfferRecall   OfferKind = "recall"  // a blind transfer that came back
	OfferConsult  OfferKind = "consult" // a colleague asks for advice; the interaction stays theirs
)

// Offer is one agent asked to take one interaction until a deadline. (Interaction,
// No) is its fencing token: an answer that quotes another number changes nothing.
type Offer struct {
	Interaction InteractionID `json:"interaction"`
	No          int           `json:"no"`
	Agent       AgentID       `json:"agent"`
	Kind        OfferKind     `json:"kind"`
	Channel     Channel       `json:"channel"`
	Queue       QueueID       `json:"queue"`
	CreatedAt   time.Time     `json:"created_at"`
	ExpiresAt   time.Time     `json:"expires_at"` // after this it is missed and the next agent is asked
	ClosedAt    time.Time     `json:"closed_at,omitzero"`
	Outcome     Outcome       `json:"outcome,omitempty"`
	Cause       string        `json:"cause,omitempty"` // customer_left, agent_status, restart, busy …
}

// OfferMade is an offer as it is told of, with what stays as it is while it is out: who
// shows it need not ask for the interaction.
type OfferMade struct {
	Offer
	Case      CaseID    `json:"case,omitzero"`
	ArrivedAt time.Time `json:"arrived_at,omitzero"`
}

// Segment is one agent's part of an interaction, so that reports count every handler.
type Segment struct {
	Interaction InteractionID `json:"interaction"`
	Agent       AgentID       `json:"agent"`
	Queue       QueueID       `json:"queue"`
	Start       time.Time     `json:"start"`
	EndedAt     time.Time     `json:"ended_at"` // the customer's side or the transfer ended; from then to End is wrap-up
	End         time.Time     `json:"end"`
	How         string        `json:"how"` // accepted, pulled, transferred, outbound, consulted
}
