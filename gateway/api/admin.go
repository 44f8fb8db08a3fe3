package api

import (
	"context"
	"net/http"
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

// keep serves one kind of thing: its list, one of it, a new one and a changed one.
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
			return r.post(ctx, s, by, in.Body)
		})
	add(s, operation{Method: http.MethodPatch, Path: at + "/{id}", ID: "admin-change-" + r.path, Summary: "Change a " + r.one, Role: daily},
		func(ctx context.Context, by access.Caller, in *changeIn[T]) (T, error) {
			return r.patch(ctx, s, by, in)
		})
}

// post makes a new thing of a draft, once for each Idempotency-Key.
func (r resource[T]) post(ctx context.Context, s *Server, by access.Caller, body draft[T]) (T, error) {
	fresh, err := body.over(r.fresh, nil)
	if err != nil {
		return fresh, err
	}
	return once(ctx, s, by, "admin-create-"+r.path, func(w *work) (T, error) {
		thing, err := r.create(w.roster(), ctx, fresh)
		if err != nil {
			return thing, err
		}
		return thing, r.audit(ctx, w, by, "created", thing, body.names())
	})
}

// patch sets what the draft names and leaves the rest; If-Match refuses it when somebody
// else has changed the thing since it was read.
func (r resource[T]) patch(ctx context.Context, s *Server, by access.Caller, in *changeIn[T]) (T, error) {
	thing, err := r.get(ctx, int64(in.ID))
	if err != nil {
		return thing, err
	}
	rev, err := matched(in.IfMatch)
	if err != nil {
		return thing, err
	}
	changed, err := in.Body.over(thing, rev)
	if err != nil {
		return changed, err
	}
	err = s.commit(ctx, func(w *work) (err error) {
		if thing, err = r.update(w.roster(), ctx, changed); err != nil {
			return err
		}
		return r.audit(ctx, w, by, "changed", thing, in.Body.names())
	})
	return thing, err
}

// audit notes which fields of a thing were set; their values are in the thing.
func (r resource[T]) audit(ctx context.Context, w *work, by access.Caller, verb string, thing T, fields []string) error {
	what := strings.ReplaceAll(r.one, " ", "_")
	return w.audit(ctx, by, what+"."+verb, what+":"+strconv.FormatInt(r.id(thing), 10), map[string]any{"fields": fields})
}

func (s *Server) registerAdmin() {
	keep(s, agentsOf(s.Roster))
	keep(s, groupsOf(s.Roster))
	keep(s, queuesOf(s.Roster))
	keep(s, skillsOf(s.Roster))
	keep(s, statusCodesOf(s.Roster))
	keep(s, transactionListsOf(s.Roster))
	keep(s, transactionCodesOf(s.Roster))
	keep(s, calendarsOf(s.Roster))
	s.registerAdminPhones()
	s.registerRules()
	s.registerEditing()
	s.registerAdminAccess()
}

func agentsOf(p *roster.Store) resource[roster.Agent] {
	return resource[roster.Agent]{
		path: "agents", one: "agent", many: "agents, by name", fresh: roster.Agent{Active: true},
		list: func(ctx context.Context, in *adminListIn) ([]roster.Agent, error) {
			return p.Agents(ctx, roster.AgentFilter{Group: in.Group, Queue: in.Queue, Name: in.Name, Former: in.Former, After: in.After, Limit: in.Limit})
		},
		get:    func(ctx context.Context, id int64) (roster.Agent, error) { return p.Agent(ctx, gateway.AgentID(id)) },
		create: (*roster.Store).CreateAgent,
		update: (*roster.Store).UpdateAgent,
		id:     func(a roster.Agent) int64 { return int64(a.ID) },
	}
}

func groupsOf(p *roster.Store) resource[roster.Group] {
	return resource[roster.Group]{
		path: "groups", one: "group", many: "agent groups",
		list:   func(ctx context.Context, _ *adminListIn) ([]roster.Group, error) { return p.Groups(ctx) },
		get:    func(ctx context.Context, id int64) (roster.Group, error) { return p.Group(ctx, gateway.GroupID(id)) },
		create: (*roster.Store).CreateGroup,
		update: (*roster.Store).UpdateGroup,
		id:     func(g roster.Group) int64 { return int64(g.ID) },
	}
}

func queuesOf(p *roster.Store) resource[roster.Queue] {
	return resource[roster.Queue]{
		path: "queues", one: "queue", many: "queues", supervised: true, fresh: roster.Queue{Active: true, Band: roster.DefaultBand},
		list: func(ctx context.Context, in *adminListIn) ([]roster.Queue, error) {
			return p.Queues(ctx, roster.QueueFilter{Former: in.Former})
		},
		get:    func(ctx context.Context, id int64) (roster.Queue, error) { return p.Queue(ctx, gateway.QueueID(id)) },
		create: (*roster.Store).CreateQueue,
		update: (*roster.Store).UpdateQueue,
		id:     func(q roster.Queue) int64 { return int64(q.ID) },
	}
}

func skillsOf(p *roster.Store) resource[roster.Skill] {
	return resource[roster.Skill]{
		path: "skills", one: "skill", many: "skills", supervised: true,
		list:   func(ctx context.Context, _ *adminListIn) ([]roster.Skill, error) { return p.Skills(ctx) },
		get:    func(ctx context.Context, id int64) (roster.Skill, error) { return p.Skill(ctx, gateway.SkillID(id)) },
		create: (*roster.Store).CreateSkill,
		update: (*roster.Store).UpdateSkill,
		id:     func(k roster.Skill) int64 { return int64(k.ID) },
	}
}
