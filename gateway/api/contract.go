package api

import (
	"maps"
	"reflect"
	"slices"
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

// mend makes the contract say what is really sent and taken.
func mend(doc *huma.OpenAPI) {
	schemas := doc.Components.Schemas
	mendSchemas(schemas)
	for _, name := range []string{"ChannelPlan", "WrapUpPlan", "Step", "Wording", "Category"} {
		schemas.Map()[name] = optional(schemas.Map()[name]) // a queue's plan is filled in from the defaults
	}
	strict := taken(doc)
	for name, s := range schemas.Map() {
		if !strict[name] {
			s.AdditionalProperties = nil // answers may get more fields
		}
	}
	for _, item := range doc.Paths {
		for _, o := range operationsOf(item) {
			for _, p := range o.Parameters {
				mendParam(p)
			}
			shareRefusals(doc.Components, o)
		}
	}
}

// mendSchemas makes each schema say what is really sent and taken.
func mendSchemas(schemas huma.Registry) {
	var bodies *huma.Schema
	if schemas.Map()["Entry"] != nil {
		bodies = entryBodies(schemas)
	}
	for name, s := range schemas.Map() {
		t := schemas.TypeFromRef(schemaPrefix + name)
		mendFields(s, t)
		if t == reflect.TypeFor[gateway.Mail]() {
			s.Properties["from"] = &huma.Schema{Description: "Whom a damaged mail is from may not be known: then kind and value are empty", AnyOf: []*huma.Schema{s.Properties["from"], nobody()}}
		}
		if s.Properties["body"] != nil && (t == reflect.TypeFor[gateway.Entry]() || t == reflect.TypeFor[erasedEntry]()) {
			s.Properties["body"] = bodies
		}
	}
}

// nobody is an address that is none.
func nobody() *huma.Schema {
	empty := &huma.Schema{Type: huma.TypeString, Enum: []any{""}}
	return &huma.Schema{
		Type: huma.TypeObject, Required: []string{"kind", "value"},
		Properties: map[string]*huma.Schema{"kind": empty, "value": empty, "name": {Type: huma.TypeString}},
	}
}

// bodyOf is what the entries of each kind carry; the others have no body.
var bodyOf = map[gateway.EntryKind]reflect.Type{
	gateway.EntryMail:      reflect.TypeFor[gateway.Mail](),
	gateway.EntryArticle:   reflect.TypeFor[gateway.ArticleCard](),
	gateway.EntryEvent:     reflect.TypeFor[gateway.Happening](),
	gateway.EntryCall:      reflect.TypeFor[gateway.CallSummary](),
	gateway.EntryRecording: reflect.TypeFor[gateway.Recording](),
	gateway.EntryFile:      reflect.TypeFor[gateway.Attachment](),
}

// entryBodies is an entry's body, whose type follows from the entry's kind.
func entryBodies(schemas huma.Registry) *huma.Schema {
	one := &huma.Schema{}
	var about []string
	for _, kind := range slices.Sorted(maps.Keys(bodyOf)) {
		s := schemas.Schema(bodyOf[kind], true, "")
		one.OneOf = append(one.OneOf, s)
		about = append(about, string(kind)+": "+strings.TrimPrefix(s.Ref, schemaPrefix))
	}
	one.Description = "By the entry's kind. " + strings.Join(about, ", ") + ". A message and a note have none."
	return one
}

// shareRefusals keeps each refusal in one place: they are all Problems.
func shareRefusals(c *huma.Components, o *huma.Operation) {
	if c.Responses == nil {
		c.Responses = map[string]*huma.Response{}
	}
	for status, r := range o.Responses {
		if status >= "400" {
			c.Responses[status] = r
			o.Responses[status] = &huma.Response{Ref: "#/components/responses/" + status}
		}
	}
}

// optional is an object of which nothing is required.
func optional(s *huma.Schema) *huma.Schema {
	out := &huma.Schema{Type: huma.TypeObject, AdditionalProperties: false, Properties: s.Properties}
	out.PrecomputeMessages()
	return out
}

// mendParam lets ids through: huma has made numbers of them before it looks at the
// schema, which says that they are strings.
func mendParam(p *huma.Param) {
	if p.Schema == nil || p.Schema.Ref != idRef {
		return
	}
	shown := *p.Schema
	*p.Schema = huma.Schema{}
	p.Schema = &shown
}

// mendFields finds the fields that `json:",string"` makes strings of, and those that hold
// one of our words.
func mendFields(s *huma.Schema, t reflect.Type) {
	if t == nil || t.Kind() != reflect.Struct {
		return
	}
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			mendFields(s, f.Type)
		case s.Properties[name] == nil:
		case wordsOf[deref(f.Type)] != nil:
			inWords(s.Properties[name], wordsOf[deref(f.Type)])
		case f.Type.Kind() == reflect.Slice && wordsOf[f.Type.Elem()] != nil:
			inWords(s.Properties[name].Items, wordsOf[f.Type.Elem()])
		case slices.Contains(strings.Split(options, ","), "string"):
			s.Properties[name] = &huma.Schema{Ref: idRef}
		case f.Type.Kind() == reflect.Slice && strings.Contains(options, "omitempty"):
			s.Properties[name].Nullable = false // an empty list is left out
		}
	}
}

