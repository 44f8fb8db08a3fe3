package e2e

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/vaxelhq/vaxel/gateway/api"
)

var updateContract = flag.Bool("update-openapi", false, "write docs/openapi.json anew")

const (
	contractFile = "../docs/openapi.json"
	framesFile   = "../docs/frames.json"
)

// TestOpenAPIDrift holds the committed contract to the code: whoever changes the API
// changes docs/openapi.json in the same commit (go test ./e2e -run Drift -update-openapi).
func TestOpenAPIDrift(t *testing.T) {
	is, err := api.Contract()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := api.Contract(); err != nil || !bytes.Equal(is, again) {
		t.Fatalf("the contract is not the same twice: %v", err)
	}
	wantCommitted(t, contractFile, is)
}

// TestFramesDrift does the same for the frames of both sockets, which only the whole binary
// knows.
func TestFramesDrift(t *testing.T) {
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	is, err := exec.CommandContext(t.Context(), path, "openapi", "--frames").Output()
	if err != nil {
		t.Fatal(err)
	}
	wantCommitted(t, framesFile, is)
}

func wantCommitted(t *testing.T, file string, is []byte) {
	t.Helper()
	if *updateContract {
		if err := os.WriteFile(file, is, 0o644); err != nil { // it is public
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(is, committed) {
		t.Errorf("%s is not what the code says; run go test ./e2e -run Drift -update-openapi and read the diff%s", file, firstDifference(committed, is))
	}
}

func firstDifference(was, is []byte) string {
	a, b := strings.Split(string(was), "\n"), strings.Split(string(is), "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return "\nwas " + a[i] + "\nis  " + b[i]
		}
	}
	return ""
}

// TestOpenAPIIsWhole looks for what a reader of the contract would miss.
func TestOpenAPIIsWhole(t *testing.T) {
	body, err := api.Contract()
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			OperationID string
			Summary     string
			Tags        []string
			Responses   map[string]struct {
				Ref string `json:"$ref"`
			}
		}
		Components struct {
			Schemas   map[string]any
			Responses map[string]struct {
				Content map[string]struct{ Schema map[string]any }
			}
		}
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		t.Fatal(err)
	}
	if doc.OpenAPI != "3.1.0" || len(doc.Paths) < 60 {
		t.Errorf("OpenAPI %s with %d paths", doc.OpenAPI, len(doc.Paths))
	}
	for path, operations := range doc.Paths {
		for method, o := range operations {
			if o.OperationID == "" || o.Summary == "" || len(o.Tags) != 1 || len(o.Responses) < 2 {
				t.Errorf("%s %s is not whole: %+v", method, path, o)
			}
			for status, r := range o.Responses {
				problem := doc.Components.Responses[status].Content["application/problem+json"].Schema["$ref"] == "#/components/schemas/Problem"
				if refused := status >= "400"; refused != (r.Ref != "") || refused && !problem {
					t.Errorf("%s %s: %s is no Problem", method, path, status)
				}
			}
		}
	}
	refs := strings.Split(string(body), `"$ref": "#/components/schemas/`)
	for _, ref := range refs[1:] {
		name, _, _ := strings.Cut(ref, `"`)
		if doc.Components.Schemas[name] == nil {
			t.Errorf("there is no schema %s", name)
		}
	}
}
