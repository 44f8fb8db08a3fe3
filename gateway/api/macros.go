package api

import (
	"context"
	"net/http"
	"strconv"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/tickets"
)

type macrosIn struct {
	Queue gateway.QueueID `query:"queue" doc:"Those offered in it; all unless set"`
}

type macroBodyIn struct {
	Body macroBody
}

type macroChangeIn struct {
	ID      gateway.CaseID `path:"id"`
	IfMatch string         `header:"If-Match" doc:"The rev that you have read; a stale one is refused with what is there"`
	Body    macroBody
}

type dropMacroIn struct {
	ID gateway.CaseID `path:"id"`
}

// macroBody is a macro as it is kept, whole.
type macroBody struct {
	Name     string              `json:"name" minLength:"1" maxLength:"200"`
	Queues   []gateway.QueueID   `json:"queues,omitempty" maxItems:"500" doc:"Where it is offered; none: everywhere"`
	Text     string              `json:"text,omitempty" maxLength:"100000" doc:"With variables such as {{customer.first_name|there}}"`
	HTML     string              `json:"html,omitempty" maxLength:"100000" doc:"The same with more to show"`
	Articles []gateway.ArticleID `json:"articles,omitempty" maxItems:"20" doc:"Whose links stand below the text"`
	State    tickets.CaseState   `json:"state,omitempty" enum:"open,pending,closed" doc:"What the case becomes"`
	Queue    gateway.QueueID     `json:"queue,omitempty" doc:"Whose the case becomes; the interaction stays where it is"`
	Tags     []string            `json:"tags,omitempty" maxItems:"50" doc:"That the case gets beside its own"`
	Codes    []gateway.CodeID    `json:"codes,omitempty" maxItems:"50" doc:"Transaction codes to finish with, unless the agent chooses others"`
}

// Macro is what is done often, kept ready.
type Macro struct {
	tickets.Macro

	Own bool `json:"own" doc:"Yours; the others are everybody's"`
}

func (s *Server) registerMacros() {
	agent, admin := gateway.RoleAgent, gateway.RoleAdministrator
	add(s, operation{Method: http.MethodGet, Path: "/macros", ID: "list-macros", Summary: "Texts and steps kept ready: everybody's and your own, by name", Role: agent}, s.macros)
	add(s, operation{Method: http.MethodPost, Path: "/macros", ID: "create-macro", Summary: "Keep one of your own ready", Role: agent, Status: http.StatusCreated, Once: true}, s.createMacro(true))
	add(s, operation{Method: http.MethodPut, Path: "/macros/{id}", ID: "change-macro", Summary: "Change one of your own", Role: agent}, s.changeMacro(true))
	addSilent(s, operation{Method: http.MethodDelete, Path: "/macros/{id}", ID: "drop-macro", Summary: "Remove one of your own", Role: agent}, s.dropMacro(true))
	add(s, operation{Method: http.MethodPost, Path: "/admin/macros", ID: "admin-create-macro", Summary: "Keep one ready for everybody", Role: admin, Status: http.StatusCreated, Once: true}, s.createMacro(false))
	add(s, operation{Method: http.MethodPut, Path: "/admin/macros/{id}", ID: "admin-change-macro", Summary: "Change one of everybody's", Role: admin}, s.changeMacro(false))
	addSilent(s, operation{Method: http.MethodDelete, Path: "/admin/macros/{id}", ID: "admin-drop-macro", Summary: "Remove one of everybody's", Role: admin}, s.dropMacro(false))
	s.registerWords()
}

func (s *Server) macros(ctx context.Context, by access.Caller, in *macrosIn) (page[Macro], error) {
	list, err := s.Cases.Macros(ctx, by.Agent, in.Queue)
	out := page[Macro]{Items: []Macro{}}
	for _, m := range list {
		out.Items = append(out.Items, Macro{m, m.Agent != 0})
	}
	return out, err
}

// ownerOf is whose macros the caller keeps: their own, or everybody's.
func ownerOf(by access.Caller, own bool) (gateway.AgentID, error) {
	if !own {
		return 0, nil
	}
	return by.Agent, needAgent(by)
}

func (s *Server) createMacro(own bool) func(context.Context, access.Caller, *macroBodyIn) (Macro, error) {
	return func(ctx context.Context, by access.Caller, in *macroBodyIn) (Macro, error) {
		m, err := s.macroOf(ctx, by, own, in.Body)
		if err != nil {
			return Macro{}, err
		}
		return once(ctx, s, by, "create-macro", func(w *work) (Macro, error) { return w.saveMacro(ctx, by, m, "macro.created") })
	}
}

func (s *Server) changeMacro(own bool) func(context.Context, access.Caller, *macroChangeIn) (Macro, error) {
	return func(ctx context.Context, by access.Caller, in *macroChangeIn) (out Macro, err error) {
		m, err := s.macroOf(ctx, by, own, in.Body)
		if err != nil {
			return out, err
		}
		if m.Rev, err = revOf(in.IfMatch, 0); err != nil {
			return out, err
		}
		m.ID = int64(in.ID)
		err = s.commit(ctx, func(w *work) (err error) {
			out, err = w.saveMacro(ctx, by, m, "macro.changed")
			return err
		})
		return out, err
	}
}

func (w *work) saveMacro(ctx context.Context, by access.Caller, m tickets.Macro, what string) (Macro, error) {
	m, err := w.cases().SaveMacro(ctx, m)
	if err != nil {
		return Macro{}, err
	}
	return Macro{m, m.Agent != 0}, w.auditMacro(ctx, by, m.Agent, what, m.ID)
}

// auditMacro notes what is done to everybody's. An agent's own are nobody else's business.
func (w *work) auditMacro(ctx context.Context, by access.Caller, owner gateway.AgentID, what string, id int64) error {
	if owner != 0 {
		return nil
	}
	return w.audit(ctx, by, what, "macro:"+strconv.FormatInt(id, 10), nil)
}

func (s *Server) dropMacro(own bool) func(context.Context, access.Caller, *dropMacroIn) (none, error) {
	return func(ctx context.Context, by access.Caller, in *dropMacroIn) (none, error) {
		owner, err := ownerOf(by, own)
		if err != nil {
			return none{}, err
		}
		return none{}, s.commit(ctx, func(w *work) error {
			if err := w.cases().DropMacro(ctx, owner, int64(in.ID)); err != nil {
				return err
			}
			return w.auditMacro(ctx, by, owner, "macro.dropped", int64(in.ID))
		})
	}
}

// macroOf refuses queues, codes and articles that there are not, or that no customer may see:
// better now than when somebody uses it.
func (s *Server) macroOf(ctx context.Context, by access.Caller, own bool, b macroBody) (m tickets.Macro, err error) {
	m = tickets.Macro{
		Name: b.Name, Queues: b.Queues, Words: tickets.Words{Text: b.Text, HTML: b.HTML}, Articles: b.Articles,
		State: b.State, Queue: b.Queue, Tags: b.Tags, Codes: b.Codes,
	}
	if m.Agent, err = ownerOf(by, own); err != nil {
		return m, err
	}
	for _, q := range append([]gateway.QueueID{b.Queue}, b.Queues...) {
		if q == 0 {
			continue
		}
		if _, err := s.Roster.Queue(ctx, q); err != nil {
			return m, err
		}
	}
	for _, c := range b.Codes {
		if _, err := transactionCodesOf(s.Roster).get(ctx, int64(c)); err != nil {
			return m, err
		}
	}
	for _, a := range b.Articles {
		if _, err := s.publicCard(ctx, a, s.language(ctx, by)); err != nil {
			return m, err
		}
	}
	return m, nil
}
