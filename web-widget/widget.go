// Package webwidget holds the customer's chat widget as built by cmd/webbuild and
// serves its files.
package webwidget

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"strings"
	"time"
)

//go:embed all:dist
var dist embed.FS

// Dist is the widget as it was built into this binary; it has no v1.js when it was not.
func Dist() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // "dist" is a valid path
	}
	return files
}

// Handler serves /w/v1.js and what that fetches in turn from files (see Dist; a
// folder's os.DirFS while developing), and /w/preview for the administration. What says something is there in each
// language, as /w/sv/chat.js. v1.js may be five minutes old; the others are asked for by
// their hash and never change. All are the same for everybody, so any origin may load them: what belongs to
// one website (its settings, its socket) is checked by channels/chat.
func Handler(files fs.FS) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /w/v1.js", func(w http.ResponseWriter, r *http.Request) {
		serve(w, r, files, "v1.js", "public, max-age=300")
	})
	for _, name := range []string{"preview.js", "mirror.js", "{language}/chat.js", "{language}/later.js", "{language}/invite.js", "{language}/collaborate.js", "{language}/words.js"} {
		mux.HandleFunc("GET /w/"+name, func(w http.ResponseWriter, r *http.Request) {
			cache := "no-cache"
			if r.URL.Query().Has("v") {
				cache = "public, max-age=31536000, immutable"
			}
			serve(w, r, files, strings.Replace(name, "{language}", r.PathValue("language"), 1), cache)
		})
	}
	mux.HandleFunc("GET /w/preview", preview)
	return mux
}

// preview is the page in which the administration shows a draft: the widget itself, kept from
// everything else that this server's pages may do.
func preview(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-cache")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-scripts allow-forms")
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write([]byte(`<!doctype html><html lang="sv"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>Widget</title><body><script src="/w/preview.js"></script></body></html>`)) // the reader may be gone
}

// serve sends a file, its gzip to those who take it (all browsers do).
func serve(w http.ResponseWriter, r *http.Request, files fs.FS, name, cache string) {
	h := w.Header()
	sent := name
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		sent = name + ".gz"
	}
	data, err := fs.ReadFile(files, sent)
	if err != nil {
		h.Set("Cache-Control", "no-store")
		http.Error(w, "The widget is not part of this binary. Build it with: make build", http.StatusServiceUnavailable)
		return
	}
	if sent != name {
		h.Set("Content-Encoding", "gzip")
	}
	sum := sha256.Sum256(data)
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cache-Control", cache)
	h.Set("Content-Type", "text/javascript; charset=utf-8")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("ETag", `"`+hex.EncodeToString(sum[:8])+`"`)
	h.Set("Vary", "Accept-Encoding")
	h.Set("X-Content-Type-Options", "nosniff")
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(data))
}
