package webwidget_test

import (
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/evanw/esbuild/pkg/api"

	webwidget "github.com/vaxelhq/vaxel/web-widget"
)

func get(h http.Handler, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestHandler(t *testing.T) {
	h := webwidget.Handler(fstest.MapFS{
		"v1.js": {Data: []byte("loader")}, "v1.js.gz": {Data: []byte("packed")},
		"sv/chat.js": {Data: []byte("chat")}, "sv/chat.js.gz": {Data: []byte("packed chat")},
		"sv/later.js": {Data: []byte("later")}, "sv/later.js.gz": {Data: []byte("packed later")},
	})
	first := get(h, "/w/v1.js")
	if first.Body.String() != "loader" || first.Header().Get("Cache-Control") != "public, max-age=300" || first.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("v1.js: %s %v", first.Body, first.Header())
	}
	if again := get(h, "/w/v1.js", "If-None-Match", first.Header().Get("ETag")); again.Code != http.StatusNotModified {
		t.Errorf("same v1.js again: %d", again.Code)
	}
	if packed := get(h, "/w/v1.js", "Accept-Encoding", "br, gzip"); packed.Body.String() != "packed" || packed.Header().Get("Content-Encoding") != "gzip" {
		t.Errorf("packed: %s %v", packed.Body, packed.Header())
	}
	for _, name := range []string{"chat", "later"} {
		if hashed := get(h, "/w/sv/"+name+".js?v=1"); hashed.Body.String() != name || !strings.Contains(hashed.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s.js: %s %v", name, hashed.Body, hashed.Header())
		}
		if plain := get(h, "/w/sv/"+name+".js"); plain.Header().Get("Cache-Control") != "no-cache" {
			t.Errorf("%s.js without its hash: %v", name, plain.Header())
		}
	}
}

func TestHandlerOfAnUnbuiltWidgetSaysHow(t *testing.T) {
	w := get(webwidget.Handler(fstest.MapFS{}), "/w/v1.js")
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "make build") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// TestModules bundles the tests of what needs no browser and runs them.
func TestModules(t *testing.T) {
	for _, name := range []string{"state", "conn", "poll", "rules", "until", "words"} {
		t.Run(name, func(t *testing.T) { runModule(t, name) })
	}
}

func runModule(t *testing.T, name string) {
	t.Helper()
	out := bundle(t, name, api.BuildOptions{
		Format: api.FormatESModule, Platform: api.PlatformNode, JSX: api.JSXTransform, JSXFactory: "h", JSXFragment: "Fragment", Inject: []string{"src/jsx.ts"},
	})
	text, err := exec.CommandContext(t.Context(), "node", "--test", out).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, text)
	}
}

// TestInPage bundles the tests of what meets a website's page and runs them in Chromium.
func TestInPage(t *testing.T) {
	for _, name := range []string{"mask", "hand", "collaborate"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := bundle(t, name, api.BuildOptions{Format: api.FormatIIFE, GlobalName: "suite", Target: api.ES2022})
			text, err := exec.CommandContext(t.Context(), "node", "test/inpage.mjs", out).CombinedOutput()
			if err != nil {
				t.Errorf("%v\n%s", err, text)
			}
		})
	}
}

// bundle makes one file of a test and all that it imports.
func bundle(t *testing.T, name string, o api.BuildOptions) (out string) {
	t.Helper()
	out = filepath.Join(t.TempDir(), name+".test.mjs")
	o.EntryPoints, o.Outfile, o.Bundle, o.Write = []string{"test/" + name + ".test.ts"}, out, true, true
	o.Loader = map[string]api.Loader{".css": api.LoaderText}
	if r := api.Build(o); len(r.Errors) > 0 {
		t.Fatalf("%v; are the packages there? npm ci --ignore-scripts", r.Errors[0].Text)
	}
	return out
}
