package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/roster"
)

// Line 1 is the customer, line 2 a colleague who is asked. The verbs are the same for
// every channel: a chat's line 2 is a colleague who reads along and writes notes.

type consultIn struct {
	ID   gateway.InteractionID `path:"id"`
	Key  string                `header:"Idempotency-Key" doc:"Your id of this write: repeated, it gives the first answer"`
	Body struct {
		ToAgent    gateway.AgentID `json:"to_agent,omitempty"`
		ToQueue    gateway.QueueID `json:"to_queue,omitempty" doc:"The first free agent there"`
		ToNumber   string          `json:"to_number,omitempty" maxLength:"200" doc:"Of a call: somebody outside, if the dial plan allows it"`
		EvenIfBusy bool            `json:"even_if_busy,omitempty" doc:"You have been told (409 confirm_busy) and want to disturb"`
		Note       string          `json:"note,omitempty" maxLength:"20000" doc:"For the colleague; customers never see it"`
	}
}

type dropIn struct {
	ID   gateway.InteractionID `path:"id"`
	Key  string                `header:"Idempotency-Key" doc:"Your id of this write: repeated, it gives the first answer"`
	Body *struct {
		Colleague gateway.AgentID `json:"colleague,omitempty" doc:"Who is dropped from a conference; who came last unless set"`
		Outside   bool            `json:"outside,omitempty" doc:"Drop whoever is outside"`
	}
}

type swapIn struct {
	ID   gateway.InteractionID `path:"id"`
	Body struct {
		Line int `json:"line" enum:"1,2" doc:"Whom you talk to: 1 the customer, 2 whom you consult"`
	}
}

type keysIn struct {
	ID   gateway.InteractionID `path:"id"`
	Body struct {
		Keys string `json:"keys" minLength:"1" maxLength:"64" example:"1234#" doc:"Digits, * and #"`
	}
}

func (s *Server) registerLines() {
	line := func(verb, id, summary string) operation {
		return operation{Method: http.MethodPost, Path: "/interactions/{id}/" + verb, ID: id, Summary: summary, Role: gateway.RoleAgent}
	}
	add(s, line("consult", "consult", "Ask a colleague, or call somebody outside, on line 2 while the customer waits"), s.consult)
	add(s, line("transfer-lines", "transfer-lines", "Give the customer to line 2 and leave"), s.transferLines)
	add(s, line("join-lines", "join-lines", "Let everybody hear everybody"), s.joinLines)
	add(s, line("drop-line", "drop-line", "End line 2; a colleague leaves"), s.dropLine)
	add(s, line("swap-lines", "swap-lines", "Talk on one line of a call while the other hears music"), s.swap)
	addSilent(s, line("keys", "press-keys", "Send keys to the customer's side of a call"), s.press)
	add(s, line("hold", "hold-call", "Let the customer hear music"), func(ctx context.Context, by access.Caller, in *keyedIn) (Interaction, error) {
		return s.control(ctx, by, in, HoldCall)
	})
	add(s, line("resume", "resume", "Talk to the customer again, or take up what was parked"), s.resume)
}

func (s *Server) consult(ctx context.Context, by access.Caller, in *consultIn) (Interaction, error) {
	b := in.Body
	to := sending{in.ID, in.Key, b.Note, b.ToAgent, b.ToQueue, b.ToNumber}
	if b.ToNumber != "" {
		return s.sendOutside(ctx, by, to, false)
	}
	return s.sendTo(ctx, by, to, gateway.Consult{
		Interaction: in.ID, Agent: by.Agent, ToAgent: b.ToAgent, ToQueue: b.ToQueue, EvenIfBusy: b.EvenIfBusy,
	})
}

// sending is what transfers and consultations have in common.
type sending struct {
	id     gateway.InteractionID
	key    string
	note   string
	agent  gateway.AgentID
	queue  gateway.QueueID
	number string
}

