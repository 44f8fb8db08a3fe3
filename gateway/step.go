package gateway

// Step is something that is done for an interaction which has waited in its queue for
// a while, or which meets a queue that is closed, full or left by everybody.
type Step struct {
	After    Seconds   `json:"after"`
	Do       StepKind  `json:"do"`
	By       int       `json:"by,omitempty"`       // lower_skills: by so many levels; one if 0
	Skill    SkillID   `json:"skill,omitempty"`    // drop_skill
	Queue    QueueID   `json:"queue,omitempty"`    // add_queue, move
	To       string    `json:"to,omitempty"`       // external: where the call goes
	Channels []Channel `json:"channels,omitempty"` // only to these; to all that it suits if empty
}

// StepKind is what a step does.
type StepKind string

// The kinds of step. The first four let more agents take the interaction; it keeps its
// place. The others ask the channel to act on what has been decided.
const (
	LowerSkills   StepKind = "lower_skills"   // every level that is needed, not below 1
	DropSkill     StepKind = "drop_skill"     // one skill is not needed any more
	DropSkills    StepKind = "drop_skills"    // none is
	AddQueue      StepKind = "add_queue"      // the members of another queue may take it as well
	Move          StepKind = "move"           // it waits in another queue instead
	OfferCallback StepKind = "offer_callback" // the customer may be called back and keeps the place; voice and chat
	ToVoicemail   StepKind = "voicemail"      // voice
	ToForm        StepKind = "form"           // chat: leave a message instead
	ToExternal    StepKind = "external"       // voice
	HangUp        StepKind = "hang_up"        // voice and chat: a message, and goodbye
)

// Widens says whether the step only lets more agents take the interaction.
func (k StepKind) Widens() bool {
	return k == LowerSkills || k == DropSkill || k == DropSkills || k == AddQueue
}

// Suits says whether a step of the kind can be done to the channel. Mail and voicemail
// lose nothing by waiting: they are never turned away.
func (k StepKind) Suits(c Channel) bool {
	switch k {
	case LowerSkills, DropSkill, DropSkills, AddQueue, Move:
		return true
	case OfferCallback, HangUp:
		return c == Voice || c == Chat
	case ToVoicemail, ToExternal:
		return c == Voice
	case ToForm:
		return c == Chat
	}
	return false
}
