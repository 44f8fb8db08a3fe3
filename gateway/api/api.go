// Package api is the one door: everything that agents, supervisors, integrations and
// the console do goes through its REST resources and its socket.
//
// It promises that nothing is answered before it is committed, that a write repeated
// under one Idempotency-Key is done once, and that every refusal is a Problem with a
// stable code. The contract is the OpenAPI 3.1 document it serves; a test compares the
// committed copy.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
)

// Prefix is where the API stands.
const Prefix = "/api/v1"

// Options are what an operator sets.
type Options struct {
	Secure         bool           // cookies only over HTTPS
	Origins        []string       // that may open the socket, beside the host itself
	TrustedProxies []netip.Prefix // whose X-Forwarded-For is believed
	Node           string
	Language       string // of names where no single reader's language can be used: sv, en
}

// Server answers the API. Make one with New.
type Server struct {
	Rooms
	Options
	log *slog.Logger
	api huma.API
	mux *http.ServeMux

	names    *names
	consoles *consoles
	stopping chan struct{}
}

// New makes the API of the rooms.
func New(rooms Rooms, options Options, log *slog.Logger) *Server {
	s := &Server{Rooms: rooms, Options: options, log: log, mux: http.NewServeMux(), stopping: make(chan struct{})}
	s.consoles = newConsoles(rooms.Commands, log)
	s.names = &names{roster: rooms.Roster, language: options.Language}
	s.api = humago.New(s.mux, contract())
	s.register()
	return s
}

// contract is the head of the OpenAPI document.
func contract() huma.Config {
	huma.NewErrorWithContext = validation
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return validation(nil, status, message, errs...)
	}
	c := huma.DefaultConfig("Växel", "1")
	c.Info.Description = "Everything that agents, supervisors and integrations do. Ids are opaque strings; times are RFC 3339 in UTC."
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "/api/openapi", "/api/docs", "/api/schemas"
	c.CreateHooks = nil // no $schema links in bodies
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "apiKey", In: "cookie", Name: cookieName},
		"key":     {Type: "http", Scheme: "bearer"},
	}
	c.Security = []map[string][]string{{"session": {}}, {"key": {}}}
	return c
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.guard(s.mux).ServeHTTP(w, r)
}

// OpenAPI is the contract as JSON.
func (s *Server) OpenAPI() ([]byte, error) { return s.api.OpenAPI().MarshalJSON() }

// none is the input or output of an operation that has no such thing.
type none struct{}

// reply wraps what an operation answers.
type reply[T any] struct {
	Status int
	Body   T
}

// page is one stretch of a list. After is empty at its end.
type page[T any] struct {
	Items []T    `json:"items" nullable:"false"`
	After string `json:"after,omitempty" doc:"Give it as ?after= for what follows"`
}

// operation is one line of the contract.
type operation struct {
	Method, Path, ID, Summary string
	Role                      gateway.Role // empty: whoever may reach the server
	Status                    int          // of success, 200 unless set
	MaxBody                   int64
}

// add puts an operation into the contract. The handler gets the caller, who has the role.
func add[in, out any](s *Server, op operation, handle func(ctx context.Context, by access.Caller, in *in) (out, error)) {
	status := op.Status
	if status == 0 {
		status = http.StatusOK
	}
	o := huma.Operation{
		OperationID: op.ID, Method: op.Method, Path: Prefix + op.Path, Summary: op.Summary,
		DefaultStatus: status, MaxBodyBytes: op.MaxBody, Errors: []int{400, 401, 403, 404, 409, 422, 503},
	}
	if op.Role == "" {
		o.Security = []map[string][]string{}
	}
	huma.Register(s.api, o, func(ctx context.Context, in *in) (*reply[out], error) {
		by := callerFrom(ctx)
		if op.Role != "" {
			if err := require(by, op.Role); err != nil {
				return nil, problem(ctx, s.log, err)
			}
		}
		body, err := handle(ctx, by, in)
		if err != nil {
			return nil, problem(ctx, s.log, err)
		}
		return &reply[out]{Status: status, Body: body}, nil
	})
}

// anyone marks an operation for whoever is signed in, also before the first password
// has been changed.
const anyone gateway.Role = "anyone"

// addRaw is add for an operation that sets headers of its own and needs no caller.
func addRaw[in, out any](s *Server, op operation, handle func(ctx context.Context, in *in) (*out, error)) {
	o := huma.Operation{
		OperationID: op.ID, Method: op.Method, Path: Prefix + op.Path, Summary: op.Summary,
		DefaultStatus: http.StatusOK, Errors: []int{400, 401, 403, 422, 429, 503},
		Security: []map[string][]string{},
	}
	huma.Register(s.api, o, func(ctx context.Context, in *in) (*out, error) {
		v, err := handle(ctx, in)
		if err != nil {
			return nil, problem(ctx, s.log, err)
		}
		return v, nil
	})
}

func (s *Server) register() {
	s.registerSession()
	s.registerMe()
	s.registerOffers()
	s.registerInteractions()
	s.registerEntries()
	s.registerReply()
	s.registerArticles()
	s.registerCalls()
	s.registerBoards()
	s.registerCases()
	s.registerCustomers()
	s.registerTasks()
	s.registerStaff()
	s.registerBlobs()
	s.mux.HandleFunc("GET "+Prefix+"/socket", s.socket)
}
