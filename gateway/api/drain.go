package api

import (
	"context"
	"net/http"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/bus"
)

// Nodes are the processes of the contact centre.
type Nodes interface {
	List(ctx context.Context) ([]bus.Node, error)
	Drain(ctx context.Context, name string, plan bus.Plan) (bus.Node, error)
	Undrain(ctx context.Context, name string) (bus.Node, error)
}

// DrainNotice is what consoles are told of a node that is drained, as drain.notice. Phase
// is planned (it begins at Since), notice, final (only minutes are left) or over.
type DrainNotice struct {
	Phase    string    `json:"phase"`
	Node     string    `json:"node"`
	Since    time.Time `json:"since,omitzero"`
	Deadline time.Time `json:"deadline,omitzero"`
}

type nodeIn struct {
	Name string `path:"name"`
}

type drainIn struct {
	Name string `path:"name"`
	Body struct {
		At       time.Time        `json:"at,omitzero" doc:"When it begins, within a week; agents there hear of it 15 minutes before. At once unless set"`
		Deadline gateway.Seconds  `json:"deadline,omitempty" default:"1800" doc:"Seconds from then until calls that still go on are ended, with a callback"`
		Final    *gateway.Seconds `json:"final,omitempty" doc:"Seconds before that at which agents are warned the last time; unless set 600, or a third of a shorter drain"`
	}
}

func (s *Server) registerDrain() {
	role := gateway.RoleAdministrator
	add(s, operation{Method: http.MethodGet, Path: "/admin/nodes", ID: "list-nodes", Summary: "The processes of this contact centre, and what each has in its hands", Role: role}, s.listNodes)
	add(s, operation{Method: http.MethodPost, Path: "/admin/nodes/{name}/drain", ID: "drain-node", Summary: "Have a node take nothing new and give away what it has, now or at a time", Role: role}, s.drainNode)
	add(s, operation{Method: http.MethodDelete, Path: "/admin/nodes/{name}/drain", ID: "undrain-node", Summary: "Have it work on, or call off what was planned", Role: role}, s.undrainNode)
}

func (s *Server) listNodes(ctx context.Context, _ access.Caller, _ *struct{}) (page[bus.Node], error) {
	list, err := s.Nodes.List(ctx)
	return page[bus.Node]{Items: orEmpty(list)}, err
}

func (s *Server) drainNode(ctx context.Context, by access.Caller, in *drainIn) (bus.Node, error) {
	plan := bus.Plan{At: in.Body.At, Deadline: in.Body.Deadline.Duration()}
	plan.Final = bus.Final(plan.Deadline)
	if in.Body.Final != nil {
		plan.Final = in.Body.Final.Duration()
	}
	return noted(ctx, s, by, "", "node.drained", "node:"+in.Name, in.Body, func() (bus.Node, error) {
		return s.Nodes.Drain(ctx, in.Name, plan)
	})
}

func (s *Server) undrainNode(ctx context.Context, by access.Caller, in *nodeIn) (bus.Node, error) {
	return noted(ctx, s, by, "", "node.undrained", "node:"+in.Name, nil, func() (bus.Node, error) {
		return s.Nodes.Undrain(ctx, in.Name)
	})
}

// Redirect sends every console to another node and lets none in, or lets them in again.
func (s *Server) Redirect(on bool) {
	if !on {
		s.consoles.Reopen()
		return
	}
	if !s.consoles.Close() {
		return
	}
	for _, c := range s.consoles.All() {
		go func() { _ = c.conn.Close(closeDraining, "this node is drained; connect again") }()
	}
}

// Consoles is how many are open on this node, and of which agents.
func (s *Server) Consoles() (count int, agents []gateway.AgentID) { return s.consoles.Count() }
