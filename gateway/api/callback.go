package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
)

type callBackIn struct {
	ID   gateway.InteractionID `path:"id"`
	Key  string                `header:"Idempotency-Key" doc:"Your id of this write: repeated, it gives the first answer"`
	Body *struct {
		Number string `json:"number,omitempty" maxLength:"200" doc:"Where the customer wants to be called; the number that they called from unless set"`
	}
}

func (s *Server) registerCallBack() {
	add(s, operation{
		Method: http.MethodPost, Path: "/interactions/{id}/call-back", ID: "call-back", Role: gateway.RoleAgent,
		Summary: "Call the customer of a callback, a voicemail or a missed call; your own phone rings first",
	}, s.callBack)
}

// callBack calls a customer back, on the same case. A callback that the caller has becomes the
// call; a voicemail becomes a callback first, and is over; what is over already gets a call of
// its own.
func (s *Server) callBack(ctx context.Context, by access.Caller, in *callBackIn) (Interaction, error) {
	if err := needAgent(by); err != nil {
		return Interaction{}, err
	}
	i, err := s.Floor.Interaction(ctx, in.ID)
	if err != nil {
		return Interaction{}, err
	}
	number := ""
	if in.Body != nil {
		number = in.Body.Number
	}
	if number == "" {
		if number, err = s.callable(ctx, i); err != nil {
			return Interaction{}, err
		}
	}
	over := i.State == gateway.StateFinished
	if !over || in.Key != "" && i.End == gateway.EndCallback && i.Agent == by.Agent {
		v, err := s.redial(ctx, by, in, i, number)
		if !over || err == nil { // said again, it is not the voicemail's first end that counts
			return v, err
		}
	}
	call := dialIn{Key: in.Key}
	call.Body.Number, call.Body.Queue, call.Body.Case = number, i.Queue, i.Case
	return s.dial(ctx, by, &call)
}

// redial has the floor make a call of what the caller has, and then rings. A call that cannot
// be placed leaves the callback with its agent.
func (s *Server) redial(ctx context.Context, by access.Caller, in *callBackIn, i gateway.Interaction, number string) (Interaction, error) {
	if err := s.Calls.MayDial(ctx, by.Agent, number); err != nil {
		return Interaction{}, err
	}
	cmd := gateway.Redial{Interaction: i.ID, Agent: by.Agent}
	if i.Channel == gateway.Voicemail {
		id, err := s.Floor.Reserve(ctx)
		if err != nil {
			return Interaction{}, err
		}
		cmd.Callback = id
	}
	answer, err := s.do(ctx, by, in.Key, cmd)
	if err != nil {
		return Interaction{}, err
	}
	call, err := s.Floor.Interaction(ctx, answer.Interaction.ID)
	if err != nil {
		return Interaction{}, err
	}
	if call.Phase == "" || !call.EndedAt.IsZero() { // said again, after the call
		return s.ownView(ctx, by, call)
	}
	if err := s.Calls.Dial(ctx, by.Agent, number, call); err != nil {
		if definite(err) {
			_, again := s.Commands.Do(context.WithoutCancel(ctx), "", gateway.Unreached{Interaction: call.ID, Agent: by.Agent})
			if again != nil && !definite(again) {
				s.log.WarnContext(ctx, "note that a customer was not called", "interaction", call.ID, "err", again)
			}
		}
		return Interaction{}, err
	}
	return s.getInteraction(ctx, by, &interactionIn{call.ID})
}

// callable is the number that a customer called from last, was called at last, or is known by.
func (s *Server) callable(ctx context.Context, i gateway.Interaction) (string, error) {
	const far = 100
	entries, err := s.Timeline.Before(ctx, i.Conversation, 0, far)
	if err != nil {
		return "", err
	}
	for _, e := range slices.Backward(entries) {
		var call gateway.CallSummary
		if e.Kind != gateway.EntryCall || json.Unmarshal(e.Body, &call) != nil {
			continue
		}
		number := call.From
		if call.Outbound {
			number = call.To
		}
		if number != "" {
			return number, nil
		}
	}
	customer, err := s.Cases.Customer(ctx, i.Customer)
	if err != nil {
		return "", fmt.Errorf("find the number of customer %d: %w", i.Customer, err)
	}
	for _, a := range customer.Addresses {
		if a.Kind == gateway.AddressPhone {
			return a.Value, nil
		}
	}
	return "", &gateway.Error{Kind: gateway.KindUnprocessed, Code: "no_number", Detail: "no number of this customer is known; name one"}
}
