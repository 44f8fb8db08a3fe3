package api

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/roster"
)

// resource is one kind of thing that administrators keep. It is listed, read, created and
// changed; nothing is deleted, because finished interactions quote it: what is out of use
// is inactive.
type resource[T any] struct {
	path, one, many string
	fresh           T    // what a new one is before its draft
	supervised      bool // supervisors read and change it, too
	list            func(ctx context.Context, in *adminListIn) ([]T, error)
	get             func(ctx context.Context, id int64) (T, error)
	create, update  func(in *roster.Store, ctx context.Context, thing T) (T, error) // (*roster.Store).CreateAgent
	id              func(thing T) int64
}

type adminListIn struct {
	Name   string          `query:"name" maxLength:"200" doc:"A part of the name, where there are many"`
	Former bool            `query:"former" doc:"Those out of use, too"`
	Group  gateway.GroupID `query:"group"`
	Queue  gateway.QueueID `query:"queue"`
	After  gateway.AgentID `query:"after"`
	Limit  int             `query:"limit" minimum:"1" maximum:"1000" default:"1000"`
}

type adminIn struct {
	ID gateway.AgentID `path:"id"`
}

type draftIn[T any] struct {
	Body draft[T]
}

type changeIn[T any] struct {
	ID      gateway.AgentID `path:"id"`
	IfMatch string          `header:"If-Match" doc:"The rev that you have read; a stale one is refused with what is there"`
	Body    draft[T]
}

func keep[T any](s *Server, r resource[T]) {
	role, at := gateway.RoleAdministrator, "/admin/"+r.path
	daily := role // of what is done while the house is open
	if r.supervised {
		daily = gateway.RoleSupervisor
	}
	add(s, operation{Method: http.MethodGet, Path: at, ID: "admin-list-" + r.path, Summary: "All " + r.many, Role: daily},
		func(ctx context.Context, _ access.Caller, in *adminListIn) (page[T], error) {
			list, err := r.list(ctx, in)
			return page[T]{Items: orEmpty(list), After: nextOf(list, in.Limit, r.id)}, err
		})
	add(s, operation{Method: http.MethodGet, Path: at + "/{id}", ID: "admin-get-" + r.path, Summary: "One " + r.one, Role: daily},
		func(ctx context.Context, _ access.Caller, in *adminIn) (T, error) { return r.get(ctx, int64(in.ID)) })
	add(s, operation{Method: http.MethodPost, Path: at, ID: "admin-create-" + r.path, Summary: "Add a " + r.one, Role: role, Status: http.StatusCreated, Once: true},
		func(ctx context.Context, by access.Caller, in *draftIn[T]) (T, error) {
			draft, err := in.Body.over(r.fresh, nil)
			if err != nil {
				return draft, err
			}
			return once(ctx, s, by, "admin-create-"+r.path, func(w *work) (T, error) {
				thing, err := r.create(w.roster(), ctx, draft)
				if err != nil {
					return thing, err
				}
				return thing, r.audit(ctx, w, by, "created", thing, in.Body.names())
			})
		})
	add(s, operation{Method: http.MethodPatch, Path: at + "/{id}", ID: "admin-change-" + r.path, Summary: "Change a " + r.one, Role: daily},
		func(ctx context.Context, by access.Caller, in *changeIn[T]) (T, error) {
			thing, err := r.get(ctx, int64(in.ID))
			if err != nil {
				return thing, err
			}
			rev, err := matched(in.IfMatch)
			if err != nil {
				return thing, err
			}
			draft, err := in.Body.over(thing, rev)
			if err != nil {
				return draft, err
			}
			err = s.commit(ctx, func(w *work) (err error) {
				if thing, err = r.update(w.roster(), ctx, draft); err != nil {
					return err
				}
				return r.audit(ctx, w, by, "changed", thing, in.Body.names())
			})
			return thing, err
		})
}

// audit notes which fields of a thing were set; their values are in the thing.
func (r resource[T]) audit(ctx context.Context, w *work, by access.Caller, verb string, thing T, fields []string) error {
	what := strings.ReplaceAll(r.one, " ", "_")
	return w.audit(ctx, by, what+"."+verb, what+":"+strconv.FormatInt(r.id(thing), 10), map[string]any{"fields": fields})
}

