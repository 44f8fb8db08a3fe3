package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/coder/websocket"
	"github.com/danielgtaylor/huma/v2"
	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
)

// Collaborations are customers' pages that agents look at. Each change is an entry of the
// conversation, committed before it is answered.
type Collaborations interface {
	// Ask asks the customer of an interaction to show their page; again, it gives what is open.
	Ask(ctx context.Context, i gateway.Interaction, agent gateway.AgentID, name string) (Collaboration, error)
	// Of gives an interaction's latest.
	Of(ctx context.Context, i gateway.InteractionID) (Collaboration, error)
	Get(ctx context.Context, id int64) (Collaboration, error)
	// Control asks for the second consent, or gives it back.
	Control(ctx context.Context, id int64, on bool) (Collaboration, error)
	End(ctx context.Context, id int64) (Collaboration, error)
	// View serves the agent's socket until either side ends.
	View(ctx context.Context, conn *websocket.Conn, id int64) (websocket.StatusCode, string)
	Settings(ctx context.Context) (CollaborateSettings, error)
	Set(ctx context.Context, tx pgx.Tx, s CollaborateSettings) (CollaborateSettings, error)
}

// Collaboration is a customer's page that an agent looks at, or has asked to.
type Collaboration struct {
	ID          string                `json:"id"`
	Interaction gateway.InteractionID `json:"interaction"`
	Agent       gateway.AgentID       `json:"agent"`
	State       string                `json:"state" enum:"asked,shared,ended"`
	Control     string                `json:"control" enum:"off,asked,given" doc:"Whether you may click and fill in"`
	Code        string                `json:"code,omitempty" doc:"Six digits for somebody on the telephone to type into the website's widget; gone once they have"`
	Pages       []string              `json:"pages" nullable:"false" doc:"Addresses that were shown, without query and fragment"`
	AskedAt     time.Time             `json:"asked_at"`
	SharedAt    *time.Time            `json:"shared_at,omitempty"`
	EndedAt     *time.Time            `json:"ended_at,omitempty"`
	Cause       string                `json:"cause,omitempty" doc:"Of the end: agent, customer, declined, unanswered, gone, idle, left, too_large, bad_rules"`
}

// CollaborateSettings are what administrators allow.
type CollaborateSettings struct {
	Enabled bool     `json:"enabled" doc:"Agents may ask to see customers' pages"`
	Control bool     `json:"control" doc:"and, with a second consent, to click and fill in"`
	Mask    []string `json:"mask" nullable:"false" maxItems:"50" doc:"CSS selectors whose text never leaves the customer's browser. What is typed never does, unless the page marks a field with data-vx-show"`
	Block   []string `json:"block" nullable:"false" maxItems:"50" doc:"CSS selectors of what is left out whole"`
	Forbid  []string `json:"forbid" nullable:"false" maxItems:"50" doc:"CSS selectors of what is never clicked or filled in from afar, beside passwords, payment, files and what sends a form"`
	Allow   []string `json:"allow" nullable:"false" maxItems:"50" doc:"CSS selectors of what sends a form and may be clicked all the same"`
	Rev     int64    `json:"rev" doc:"Give back what you read; 0 writes over whatever is there"`
}

type collaborateIn struct {
	ID  gateway.InteractionID `path:"id"`
	Key string                `header:"Idempotency-Key" doc:"Your id of this write: repeated, it is noted once"`
}

type collaborationIn struct {
	ID  string `path:"id"`
	Key string `header:"Idempotency-Key" doc:"Your id of this write: repeated, it is noted once"`
}

type collaborationControlIn struct {
	ID   string `path:"id"`
	Key  string `header:"Idempotency-Key" doc:"Your id of this write: repeated, it is noted once"`
	Body struct {
		On bool `json:"on" doc:"true asks the customer, false gives the control back"`
	}
}

type collaborateSettingsIn struct {
	Body CollaborateSettings
}

func (s *Server) registerCollaborate() {
	agent := gateway.RoleAgent
	add(s, operation{Method: http.MethodPost, Path: "/interactions/{id}/collaborate", ID: "collaborate", Summary: "Ask the customer to show you their page; on the telephone, get a code to read out", Role: agent, Status: http.StatusCreated}, s.collaborate)
	add(s, operation{Method: http.MethodGet, Path: "/interactions/{id}/collaboration", ID: "get-collaboration", Summary: "The customer's page as it is shown, or was last", Role: agent}, s.collaborationOf)
	add(s, operation{Method: http.MethodPost, Path: "/collaborations/{id}/control", ID: "collaborate-control", Summary: "Ask the customer whether you may click and fill in for them", Role: agent}, s.collaborateControl)
	add(s, operation{Method: http.MethodPost, Path: "/collaborations/{id}/end", ID: "end-collaboration", Summary: "Stop looking", Role: agent}, s.endCollaboration)
	add(s, operation{Method: http.MethodGet, Path: "/admin/collaborate", ID: "admin-get-collaborate", Summary: "What agents may see of customers' pages", Role: gateway.RoleSupervisor},
		func(ctx context.Context, _ access.Caller, _ *none) (CollaborateSettings, error) {
			return s.Collaborate.Settings(ctx)
		})
	add(s, operation{Method: http.MethodPut, Path: "/admin/collaborate", ID: "admin-set-collaborate", Summary: "Change what agents may see of customers' pages", Role: gateway.RoleAdministrator}, s.setCollaborate)
	s.mux.HandleFunc("GET "+Prefix+"/collaborations/{id}/socket", s.collaborateSocket)
}

