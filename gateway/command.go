package gateway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"time"
)

// Command is something that a person or a channel asks of the floor. Each is also an
// event of the routing log, so it holds ids, numbers and enumerations only.
type Command interface{ command() }

// The commands.
type (
	// SetStatus changes an agent's intent. While the agent is busy it becomes the
	// next intent; its answer (StatusAnswer) says which.
	SetStatus struct {
		Agent  AgentID `json:"agent"`
		Intent Intent  `json:"intent"`
		Code   string  `json:"code,omitempty"`
		Force  bool    `json:"force,omitempty"` // by a supervisor: what the agent holds is requeued
		// Supervisor says that somebody else asks: no break lock holds the agent.
		Supervisor bool `json:"supervisor,omitempty"`
	}
	// Consoles reports that an agent's first console came or last console went: on one
	// node, if it is named, else anywhere. The floor knows the others' and logs the sum.
	Consoles struct {
		Agent AgentID `json:"agent"`
		Live  bool    `json:"live"`
		Node  string  `json:"node,omitempty"` // the node's run (bus.Node)
		// Silent is how long the last console had not been heard of when it was given up: the
		// time without one counts from then.
		Silent Seconds `json:"silent,omitempty"`
	}
	// Accept takes an offer. A stale No is refused with offer_gone.
	Accept struct {
		Interaction InteractionID `json:"interaction"`
		No          int           `json:"no"`
		Agent       AgentID       `json:"agent"`
		ByPhone     bool          `json:"by_phone,omitempty"` // the agent's phone was answered
	}
	// Decline refuses an offer.
	Decline struct {
		Interaction InteractionID `json:"interaction"`
		No          int           `json:"no"`
		Agent       AgentID       `json:"agent"`
		Code        string        `json:"code,omitempty"`
	}
	// FailOffer reports that the agent's phone could not be rung: busy, unreachable, media.
	FailOffer struct {
		Interaction InteractionID `json:"interaction"`
		No          int           `json:"no"`
		Agent       AgentID       `json:"agent"`
		Cause       string        `json:"cause"`
	}
	// Leave reports that the customer's side is gone: before an answer this abandons
	// the interaction, after it wrap-up begins. End overrides the end (voicemail). With
	// EndSystemFailure a callback is opened under the reserved id Callback, if given.
	//
	// A caller who is sent to voicemail leaves twice: with EndVoicemail when the greeting
	// begins, or by the queue's own step, and with EndAbandoned if there was no message in
	// the end. That amends an end that no agent's answer came before; it is short_abandon
	// if the turn came within five seconds. After a message the second is EndVoicemail,
	// which changes nothing.
	//
	// TalkOn says that those whom the customer leaves behind still hear each other: the
	// interaction ends, and they are busy until a second Leave says that they are done.
	Leave struct {
		Interaction InteractionID `json:"interaction"`
		End         End           `json:"end,omitempty"`
		Callback    InteractionID `json:"callback,omitempty"`
		TalkOn      bool          `json:"talk_on,omitempty"`
	}
	// CallBack ends the wait of a call or chat whose customer wants to be called instead: a
	// callback under the reserved id keeps the place.
	CallBack struct {
		Interaction InteractionID `json:"interaction"`
		Callback    InteractionID `json:"callback"`
	}
	// PhoneReach reports that none of an agent's phones can be reached, or one again.
	PhoneReach struct {
		Agent     AgentID `json:"agent"`
		Reachable bool    `json:"reachable"`
	}
	// EndInteraction is the agent ending the customer's side; wrap-up begins.
	EndInteraction struct {
		Interaction InteractionID `json:"interaction"`
		Agent       AgentID       `json:"agent"`
		Pending     bool          `json:"pending,omitempty"` // with an answer that is begun; of mail only
	}
	// Finish ends the wrap-up with transaction codes.
	Finish struct {
		Interaction InteractionID `json:"interaction"`
		Agent       AgentID       `json:"agent"`
		Codes       []CodeID      `json:"codes,omitempty"`
	}
	// ExtendWrapUp adds a minute, twice at most.
	ExtendWrapUp struct {
		Interaction InteractionID `json:"interaction"`
		Agent       AgentID       `json:"agent"`
	}
	// TakeUp goes on by hand with what was parked, beyond capacity if need be.
	TakeUp struct {
		Interaction InteractionID `json:"interaction"`
		Agent       AgentID       `json:"agent"`
	}
	// Touch says that the agent has written something on an interaction: one who has no console
	// keeps it as if that had come just now.
	Touch struct {
		Interaction InteractionID `json:"interaction"`
		Agent       AgentID       `json:"agent"`
	}
	// Silence reports that a chat's customer waits for its agent's answer to the line at Pos.
	// Supervisors hear of it, once for each agent and line, after five minutes in one hand.
	Silence struct {
		Interaction InteractionID `json:"interaction"`
		Pos         int64         `json:"pos"`
	}
	// Redial says that the agent calls the customer of a callback, or of a voicemail, which
	// ends and becomes a callback under the reserved id with the due time that it had.
	Redial struct {
		Interaction InteractionID `json:"interaction"`
		Agent       AgentID       `json:"agent"`
		Callback    InteractionID `json:"callback,omitempty"`
	}
	// Unreached says that a customer who was called back has not answered: the agent may try again.
	Unreached struct {
		Interaction InteractionID `json:"interaction"`
		Agent       AgentID       `json:"agent"`
	}
	// Transfer moves an active interaction to an agent or to a queue.
	Transfer struct {
		Interaction InteractionID `json:"interaction"`
		Agent       AgentID       `json:"agent"` // who transfers
		ToAgent     AgentID       `json:"to_agent,omitempty"`
		ToQueue     QueueID       `json:"to_queue,omitempty"`
		Skills      []SkillLevel  `json:"skills,omitempty"` // what it needs from now on; with ToQueue, nil keeps
	}
	// Consult asks a colleague, or the first free agent of a queue, while the customer
	// waits. Outside notes that line 2 is somebody else's telephone.
	Consult struct {
		Interaction InteractionID `json:"interaction"`
		Agent       AgentID       `json:"agent"` // who asks
		ToAgent     AgentID       `json:"to_agent,omitempty"`
		ToQueue     QueueID       `json:"to_queue,omitempty"`
		Outside     bool          `json:"outside,omitempty"`
		EvenIfBusy  bool          `json:"even_if_busy,omitempty"` // the asker has been told and confirms
	}
	// TransferLines gives the customer to the colleague who came last; the agent leaves.
	// To somebody outside it is Leave with EndTransferredExternal.
	TransferLines struct {
		Interaction InteractionID `json:"interaction"`
		Agent       AgentID       `json:"agent"`
	}
	// JoinLines lets everybody on the interaction hear everybody.
	JoinLines struct {
		Interaction InteractionID `json:"interaction"`
		Agent       AgentID       `json:"agent"`
	}
	// DropLine ends line 2: the agent who has the interaction drops Colleague, somebody
	// Outside, or who came last; a colleague leaves. With no line 2 in consultation the agent
	// leaves a conference, and the colleague who came first has it.
	DropLine struct {
		Interaction InteractionID `json:"interaction"`
		Agent       AgentID       `json:"agent"`
		Colleague   AgentID       `json:"colleague,omitempty"`
		Outside     bool          `json:"outside,omitempty"`
	}
	// HoldLine lets the customer hear music, or talk on.
	HoldLine struct {
		Interaction InteractionID `json:"interaction"`
		Agent       AgentID       `json:"agent"`
		Hold        bool          `json:"hold"`
	}
	// Pull takes a waiting interaction by hand.
	Pull struct {
		Interaction InteractionID `json:"interaction"`
		Agent       AgentID       `json:"agent"`
	}
	// Begin opens an accepted interaction for an agent who reaches out (outbound dial,
	// new mail). Interaction is reserved by the caller.
	Begin struct {
		Admission
		Agent AgentID `json:"agent"`
	}
)

