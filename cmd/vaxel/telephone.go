package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/api"
)

// telephone is the voice channel as the API wants it. A call is served by one node, and
// an agent may be at any: what is not for a call here is asked of the other nodes that
// have telephones, one after the other.
type telephone struct{ h *house }

var noTelephony = &gateway.Error{
	Kind: gateway.KindUnprocessed, Code: "no_telephony", Detail: "telephony is not set up here; an administrator can set voice.listen",
}

// phoneWork is what the API asks of the telephone, as it crosses nodes.
type phoneWork struct {
	Verb         string                 `json:"verb"` // one of those below, or an api.CallControl
	Agent        gateway.AgentID        `json:"agent"`
	Number       string                 `json:"number,omitempty"`
	Keys         string                 `json:"keys,omitempty"`
	Interaction  gateway.InteractionID  `json:"interaction,omitempty"`
	Conversation gateway.ConversationID `json:"conversation,omitempty"`
	Queue        gateway.QueueID        `json:"queue,omitempty"`
	Keeps        bool                   `json:"keeps,omitempty"` // a callback, that the agent keeps if nobody answers
}

const (
	verbMayDial = "may_dial"
	verbDial    = "dial"
	verbPress   = "press"
	verbLines   = "lines"
	verbConsult = "consult"
	verbSend    = "send_outside"
)

// MayDial implements api.Calls.
func (t telephone) MayDial(ctx context.Context, agent gateway.AgentID, number string) error {
	_, err := t.do(ctx, phoneWork{Verb: verbMayDial, Agent: agent, Number: number})
	return err
}

// Dial implements api.Calls.
func (t telephone) Dial(ctx context.Context, agent gateway.AgentID, number string, i gateway.Interaction) error {
	_, err := t.do(ctx, phoneWork{Verb: verbDial, Agent: agent, Number: number, Interaction: i.ID, Conversation: i.Conversation, Queue: i.Queue, Keeps: i.Channel == gateway.Callback})
	return err
}

// Control implements api.Calls.
func (t telephone) Control(ctx context.Context, i gateway.InteractionID, agent gateway.AgentID, what api.CallControl) error {
	_, err := t.do(ctx, phoneWork{Verb: string(what), Agent: agent, Interaction: i})
	return err
}

// CallOutside implements api.Calls.
func (t telephone) CallOutside(ctx context.Context, i gateway.InteractionID, agent gateway.AgentID, number string, blind bool) error {
	verb := verbConsult
	if blind {
		verb = verbSend
	}
	_, err := t.do(ctx, phoneWork{Verb: verb, Agent: agent, Interaction: i, Number: number})
	return err
}

// Press implements api.Calls.
func (t telephone) Press(ctx context.Context, i gateway.InteractionID, agent gateway.AgentID, keys string) error {
	_, err := t.do(ctx, phoneWork{Verb: verbPress, Agent: agent, Interaction: i, Keys: keys})
	return err
}

// Lines implements api.Calls.
func (t telephone) Lines(ctx context.Context, agent gateway.AgentID) (lines []api.Line, err error) {
	lines, err = t.do(ctx, phoneWork{Verb: verbLines, Agent: agent})
	if isRefusal(err, noTelephony.Code) {
		return nil, nil
	}
	return lines, err
}

// do has it done here, else on the node that can.
func (t telephone) do(ctx context.Context, w phoneWork) ([]api.Line, error) {
	lines, err := t.here(ctx, w)
	if !notHere(err) {
		return lines, err
	}
	others, listErr := t.others(ctx)
	if listErr != nil {
		return nil, listErr
	}
	for _, holder := range others {
		lines, away := t.ask(ctx, holder, w)
		if !notHere(away) && (w.Verb == verbDial || !errors.Is(away, gateway.ErrTryAgain)) {
			return lines, away // who did not answer may have dialled: nobody else does
		}
		if isRefusal(away, noCall) {
			err = away
		}
	}
	return nil, err
}

// noCall is what a telephone says that does not serve the call.
const noCall = "no_call"

// notHere says that another node may be the right one.
func notHere(err error) bool { return isRefusal(err, noTelephony.Code) || isRefusal(err, noCall) }