func (s *Server) collaborate(ctx context.Context, by access.Caller, in *collaborateIn) (Collaboration, error) {
	i, _, err := s.mine(ctx, by, in.ID, "")
	if err != nil {
		return Collaboration{}, err
	}
	agent, err := s.Roster.Agent(ctx, by.Agent)
	if err != nil {
		return Collaboration{}, err
	}
	return noted(ctx, s, by, in.Key, "collaborate.asked", "interaction:"+in.ID.String(), nil, func() (Collaboration, error) {
		return s.Collaborate.Ask(ctx, i, by.Agent, agent.Name)
	})
}

func (s *Server) collaborationOf(ctx context.Context, by access.Caller, in *interactionIn) (Collaboration, error) {
	c, err := s.Collaborate.Of(ctx, in.ID)
	if err != nil {
		return c, err
	}
	if c.Agent != by.Agent {
		c.Code = ""
	}
	return c, nil
}

func (s *Server) collaborateControl(ctx context.Context, by access.Caller, in *collaborationControlIn) (Collaboration, error) {
	id, err := s.ownCollaboration(ctx, by, in.ID)
	if err != nil {
		return Collaboration{}, err
	}
	what := map[bool]string{true: "collaborate.control_asked", false: "collaborate.control_ended"}[in.Body.On]
	return noted(ctx, s, by, in.Key, what, "collaboration:"+in.ID, nil, func() (Collaboration, error) {
		return s.Collaborate.Control(ctx, id, in.Body.On)
	})
}

func (s *Server) endCollaboration(ctx context.Context, by access.Caller, in *collaborationIn) (Collaboration, error) {
	id, err := s.ownCollaboration(ctx, by, in.ID)
	if err != nil {
		return Collaboration{}, err
	}
	return noted(ctx, s, by, in.Key, "collaborate.ended", "collaboration:"+in.ID, nil, func() (Collaboration, error) {
		return s.Collaborate.End(ctx, id)
	})
}

// ownCollaboration refuses what another agent asked for: the customer consented to one.
func (s *Server) ownCollaboration(ctx context.Context, by access.Caller, given string) (int64, error) {
	id, err := strconv.ParseInt(given, 10, 64)
	if err != nil {
		return 0, gateway.NotFound("no_collaboration", "there is no such session")
	}
	c, err := s.Collaborate.Get(ctx, id)
	if err == nil && (by.Agent == 0 || c.Agent != by.Agent) {
		err = gateway.Forbidden("not_yours", "the customer shows their page to another agent")
	}
	return id, err
}

func (s *Server) setCollaborate(ctx context.Context, by access.Caller, in *collaborateSettingsIn) (done CollaborateSettings, err error) {
	err = s.commit(ctx, func(w *work) error {
		if done, err = s.Collaborate.Set(ctx, w.tx, in.Body); err != nil {
			return err
		}
		return w.audit(ctx, by, "collaborate.set", "collaborate", done)
	})
	return done, err
}

// collaborateSocket is where the page comes to. Its first frame carries a ticket, as that of
// the console's own socket does.
func (s *Server) collaborateSocket(w http.ResponseWriter, r *http.Request) {
	if !s.sameOrigin(r) {
		s.refuse(r.Context(), w, gateway.Forbidden("foreign_origin", "a page of another site may not open the socket; add it to the origins"))
		return
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols: []string{Subprotocol}, OriginPatterns: hosts(s.Origins), CompressionMode: websocket.CompressionContextTakeover,
	})
	if err != nil {
		return // Accept has answered
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	c := &console{s: s, conn: conn}
	id, err := s.viewing(ctx, c, r.PathValue("id"))
	switch {
	case errors.Is(err, gateway.ErrNotFound):
		_ = conn.Close(closeTokenGone, closeReason(err))
	case err != nil:
		_ = conn.Close(c.closing(err))
	default:
		_ = conn.Close(s.Collaborate.View(ctx, conn, id))
	}
}

// viewing takes the hello of an agent who looks.
func (s *Server) viewing(ctx context.Context, c *console, id string) (int64, error) {
	c.conn.SetReadLimit(frameMax)
	if _, err := c.hello(ctx); err != nil {
		return 0, err
	}
	return s.ownCollaboration(ctx, c.by, id)
}

func (s *Server) pageSocket() *huma.Operation {
	o := s.plain("GET", "/collaborations/{id}/socket", "collaboration-socket", "The customer's page as it is, a WebSocket of subprotocol vaxel.v1", []*huma.Param{pathParam("id", &huma.Schema{Ref: idRef})},
		content(http.StatusSwitchingProtocols, "The socket; docs/api.md and docs/frames.json describe its frames", "", nil))
	o.Security = []map[string][]string{} // its first frame carries the ticket
	return o
}
