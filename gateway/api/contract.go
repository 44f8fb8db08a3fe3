package api

import (
	"reflect"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/roster"
	"github.com/vaxelhq/vaxel/gateway/staffchat"
	"github.com/vaxelhq/vaxel/kb"
	"github.com/vaxelhq/vaxel/tickets"
)

// Names within the contract.
const (
	schemesSession = "session"
	schemesKey     = "key"
	schemaPrefix   = "#/components/schemas/"
)

// idSchema is how the contract shows ids: opaque strings, which happen to be digits.
type idSchema struct{}

// Schema is what huma asks for.
func (idSchema) Schema(huma.Registry) *huma.Schema { return &huma.Schema{Ref: idRef} }

const idRef = schemaPrefix + "Id"

func wholeID() *huma.Schema {
	s := &huma.Schema{
		Type: huma.TypeString, Pattern: `^[0-9]{1,19}$`, Examples: []any{"42"},
		Description: "An opaque id that the API gave you. \"0\" is none.",
	}
	s.PrecomputeMessages()
	return s
}

// ids are all types that idSchema stands for.
var ids = []reflect.Type{
	reflect.TypeFor[gateway.AgentID](), reflect.TypeFor[gateway.GroupID](), reflect.TypeFor[gateway.QueueID](),
	reflect.TypeFor[gateway.SkillID](), reflect.TypeFor[gateway.CodeID](), reflect.TypeFor[gateway.LoginID](),
	reflect.TypeFor[gateway.InteractionID](), reflect.TypeFor[gateway.CaseID](), reflect.TypeFor[gateway.CustomerID](),
	reflect.TypeFor[gateway.ConversationID](), reflect.TypeFor[gateway.ArticleID](), reflect.TypeFor[gateway.TaskID](),
	reflect.TypeFor[access.KeyID](), reflect.TypeFor[access.SessionID](),
	reflect.TypeFor[roster.CalendarID](), reflect.TypeFor[roster.ListID](), reflect.TypeFor[roster.StatusCodeID](),
}

// schemaNames are those of types that would have another's.
var schemaNames = map[reflect.Type]string{
	reflect.TypeFor[gateway.Address]():     "Address",
	reflect.TypeFor[gateway.Interaction](): "BoardInteraction",
	reflect.TypeFor[gateway.Offer]():       "ClosedOffer",
	reflect.TypeFor[tickets.Address]():     "CustomerAddress",
	reflect.TypeFor[staffchat.Message]():   "SupervisorMessage",
	reflect.TypeFor[staffchat.Receipt]():   "StaffReceipt",
	reflect.TypeFor[staffchat.Said]():      "StaffSaid",
	reflect.TypeFor[access.Audited]():      "AuditLine",
	reflect.TypeFor[roster.Agent]():        "AgentSettings",
	reflect.TypeFor[roster.Queue]():        "QueueSettings",
	reflect.TypeFor[phone]():               "PhoneAddress",
	reflect.TypeFor[kb.Article]():          "ArticleSource",
}

func schemaName(t reflect.Type, hint string) string {
	t = deref(t)
	if name, ok := schemaNames[t]; ok {
		return name
	}
	name := huma.DefaultSchemaNamer(t, hint)
	if of, ok := strings.CutPrefix(name, "Page"); ok && of != "" {
		return of + "Page"
	}
	if of, ok := strings.CutSuffix(name, "InBody"); ok {
		return of + "Request"
	}
	return strings.TrimSuffix(name, "Out")
}

// ownErrors makes huma answer with problems of ours. It keeps the function in a variable
// of the whole process.
var ownErrors = sync.OnceFunc(func() {
	huma.NewErrorWithContext = validation
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return validation(nil, status, message, errs...)
	}
})

// newSchemas makes schemas of Go's types, under their names with a prefix.
func newSchemas(prefix string) huma.Registry {
	schemas := huma.NewMapRegistry(schemaPrefix, func(t reflect.Type, hint string) string { return prefix + schemaName(t, hint) })
	schemas.Map()["Id"] = wholeID()
	for _, t := range ids {
		schemas.RegisterTypeAlias(t, reflect.TypeFor[idSchema]())
	}
	return schemas
}

// contract is the head of the OpenAPI document.
func contract() huma.Config {
	ownErrors()
	c := huma.DefaultConfig("Växel", "1")
	c.Info.Description = description
	c.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", "" // served by docs.go
	c.CreateHooks = nil                                   // no $schema links in bodies
	c.Components.Schemas = newSchemas("")
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		schemesSession: {Type: "apiKey", In: "cookie", Name: cookieName, Description: "What POST /api/v1/session sets"},
		schemesKey:     {Type: "http", Scheme: "bearer", Description: "An API key"},
	}
	c.Security = []map[string][]string{{schemesSession: {}}, {schemesKey: {}}}
	c.Tags = tags()
	return c
}

const description = "Everything that agents, supervisors, administrators and integrations do. " +
	"Ids are opaque strings; times are RFC 3339 in UTC; lists are paged with after and limit. " +
	"Every refusal is a Problem (RFC 9457) whose code is stable. The socket's frames are described in docs/api.md and docs/frames.json."
