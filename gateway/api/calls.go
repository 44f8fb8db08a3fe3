package api

import (
	"context"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/tickets"
)

type dialIn struct {
	Key  string `header:"Idempotency-Key" doc:"Your id of this write: repeated, it gives the first answer"`
	Body struct {
		Number string          `json:"number" minLength:"1" maxLength:"200"`
		Queue  gateway.QueueID `json:"queue,omitempty" doc:"Whose codes and figures the call belongs to; your first queue unless set"`
		Case   gateway.CaseID  `json:"case,omitempty" doc:"The case it is about; a new one unless set"`
	}
}

func (s *Server) registerCalls() {
	agent := gateway.RoleAgent
	add(s, operation{Method: http.MethodPost, Path: "/calls", ID: "dial", Summary: "Call somebody; your own phone rings first", Role: agent, Status: http.StatusCreated, Once: true}, s.dial)
	for _, what := range []CallControl{HoldCall, ResumeCall} {
		add(s, operation{
			Method: http.MethodPost, Path: "/interactions/{id}/" + string(what), ID: string(what) + "-call",
			Summary: map[CallControl]string{HoldCall: "Let the customer hear music", ResumeCall: "Talk to the customer again"}[what], Role: agent,
		}, func(ctx context.Context, by access.Caller, in *keyedIn) (Interaction, error) {
			if err := s.Calls.Control(ctx, in.ID, by.Agent, what); err != nil {
				return Interaction{}, err
			}
			return s.getInteraction(ctx, by, &interactionIn{in.ID})
		})
	}
	add(s, operation{Method: http.MethodGet, Path: "/me/lines", ID: "my-lines", Summary: "What your phone's lines do", Role: agent}, s.lines)
}

func (s *Server) lines(ctx context.Context, by access.Caller, _ *none) (page[Line], error) {
	list, err := s.Calls.Lines(ctx, by.Agent)
	return page[Line]{Items: orEmpty(list)}, err
}

// dial makes the interaction first, then lets the agent's phone ring.
func (s *Server) dial(ctx context.Context, by access.Caller, in *dialIn) (Interaction, error) {
	if err := needAgent(by); err != nil {
		return Interaction{}, err
	}
	if err := s.Calls.MayDial(ctx, by.Agent, in.Body.Number); err != nil {
		return Interaction{}, err
	}
	begin, err := s.prepare(ctx, by, in)
	if err != nil {
		return Interaction{}, err
	}
	answer, err := s.do(ctx, by, in.Key, begin)
	if err != nil {
		return Interaction{}, err
	}
	if err := s.Calls.Dial(ctx, by.Agent, in.Body.Number, *answer.Interaction); err != nil {
		return Interaction{}, err
	}
	return s.view(ctx, *answer.Interaction)
}

// prepare finds or makes the customer, the case and the conversation of an outbound call.
func (s *Server) prepare(ctx context.Context, by access.Caller, in *dialIn) (gateway.Begin, error) {
	queue, err := s.ownQueue(ctx, by, in.Body.Queue)
	if err != nil {
		return gateway.Begin{}, err
	}
	begin := gateway.Begin{Agent: by.Agent, Admission: gateway.Admission{
		Channel: gateway.Voice, Queue: queue, Case: in.Body.Case, ArrivedAt: time.Now().UTC(), Alone: true,
	}}
	if begin.Interaction, err = s.Floor.Reserve(ctx); err != nil {
		return begin, err
	}
	if begin.Case != 0 {
		c, err := s.Cases.Case(ctx, begin.Case)
		if err != nil {
			return begin, err
		}
		begin.Customer = c.Customer
	} else if begin.Customer, err = s.Cases.Reached(ctx, gateway.Address{Kind: gateway.AddressPhone, Value: in.Body.Number}); err != nil {
		return begin, err
	}
	err = pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) (err error) {
		if begin.Case == 0 {
			begin.Case, err = s.Cases.Open(ctx, tx, tickets.Case{
				Subject: in.Body.Number, Customer: begin.Customer, Queue: queue, Assignee: by.Agent, Channel: gateway.Voice,
			})
			if err != nil {
				return err
			}
		}
		begin.Conversation, err = s.Timeline.Open(ctx, tx, begin.Case, begin.Customer, gateway.Voice)
		return err
	})
	return begin, err
}

// ownQueue is the queue asked for, else the agent's first.
func (s *Server) ownQueue(ctx context.Context, by access.Caller, asked gateway.QueueID) (gateway.QueueID, error) {
	if asked != 0 {
		q, err := s.Roster.Queue(ctx, asked)
		return q.ID, err
	}
	agent, err := s.Roster.Agent(ctx, by.Agent)
	if err != nil {
		return 0, err
	}
	if len(agent.Memberships) == 0 {
		return 0, &gateway.Error{Kind: gateway.KindUnprocessed, Code: "no_queue", Detail: "you are in no queue; name the queue that the call belongs to"}
	}
	return agent.Memberships[0].Queue, nil
}
