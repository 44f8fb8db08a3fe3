package gateway

import "time"

// Plan is everything routing must know about the house: its queues and its agents.
// Ids and numbers only. The roster makes it; the floor gives it to routing at start
// and whenever it changes.
type Plan struct {
	Queues    []QueuePlan    `json:"queues"` // by id
	Agents    []AgentPlan    `json:"agents"` // by id
	Calendars []CalendarPlan `json:"calendars,omitempty"`
	Order     Order          `json:"order,omitempty"`
	// Costs are how many of 100 units one interaction of a channel takes, and Caps how many
	// of them an agent holds at most, where that is not as usual. What is held keeps its cost.
	Costs map[Channel]int `json:"costs,omitempty"`
	Caps  map[Channel]int `json:"caps,omitempty"`
	// MissKeepsPlace lets an agent who missed or declined an offer stay the longest idle.
	MissKeepsPlace bool `json:"miss_keeps_place,omitempty"`
	// BreakLock lets only a supervisor end a break, MinBreak only a supervisor end it
	// sooner. Breaks that the floor gave, missed and declined, anybody may end.
	BreakLock bool    `json:"break_lock,omitempty"`
	MinBreak  Seconds `json:"min_break,omitempty"`
}

// QueuePlan is how one queue is worked.
type QueuePlan struct {
	ID       QueueID                 `json:"id"`
	Band     int                     `json:"band"` // 0 to 9, higher goes first; 5 unless set
	Channels map[Channel]ChannelPlan `json:"channels"`
	Sticky   map[Channel]Seconds     `json:"sticky,omitempty"`   // how long the preferred agent is asked first
	MaxWait  Seconds                 `json:"max_wait,omitempty"` // after it supervisors are told
	Strategy Strategy                `json:"strategy,omitempty"`

	Calendar    CalendarID `json:"calendar,omitempty"`     // none: always open
	MaxLen      int        `json:"max_len,omitempty"`      // at most so many of a channel wait; 0: any number
	Steps       []Step     `json:"steps,omitempty"`        // for those who wait
	OnClosed    []Step     `json:"on_closed,omitempty"`    // for calls and chats that come while it is closed: the first that suits
	OnFull      []Step     `json:"on_full,omitempty"`      // that come when MaxLen wait
	OnUnstaffed []Step     `json:"on_unstaffed,omitempty"` // that have waited After while no member is logged in
}

// Seconds is a duration in whole seconds, as plans and their JSON hold it.
type Seconds int64

// Duration is the same for package time.
func (s Seconds) Duration() time.Duration { return time.Duration(s) * time.Second }

// ChannelPlan is how one channel of a queue is worked.
type ChannelPlan struct {
	Target Seconds     `json:"target"` // answer within; makes due_at
	Clock  TargetClock `json:"clock,omitempty"`
	// Interruptible mail or voicemail is parked when a call or chat needs the agent.
	Interruptible bool          `json:"interruptible,omitempty"`
	OfferTimeout  Seconds       `json:"offer_timeout"` // 15 to 60
	Decline       DeclinePolicy `json:"decline"`
	WrapUp        WrapUpPlan    `json:"wrap_up"`
}

// DeclinePolicy is what becomes of an agent who declines.
type DeclinePolicy string

// The decline policies.
const (
	DeclineVCC    DeclinePolicy = "vcc"    // on break (voice, chat, callback) or working offline (email, voicemail)
	DeclineEngage DeclinePolicy = "engage" // working offline for 10 s, then available
	DeclineSoft   DeclinePolicy = "soft"   // stays available; not asked again for this item for 60 s
)

// WrapUpMode is how work after an interaction is timed.
type WrapUpMode string

// The wrap-up modes.
const (
	WrapUpNone            WrapUpMode = "none"
	WrapUpOptional        WrapUpMode = "optional"
	WrapUpTimed           WrapUpMode = "timed"
	WrapUpTimedExtendable WrapUpMode = "timed_extendable"
	WrapUpManual          WrapUpMode = "manual"
)

// WrapUpPlan is the wrap-up of one queue and channel.
type WrapUpPlan struct {
	Mode         WrapUpMode `json:"mode"`
	Seconds      Seconds    `json:"seconds"`
	CodeRequired bool       `json:"code_required"`   // at least one transaction code before it can be finished
	Codes        []CodeID   `json:"codes,omitempty"` // those that may be chosen
	Lists        []CodeList `json:"lists,omitempty"` // how they may be combined
}

// CodeList is transaction codes of which one, or some, are chosen together.
type CodeList struct {
	Codes    []CodeID `json:"codes"`
	Required bool     `json:"required,omitempty"` // at least one
	Many     bool     `json:"many,omitempty"`     // more than one
}

// AgentPlan is what an agent may be offered.
type AgentPlan struct {
	ID          AgentID         `json:"id"`
	Memberships []Membership    `json:"memberships"`
	Skills      []SkillLevel    `json:"skills,omitempty"`
	Caps        map[Channel]int `json:"caps,omitempty"`    // at most so many at once; the defaults where absent
	Channels    []Channel       `json:"channels"`          // those the agent may handle
	Phone       bool            `json:"phone"`             // has a phone that can be rung
	Mailbox     bool            `json:"mailbox,omitempty"` // takes messages of callers who were transferred in vain

	OfferTimeout Seconds `json:"offer_timeout,omitempty"` // 15 to 60, instead of the queue's
}

// Membership is an agent's place in a queue.
type Membership struct {
	Queue   QueueID `json:"queue"`
	Enabled bool    `json:"enabled"`
	Level   int     `json:"level"`           // 1 low, 2 medium, 3 high
	Delay   Seconds `json:"delay,omitempty"` // only items that have waited so long
}

// Cost is how many of an agent's 100 units one interaction of the channel takes, unless
// the plan says otherwise.
func Cost(c Channel) int {
	switch c {
	case Chat:
		return 25
	case Email:
		return 50
	case Voice, Voicemail, Callback:
		return 100
	}
	return 100
}

// DefaultCap is how many of the channel an agent holds at most unless the plan says otherwise.
func DefaultCap(c Channel) int {
	switch c {
	case Chat:
		return 4
	case Email:
		return 2
	case Voice, Voicemail, Callback:
		return 1
	}
	return 1
}
