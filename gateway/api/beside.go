package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/staffchat"
)

// Beside an interaction its agent, the colleagues whom they consult and supervisors who look
// on talk with each other. It is a conversation of the staff, so no customer's socket follows it.

// SideChat is what is beside an interaction.
type SideChat struct {
	Chat      *StaffChat      `json:"chat,omitempty" doc:"Absent: nothing was said while you were there"`
	Items     []gateway.Entry `json:"items" nullable:"false" doc:"The last texts, oldest first"`
	Observers []Person        `json:"observers" nullable:"false" doc:"Supervisors who look on; to agents none where the house does not tell"`
}

// Observing is what a supervisor who looks on is told.
type Observing struct {
	Shown bool `json:"shown" doc:"Whether who is on it is told that you look on"`
}

// Supervision is what administrators decide of supervisors.
type Supervision struct {
	ShowObservers bool  `json:"show_observers" doc:"Agents are told which supervisor looks on at their conversation"`
	Rev           int64 `json:"rev" doc:"Give back what you read; 0 writes over whatever is there"`
}

type besideIn struct {
	ID   gateway.InteractionID `path:"id"`
	Body struct {
		ClientID string `json:"client_id,omitempty" maxLength:"100" doc:"Your own id; the same id twice is one text"`
		Text     string `json:"text" minLength:"1" maxLength:"5000"`
	}
}

type supervisionIn struct {
	Body Supervision
}

func (s *Server) registerBeside() {
	agent, supervisor := gateway.RoleAgent, gateway.RoleSupervisor
	add(s, operation{Method: http.MethodGet, Path: "/interactions/{id}/side-chat", ID: "get-side-chat", Summary: "What is said beside it, and who looks on", Role: agent}, s.sideChat)
	add(s, operation{Method: http.MethodPost, Path: "/interactions/{id}/side-chat", ID: "say-beside", Summary: "Say something to those on it, of which the customer never hears; a supervisor whispers", Role: agent, Status: http.StatusCreated}, s.sayBeside)
	add(s, operation{Method: http.MethodPost, Path: "/interactions/{id}/observe", ID: "observe", Summary: "Look on at a colleague's chat for a minute more", Role: supervisor}, s.observe)
	addSilent(s, operation{Method: http.MethodDelete, Path: "/interactions/{id}/observe", ID: "stop-observing", Summary: "Look on no longer", Role: supervisor}, s.stopObserving)
	add(s, operation{Method: http.MethodGet, Path: "/admin/supervision", ID: "admin-get-supervision", Summary: "What agents are told of supervisors", Role: supervisor},
		func(ctx context.Context, _ access.Caller, _ *none) (Supervision, error) {
			set, err := s.StaffChat.Settings(ctx)
			return Supervision(set), err
		})
	add(s, operation{Method: http.MethodPut, Path: "/admin/supervision", ID: "admin-set-supervision", Summary: "Change what agents are told of supervisors", Role: gateway.RoleAdministrator}, s.setSupervision)
}

// sideChat is for those who are on the interaction, supervisors, and whoever was told something
// there while they were on it.
func (s *Server) sideChat(ctx context.Context, by access.Caller, in *interactionIn) (SideChat, error) {
	out := SideChat{Items: []gateway.Entry{}, Observers: []Person{}}
	i, err := s.Floor.Interaction(ctx, in.ID)
	if err != nil {
		return out, err
	}
	side, err := s.StaffChat.Side(ctx, by.Agent, in.ID)
	if err != nil {
		return out, err
	}
	on := isOn(i, by.Agent)
	if !on && side.Chat == nil && !by.Can(gateway.RoleSupervisor) {
		return out, gateway.Forbidden("not_yours", "another agent has this; only who is on it, and supervisors, read what is said beside it")
	}
	out.Items = orEmpty(side.Entries)
	if side.Chat != nil {
		chat := s.chatView(ctx, *side.Chat)
		out.Chat = &chat
	}
	set, err := s.StaffChat.Settings(ctx)
	told := on && set.ShowObservers || by.Can(gateway.RoleSupervisor)
	if err != nil || !told {
		return out, err
	}
	names, err := s.names.Get(ctx)
	out.Observers = orEmpty(people(side.Observers, names.Agent))
	return out, err
}