// sendTo writes the note, gives the command and keeps its target among the recents.
func (s *Server) sendTo(ctx context.Context, by access.Caller, to sending, cmd gateway.Command) (Interaction, error) {
	if err := s.target(ctx, by, to.agent, to.queue); err != nil {
		return Interaction{}, err
	}
	i, err := s.Floor.Interaction(ctx, to.id)
	if err != nil {
		return Interaction{}, err
	}
	if err := s.parting(ctx, by, i, to.note); err != nil {
		return Interaction{}, err
	}
	out, err := s.changed(ctx, by, to.key, cmd)
	if err == nil {
		s.used(ctx, by, to.agent, to.queue)
	}
	return out, err
}

// sendOutside calls a number on line 2, or sends the customer there. The telephone does it
// and tells the floor. What was done already is not done again.
func (s *Server) sendOutside(ctx context.Context, by access.Caller, to sending, blind bool) (Interaction, error) {
	if to.agent != 0 || to.queue != 0 {
		return Interaction{}, oneTarget()
	}
	if err := needAgent(by); err != nil {
		return Interaction{}, err
	}
	i, err := s.talk(ctx, by, to.id)
	if blind && givenAway(i, by) {
		return s.ownView(ctx, by, i)
	}
	if err != nil {
		return Interaction{}, err
	}
	if err := s.Calls.MayDial(ctx, by.Agent, to.number); err != nil {
		return Interaction{}, err
	}
	if err := s.parting(ctx, by, i, to.note); err != nil {
		return Interaction{}, err
	}
	if err := s.Calls.CallOutside(ctx, to.id, by.Agent, to.number, blind); err != nil {
		return Interaction{}, err
	}
	return s.getInteraction(ctx, by, &interactionIn{to.id})
}

// givenAway says whether the caller has given the customer to somebody outside already.
func givenAway(i gateway.Interaction, by access.Caller) bool {
	return by.Agent != 0 && i.Agent == by.Agent && i.End == gateway.EndTransferredExternal
}

func oneTarget() error {
	return gateway.Invalid("one_target", "name one of to_agent, to_queue and, of a call, to_number")
}

// target refuses who or what nobody can be sent to.
func (s *Server) target(ctx context.Context, by access.Caller, agent gateway.AgentID, queue gateway.QueueID) error {
	if err := needAgent(by); err != nil {
		return err
	}
	if (agent == 0) == (queue == 0) {
		return oneTarget()
	}
	if queue != 0 {
		_, err := s.Roster.Queue(ctx, queue)
		return err
	}
	_, err := s.Roster.Agent(ctx, agent)
	return err
}

// used keeps among the caller's recents whom they have just dealt with. What was done for
// it stays done if that fails.
func (s *Server) used(ctx context.Context, by access.Caller, agent gateway.AgentID, queue gateway.QueueID) {
	kind, id := roster.TargetQueue, int64(queue)
	if agent != 0 {
		kind, id = roster.TargetAgent, int64(agent)
	}
	if err := s.Roster.Used(context.WithoutCancel(ctx), by.Agent, kind, id, time.Now()); err != nil {
		s.log.WarnContext(ctx, "keep a recent", "agent", by.Agent, "err", err)
	}
}

// transferLines gives the customer to a colleague, who came last, or to somebody outside: whom line 2
// has, and in a conference with nobody else.
func (s *Server) transferLines(ctx context.Context, by access.Caller, in *keyedIn) (Interaction, error) {
	i, err := s.Floor.Interaction(ctx, in.ID)
	if err != nil {
		return Interaction{}, err
	}
	v, err := s.ownView(ctx, by, i)
	switch {
	case err != nil || givenAway(i, by):
		return v, err
	case !i.Outside || i.Line2 == "" && len(i.Others) > 0 || i.Line2 == gateway.Line2Colleague || i.Agent != by.Agent || !onPhone(i):
		return s.changed(ctx, by, in.Key, gateway.TransferLines{Interaction: in.ID, Agent: by.Agent})
	}
	if err := s.Calls.Control(ctx, in.ID, by.Agent, GiveAway); err != nil {
		return Interaction{}, err
	}
	return s.getInteraction(ctx, by, &interactionIn{in.ID})
}

func (s *Server) joinLines(ctx context.Context, by access.Caller, in *keyedIn) (Interaction, error) {
	return s.changed(ctx, by, in.Key, gateway.JoinLines{Interaction: in.ID, Agent: by.Agent})
}

