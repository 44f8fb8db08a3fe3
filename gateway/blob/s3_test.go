package blob_test

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/blob"
)

// bucket is as much of S3 as we use: PUT, GET, HEAD, DELETE and ListObjectsV2 of one
// bucket. It believes every signature.
type bucket struct {
	mu      sync.Mutex
	objects map[string]object // by path
}

type object struct {
	text string
	at   time.Time
}

type listing struct {
	XMLName  xml.Name `xml:"ListBucketResult"`
	Contents []listed
}

type listed struct {
	Key          string
	Size         int
	LastModified string
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o, ok := b.objects[r.URL.Path]
	switch {
	case r.URL.Query().Has("location"):
		_, _ = io.WriteString(w, `<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>`)
	case r.URL.Query().Get("list-type") == "2":
		b.list(w, r.URL.Query().Get("prefix"))
	case r.Method == http.MethodPut:
		b.put(w, r)
	case !ok:
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `<Error><Code>NoSuchKey</Code></Error>`)
	case r.Method == http.MethodDelete:
		delete(b.objects, r.URL.Path)
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Set("ETag", `"x"`)
		http.ServeContent(w, r, "", o.at, strings.NewReader(o.text))
	}
}

// put takes the body as it is or in the chunks of a streaming signature, each after a
// line "length;chunk-signature=…".
func (b *bucket) put(w http.ResponseWriter, r *http.Request) {
	if from := r.Header.Get("X-Amz-Copy-Source"); from != "" {
		b.objects[r.URL.Path] = object{b.objects["/"+strings.TrimPrefix(from, "/")].text, time.Now()}
		_, _ = io.WriteString(w, `<CopyObjectResult><ETag>"x"</ETag><LastModified>2026-11-22T12:00:00Z</LastModified></CopyObjectResult>`)
		return
	}
	body, _ := io.ReadAll(r.Body)
	text := string(body)
	if strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		_, text, _ = strings.Cut(text, "\r\n")
		text, _, _ = strings.Cut(text, "\r\n")
	}
	b.objects[r.URL.Path] = object{text, time.Now()}
	w.Header().Set("ETag", `"x"`)
}

func (b *bucket) list(w http.ResponseWriter, prefix string) {
	var l listing
	for path, o := range b.objects {
		if key := strings.TrimPrefix(path, "/calls/"); strings.HasPrefix(key, prefix) {
			l.Contents = append(l.Contents, listed{key, len(o.text), o.at.UTC().Format(time.RFC3339)})
		}
	}
	_ = xml.NewEncoder(w).Encode(l)
}

func TestS3(t *testing.T) {
	b := &bucket{objects: map[string]object{"/calls/other": {"not ours", time.Now()}}}
	srv := httptest.NewServer(b)
	t.Cleanup(srv.Close)
	s, err := blob.NewS3(blob.S3Config{
		Endpoint: strings.TrimPrefix(srv.URL, "http://"), Bucket: "calls", Prefix: "vaxel/",
		AccessKey: "a", SecretKey: "s", Plain: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	info := put(t, s, "a recording")
	if got := read(t, s, info.Key); got != "a recording" || info.Size != 11 {
		t.Errorf("got %q, %v", got, info)
	}
	n := 0
	for o, err := range s.All(t.Context()) {
		if n++; err != nil || o.Key != info.Key || o.Size != 11 || o.Touched.IsZero() {
			t.Errorf("got %v, %v", o, err)
		}
	}
	if n != 1 {
		t.Errorf("got %d objects, want 1", n)
	}
	if gone, err := s.Remove(t.Context(), info.Key, time.Now().Add(-time.Hour)); gone || err != nil {
		t.Errorf("a new one: got %v, %v, want it kept", gone, err)
	}
	b.age("/calls/vaxel/"+info.Key, 2*time.Hour)
	if err := s.Touch(t.Context(), info.Key); err != nil {
		t.Errorf("touch: %v", err)
	}
	if gone, err := s.Remove(t.Context(), info.Key, time.Now().Add(-time.Hour)); gone || err != nil {
		t.Errorf("a touched one: got %v, %v, want it kept", gone, err)
	}
	if got := read(t, s, info.Key); got != "a recording" {
		t.Errorf("a touched one: got %q", got)
	}
	if gone, err := s.Remove(t.Context(), info.Key, time.Now().Add(time.Hour)); !gone || err != nil {
		t.Errorf("an old one: got %v, %v, want it gone", gone, err)
	}
	if _, _, err := s.Open(t.Context(), info.Key); !errors.Is(err, gateway.ErrNotFound) {
		t.Errorf("got %v, want not found", err)
	}
	if err := s.Touch(t.Context(), info.Key); !errors.Is(err, gateway.ErrNotFound) {
		t.Errorf("touch: got %v, want not found", err)
	}
}

func (b *bucket) age(path string, by time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o := b.objects[path]
	o.at = o.at.Add(-by)
	b.objects[path] = o
}