// isOn says whether an agent has an interaction, or is asked about it.
func isOn(i gateway.Interaction, agent gateway.AgentID) bool {
	return agent != 0 && (i.Agent == agent || slices.Contains(i.Others, agent))
}

// sayBeside keeps a text for those on an interaction. What a supervisor says who is not on it
// is a whisper, and noted.
func (s *Server) sayBeside(ctx context.Context, by access.Caller, in *besideIn) (e gateway.Entry, err error) {
	if err := needAgent(by); err != nil {
		return e, err
	}
	i, err := s.Floor.Interaction(ctx, in.ID)
	if err != nil {
		return e, err
	}
	on := isOn(i, by.Agent)
	switch {
	case i.Agent == 0 || i.State == gateway.StateFinished:
		return e, gateway.Conflict("ended", "nobody has this interaction now; write a note", i)
	case !on && !by.Can(gateway.RoleSupervisor):
		return e, gateway.Forbidden("not_yours", "another agent has this; ask for a transfer, or write a note")
	}
	err = s.commit(ctx, func(w *work) (err error) {
		if e, err = w.staff().SayBeside(ctx, author(by), i, in.Body.ClientID, in.Body.Text); err != nil || on || e.Repeated {
			return err
		}
		return w.audit(ctx, by, "interaction.whispered", "interaction:"+in.ID.String(), map[string]any{"agent": i.Agent})
	})
	return e, err
}

// observe keeps a supervisor on who looks on; the first time is noted.
func (s *Server) observe(ctx context.Context, by access.Caller, in *interactionIn) (out Observing, err error) {
	if err := needAgent(by); err != nil {
		return out, err
	}
	i, err := s.Floor.Interaction(ctx, in.ID)
	if err != nil {
		return out, err
	}
	if !observable(i) || i.Agent == by.Agent {
		return out, gateway.Conflict("not_observable", "only a chat that a colleague has can be looked on at", i)
	}
	set, err := s.StaffChat.Settings(ctx)
	if err != nil {
		return out, err
	}
	out.Shown = set.ShowObservers
	names, err := s.names.Get(ctx)
	if err != nil {
		return out, err
	}
	return out, s.commit(ctx, func(w *work) error {
		if err := w.lapse(ctx, names.Agent, i); err != nil { // the end of before, then the beginning
			return err
		}
		begins, err := w.staff().Observe(ctx, by.Agent, i)
		if err != nil || !begins {
			return err
		}
		return w.audit(ctx, by, "interaction.observed", "interaction:"+in.ID.String(), map[string]any{"agent": i.Agent, "shown": out.Shown})
	})
}

func (s *Server) stopObserving(ctx context.Context, by access.Caller, in *interactionIn) (none, error) {
	i, err := s.Floor.Interaction(ctx, in.ID)
	if err != nil {
		return none{}, err
	}
	return none{}, s.commit(ctx, func(w *work) error {
		left, err := w.staff().Leave(ctx, by.Agent, i)
		if err != nil || !left {
			return err
		}
		return w.audit(ctx, by, "interaction.observed_no_more", "interaction:"+in.ID.String(), nil)
	})
}

func (s *Server) setSupervision(ctx context.Context, by access.Caller, in *supervisionIn) (out Supervision, err error) {
	err = s.commit(ctx, func(w *work) error {
		set, err := w.staff().Set(ctx, staffchat.Settings(in.Body))
		if err != nil {
			return err
		}
		out = Supervision(set)
		return w.audit(ctx, by, "supervision.set", "supervision", out)
	})
	return out, err
}