func (s *Server) registerAdmin() {
	p := s.Roster
	keep(s, resource[roster.Agent]{
		path: "agents", one: "agent", many: "agents, by name", fresh: roster.Agent{Active: true},
		list: func(ctx context.Context, in *adminListIn) ([]roster.Agent, error) {
			return p.Agents(ctx, roster.AgentFilter{Group: in.Group, Queue: in.Queue, Name: in.Name, Former: in.Former, After: in.After, Limit: in.Limit})
		},
		get:    func(ctx context.Context, id int64) (roster.Agent, error) { return p.Agent(ctx, gateway.AgentID(id)) },
		create: (*roster.Store).CreateAgent,
		update: (*roster.Store).UpdateAgent,
		id:     func(a roster.Agent) int64 { return int64(a.ID) },
	})
	keep(s, resource[roster.Group]{
		path: "groups", one: "group", many: "agent groups",
		list:   func(ctx context.Context, _ *adminListIn) ([]roster.Group, error) { return p.Groups(ctx) },
		get:    func(ctx context.Context, id int64) (roster.Group, error) { return p.Group(ctx, gateway.GroupID(id)) },
		create: (*roster.Store).CreateGroup,
		update: (*roster.Store).UpdateGroup,
		id:     func(g roster.Group) int64 { return int64(g.ID) },
	})
	keep(s, resource[roster.Queue]{
		path: "queues", one: "queue", many: "queues", supervised: true, fresh: roster.Queue{Active: true, Band: roster.DefaultBand},
		list: func(ctx context.Context, in *adminListIn) ([]roster.Queue, error) {
			return p.Queues(ctx, roster.QueueFilter{Former: in.Former})
		},
		get:    func(ctx context.Context, id int64) (roster.Queue, error) { return p.Queue(ctx, gateway.QueueID(id)) },
		create: (*roster.Store).CreateQueue,
		update: (*roster.Store).UpdateQueue,
		id:     func(q roster.Queue) int64 { return int64(q.ID) },
	})
	keep(s, resource[roster.Skill]{
		path: "skills", one: "skill", many: "skills", supervised: true,
		list:   func(ctx context.Context, _ *adminListIn) ([]roster.Skill, error) { return p.Skills(ctx) },
		get:    func(ctx context.Context, id int64) (roster.Skill, error) { return p.Skill(ctx, gateway.SkillID(id)) },
		create: (*roster.Store).CreateSkill,
		update: (*roster.Store).UpdateSkill,
		id:     func(k roster.Skill) int64 { return int64(k.ID) },
	})
	s.registerAdminPhones()
	s.registerRules()
	s.registerEditing()
	s.registerAdminCodes()
	s.registerAdminAccess()
}

// registerAdminCodes keeps what agents choose from, and when queues are open.
func (s *Server) registerAdminCodes() {
	p := s.Roster
	keep(s, resource[roster.StatusCode]{
		path: "status-codes", one: "status code", many: "reasons for a status", fresh: roster.StatusCode{Active: true},
		list: func(ctx context.Context, _ *adminListIn) ([]roster.StatusCode, error) { return p.AllStatusCodes(ctx) },
		get: func(ctx context.Context, id int64) (roster.StatusCode, error) {
			return p.StatusCode(ctx, roster.StatusCodeID(id))
		},
		create: (*roster.Store).CreateStatusCode,
		update: (*roster.Store).UpdateStatusCode,
		id:     func(c roster.StatusCode) int64 { return int64(c.ID) },
	})
	keep(s, resource[roster.TransactionList]{
		path: "transaction-lists", one: "transaction list", many: "lists of outcomes, with their codes", fresh: roster.TransactionList{Active: true},
		list: func(ctx context.Context, _ *adminListIn) ([]roster.TransactionList, error) {
			return p.TransactionLists(ctx)
		},
		get: func(ctx context.Context, id int64) (roster.TransactionList, error) {
			lists, err := p.TransactionLists(ctx)
			return found(lists, err, func(l roster.TransactionList) bool { return int64(l.ID) == id })
		},
		create: (*roster.Store).CreateTransactionList,
		update: (*roster.Store).UpdateTransactionList,
		id:     func(l roster.TransactionList) int64 { return int64(l.ID) },
	})
	codes := func(ctx context.Context) (all []roster.TransactionCode, err error) {
		lists, err := p.TransactionLists(ctx)
		for _, l := range lists {
			all = append(all, l.Codes...)
		}
		return all, err
	}
	keep(s, resource[roster.TransactionCode]{
		path: "transaction-codes", one: "transaction code", many: "outcomes", fresh: roster.TransactionCode{Active: true},
		list: func(ctx context.Context, _ *adminListIn) ([]roster.TransactionCode, error) { return codes(ctx) },
		get: func(ctx context.Context, id int64) (roster.TransactionCode, error) {
			all, err := codes(ctx)
			return found(all, err, func(c roster.TransactionCode) bool { return int64(c.ID) == id })
		},
		create: (*roster.Store).CreateTransactionCode,
		update: (*roster.Store).UpdateTransactionCode,
		id:     func(c roster.TransactionCode) int64 { return int64(c.ID) },
	})
	keep(s, resource[roster.Calendar]{
		path: "calendars", one: "calendar", many: "calendars", supervised: true,
		list: func(ctx context.Context, _ *adminListIn) ([]roster.Calendar, error) { return p.Calendars(ctx) },
		get: func(ctx context.Context, id int64) (roster.Calendar, error) {
			return p.Calendar(ctx, roster.CalendarID(id))
		},
		create: (*roster.Store).CreateCalendar,
		update: (*roster.Store).UpdateCalendar,
		id:     func(c roster.Calendar) int64 { return int64(c.ID) },
	})
}

func found[T any](list []T, err error, is func(T) bool) (T, error) {
	var none T
	if err != nil {
		return none, err
	}
	if i := slices.IndexFunc(list, is); i >= 0 {
		return list[i], nil
	}
	return none, gateway.NotFound("not_found", "there is no such thing; it may never have been")
}