func deref(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

func inWords(s *huma.Schema, words []any) {
	if s.Enum == nil {
		s.Enum = words
		s.PrecomputeMessages()
	}
}

// wordsOf are the enumerations.
var wordsOf = map[reflect.Type][]any{
	reflect.TypeFor[gateway.Channel]():       {"voice", "chat", "email", "voicemail", "callback"},
	reflect.TypeFor[gateway.Role]():          {"agent", "supervisor", "administrator"},
	reflect.TypeFor[gateway.Intent]():        {"available", "working_offline", "on_break", "logged_out"},
	reflect.TypeFor[gateway.Status]():        {"available", "offered", "busy", "wrap_up", "working_offline", "on_break", "logged_out"},
	reflect.TypeFor[gateway.State]():         {"waiting", "offered", "active", "parked", "wrap_up", "finished"},
	reflect.TypeFor[gateway.End]():           {"handled", "abandoned", "short_abandon", "voicemail", "transferred_external", "closed", "form", "callback", "system_failure", "silent"},
	reflect.TypeFor[gateway.Phase]():         {"talking", "hold", "consult", "conference", "colleagues"},
	reflect.TypeFor[gateway.AlertKind]():     {"unanswered", "max_wait", "no_members", "wrap_up_overtime", "silent"},
	reflect.TypeFor[gateway.CallFailure]():   {"busy", "no_answer", "refused", "unknown_number", "unreachable"},
	reflect.TypeFor[gateway.Outcome]():       {"accepted", "declined", "missed", "withdrawn", "failed"},
	reflect.TypeFor[gateway.OfferKind]():     {"queue", "transfer", "recall", "consult"},
	reflect.TypeFor[gateway.EntryKind]():     {"message", "mail", "note", "article", "event", "call", "recording", "file"},
	reflect.TypeFor[gateway.AuthorKind]():    {"customer", "agent", "system"},
	reflect.TypeFor[gateway.AddressKind]():   {"email", "phone", "visitor"},
	reflect.TypeFor[gateway.DeclinePolicy](): {"vcc", "engage", "soft"},
	reflect.TypeFor[gateway.TargetClock]():   {"wall", "calendar"},
	reflect.TypeFor[gateway.Strategy]():      {"longest_idle", "skill_first", "round_robin", "least_busy", "ring_all"},
	reflect.TypeFor[gateway.Order]():         {"edf", "fifo", "vcc"},
	reflect.TypeFor[gateway.StepKind]():      {"lower_skills", "drop_skill", "drop_skills", "add_queue", "move", "offer_callback", "voicemail", "form", "external", "hang_up"},
	reflect.TypeFor[gateway.WrapUpMode]():    {"none", "optional", "timed", "timed_extendable", "manual"},
	reflect.TypeFor[tickets.CaseState]():     {"open", "pending", "closed"},
	reflect.TypeFor[tickets.Because]():       {"reference", "customer", "subject"},
	reflect.TypeFor[kb.Visibility]():         {"public", "internal"},
	reflect.TypeFor[kb.Status]():             {"draft", "published", "archived"},
	reflect.TypeFor[roster.PhoneKind]():      {"sip", "pstn"},
	reflect.TypeFor[roster.TargetKind]():     {"agent", "queue"},
}

func operationOf(item *huma.PathItem, method string) *huma.Operation {
	all := operationsOf(item)
	return all[slices.IndexFunc(all, func(o *huma.Operation) bool { return o.Method == method })]
}

func operationsOf(item *huma.PathItem) []*huma.Operation {
	all := []*huma.Operation{item.Get, item.Put, item.Post, item.Patch, item.Delete}
	return slices.DeleteFunc(all, func(o *huma.Operation) bool { return o == nil })
}

// taken are the schemas that requests are made of; they may have no fields that we do
// not know.
func taken(doc *huma.OpenAPI) map[string]bool {
	found := map[string]bool{}
	for _, item := range doc.Paths {
		for _, o := range operationsOf(item) {
			if o.RequestBody == nil {
				continue
			}
			for _, m := range o.RequestBody.Content {
				reach(doc.Components.Schemas, m.Schema, found)
			}
		}
	}
	return found
}

// reach marks a schema and all that it is made of.
func reach(schemas huma.Registry, s *huma.Schema, found map[string]bool) {
	if s == nil {
		return
	}
	if name, ok := strings.CutPrefix(s.Ref, schemaPrefix); ok {
		if !found[name] {
			found[name] = true
			reach(schemas, schemas.Map()[name], found)
		}
		return
	}
	for of := range maps.Values(s.Properties) {
		reach(schemas, of, found)
	}
	reach(schemas, s.Items, found)
	if of, ok := s.AdditionalProperties.(*huma.Schema); ok {
		reach(schemas, of, found)
	}
}

// chapters are the parts of the contract, by the first word of their paths.
var chapters = []struct{ word, title, about string }{
	{"session", "Signing in", "Sessions, passwords and the socket's ticket."},
	{"me", "Yourself", "Your status, settings, lines and figures."},
	{"offers", "Offers", "Taking or leaving what you are offered."},
	{"interactions", "Interactions", "What customers want, from arrival to transaction code."},
	{"conversations", "Conversations", "What was said, by position."},
	{"calls", "Calls", "The telephone."},
	{"articles", "Articles", "The knowledge base."},
	{"cases", "Cases", "Cases, customers and tasks."},
	{"queues", "Boards", "Queues, agents and figures right now."},
	{"staff-chats", "Colleagues", "Chats between agents, and supervisors' messages."},
	{"attachments", "Files", "Attachments, recordings and mails as they came."},
	{"admin", "Administration", "Who works here and how; every change is audited."},
}

// within says which chapter a path of another first word belongs to.
var within = map[string]string{
	"alerts":        "queues",
	"socket-ticket": "session", "socket": "session", "sessions": "session", "status-codes": "me",
	"transaction-codes": "interactions", "customers": "cases", "tasks": "cases", "search": "cases", "mails": "cases", "macros": "cases",
	"agents": "queues", "groups": "queues", "skills": "queues", "statistics": "queues", "supervisor-messages": "staff-chats",
	"entries": "attachments", "article-categories": "articles", "audit": "admin",
}

func tagOf(path string) string {
	word, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if of, ok := within[word]; ok {
		word = of
	}
	for _, c := range chapters {
		if c.word == word {
			return c.title
		}
	}
	panic("api: " + path + " is in no chapter of the contract")
}

func tags() []*huma.Tag {
	out := make([]*huma.Tag, len(chapters))
	for i, c := range chapters {
		out[i] = &huma.Tag{Name: c.title, Description: c.about}
	}
	return out
}
