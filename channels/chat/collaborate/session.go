package collaborate

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/retry"
)

// State is where a session stands.
type State string

// The states of a session.
const (
	Asked  State = "asked"  // the customer has not answered
	Shared State = "shared" // the agent sees the page
	Ended  State = "ended"
)

// Control says whether the agent may click and fill in.
type Control string

// What a customer may have said to being helped on their own page.
const (
	ControlOff   Control = "off"
	ControlAsked Control = "asked"
	ControlGiven Control = "given"
)

// Why a session ended.
const (
	ByAgent    = "agent"
	ByCustomer = "customer"
	Declined   = "declined"
	Unanswered = "unanswered" // for ten minutes
	Gone       = "gone"       // the page was left, and no other of the website opened
	Idle       = "idle"       // nobody did anything
	Left       = "left"       // the agent serves the customer no longer
	TooLarge   = "too_large"  // the page has more elements than can be mirrored
	BadRules   = "bad_rules"  // a selector that administrators set is none: nothing may be shown
)

// What happens to a session, as entries of its conversation tell it.
const (
	happenedAsked           = "collaborate_asked"
	happenedShared          = "collaborate_shared"
	happenedEnded           = "collaborate_ended"
	happenedControlAsked    = "collaborate_control_asked"
	happenedControlGiven    = "collaborate_control_given"
	happenedControlDeclined = "collaborate_control_declined"
	happenedControlEnded    = "collaborate_control_ended"
)

// Session is one page being looked at together.
type Session struct {
	ID           int64
	Conversation gateway.ConversationID
	Interaction  gateway.InteractionID
	Channel      gateway.Channel
	Agent        gateway.AgentID
	AgentName    string
	State        State
	Control      Control
	Code         string // six digits to read out; empty when the customer is found by their chat
	Widget       int64
	PassHash     []byte   // of what the customer's browser has; empty before there is one
	Pages        []string // addresses that were shown, without query and fragment
	Rev          int64
	AskedAt      time.Time
	SharedAt     *time.Time
	EndedAt      *time.Time
	Cause        string
}

const columns = `
	id, conversation_id as conversation, interaction_id as interaction, channel, agent_id as agent, agent_name,
	state, control, code, widget_id as widget, pass_hash, pages, rev, asked_at, shared_at, ended_at, cause`

// happening is what a change says on the conversation; empty says nothing.
type happening struct {
	what  string
	cause string
	by    gateway.AuthorKind
}

// Ask asks the customer of an interaction to show their page; asking again gives the session
// that is open. On the telephone it gives a code to read out.
func (r *Room) Ask(ctx context.Context, i gateway.Interaction, agent gateway.AgentID, name string) (Session, error) {
	rules, err := r.Settings(ctx)
	switch {
	case err != nil:
		return Session{}, err
	case !rules.Enabled:
		return Session{}, gateway.Forbidden("collaborate_off", "Looking at customers' pages is switched off; an administrator can allow it.")
	case i.Channel != gateway.Chat && i.Channel != gateway.Voice:
		return Session{}, gateway.Conflict("not_live", "Only somebody in a chat or on the telephone can show you their page.", nil)
	}
	fresh := Session{Conversation: i.Conversation, Interaction: i.ID, Channel: i.Channel, Agent: agent, AgentName: gateway.Clean(name), State: Asked, Control: ControlOff}
	for {
		if i.Channel == gateway.Voice {
			fresh.Code = newCode()
		}
		s, err := r.begun(ctx, fresh)
		if !taken(err) {
			return s, err
		}
	}
}

// newCode is six digits.
func newCode() string {
	n, _ := rand.Int(rand.Reader, big.NewInt(1_000_000)) // never fails (crypto/rand)
	return fmt.Sprintf("%06d", n)
}

// taken says that somebody else has got the same code.
func taken(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "23505" && pg.ConstraintName == "collaboration_code"
}