func (SetStatus) command()      {}
func (Consoles) command()       {}
func (Accept) command()         {}
func (Decline) command()        {}
func (FailOffer) command()      {}
func (Leave) command()          {}
func (CallBack) command()       {}
func (PhoneReach) command()     {}
func (EndInteraction) command() {}
func (Finish) command()         {}
func (ExtendWrapUp) command()   {}
func (TakeUp) command()         {}
func (Touch) command()          {}
func (Silence) command()        {}
func (Redial) command()         {}
func (Unreached) command()      {}
func (Transfer) command()       {}
func (Consult) command()        {}
func (TransferLines) command()  {}
func (JoinLines) command()      {}
func (DropLine) command()       {}
func (HoldLine) command()       {}
func (Pull) command()           {}
func (Begin) command()          {}

// Answer is what the floor says to a command: the state that it left behind.
type Answer struct {
	Presence    *Presence    `json:"presence,omitempty"`
	Interaction *Interaction `json:"interaction,omitempty"`
	Later       bool         `json:"later,omitempty"` // stored as the next status, not in force yet
	At          time.Time    `json:"at"`
}

var commands = map[string]reflect.Type{}

func init() {
	for _, c := range []Command{
		SetStatus{},
		Consoles{},
		Accept{},
		Decline{},
		FailOffer{},
		Leave{},
		CallBack{},
		PhoneReach{},
		EndInteraction{},
		Finish{},
		ExtendWrapUp{},
		TakeUp{},
		Touch{},
		Silence{},
		Redial{},
		Unreached{},
		Transfer{},
		Consult{},
		TransferLines{},
		JoinLines{},
		DropLine{},
		HoldLine{},
		Pull{},
		Begin{},
	} {
		commands[commandName(c)] = reflect.TypeOf(c)
	}
}

