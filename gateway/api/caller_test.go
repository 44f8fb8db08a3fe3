package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"strings"
	"testing"

	"github.com/vaxelhq/vaxel/gateway/api"
)

// m is a JSON object.
type m = map[string]any

// client is somebody who uses the API.
type client struct {
	t      testing.TB
	h      *house
	http   *http.Client
	key    string
	header http.Header
}

// guest is nobody yet.
func (h *house) guest(t testing.TB) *client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	check(t, err)
	return &client{t: t, h: h, http: &http.Client{Jar: jar}, header: http.Header{}}
}

// as is somebody signed in.
func (h *house) as(t testing.TB, name string) *client {
	t.Helper()
	c := h.guest(t)
	c.post("/session", m{"login": name, "password": password}, http.StatusOK)
	return c
}

// answer is what came back, read to its end.
type answer struct {
	StatusCode int
	Header     http.Header
	Cookies    []*http.Cookie
	Body       []byte
}

// raw sends a request as it is.
func (c *client) raw(method, path string, body io.Reader) answer {
	c.t.Helper()
	if !strings.HasPrefix(path, "/api/") {
		path = api.Prefix + path
	}
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.h.web.URL+path, body)
	check(c.t, err)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	maps.Copy(r.Header, c.header)
	if c.key != "" {
		r.Header.Set("Authorization", "Bearer "+c.key)
	}
	w, err := c.http.Do(r)
	check(c.t, err)
	defer func() { _ = w.Body.Close() }()
	text, err := io.ReadAll(w.Body)
	check(c.t, err)
	return answer{w.StatusCode, w.Header, w.Cookies(), text}
}

// do sends JSON and wants a status; the answer is given as an object.
func (c *client) do(method, path string, body any, want int) m {
	c.t.Helper()
	var in io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		check(c.t, err)
		in = bytes.NewReader(b)
	}
	w := c.raw(method, path, in)
	if w.StatusCode != want {
		c.t.Fatalf("%s %s: got %d want %d: %s", method, path, w.StatusCode, want, w.Body)
	}
	out := m{}
	if len(w.Body) > 0 {
		if err := json.Unmarshal(w.Body, &out); err != nil {
			c.t.Fatalf("%s %s: %v: %s", method, path, err, w.Body)
		}
	}
	if want >= 400 {
		if out["status"] != float64(want) || out["code"] == "" || out["detail"] == "" || out["request_id"] == "" || w.Header.Get("Content-Type") != "application/problem+json" {
			c.t.Errorf("%s %s: not a whole problem: %s", method, path, w.Body)
		}
	}
	return out
}

func (c *client) get(path string) m {
	c.t.Helper()
	return c.do("GET", path, nil, 200)
}

func (c *client) post(path string, body any, want int) m {
	c.t.Helper()
	return c.do("POST", path, body, want)
}

func (c *client) put(path string, body any, want int) m {
	c.t.Helper()
	return c.do("PUT", path, body, want)
}

func (c *client) patch(path string, body any) m {
	c.t.Helper()
	return c.do("PATCH", path, body, 200)
}

func (c *client) delete(path string, want int) {
	c.t.Helper()
	c.do("DELETE", path, nil, want)
}

func (c *client) with(name, value string) *client {
	d := *c
	d.header = c.header.Clone()
	d.header.Set(name, value)
	return &d
}

func (c *client) refused(method, path string, body any, status int, code string) m {
	c.t.Helper()
	got := c.do(method, path, body, status)
	if got["code"] != code {
		c.t.Errorf("%s %s: got %v want %s", method, path, got, code)
	}
	return got
}

// items are those of a page.
func items(page m) []m {
	var out []m
	for _, v := range page["items"].([]any) {
		out = append(out, v.(m))
	}
	return out
}

// reader is a body.
func reader(v any) io.Reader {
	body, _ := json.Marshal(v) // a test's own
	return bytes.NewReader(body)
}

// keys are an object's fields, in order.
func keys(v m) []string { return slices.Sorted(maps.Keys(v)) }

// object reads an answer.
func object(t testing.TB, body []byte) m {
	t.Helper()
	out := m{}
	check(t, json.Unmarshal(body, &out))
	return out
}
