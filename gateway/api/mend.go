package api

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/vaxelhq/vaxel/gateway"
)

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
