package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/routing"
	"github.com/vaxelhq/vaxel/gateway/staffchat"
	"github.com/vaxelhq/vaxel/gateway/timeline"
	"github.com/vaxelhq/vaxel/tickets"
)

// Wire is what is said one way over a socket: a struct that has every field, and by a
// frame's t the fields that it has. A ? ends those that it may be without.
type Wire struct {
	Of     reflect.Type
	Frames map[string]string
}

// Elsewhere are the frames of rooms that this one does not know.
type Elsewhere struct {
	Told                      map[string]reflect.Type // to consoles: the data by t
	VisitorSays, VisitorHears Wire
	Collaborate               map[string]Wire // of the two sockets of co-browsing, by name
}

// told is the data of the frames that a console hears; where there are several, any of
// them. What rooms tell of themselves goes out as they told it.
var told = map[string][]reflect.Type{
	"welcome":                      {reflect.TypeFor[welcome]()},
	"snapshot":                     {reflect.TypeFor[snapshot]()},
	"agent.status":                 {reflect.TypeFor[gateway.Presence]()},
	"offer.created":                {reflect.TypeFor[Offer]()},
	"offer.closed":                 {reflect.TypeFor[gateway.Offer]()},
	"interaction.changed":          {reflect.TypeFor[Interaction](), reflect.TypeFor[gateway.Interaction]()},
	"interaction.observed":         {reflect.TypeFor[staffchat.Observation]()},
	"interaction.step":             {reflect.TypeFor[routing.StepTaken]()},
	"alert.raised":                 {reflect.TypeFor[Alert]()},
	"message.created":              {reflect.TypeFor[gateway.Entry](), reflect.TypeFor[erasedEntry]()},
	"message.updated":              {reflect.TypeFor[gateway.Outbound]()},
	"message.receipt":              {reflect.TypeFor[timeline.Receipt]()},
	"article.changed":              {reflect.TypeFor[changedArticle]()},
	"case.changed":                 {reflect.TypeFor[tickets.Case]()},
	"case.merged":                  {reflect.TypeFor[tickets.Merged]()},
	"customer.changed":             {reflect.TypeFor[tickets.Customer]()},
	"draft.changed":                {reflect.TypeFor[tickets.DraftChange]()},
	"task.changed":                 {reflect.TypeFor[tickets.Task]()},
	"staff_chat.created":           {reflect.TypeFor[StaffChat]()},
	"staff_chat.receipt":           {reflect.TypeFor[staffchat.Receipt]()},
	"supervisor_message.created":   {reflect.TypeFor[SupervisorMessage]()},
	"supervisor_message.seen":      {reflect.TypeFor[staffchat.Receipt]()},
	"supervisor_message.withdrawn": {reflect.TypeFor[SupervisorMessage]()},
	"queue.stats":                  {reflect.TypeFor[[]QueueTick]()},
	"topics.refused":               {reflect.TypeFor[topicsRefused]()},
	"typing":                       {reflect.TypeFor[typing]()},
	"drain.notice":                 {reflect.TypeFor[DrainNotice]()},
	"pong":                         {},
}

// said is what a console may say.
var said = Wire{reflect.TypeFor[incoming](), map[string]string{
	"hello":  "ticket at? subs?",
	"subs":   "add? remove?",
	"typing": "conversation on?",
	"ping":   "",
}}

// erasedEntry is a mail that was erased between its event and now: only the head is left.
type erasedEntry struct {
	gateway.Entry
	Partial bool `json:"partial"`
}

// changedArticle is the data of article.changed.
type changedArticle struct {
	ID     gateway.ArticleID `json:"id"`
	Number int64             `json:"number"`
}

