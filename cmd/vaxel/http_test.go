package main

import (
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
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
