// Package webconsole holds the agent's console as built by cmd/webbuild and serves it.
package webconsole

import (
	"bytes"
	"crypto/rand"
	"embed"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed all:dist
var dist embed.FS

// Dist is the console as it was built into this binary; it has no index.html when it was not.
func Dist() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // "dist" is a valid path
	}
	return files
}

// Handler serves the console from files (see Dist; a folder's os.DirFS while developing):
// its assets for ever, its one page for every other path that is not a file, so that an
// address inside the console can be opened and reloaded.
func Handler(files fs.FS) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
		if name == "metafile.json" {
			http.NotFound(w, r)
			return
		}
		info, err := fs.Stat(files, name)
		switch {
		case name == "collaborate.html" && err == nil:
			serveReplay(w, r, files)
		case name != "index.html" && err == nil && !info.IsDir():
			serveAsset(w, r, files, name)
		case strings.HasPrefix(name, "assets/"):
			http.NotFound(w, r) // a page of an older build must not get HTML for a script
		default:
			servePage(w, r, files)
		}
	})
}

// serveAsset sends a file, its gzip if there is one to those who take it (all browsers do).
func serveAsset(w http.ResponseWriter, r *http.Request, files fs.FS, name string) {
	h := w.Header()
	h.Set("Cache-Control", cacheFor(name))
	h.Set("Vary", "Accept-Encoding")
	h.Set("X-Content-Type-Options", "nosniff")
	packed, err := fs.ReadFile(files, name+".gz")
	if err != nil || !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		http.ServeFileFS(w, r, files, name) //nolint:gosec // G703: an fs.FS lets nobody out, and name was found in it
		return
	}
	h.Set("Content-Encoding", "gzip")
	h.Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(packed))
}

func cacheFor(name string) string {
	if strings.HasPrefix(name, "assets/") {
		return "public, max-age=31536000, immutable"
	}
	return "no-cache"
}

// servePage sends index.html with a fresh nonce. The policy allows our own files only.
func servePage(w http.ResponseWriter, r *http.Request, files fs.FS) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, "Only GET works here.", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	page, err := fs.ReadFile(files, "index.html")
	if err != nil {
		http.Error(w, "The console is not part of this binary. Build it with: make build", http.StatusServiceUnavailable)
		return
	}
	nonce := rand.Text()
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-"+nonce+
		"'; connect-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; frame-src 'self'; font-src 'self'; "+
		"manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(bytes.ReplaceAll(page, []byte("NONCE"), []byte(nonce))) // the reader may be gone
}

// serveReplay sends the page that shows a customer's page, in a frame of the console's. Its
// looks may come from anywhere; of what runs there is our own script alone, which no other
// site may frame. The frame within, where the customer's page stands, runs nothing at all.
func serveReplay(w http.ResponseWriter, r *http.Request, files fs.FS) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src * 'unsafe-inline'; img-src https: data:; font-src https: data:; "+
		"media-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-scripts allow-same-origin")
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	http.ServeFileFS(w, r, files, "collaborate.html")
}
