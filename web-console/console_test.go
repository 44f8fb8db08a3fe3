package webconsole_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	webconsole "github.com/vaxelhq/vaxel/web-console"
)

func get(h http.Handler, method, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestHandler(t *testing.T) {
	h := webconsole.Handler(fstest.MapFS{
		"index.html":       {Data: []byte(`<meta nonce="NONCE"><div id="root">`)},
		"metafile.json":    {Data: []byte(`{}`)},
		"icon.svg":         {Data: []byte(`<svg/>`)},
		"assets/main-1.js": {Data: []byte(`main`)}, "assets/main-1.js.gz": {Data: []byte(`packed`)},
	})
	for _, path := range []string{"/", "/index.html", "/inbox/42"} {
		w := get(h, http.MethodGet, path)
		policy := w.Header().Get("Content-Security-Policy")
		_, rest, _ := strings.Cut(w.Body.String(), `nonce="`)
		nonce, _, _ := strings.Cut(rest, `"`)
		if w.Code != http.StatusOK || len(nonce) < 20 || !strings.Contains(policy, "'nonce-"+nonce+"'") {
			t.Errorf("%s: %d, nonce %q, policy %s", path, w.Code, nonce, policy)
		}
	}
	if w := get(h, http.MethodGet, "/assets/main-1.js", "Accept-Encoding", "gzip"); w.Body.String() != "packed" || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("asset: %s %v", w.Body, w.Header())
	}
	if w := get(h, http.MethodGet, "/icon.svg"); w.Body.String() != "<svg/>" || w.Header().Get("Cache-Control") != "no-cache" {
		t.Errorf("icon: %s %v", w.Body, w.Header())
	}
	for _, path := range []string{"/assets/main-0.js", "/metafile.json"} {
		if w := get(h, http.MethodGet, path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", path, w.Code)
		}
	}
	if w := get(h, http.MethodPost, "/inbox"); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", w.Code)
	}
}

func TestHandlerOfAnUnbuiltConsoleSaysHow(t *testing.T) {
	w := get(webconsole.Handler(fstest.MapFS{}), http.MethodGet, "/")
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "make build") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// A customer's page is shown under a policy of its own, and no other site may frame it.
func TestThePageThatShowsPages(t *testing.T) {
	h := webconsole.Handler(fstest.MapFS{"index.html": {}, "collaborate.html": {Data: []byte(`<div id="page">`)}})
	w := get(h, http.MethodGet, "/collaborate.html")
	policy := w.Header().Get("Content-Security-Policy")
	if w.Code != http.StatusOK || w.Body.String() != `<div id="page">` {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	for _, want := range []string{"default-src 'none'", "script-src 'self';", "frame-ancestors 'self'", "sandbox allow-scripts allow-same-origin", "form-action 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("the policy %s has no %s", policy, want)
		}
	}
}