// begun makes the session, unless one is open. Another agent's is theirs no longer: the
// customer was handed over, and who still has its page is told.
func (r *Room) begun(ctx context.Context, fresh Session) (Session, error) {
	var told []gateway.Event
	var over int64 // the other agent's
	s := fresh
	err := retry.Tx(ctx, r.Pool, func(tx pgx.Tx) error {
		told, over = nil, 0
		before, err := one(ctx, tx, `where interaction_id = $1 and state <> 'ended' for update`, fresh.Interaction)
		if err == nil && before.Agent == fresh.Agent {
			s = before
			return nil
		}
		if err == nil {
			before.end(Left)
			over = before.ID
			if told, err = r.write(ctx, tx, &before, happening{happenedEnded, Left, gateway.BySystem}); err != nil {
				return err
			}
		}
		if err != nil && !errors.Is(err, gateway.ErrNotFound) {
			return err
		}
		s = fresh
		err = tx.QueryRow(ctx, `
			insert into collaboration (conversation_id, interaction_id, channel, agent_id, agent_name, state, control, code)
			values ($1, $2, $3, $4, $5, $6, $7, $8)
			on conflict (interaction_id) where state <> 'ended' do nothing
			returning id, rev, asked_at`,
			s.Conversation, s.Interaction, s.Channel, s.Agent, s.AgentName, s.State, s.Control, s.Code).Scan(&s.ID, &s.Rev, &s.AskedAt)
		if errors.Is(err, pgx.ErrNoRows) { // asked twice at the same moment
			s, err = one(ctx, tx, `where interaction_id = $1 and state <> 'ended'`, fresh.Interaction)
			return err
		}
		if err != nil {
			return fmt.Errorf("open a session: %w", err)
		}
		more, err := r.say(ctx, tx, s, happening{happenedAsked, "", gateway.ByAgent})
		told = append(told, more...)
		return err
	})
	if err != nil {
		return Session{}, err
	}
	if over != 0 {
		r.look(over)
	}
	r.tell(s, told)
	return s, nil
}

// Of gives an interaction's latest session.
func (r *Room) Of(ctx context.Context, i gateway.InteractionID) (Session, error) {
	return one(ctx, r.Pool, `where interaction_id = $1 order by id desc limit 1`, i)
}

// Session gives a session.
func (r *Room) Session(ctx context.Context, id int64) (Session, error) {
	return one(ctx, r.Pool, `where id = $1`, id)
}

// AskControl asks the customer whether the agent may click and fill in, or with on false
// gives that back.
func (r *Room) AskControl(ctx context.Context, id int64, on bool) (Session, error) {
	rules, err := r.Settings(ctx)
	if err != nil {
		return Session{}, err
	}
	if on && !rules.Control {
		return Session{}, gateway.Forbidden("control_off", "Agents here only look and point; an administrator can allow more.")
	}
	return r.change(ctx, id, func(s *Session) (happening, error) {
		switch {
		case s.State != Shared:
			return happening{}, gateway.Conflict("not_shared", "The customer shows no page now; ask them first.", nil)
		case on && s.Control == ControlOff:
			s.Control = ControlAsked
			return happening{happenedControlAsked, "", gateway.ByAgent}, nil
		case !on && s.Control != ControlOff:
			s.Control = ControlOff
			return happening{happenedControlEnded, ByAgent, gateway.ByAgent}, nil
		}
		return happening{}, nil
	})
}

// End ends a session; ending it again changes nothing.
func (r *Room) End(ctx context.Context, id int64, cause string) (Session, error) {
	return r.change(ctx, id, func(s *Session) (happening, error) {
		if s.State == Ended {
			return happening{}, nil
		}
		s.end(cause)
		return happening{happenedEnded, cause, sideOf(cause)}, nil
	})
}

func (s *Session) end(cause string) {
	s.State, s.Control, s.Cause, s.Code = Ended, ControlOff, cause, ""
}

// sideOf is who ended it.
func sideOf(cause string) gateway.AuthorKind {
	switch cause {
	case ByAgent:
		return gateway.ByAgent
	case ByCustomer, Declined:
		return gateway.ByCustomer
	}
	return gateway.BySystem
}

// answerControl is the customer's second answer; later they may take it back.
func (r *Room) answerControl(ctx context.Context, id int64, on bool) (Session, error) {
	return r.change(ctx, id, func(s *Session) (happening, error) {
		switch {
		case s.State == Shared && s.Control == ControlAsked && on:
			s.Control = ControlGiven
			return happening{happenedControlGiven, "", gateway.ByCustomer}, nil
		case s.State == Shared && s.Control == ControlAsked:
			s.Control = ControlOff
			return happening{happenedControlDeclined, "", gateway.ByCustomer}, nil
		case s.Control == ControlGiven && !on:
			s.Control = ControlOff
			return happening{happenedControlEnded, ByCustomer, gateway.ByCustomer}, nil
		}
		return happening{}, nil
	})
}
