package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/tickets"
)

// dialled is a call on its way through rooms that no one transaction holds together:
//
//	prepared ▣ case, conversation ─▶ begun ▣ on the floor ─▶ the phone rings ─▶ answered ▣
//	    └─ refused: both are undone ▣     └─ refused: the interaction is ended ▣
//
// Whoever repeats its key goes on where it stands; what nobody comes back to is undone by
// forgetCalls.
type dialled struct {
	Number string        `json:"number"`
	Begin  gateway.Begin `json:"begin"`
	Opened bool          `json:"opened"` // the case is the call's own

	key string
}

// dialWithin is after how long whoever was at a call is taken to have died.
const dialWithin = time.Minute

// dial makes the interaction first, then lets the agent's phone ring.
func (s *Server) dial(ctx context.Context, by access.Caller, in *dialIn) (Interaction, error) {
	if err := needAgent(by); err != nil {
		return Interaction{}, err
	}
	if err := s.Calls.MayDial(ctx, by.Agent, in.Body.Number); err != nil {
		return Interaction{}, err
	}
	draft, err := s.draftCall(ctx, by, in)
	if err != nil {
		return Interaction{}, err
	}
	d, first, err := s.prepare(ctx, draft)
	if err != nil {
		return Interaction{}, err
	}
	if first != nil {
		return *first, nil
	}
	i, begun, err := s.ring(ctx, d)
	s.settle(context.WithoutCancel(ctx), d, i, begun, err) // also for a caller who has gone
	return i, err
}

// draftCall says what will be asked of the floor. Only the interaction's id is taken.
func (s *Server) draftCall(ctx context.Context, by access.Caller, in *dialIn) (d dialled, err error) {
	d.key = cmp.Or(answerKey(by, "dial", in.Key), "dial/"+uuid.NewString())
	d.Number, d.Opened = in.Body.Number, in.Body.Case == 0
	d.Begin = gateway.Begin{Agent: by.Agent, Admission: gateway.Admission{
		Channel: gateway.Voice, Case: in.Body.Case, ArrivedAt: time.Now().UTC(), Alone: true,
	}}
	if d.Begin.Queue, err = s.ownQueue(ctx, by, in.Body.Queue); err != nil {
		return d, err
	}
	if !d.Opened {
		c, err := s.Cases.Case(ctx, in.Body.Case)
		if err != nil {
			return d, err
		}
		d.Begin.Customer = c.Customer
	}
	d.Begin.Interaction, err = s.Floor.Reserve(ctx)
	return d, err
}

// prepare commits what the call needs before it begins, or finds what was prepared or
// answered under the same key.
func (s *Server) prepare(ctx context.Context, draft dialled) (d dialled, first *Interaction, err error) {
	err = s.commit(ctx, func(w *work) error {
		d, first = draft, nil
		body, err := w.answered(ctx, d.key)
		if err != nil {
			return err
		}
		if body != nil {
			return json.Unmarshal(body, &first)
		}
		var begun json.RawMessage
		var busy bool
		err = w.tx.QueryRow(ctx, `select begun, coalesce(busy_until > now(), false) from answer where key = $1`, d.key).Scan(&begun, &busy)
		switch {
		case err != nil:
			return fmt.Errorf("read a call under way: %w", err)
		case busy:
			return &gateway.Error{Kind: gateway.KindTryAgain, Code: "under_way", Detail: "the same request is being done; send it again for its answer"}
		case begun != nil:
			err = json.Unmarshal(begun, &d)
		default:
			err = w.openCall(ctx, &d)
		}
		if err != nil {
			return err
		}
		_, err = w.tx.Exec(ctx, `update answer set begun = $2, busy_until = now() + $3 where key = $1`, d.key, mustJSON(d), dialWithin)
		return err
	})
	return d, first, err
}

// openCall finds or makes the customer, the case and the conversation.
func (w *work) openCall(ctx context.Context, d *dialled) (err error) {
	b := &d.Begin
	if d.Opened {
		if b.Customer, err = w.cases().Reached(ctx, gateway.Address{Kind: gateway.AddressPhone, Value: d.Number}); err != nil {
			return err
		}
		b.Case, err = w.s.Cases.Open(ctx, w.tx, tickets.Case{
			Subject: d.Number, Customer: b.Customer, Queue: b.Queue, Assignee: b.Agent, Channel: gateway.Voice,
		})
		if err != nil {
			return err
		}
	}
	if b.Case, err = w.cases().HoldCase(ctx, b.Case); err != nil {
		return err
	}
	b.Conversation, err = w.s.Timeline.Open(ctx, w.tx, b.Case, b.Customer, gateway.Voice)
	return err
}

// ring begins the interaction and rings the agent's phone. The floor gives its first
// answer again to a call that has begun before, and a call that is up is not made twice.
func (s *Server) ring(ctx context.Context, d dialled) (i Interaction, begun bool, err error) {
	answer, err := s.Commands.Do(ctx, "dial/"+d.Begin.Interaction.String(), d.Begin)
	if err != nil {
		return i, false, err
	}
	if err := s.Calls.Dial(ctx, d.Begin.Agent, d.Number, *answer.Interaction); err != nil {
		return i, true, err
	}
	i, err = s.view(ctx, s.language(ctx, access.Caller{Agent: d.Begin.Agent}), *answer.Interaction)
	return i, true, err
}

// settle notes what became of a call. Only a refusal undoes it: after a time-out nobody
// knows, and the same key must find out.
func (s *Server) settle(ctx context.Context, d dialled, i Interaction, begun bool, failed error) {
	if begun && definite(failed) { // it is up to nobody else to end what has no call
		_, err := s.Commands.Do(ctx, "", gateway.Leave{Interaction: d.Begin.Interaction})
		if err != nil && !definite(err) {
			failed = err
		}
	}
	err := s.commit(ctx, func(w *work) error {
		switch {
		case failed == nil:
			return w.answer(ctx, d.key, i)
		case !definite(failed):
			_, err := w.tx.Exec(ctx, `update answer set busy_until = null where key = $1`, d.key)
			return err
		case begun:
			return w.forget(ctx, d.key)
		}
		return w.undial(ctx, d)
	})
	if err != nil {
		s.log.WarnContext(ctx, "note what became of a call", "interaction", d.Begin.Interaction, "err", err)
	}
}

// definite says whether an error is a definite no: nothing was done.
func definite(err error) bool {
	refusal, ok := errors.AsType[*gateway.Error](err)
	return ok && refusal.Kind != gateway.KindTryAgain
}

// undial leaves nothing behind of a call that never began.
func (w *work) undial(ctx context.Context, d dialled) error {
	if err := w.s.Timeline.Discard(ctx, w.tx, d.Begin.Conversation); err != nil {
		return err
	}
	if d.Opened {
		if err := w.s.Cases.Discard(ctx, w.tx, d.Begin.Case); err != nil {
			return err
		}
	}
	return w.forget(ctx, d.key)
}

func (w *work) forget(ctx context.Context, key string) error {
	_, err := w.tx.Exec(ctx, `delete from answer where key = $1`, key)
	return err
}