func (s *Server) dropLine(ctx context.Context, by access.Caller, in *dropIn) (Interaction, error) {
	cmd := gateway.DropLine{Interaction: in.ID, Agent: by.Agent}
	if in.Body != nil {
		cmd.Colleague, cmd.Outside = in.Body.Colleague, in.Body.Outside
	}
	return s.changed(ctx, by, in.Key, cmd)
}

// control holds and resumes: the telephone does it and tells the floor, whose word comes
// as interaction.changed.
func (s *Server) control(ctx context.Context, by access.Caller, in *keyedIn, what CallControl) (Interaction, error) {
	i, err := s.talk(ctx, by, in.ID)
	if err != nil {
		return Interaction{}, err
	}
	if i.Phase == gateway.PhaseConsult || i.Phase == gateway.PhaseConference {
		return Interaction{}, gateway.Conflict("line_in_use", "only a customer who talks to you alone can be put on hold; drop line 2 first", i)
	}
	if err := s.Calls.Control(ctx, in.ID, by.Agent, what); err != nil {
		return Interaction{}, err
	}
	return s.getInteraction(ctx, by, &interactionIn{in.ID})
}

// resume talks to a customer again who is on hold, or goes on with what was parked for a call
// or a chat, beyond capacity if need be.
func (s *Server) resume(ctx context.Context, by access.Caller, in *keyedIn) (Interaction, error) {
	i, err := s.Floor.Interaction(ctx, in.ID)
	switch {
	case err != nil:
		return Interaction{}, err
	case i.Channel == gateway.Email || i.Channel == gateway.Voicemail:
		if err := needAgent(by); err != nil {
			return Interaction{}, err
		}
		return s.changed(ctx, by, in.Key, gateway.TakeUp{Interaction: in.ID, Agent: by.Agent})
	}
	return s.control(ctx, by, in, ResumeCall)
}

// swap is the telephone's alone: the floor knows of a consultation, not who talks in it.
func (s *Server) swap(ctx context.Context, by access.Caller, in *swapIn) (Interaction, error) {
	if _, err := s.talk(ctx, by, in.ID); err != nil {
		return Interaction{}, err
	}
	what := TalkOnLine1
	if in.Body.Line == 2 {
		what = TalkOnLine2
	}
	if err := s.Calls.Control(ctx, in.ID, by.Agent, what); err != nil {
		return Interaction{}, err
	}
	return s.getInteraction(ctx, by, &interactionIn{in.ID})
}

func (s *Server) press(ctx context.Context, by access.Caller, in *keysIn) (none, error) {
	if _, err := s.talk(ctx, by, in.ID); err != nil {
		return none{}, err
	}
	return none{}, s.Calls.Press(ctx, in.ID, by.Agent, in.Body.Keys)
}

// talk is a call that the caller has and whose customer is there.
func (s *Server) talk(ctx context.Context, by access.Caller, id gateway.InteractionID) (gateway.Interaction, error) {
	i, err := s.Floor.Interaction(ctx, id)
	switch {
	case err != nil:
		return i, err
	case !onPhone(i):
		return i, gateway.Conflict("not_a_call", "only a call has lines, and keys to press; this is "+string(i.Channel), i)
	case i.Agent != by.Agent || by.Agent == 0:
		return i, gateway.Forbidden("not_yours", "another agent has this; ask for a transfer, or write a note")
	case i.Channel == gateway.Callback && i.Phase == "":
		return i, gateway.Conflict("not_called", "call the customer back first", i)
	case i.State != gateway.StateActive || !i.EndedAt.IsZero():
		return i, gateway.Conflict("ended", "the customer's side has ended; finish the wrap-up", i)
	}
	return i, nil
}

// onPhone says whether an interaction is a call.
func onPhone(i gateway.Interaction) bool {
	return i.Channel == gateway.Voice || i.Channel == gateway.Callback
}

// speaks says whether the caller may say something to the customer: who has the
// interaction, and a colleague once the lines are joined.
func speaks(i gateway.Interaction, by access.Caller) bool {
	return by.Agent != 0 && (i.Agent == by.Agent || i.Phase == gateway.PhaseConference && slices.Contains(i.Others, by.Agent))
}