func commandName(c Command) string { return reflect.TypeOf(c).Name() }

// Envelope is how a command, or another event, crosses the bus and lies in the log.
type Envelope struct {
	Name string          `json:"name"`
	Body json.RawMessage `json:"body"`
}

// The parts of an envelope as Seal writes it.
const (
	envelopeName = `{"name":"`
	envelopeBody = `","body":`
	envelopeEnd  = `}`
)

// Seal is the envelope's JSON. The name is a type's, the body JSON as encoding/json writes it:
// neither is looked through again.
func (e Envelope) Seal() []byte {
	return slices.Concat([]byte(envelopeName), []byte(e.Name), []byte(envelopeBody), e.Body, []byte(envelopeEnd))
}

// OpenEnvelope reads what Seal wrote, or the same in other words. The body lies in the data; what it
// says is for its reader to check.
func OpenEnvelope(data []byte) (e Envelope, err error) {
	if rest, ok := bytes.CutPrefix(data, []byte(envelopeName)); ok {
		if name, body, ok := bytes.Cut(rest, []byte(envelopeBody)); ok && bytes.HasSuffix(body, []byte(envelopeEnd)) && !bytes.ContainsAny(name, `"\\`) {
			return Envelope{string(name), json.RawMessage(body[:len(body)-len(envelopeEnd)])}, nil
		}
	}
	return e, json.Unmarshal(data, &e)
}

// MarshalCommand writes a command for the bus and the log.
func MarshalCommand(c Command) ([]byte, error) {
	body, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("marshal %s: %w", commandName(c), err)
	}
	return Envelope{commandName(c), body}.Seal(), nil
}

// UnmarshalCommand reads what MarshalCommand wrote.
func UnmarshalCommand(data []byte) (Command, error) {
	e, err := OpenEnvelope(data)
	if err != nil {
		return nil, fmt.Errorf("read command: %w", err)
	}
	t, ok := commands[e.Name]
	if !ok {
		return nil, Invalid("unknown_command", fmt.Sprintf("no command is called %q", e.Name))
	}
	v := reflect.New(t)
	if err := json.Unmarshal(e.Body, v.Interface()); err != nil {
		return nil, fmt.Errorf("read command %s: %w", e.Name, err)
	}
	return v.Elem().Interface().(Command), nil
}