func isRefusal(err error, code string) bool {
	refusal, ok := errors.AsType[*gateway.Error](err)
	return ok && refusal.Code == code
}

// here does what is asked with the telephone of this node. A refusal with noCall or
// noTelephony lets the next node be asked.
func (t telephone) here(ctx context.Context, w phoneWork) ([]api.Line, error) {
	v := t.h.voice
	if v == nil {
		return nil, noTelephony
	}
	switch w.Verb {
	case verbMayDial:
		return nil, v.MayDial(ctx, w.Agent, w.Number)
	case verbDial:
		return nil, v.Dial(ctx, voice.Outbound{
			Agent: w.Agent, Number: w.Number, Interaction: w.Interaction, Conversation: w.Conversation, Queue: w.Queue, Language: t.h.config.Language, Keeps: w.Keeps,
		})
	case string(api.HoldCall):
		return nil, v.Hold(ctx, w.Agent, w.Interaction)
	case string(api.ResumeCall):
		return nil, v.Resume(ctx, w.Agent, w.Interaction)
	case string(api.HangUpCall):
		return nil, v.HangUp(ctx, w.Agent, w.Interaction)
	case string(api.GiveAway):
		return nil, v.TransferLines(ctx, w.Agent, w.Interaction)
	case string(api.TalkOnLine1):
		return nil, v.TalkOn(ctx, w.Agent, w.Interaction, 1)
	case string(api.TalkOnLine2):
		return nil, v.TalkOn(ctx, w.Agent, w.Interaction, 2)
	case verbConsult:
		return nil, v.Consult(ctx, w.Agent, w.Interaction, w.Number)
	case verbSend:
		return nil, v.TransferOutside(ctx, w.Agent, w.Interaction, w.Number)
	case verbPress:
		return nil, v.Press(ctx, w.Agent, w.Interaction, w.Keys)
	case verbLines:
		return apiLines(v.Lines(ctx, w.Agent))
	}
	return nil, gateway.Invalid("unknown_control", "a call is held, resumed or hung up")
}

func apiLines(list []voice.Line, err error) ([]api.Line, error) {
	return mapped(list, func(l voice.Line) api.Line { return api.Line(l) }), err
}

// telephoneOf is the name at which a node's telephone is asked.
func telephoneOf(process string) string { return "telephone." + process }

// others are the holders on the other nodes that serve channels and are there.
func (t telephone) others(ctx context.Context) (holders []string, err error) {
	if t.h.config.NATS == "" {
		return nil, nil
	}
	list, err := t.h.nodes.List(ctx)
	for _, n := range list {
		if n.Run != t.h.process && slices.Contains(n.Roles, roleChannels) && t.h.nodes.Alive(n.Run) {
			holders = append(holders, telephoneOf(n.Run))
		}
	}
	return holders, err
}

// phonePatience is how long a node may take to answer before the next is asked. Dialling
// takes as long as the agent's phone.
const phonePatience = 3 * time.Second

// ask has another node do it.
func (t telephone) ask(ctx context.Context, holder string, w phoneWork) (lines []api.Line, err error) {
	body, err := json.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("ask a telephone elsewhere: %w", err)
	}
	if w.Verb != verbDial {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, phonePatience)
		defer cancel()
	}
	got, err := t.h.bus.Ask(ctx, holder, "", body)
	if err != nil || len(got) == 0 {
		return nil, err
	}
	return lines, json.Unmarshal(got, &lines)
}

// answer does what another node asks for.
func (t telephone) answer(ctx context.Context, _ string, body []byte) ([]byte, error) {
	var w phoneWork
	if err := json.Unmarshal(body, &w); err != nil {
		return nil, fmt.Errorf("read what a telephone is asked for: %w", err)
	}
	lines, err := t.here(ctx, w)
	if err != nil {
		return nil, err
	}
	return json.Marshal(lines)
}

// serveTelephone answers other nodes until ctx ends.
func (h *house) serveTelephone(ctx context.Context) error {
	defer h.bus.Serve(telephoneOf(h.process), telephone{h}.answer)()
	<-ctx.Done()
	return nil
}
