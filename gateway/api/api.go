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
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/api/consoles"
	"github.com/vaxelhq/vaxel/gateway/api/names"
)

// Prefix is where the API stands.
const Prefix = "/api/v1"

// Options are what an operator sets.
type Options struct {
	Secure         bool           // cookies only over HTTPS
	Origins        []string       // that may open the socket, beside the host itself
	TrustedProxies []netip.Prefix // whose X-Forwarded-For is believed
	Node           string
	Run            string // of this process, as of no other: whose consoles they are
	Language       string // of names where no single reader's language can be used: sv, en
}

// Server answers the API. Make one with New.
type Server struct {
	Rooms
	Options
	log *slog.Logger
	api huma.API
	mux *http.ServeMux

	names    *names.Cache
	consoles *consoles.Open[*console]
	boards   chan []byte // the latest from the floor that has not been shown
	stopping chan struct{}
}

// New makes the API of the rooms.
func New(rooms Rooms, options Options, log *slog.Logger) *Server {
	s := &Server{Rooms: rooms, Options: options, log: log, mux: http.NewServeMux(), boards: make(chan []byte, 1), stopping: make(chan struct{})}
	s.consoles = consoles.New[*console](rooms.Commands, options.Run, log)
	s.names = names.New(rooms.Roster)
	s.api = humago.New(s.mux, contract())
	s.register()
	s.registerDocs()
	return s
}

// none is the input or output of an operation that has no such thing.
type none struct{}

// reply wraps what an operation answers. It is one type for all, whose schema stands in the operation: each registration is
// compiled for its types, some 25 kB of code.
type reply struct{ Body any }

// page is one stretch of a list. After is empty at its end.
type page[T any] struct {
	Items []T    `json:"items" nullable:"false"`
	After string `json:"after,omitempty" doc:"Give it as ?after= for what follows"`
}

// operation is one line of the contract.
type operation struct {
	Method, Path, ID, Summary string
	Role                      gateway.Role // empty: whoever can reach the server
	Status                    int          // of success, 200 unless set; 204 where nothing is answered
	Also                      int          // another status of success, with the same body
	MaxBody                   int64        // bytes of JSON; bodyMax unless set
	Once                      bool         // it is done by once: an Idempotency-Key gives the first answer again

	answers reflect.Type // what add finds
}

// bodyMax is enough for the longest text with every character escaped.
const bodyMax = 256 << 10

// anyone marks an operation for whoever is signed in, also before the first password
// has been changed.
const anyone gateway.Role = "anyone"

// add puts an operation into the contract. The handler gets the caller, who has the role.
func add[in, out any](s *Server, op operation, handle func(ctx context.Context, by access.Caller, in *in) (out, error)) {
	if op.answers = reflect.TypeFor[out](); op.answers == reflect.TypeFor[none]() {
		panic(op.ID + " answers nothing: addSilent")
	}
	if op.Status == 0 {
		op.Status = http.StatusOK
	}
	addFull(s, op, func(ctx context.Context, by access.Caller, in *in) (*reply, error) {
		body, err := handle(ctx, by, in)
		return &reply{body}, err
	})
}

// addSilent is add for an operation that answers nothing.
func addSilent[in any](s *Server, op operation, handle func(ctx context.Context, by access.Caller, in *in) (none, error)) {
	op.Status = http.StatusNoContent
	addFull(s, op, func(ctx context.Context, by access.Caller, in *in) (*struct{}, error) {
		_, err := handle(ctx, by, in)
		return &struct{}{}, err
	})
}

// addFull is add for an operation that sets its status or headers itself.
func addFull[in, out any](s *Server, op operation, handle func(ctx context.Context, by access.Caller, in *in) (*out, error)) {
	huma.Register(s.api, op.line(s.api.OpenAPI().Components.Schemas), func(ctx context.Context, in *in) (*out, error) {
		by := callerFrom(ctx)
		if op.Role != "" {
			if err := require(by, op.Role); err != nil {
				return nil, problem(ctx, s.log, err)
			}
		}
		v, err := handle(ctx, by, in)
		if err != nil {
			return nil, problem(ctx, s.log, err)
		}
		return v, nil
	})
	if op.Also != 0 {
		o := operationOf(s.api.OpenAPI().Paths[Prefix+op.Path], op.Method)
		also := *o.Responses[strconv.Itoa(o.DefaultStatus)]
		also.Description = http.StatusText(op.Also)
		o.Responses[strconv.Itoa(op.Also)] = &also
	}
}

// line is the operation as it stands in the contract.
func (op operation) line(schemas huma.Registry) huma.Operation {
	o := huma.Operation{
		OperationID: op.ID, Method: op.Method, Path: Prefix + op.Path, Summary: op.Summary, Tags: []string{tagOf(op.Path)},
		DefaultStatus: op.Status, MaxBodyBytes: op.MaxBody, Errors: op.refusals(),
	}
	if op.answers != nil {
		body := &huma.MediaType{Schema: schemas.Schema(op.answers, true, op.ID+"Response")}
		o.Responses = map[string]*huma.Response{strconv.Itoa(op.Status): {Content: map[string]*huma.MediaType{"application/json": body}}}
	}
	if op.Once {
		o.Parameters = append(o.Parameters, &huma.Param{
			Name: keyHeader, In: "header", Schema: &huma.Schema{Type: huma.TypeString},
			Description: "Your id of this write: repeated, it gives the first answer",
		})
	}
	if o.MaxBodyBytes == 0 {
		o.MaxBodyBytes = bodyMax
	}
	switch op.Role {
	case "":
		o.Security = []map[string][]string{}
	case anyone, gateway.RoleAgent:
	case gateway.RoleSupervisor, gateway.RoleAdministrator:
		o.Description = "For " + string(op.Role) + "s."
	}
	return o
}

// refusals are the statuses that a client must reckon with.
func (op operation) refusals() []int {
	list := []int{http.StatusUnauthorized, http.StatusForbidden}
	if op.Method != http.MethodGet {
		list = append(list, http.StatusBadRequest, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusServiceUnavailable)
	}
	if strings.Contains(op.Path, "{") {
		list = append(list, http.StatusNotFound)
	}
	slices.Sort(list)
	return list
}

func (s *Server) register() {
	s.registerSession()
	s.registerMe()
	s.registerOffers()
	s.registerInteractions()
	s.registerLines()
	s.registerEntries()
	s.registerVisits()
	s.registerVisitorBlocks()
	s.registerDeliveries()
	s.registerDrafts()
	s.registerSendFile()
	s.registerReply()
	s.registerArticles()
	s.registerCalls()
	s.registerBoards()
	s.registerDirectory()
	s.registerCases()
	s.registerMacros()
	s.registerCustomers()
	s.registerTasks()
	s.registerStaff()
	s.registerBeside()
	s.registerFigures()
	s.registerSupervise()
	s.registerWhy()
	s.registerAlerts()
	s.registerDrain()
	s.registerAdmin()
	s.registerWays()
	s.registerBlobs()
	s.registerCollaborate()
	s.mux.HandleFunc("GET "+Prefix+"/socket", s.socket)
}
