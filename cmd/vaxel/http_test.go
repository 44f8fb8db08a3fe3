package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5/pgxpool"
)

// The notices of the program and of each page that it carries stand in one text.
func TestNoticesOfAllThatIsCarried(t *testing.T) {
	w := httptest.NewRecorder()
	notices(fstest.MapFS{"licences.txt": {Data: []byte("of the console")}}, fstest.MapFS{}, fstest.MapFS{"licences.txt": {Data: []byte("of the widget")}})(w, nil)
	for _, want := range []string{"github.com/jackc/pgx/v5 v", "of the console", "of the widget"} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("no %q in the notices", want)
		}
	}
}

// A node that is not ready says when to ask again, whatever the reason.
func TestNotReady(t *testing.T) {
	pool, err := pgxpool.New(t.Context(), "postgres://127.0.0.1:1/none")
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	drained, lost := &house{}, &house{pool: pool}
	drained.redirects.Store(true)
	for _, h := range []*house{drained, lost} {
		w := httptest.NewRecorder()
		h.ready(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil))
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "1" {
			t.Errorf("got %d, Retry-After %q: %s", w.Code, w.Header().Get("Retry-After"), w.Body)
		}
	}
}
