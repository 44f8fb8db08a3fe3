package api

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed" // the page and its style
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
)

// Where the contract is read: by programs and by people.
const (
	contractPath = "/api/openapi.json"
	docsPath     = "/api/docs"
	docsCSP      = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

//go:embed docs.html
var docsHTML string

//go:embed docs.css
var docsCSS []byte

// Contract is the OpenAPI document as it is committed: always the same bytes for the
// same code. It needs no rooms.
func Contract() ([]byte, error) {
	return New(Rooms{}, Options{}, slog.New(slog.DiscardHandler)).OpenAPI()
}

// OpenAPI is the contract as indented JSON.
func (s *Server) OpenAPI() ([]byte, error) {
	flat, err := s.api.OpenAPI().MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("write the contract: %w", err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, flat, "", "  "); err != nil {
		return nil, fmt.Errorf("write the contract: %w", err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// registerDocs serves the contract and a page that shows it. The page has no script. They
// are written when somebody first asks: starting is not held up by what few read.
func (s *Server) registerDocs() {
	s.describe(s.api.OpenAPI())
	mend(s.api.OpenAPI())
	contract := func() []byte {
		c, err := s.OpenAPI()
		if err != nil {
			panic(err) // words of ours that can not be written are a bug
		}
		return c
	}
	page := func() []byte { return docsPage(s.api.OpenAPI()) }
	s.mux.HandleFunc("GET "+contractPath, still("application/openapi+json", contract))
	s.mux.HandleFunc("GET "+docsPath, still("text/html; charset=utf-8", page))
	s.mux.HandleFunc("GET "+docsPath+"/style.css", still("text/css; charset=utf-8", func() []byte { return docsCSS }))
}

// still serves bytes that change with the program only.
func still(mediaType string, write func() []byte) http.HandlerFunc {
	body := sync.OnceValue(write)
	tagOf := sync.OnceValue(func() string {
		sum := sha256.Sum256(body())
		return `"` + hex.EncodeToString(sum[:8]) + `"`
	})
	return func(w http.ResponseWriter, r *http.Request) {
		h, tag := w.Header(), tagOf()
		h.Set("Content-Type", mediaType)
		h.Set("Content-Security-Policy", docsCSP)
		h.Set("Cache-Control", "no-cache")
		h.Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write(body())
	}
}

// chapter is one part of the page.
type chapter struct {
	Title, About, Anchor string
	Operations           []shownOperation
}

// shownOperation is one operation as the page shows it.
type shownOperation struct {
	Method, Path, Summary, About, ID, Auth string
	Params                                 []shownField
	Body                                   []shownField
	BodyType                               string
	Answers                                []shownAnswer
}

type shownField struct {
	Name, Type, About string
	Required          bool
}

type shownAnswer struct {
	Status, Type, About string
	Link                string // the schema's anchor
	Good                bool
}

type shownSchema struct {
	Name, About string
	Fields      []shownField
}

func docsPage(doc *huma.OpenAPI) []byte {
	page := template.Must(template.New("docs").Funcs(template.FuncMap{"lower": strings.ToLower}).Parse(docsHTML))
	var out bytes.Buffer
	err := page.Execute(&out, map[string]any{
		"Title": doc.Info.Title, "About": doc.Info.Description, "Chapters": chaptersOf(doc), "Schemas": schemasOf(doc), "Contract": contractPath, "Style": docsPath + "/style.css",
	})
	if err != nil {
		panic(err) // the template is ours
	}
	return out.Bytes()
}

func chaptersOf(doc *huma.OpenAPI) []chapter {
	var out []chapter
	for _, tag := range doc.Tags {
		c := chapter{Title: tag.Name, About: tag.Description, Anchor: strings.ToLower(strings.ReplaceAll(tag.Name, " ", "-"))}
		for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
			for _, o := range operationsOf(doc.Paths[path]) {
				if slices.Contains(o.Tags, tag.Name) {
					c.Operations = append(c.Operations, show(doc, o))
				}
			}
		}
		out = append(out, c)
	}
	return out
}

// show resolves references, so that a reader need not jump for what a body holds.
func show(doc *huma.OpenAPI, o *huma.Operation) shownOperation {
	out := shownOperation{Method: o.Method, Path: o.Path, Summary: o.Summary, About: o.Description, ID: o.OperationID}
	if o.Security != nil && len(o.Security) == 0 {
		out.Auth = "Open to everybody."
	}
	for _, p := range o.Parameters {
		out.Params = append(out.Params, shownField{p.Name + " (" + p.In + ")", typeOf(p.Schema), p.Description, p.Required})
	}
	if o.RequestBody != nil {
		for media, m := range o.RequestBody.Content {
			out.BodyType = media
			out.Body = fieldsOf(resolve(doc, m.Schema))
		}
	}
	for _, status := range slices.Sorted(maps.Keys(o.Responses)) {
		r := o.Responses[status]
		if r.Ref != "" {
			r = doc.Components.Responses[status]
		}
		out.Answers = append(out.Answers, answerOf(status, r))
	}
	return out
}

func answerOf(status string, r *huma.Response) shownAnswer {
	out := shownAnswer{Status: status, About: r.Description, Good: status < "4"}
	for media, m := range r.Content {
		out.Type = media
		if m.Schema != nil {
			out.Type = typeOf(m.Schema)
			out.Link = strings.TrimPrefix(m.Schema.Ref, schemaPrefix)
		}
	}
	return out
}

func resolve(doc *huma.OpenAPI, s *huma.Schema) *huma.Schema {
	if s != nil && s.Ref != "" {
		return doc.Components.Schemas.SchemaFromRef(s.Ref)
	}
	return s
}

func fieldsOf(s *huma.Schema) []shownField {
	if s == nil {
		return nil
	}
	var out []shownField
	for name, p := range s.Properties {
		out = append(out, shownField{name, typeOf(p), p.Description, slices.Contains(s.Required, name)})
	}
	slices.SortFunc(out, func(a, b shownField) int {
		if a.Required != b.Required {
			if a.Required {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.Name, b.Name)
	})
	return out
}

func schemasOf(doc *huma.OpenAPI) []shownSchema {
	all := doc.Components.Schemas.Map()
	var out []shownSchema
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out = append(out, shownSchema{name, all[name].Description, fieldsOf(all[name])})
	}
	return out
}

// typeOf is a schema in a few words: [Interaction], string (date-time), one of a, b.
func typeOf(s *huma.Schema) string {
	switch {
	case s == nil:
		return ""
	case s.Ref != "":
		return strings.TrimPrefix(s.Ref, schemaPrefix)
	case s.Items != nil:
		return "[" + typeOf(s.Items) + "]"
	case len(s.Enum) > 0:
		words := make([]string, len(s.Enum))
		for i, v := range s.Enum {
			words[i] = fmt.Sprint(v)
		}
		return strings.Join(words, " | ")
	}
	if of, ok := s.AdditionalProperties.(*huma.Schema); ok {
		return "{…: " + typeOf(of) + "}"
	}
	switch {
	case s.Type == "":
		return "any"
	case s.Format != "" && s.Type == huma.TypeString:
		return s.Format
	default:
		return s.Type
	}
}