// Frames is the JSON Schema of both sockets' frames as it is committed: always the same
// bytes for the same code.
func Frames(elsewhere Elsewhere) ([]byte, error) {
	agents := newSchemas("")
	heard := maps.Clone(told)
	for t, of := range elsewhere.Told {
		heard[t] = []reflect.Type{of}
	}
	envelope := huma.SchemaFromType(agents, reflect.TypeFor[frame]())
	delete(envelope.Properties, "data")
	hears := huma.Schema{Description: "What a console hears. n counts the frames that must not be missed, at is where to resume."}
	for _, t := range slices.Sorted(maps.Keys(heard)) {
		hears.OneOf = append(hears.OneOf, hear(agents, t, heard[t]))
	}
	defs := agents.Map()
	says, err := frames(agents, said)
	if err != nil {
		return nil, err
	}
	visitors := newSchemas("Visitor")
	visitorHears, err := frames(visitors, elsewhere.VisitorHears)
	if err != nil {
		return nil, err
	}
	visitorSays, err := frames(visitors, elsewhere.VisitorSays)
	if err != nil {
		return nil, err
	}
	pages := newSchemas("Page")
	for name, w := range elsewhere.Collaborate {
		if defs[name], err = frames(pages, w); err != nil {
			return nil, err
		}
	}
	mendSchemas(agents)
	mendSchemas(visitors)
	mendSchemas(pages)
	maps.Copy(defs, visitors.Map())
	maps.Copy(defs, pages.Map())
	says.Description = "What a console says; hello is first."
	visitorHears.Description = "What a visitor's widget hears. prev is the position that it must have before it applies the frame."
	visitorSays.Description = "What a visitor's widget says; hello is first."
	maps.Copy(defs, map[string]*huma.Schema{
		"AgentFrame": envelope, "AgentHears": &hears, "AgentSays": says, "VisitorHears": visitorHears, "VisitorSays": visitorSays,
	})
	for _, s := range defs {
		s.AdditionalProperties = nil // frames may get more fields
	}
	return document(defs)
}

// hear is one frame: the envelope, its t and its data.
func hear(schemas huma.Registry, t string, data []reflect.Type) *huma.Schema {
	s := &huma.Schema{Ref: schemaPrefix + "AgentFrame", Properties: map[string]*huma.Schema{"t": called(t)}}
	for _, of := range data {
		one := schemas.Schema(of, true, t)
		if len(data) == 1 {
			s.Properties["data"] = one
			break
		}
		if s.Properties["data"] == nil {
			s.Properties["data"] = &huma.Schema{}
		}
		s.Properties["data"].AnyOf = append(s.Properties["data"].AnyOf, one)
	}
	if len(data) > 0 {
		s.Required = []string{"data"}
	}
	return s
}

func called(t string) *huma.Schema { return &huma.Schema{Type: huma.TypeString, Enum: []any{t}} }

// frames are all that a wire carries.
func frames(schemas huma.Registry, w Wire) (*huma.Schema, error) {
	whole, all := huma.SchemaFromType(schemas, w.Of), &huma.Schema{}
	mendFields(whole, w.Of)
	for _, t := range slices.Sorted(maps.Keys(w.Frames)) {
		one := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{"t": called(t)}, Required: []string{"t"}}
		for field := range strings.FieldsSeq(w.Frames[t]) {
			name, optional := strings.CutSuffix(field, "?")
			if one.Properties[name] = whole.Properties[name]; one.Properties[name] == nil {
				return nil, fmt.Errorf("frame %s: %v has no field %q", t, w.Of, name)
			}
			if !optional {
				one.Required = append(one.Required, name)
			}
		}
		all.OneOf = append(all.OneOf, one)
	}
	return all, nil
}

// document is a JSON Schema (2020-12) that nobody needs anything else for.
func document(defs map[string]*huma.Schema) ([]byte, error) {
	flat, err := json.Marshal(map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "The frames of Växel's sockets", "$defs": defs,
		"description": "AgentHears and AgentSays: GET /api/v1/socket (docs/api.md). VisitorHears and VisitorSays: GET /w/socket (docs/widget.md). " +
			"PageHears and PageSays: GET /w/collaborate; LookerHears and LookerSays: GET /api/v1/collaborations/{id}/socket (docs/api.md).",
	})
	if err != nil {
		return nil, fmt.Errorf("write the frames: %w", err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, bytes.ReplaceAll(flat, []byte(`"`+schemaPrefix), []byte(`"#/$defs/`)), "", "  "); err != nil {
		return nil, fmt.Errorf("write the frames: %w", err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}
