package routing

import (
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// Event is what happens to the floor: a gateway.Command, or one of the events below.
// The core learns the time with it and from nowhere else.
type Event any

// The events that are not commands.
type (
	// Configure replaces the plan, which belongs to the core from then on. Offers that no
	// longer fit are withdrawn; agents who are gone from it give back what they hold.
	Configure struct {
		Plan gateway.Plan `json:"plan"`
	}
	// Admit puts an arrival in the queue, or joins it to an open interaction of its case.
	Admit struct {
		gateway.Admission
	}
	// Regroup lets interactions belong to another case, whoever has them.
	Regroup struct {
		gateway.Regroup
	}
	// Settle ends the callbacks of a case that was closed.
	Settle struct {
		gateway.Settle
	}
	// Wake says that the time of an earlier WakeAt has come.
	Wake struct{}
	// Recover is the first event after a restart or a takeover: offers that were out
	// are withdrawn, consoles get 60 s to return. Each console that is there must then be
	// reported again with gateway.Consoles; calls that died end by gateway.Leave.
	Recover struct{}
)

// Effect is something that the floor must store and tell.
type Effect any

// The effects, in the order in which they happened.
type (
	// InteractionChanged carries the whole new state of one interaction. It is the reader's
	// and the Answer's together, and not to be changed.
	InteractionChanged struct{ Interaction *gateway.Interaction }
	// Joined says that an arrival met an open interaction instead of opening its own.
	Joined struct {
		Reserved    gateway.InteractionID
		Interaction gateway.InteractionID
	}
	// OfferCreated asks an agent.
	OfferCreated struct{ Offer gateway.Offer }
	// OfferClosed ends an offer with its one outcome.
	OfferClosed struct{ Offer gateway.Offer }
	// PresenceChanged carries the whole new state of one agent.
	PresenceChanged struct{ Presence *gateway.Presence }
	// SegmentClosed records one agent's part of an interaction.
	SegmentClosed struct{ Segment gateway.Segment }
	// Happened goes onto the conversation's timeline: joined, left, transferred, ended.
	Happened struct {
		Interaction  gateway.InteractionID
		Conversation gateway.ConversationID
		Channel      gateway.Channel
		Happening    gateway.Happening
	}
	// StepTaken says what was done for an interaction that waited or could not be let in. A
	// step that sends the customer away has ended the interaction: its channel plays the
	// message, takes the voicemail, shows the form. After OfferCallback it waits on.
	StepTaken struct {
		Interaction  gateway.InteractionID  `json:"interaction"`
		Conversation gateway.ConversationID `json:"conversation"`
		Channel      gateway.Channel        `json:"channel"`
		Queue        gateway.QueueID        `json:"queue"`
		Step         gateway.Step           `json:"step"`
	}
	// Alerted is shown to supervisors.
	Alerted struct {
		Kind        gateway.AlertKind
		Interaction gateway.InteractionID
		Queue       gateway.QueueID
		Agent       gateway.AgentID
	}
)

// What happens on a timeline.
const (
	HappenedJoined       = "joined"       // an agent took the interaction
	HappenedTransferred  = "transferred"  // to Agent or Queue
	HappenedLeft         = "left"         // a colleague left the conference
	HappenedReconnecting = "reconnecting" // taken from an agent and queued again
	HappenedEnded        = "ended"        // the customer's side; Cause is the gateway.End
	HappenedFinished     = "finished"     // the work after it
)

// Result is what one event did.
type Result struct {
	Effects []Effect
	Answer  gateway.Answer // to a command that was obeyed
	Err     *gateway.Error // to a command that was refused; then Effects is empty
	WakeAt  time.Time      // the core wants a Wake then; zero: nothing is timed
}
