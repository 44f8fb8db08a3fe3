package api

import (
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/kb"
)

// describe puts the plain handlers into the contract by hand: files, uploads and the
// socket, which huma does not serve.
func (s *Server) describe(doc *huma.OpenAPI) {
	operations := slices.Concat(s.entryFiles(), s.tables(), s.articleFolder(doc))
	for _, o := range append(operations, s.uploading(doc), s.quarantinedFile(), s.liveSocket(), s.pageSocket()) {
		doc.AddOperation(o)
	}
}

// entryFiles are what an entry of a conversation carries beside its text.
func (s *Server) entryFiles() []*huma.Operation {
	entry := []*huma.Param{
		pathParam("conversation", &huma.Schema{Ref: idRef}),
		pathParam("pos", &huma.Schema{Type: huma.TypeInteger, Format: "int64"}),
	}
	images := &huma.Param{
		Name: "images", In: "query", Description: "remote: let pictures be fetched from other servers, which tells their senders",
		Schema: &huma.Schema{Type: huma.TypeString, Enum: []any{"remote"}},
	}
	key := pathParam("key", &huma.Schema{Type: huma.TypeString})
	key.Description = "The blob of an attachment or recording of this entry"
	file := "The file. What could run in a browser is only ever downloaded."
	return []*huma.Operation{
		s.plain("GET", "/entries/{conversation}/{pos}/html", "mail-html", "A mail's HTML, made safe, for a frame of its own",
			append(entry[:2:2], images), content(http.StatusOK, "The page", "text/html", nil)),
		s.plain("GET", "/entries/{conversation}/{pos}/raw", "mail-raw", "A mail as it came",
			entry, content(http.StatusOK, "RFC 5322", "message/rfc822", nil)),
		s.plain("GET", "/entries/{conversation}/{pos}/files/{key}", "get-file", "An attachment or a recording; ranges are served",
			append(entry[:2:2], key), content(http.StatusOK, file, "application/octet-stream", nil)),
		s.plain("GET", "/conversations/{id}/drafts/{kind}/files/{key}", "get-draft-file", "A file of a mail that is being written; ranges are served",
			[]*huma.Param{pathParam("id", &huma.Schema{Ref: idRef}), pathParam("kind", &huma.Schema{Type: huma.TypeString, Enum: []any{"reply", "forward"}}), pathParam("key", &huma.Schema{Type: huma.TypeString})},
			content(http.StatusOK, file, "application/octet-stream", nil)),
	}
}

// uploading is how a file comes in, as a form that browsers send (RFC 7578).
func (s *Server) uploading(doc *huma.OpenAPI) *huma.Operation {
	attachment := doc.Components.Schemas.Schema(reflect.TypeFor[gateway.Attachment](), true, "")
	o := s.plain("POST", "/attachments", "upload", "Store a file that a reply will carry, at most 50 MB", nil,
		content(http.StatusCreated, "What the reply names", "application/json", attachment))
	o.RequestBody = body("multipart/form-data", &huma.Schema{
		Type: huma.TypeObject, Required: []string{"file"},
		Properties: map[string]*huma.Schema{"file": {Type: huma.TypeString, Format: "binary"}},
	})
	return o
}

// tables are figures for spreadsheets.
func (s *Server) tables() (list []*huma.Operation) {
	for _, what := range []string{"queues", "agents"} {
		o := s.plain("GET", "/statistics/"+what+".csv", "statistics-"+what+"-csv", "The figures of "+what+" as a table", []*huma.Param{timeParam("from"), timeParam("to")},
			content(http.StatusOK, "RFC 4180, with a head", "text/csv", nil))
		o.Description = forSupervisors
		list = append(list, o)
	}
	return list
}

// articleFolder is the whole knowledge base, out and in.
func (s *Server) articleFolder(doc *huma.OpenAPI) []*huma.Operation {
	const zipped = "application/zip"
	imported := doc.Components.Schemas.Schema(reflect.TypeFor[kb.Imported](), true, "")
	out := s.plain("GET", "/admin/articles.zip", "export-articles", "All articles as a folder of Markdown files", nil,
		content(http.StatusOK, "LANGUAGE/NUMBER-SLUG.md and categories.json", zipped, nil))
	in := s.plain("POST", "/admin/articles.zip", "import-articles", "Add and update articles from such a folder, at most 50 MB", nil,
		content(http.StatusOK, "What became of them", "application/json", imported))
	in.RequestBody = body(zipped, &huma.Schema{Type: huma.TypeString, Format: "binary"})
	out.Description, in.Description = forSupervisors, forSupervisors
	return []*huma.Operation{out, in}
}

func (s *Server) quarantinedFile() *huma.Operation {
	id := pathParam("id", &huma.Schema{Ref: idRef})
	o := s.plain("GET", "/admin/quarantine/{id}/source", "admin-quarantine-source", "A mail in quarantine as it came; ranges are served", []*huma.Param{id},
		content(http.StatusOK, "RFC 5322", "message/rfc822", nil))
	o.Description = forSupervisors
	return o
}

const forSupervisors = "For supervisors."

func (s *Server) liveSocket() *huma.Operation {
	o := s.plain("GET", "/socket", "socket", "The live events of an agent's console, a WebSocket of subprotocol vaxel.v1", nil,
		content(http.StatusSwitchingProtocols, "The socket; docs/api.md and docs/frames.json describe its frames", "", nil))
	o.Security = []map[string][]string{} // its first frame carries the ticket
	return o
}

// plain is an operation of which huma knows nothing: what it takes and answers stands
// here, what it refuses as everywhere.
func (s *Server) plain(method, path, id, summary string, params []*huma.Param, answers map[string]*huma.Response) *huma.Operation {
	op := operation{Method: method, Path: path, ID: id, Summary: summary, Role: gateway.RoleAgent}
	o := op.line(nil)
	o.Parameters, o.Responses = params, answers
	problem := doc(s).Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "")
	for _, status := range op.refusals() {
		maps.Copy(answers, content(status, http.StatusText(status), "application/problem+json", problem))
	}
	return &o
}

func doc(s *Server) *huma.OpenAPI { return s.api.OpenAPI() }

func pathParam(name string, schema *huma.Schema) *huma.Param {
	return &huma.Param{Name: name, In: "path", Required: true, Schema: schema}
}

func timeParam(name string) *huma.Param {
	return &huma.Param{Name: name, In: "query", Schema: &huma.Schema{Type: huma.TypeString, Format: "date-time"}, Description: "Today unless both are set"}
}

// body is a request that must have one.
func body(media string, schema *huma.Schema) *huma.RequestBody {
	return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{media: {Schema: schema}}}
}

func content(status int, about, media string, schema *huma.Schema) map[string]*huma.Response {
	r := &huma.Response{Description: about}
	if media != "" {
		r.Content = map[string]*huma.MediaType{media: {Schema: schema}}
	}
	return map[string]*huma.Response{strconv.Itoa(status): r}
}
