package api

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/roster"
	"github.com/vaxelhq/vaxel/tickets"
)

type interactionIn struct {
	ID gateway.InteractionID `path:"id"`
}

type listIn struct {
	Scope string `query:"scope" enum:"mine,queues,all" default:"mine" doc:"mine: what you hold; queues: what waits in your queues; all: the latest, for supervisors"`
	After string `query:"after"`
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

func (s *Server) registerInteractions() {
	agent := gateway.RoleAgent
	add(s, operation{Method: http.MethodGet, Path: "/interactions", ID: "list-interactions", Summary: "What you hold, what waits, or the latest", Role: agent}, s.listInteractions)
	add(s, operation{Method: http.MethodGet, Path: "/interactions/{id}", ID: "get-interaction", Summary: "One interaction, and what you may do with it now", Role: agent}, s.getInteraction)
	add(s, operation{Method: http.MethodPost, Path: "/interactions", ID: "create-interaction", Summary: "Bring in an arrival from another system", Role: agent, Status: http.StatusCreated}, s.createInteraction)
	add(s, operation{Method: http.MethodPost, Path: "/interactions/{id}/end", ID: "end-interaction", Summary: "End the customer's side; wrap-up begins", Role: agent}, s.end)
	add(s, operation{Method: http.MethodPost, Path: "/interactions/{id}/finish", ID: "finish-interaction", Summary: "End the wrap-up with transaction codes", Role: agent}, s.finish)
	add(s, operation{Method: http.MethodPost, Path: "/interactions/{id}/extend", ID: "extend-wrap-up", Summary: "A minute more, twice at most", Role: agent}, s.extend)
	add(s, operation{Method: http.MethodPost, Path: "/interactions/{id}/transfer", ID: "transfer-interaction", Summary: "To an agent or a queue", Role: agent}, s.transfer)
	add(s, operation{Method: http.MethodPost, Path: "/interactions/{id}/pull", ID: "pull-interaction", Summary: "Take one that waits, by hand", Role: agent}, s.pull)
	add(s, operation{Method: http.MethodGet, Path: "/transaction-codes", ID: "list-transaction-codes", Summary: "The outcomes to choose from in a queue", Role: agent}, s.transactionCodes)
}

func (s *Server) listInteractions(ctx context.Context, by access.Caller, in *listIn) (page[Interaction], error) {
	list, next, err := s.interactions(ctx, by, in)
	if err != nil {
		return page[Interaction]{}, err
	}
	views, err := s.ownViews(ctx, by, list)
	return page[Interaction]{Items: views, After: next}, err
}

func (s *Server) interactions(ctx context.Context, by access.Caller, in *listIn) ([]gateway.Interaction, string, error) {
	after, err := cursor(in.After)
	if err != nil {
		return nil, "", err
	}
	switch in.Scope {
	case "queues":
		queues, err := s.Roster.Queues(ctx, roster.QueueFilter{Agent: by.Agent})
		if err != nil {
			return nil, "", err
		}
		ids := make([]gateway.QueueID, len(queues))
		for i, q := range queues {
			ids[i] = q.ID
		}
		list, err := s.Floor.Waiting(ctx, ids, after, in.Limit)
		return list, nextOf(list, in.Limit, func(i gateway.Interaction) int64 { return i.Seq }), err
	case "all":
		if err := by.Require(gateway.RoleSupervisor); err != nil {
			return nil, "", err
		}
		list, err := s.Floor.Recent(ctx, gateway.InteractionID(after), in.Limit)
		return list, nextOf(list, in.Limit, func(i gateway.Interaction) int64 { return int64(i.ID) }), err
	default:
		if err := needAgent(by); err != nil {
			return nil, "", err
		}
		list, err := s.Floor.Held(ctx, by.Agent)
		return list, "", err
	}
}

// cursor reads ?after=, which is a number that we gave.
func cursor(after string) (int64, error) {
	if after == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(after, 10, 64)
	if err != nil || n < 0 {
		return 0, gateway.Invalid("bad_cursor", "give ?after= as the list before gave it")
	}
	return n, nil
}

// nextOf is the cursor after a page, empty when the page was not full.
func nextOf[T any](list []T, limit int, key func(T) int64) string {
	if len(list) < limit || len(list) == 0 {
		return ""
	}
	return strconv.FormatInt(key(list[len(list)-1]), 10)
}

func (s *Server) getInteraction(ctx context.Context, by access.Caller, in *interactionIn) (Interaction, error) {
	i, err := s.Floor.Interaction(ctx, in.ID)
	if err != nil {
		return Interaction{}, err
	}
	return s.ownView(ctx, by, i)
}

type createIn struct {
	Key  string `header:"Idempotency-Key" required:"true" doc:"The same key twice is one arrival"`
	Body struct {
		Channel  gateway.Channel      `json:"channel" enum:"email,chat,callback"`
		Queue    gateway.QueueID      `json:"queue"`
		From     gateway.Address      `json:"from"`
		Subject  string               `json:"subject,omitempty" maxLength:"500"`
		Text     string               `json:"text" minLength:"1" maxLength:"100000"`
		Language string               `json:"language,omitempty"`
		Skills   []gateway.SkillLevel `json:"skills,omitempty" maxItems:"50" doc:"What it needs of an agent"`
	}
}

// createInteraction is how other systems bring customers in. The key is made of who asks and
// what they call it, so that two integrations never meet in one key.
func (s *Server) createInteraction(ctx context.Context, by access.Caller, in *createIn) (gateway.Received, error) {
	if _, err := s.Roster.Queue(ctx, in.Body.Queue); err != nil {
		return gateway.Received{}, err
	}
	if err := s.usable(in); err != nil {
		return gateway.Received{}, err
	}
	if err := s.checkSkills(ctx, in.Body.Skills); err != nil {
		return gateway.Received{}, err
	}
	now := time.Now().UTC()
	return s.Intake.Receive(ctx, gateway.Arrival{
		Key:     "api/" + by.Login.String() + "/" + by.Key.String() + "/" + in.Key,
		Channel: in.Body.Channel, Queue: in.Body.Queue, From: in.Body.From, Subject: in.Body.Subject,
		Language: in.Body.Language, Skills: in.Body.Skills, ArrivedAt: now,
		Entry: gateway.Entry{
			Kind: gateway.EntryMessage, Channel: in.Body.Channel, Text: in.Body.Text, At: now,
			Author: gateway.Author{Kind: gateway.ByCustomer, Name: in.Body.From.Name},
		},
	}, nil)
}

type keyedIn struct {
	ID  gateway.InteractionID `path:"id"`
	Key string                `header:"Idempotency-Key" doc:"Your id of this write: repeated, it gives the first answer"`
}

type endIn struct {
	ID   gateway.InteractionID `path:"id"`
	Key  string                `header:"Idempotency-Key" doc:"Your id of this write: repeated, it gives the first answer"`
	Body *struct {
		Pending bool `json:"pending,omitempty" doc:"With an answer that is begun: its draft stays, and the case is pending. Of mail only"`
	}
}

func (s *Server) end(ctx context.Context, by access.Caller, in *endIn) (Interaction, error) {
	i, err := s.Floor.Interaction(ctx, in.ID)
	if err != nil {
		return Interaction{}, err
	}
	if in.Body != nil && in.Body.Pending {
		return s.setAside(ctx, by, i, in.Key)
	}
	talking := onPhone(i) && i.Phase != "" && i.Agent == by.Agent && i.State == gateway.StateActive
	if talking {
		err := s.Calls.Control(ctx, i.ID, by.Agent, HangUpCall)
		if err != nil && (i.Channel == gateway.Voice || !errors.Is(err, gateway.ErrNotFound)) { // a callback's call may have come to nothing
			return Interaction{}, err
		}
	}
	out, err := s.changed(ctx, by, in.Key, gateway.EndInteraction{Interaction: in.ID, Agent: by.Agent})
	if talking && (errors.Is(err, gateway.ErrForbidden) || errors.Is(err, gateway.ErrConflict)) {
		return s.getInteraction(ctx, by, &interactionIn{ID: in.ID}) // it ended for them with the telephone
	}
	return out, err
}

// setAside ends an agent's work on a mail whose answer is not ready: whoever works on its case
// next finds the draft.
func (s *Server) setAside(ctx context.Context, by access.Caller, i gateway.Interaction, key string) (Interaction, error) {
	if err := s.begun(ctx, by, i); err != nil {
		return Interaction{}, err
	}
	ended, err := s.changed(ctx, by, key, gateway.EndInteraction{Interaction: i.ID, Agent: by.Agent, Pending: true})
	if err != nil || ended.End != gateway.EndPending { // it had ended otherwise before
		return ended, err
	}
	return ended, s.commit(ctx, func(w *work) error { return w.pend(ctx, by, i) })
}

// begun refuses to set aside what has no draft. Of what has ended it says nothing: the draft
// may have gone since, and a repeated key gets its first answer.
func (s *Server) begun(ctx context.Context, by access.Caller, i gateway.Interaction) error {
	if i.Channel == gateway.Email && (i.Agent != by.Agent || !i.EndedAt.IsZero()) {
		return nil
	}
	drafts, err := s.Cases.Drafts(ctx, i.Conversation)
	if err == nil && (i.Channel != gateway.Email || len(drafts) == 0) {
		err = &gateway.Error{Kind: gateway.KindUnprocessed, Code: "no_draft", Detail: "nothing is begun here that could be kept; write something first, or end it without"}
	}
	return err
}

// pend makes a case pending that was open, once for each interaction that is set aside: who has
// opened it since is not overruled by a request that comes again.
func (w *work) pend(ctx context.Context, by access.Caller, i gateway.Interaction) error {
	key := "set_aside/" + i.ID.String()
	if before, err := w.answered(ctx, key); before != nil || err != nil {
		return err
	}
	c, err := w.cases().Case(ctx, i.Case)
	if err == nil && c.State == tickets.CaseOpen {
		c.State, c.Assignee = tickets.CasePending, cmp.Or(c.Assignee, by.Agent)
		_, err = w.cases().UpdateCase(ctx, c)
	}
	return errors.Join(err, w.answer(ctx, key, true))
}

type finishIn struct {
	ID   gateway.InteractionID `path:"id"`
	Key  string                `header:"Idempotency-Key" doc:"Your id of this write: repeated, it gives the first answer"`
	Body struct {
		Codes []gateway.CodeID `json:"codes,omitempty"`
		Note  string           `json:"note,omitempty" maxLength:"20000"`
	}
}

func (s *Server) finish(ctx context.Context, by access.Caller, in *finishIn) (Interaction, error) {
	i, err := s.Floor.Interaction(ctx, in.ID)
	if err != nil {
		return Interaction{}, err
	}
	if err := s.judge(ctx, by, i, in.Body.Codes); err != nil {
		return Interaction{}, err
	}
	if err := s.parting(ctx, by, i, in.Body.Note); err != nil {
		return Interaction{}, err
	}
	return s.changed(ctx, by, in.Key, gateway.Finish{Interaction: in.ID, Agent: by.Agent, Codes: in.Body.Codes})
}

// judge refuses codes that may not be chosen in the queue that the caller served; of
// others' interactions the command says that they are not theirs.
func (s *Server) judge(ctx context.Context, by access.Caller, i gateway.Interaction, codes []gateway.CodeID) error {
	left, given, err := s.wrapUpLeft(ctx, by.Agent, i.ID)
	switch {
	case err != nil:
		return err
	case given:
		return s.Roster.CheckTransactionCodes(ctx, left.Queue, codes)
	case by.Agent != 0 && i.Agent == by.Agent:
		return s.Roster.CheckTransactionCodes(ctx, i.Queue, codes)
	}
	return nil
}

// parting writes the note of an agent who gives an interaction away, before the command
// that does it: nobody gets it without its note. The same words twice are one note. What
// is not the agent's to give away is left for the command to refuse; of one that has been
// given away the wrap-up is still theirs.
func (s *Server) parting(ctx context.Context, by access.Caller, i gateway.Interaction, note string) error {
	if note == "" || by.Agent == 0 {
		return nil
	}
	if i.Agent != by.Agent {
		if _, left, err := s.wrapUpLeft(ctx, by.Agent, i.ID); err != nil || !left {
			return err
		}
	}
	sum := sha256.Sum256([]byte(note))
	_, err := s.write(ctx, by, i, gateway.Entry{
		Kind: gateway.EntryNote, Internal: true, Text: note,
		ClientID: fmt.Sprintf("parting/%s/%d/%x", i.ID, i.OfferNo, sum[:16]),
	})
	return err
}

func (s *Server) extend(ctx context.Context, by access.Caller, in *keyedIn) (Interaction, error) {
	return s.changed(ctx, by, in.Key, gateway.ExtendWrapUp{Interaction: in.ID, Agent: by.Agent})
}

type transferIn struct {
	ID   gateway.InteractionID `path:"id"`
	Key  string                `header:"Idempotency-Key" doc:"Your id of this write: repeated, it gives the first answer"`
	Body struct {
		ToAgent  gateway.AgentID      `json:"to_agent,omitempty"`
		ToQueue  gateway.QueueID      `json:"to_queue,omitempty"`
		Skills   []gateway.SkillLevel `json:"skills,omitempty" maxItems:"50" doc:"With to_queue: what it needs from now on; as before unless set"`
		ToNumber string               `json:"to_number,omitempty" maxLength:"200" doc:"Of a call: somebody outside, if the dial plan allows it"`
		Note     string               `json:"note,omitempty" maxLength:"20000"`
	}
}

func (s *Server) transfer(ctx context.Context, by access.Caller, in *transferIn) (Interaction, error) {
	b := in.Body
	if err := s.checkSkills(ctx, b.Skills); err != nil {
		return Interaction{}, err
	}
	to := sending{in.ID, in.Key, b.Note, b.ToAgent, b.ToQueue, b.ToNumber}
	if b.ToNumber != "" {
		return s.sendOutside(ctx, by, to, true)
	}
	return s.sendTo(ctx, by, to, gateway.Transfer{
		Interaction: in.ID, Agent: by.Agent, ToAgent: b.ToAgent, ToQueue: b.ToQueue, Skills: b.Skills,
	})
}

type codesIn struct {
	Queue gateway.QueueID `query:"queue"`
}

func (s *Server) transactionCodes(ctx context.Context, _ access.Caller, in *codesIn) (page[roster.TransactionList], error) {
	lists, err := s.Roster.TransactionCodes(ctx, in.Queue)
	return page[roster.TransactionList]{Items: lists}, err
}
