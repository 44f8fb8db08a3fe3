package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/coder/websocket"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/vaxelhq/vaxel/gateway/api"
)

func TestGuessersAreSlowedDown(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.guest(t)
	for range 5 {
		c.refused("POST", "/session", m{"login": "anna", "password": "gissning"}, 401, "wrong_login")
	}
	w := c.raw("POST", "/session", jsonOf(t, m{"login": "anna", "password": password}))
	if wait := w.Header.Get("Retry-After"); w.StatusCode != http.StatusTooManyRequests || wait == "" || wait == "0" {
		t.Errorf("got %d, Retry-After %q", w.StatusCode, wait)
	}
	h.as(t, "bo") // the same office is not held up
}

// TestRefusalsAreLogged: with their source, by which the log counts a flood; what is only
// out of date is not.
func TestRefusalsAreLogged(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	guest, anna := h.guest(t), h.as(t, "anna")
	guest.refused("GET", "/me", nil, 401, "sign_in")
	guest.refused("POST", "/session", m{"login": "anna", "password": "gissning"}, 401, "wrong_login")
	anna.refused("GET", "/cases/999", nil, 404, "case_not_found")
	anna.refused("PUT", "/me/status", "junk", 422, "bad_request")
	anna.refused("POST", "/offers/999/1/accept", nil, 404, "no_interaction")
	for status, want := range map[string]int{"401": 2, "404": 2, "422": 1} {
		if got := h.logs.count(`msg="refused a request" source=127.0.0.1 status=` + status); got != want {
			t.Errorf("%s was logged %d times, want %d", status, got, want)
		}
	}
}

// TestTheDatabaseIsAway: nothing is wrong with the request, so it is to be sent again.
func TestTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.as(t, "anna")
	lost := &pgconn.PgError{Severity: "FATAL", Code: "57P01", Message: "terminating connection due to administrator command"}
	for _, err := range []error{lost, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, fmt.Errorf("list: %w", io.ErrUnexpectedEOF)} {
		h.Articles = absent{err: err}
		w := c.raw("GET", "/articles?q=x", nil)
		if w.StatusCode != http.StatusServiceUnavailable || w.Header.Get("Retry-After") != "1" || !strings.Contains(string(w.Body), `"try_again"`) {
			t.Errorf("%v: got %d %s", err, w.StatusCode, w.Body)
		}
	}
	if n := h.logs.count("level=ERROR"); n != 0 {
		t.Errorf("%d errors were logged, which is for what we did wrong", n)
	}
}

func TestBodiesAreBounded(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.as(t, "anna")
	huge := m{"status": "available", "code": strings.Repeat("x", 300<<10)}
	c.refused("PUT", "/me/status", huge, 413, "too_large")
	for body, code := range map[string]string{"{": "bad_request", "[]": "bad_request", `{"status":7}`: "bad_request", "": "bad_request"} {
		w := c.raw("PUT", "/me/status", strings.NewReader(body))
		p := m{}
		check(t, json.Unmarshal(w.Body, &p))
		if p["code"] != code || w.StatusCode >= 500 || w.StatusCode < 400 {
			t.Errorf("%q: got %d %v", body, w.StatusCode, p)
		}
	}
	d := c.with("Content-Type", "text/plain")
	if w := d.raw("PUT", "/me/status", strings.NewReader(`{"status":"available"}`)); w.StatusCode != http.StatusUnsupportedMediaType {
		t.Errorf("got %d for text/plain", w.StatusCode)
	}
	w := c.raw("POST", "/attachments", bytes.NewReader(nil))
	if w.StatusCode != http.StatusBadRequest {
		t.Errorf("an upload of nothing: got %d", w.StatusCode)
	}
}

func TestEveryAnswerIsHardened(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.as(t, "anna")
	for _, path := range []string{"/me", "/nothing", "/interactions/1"} {
		head := c.raw("GET", path, nil).Header
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if head.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, head.Get(name))
			}
		}
		if head.Get("X-Request-Id") == "" {
			t.Errorf("%s: no request id", path)
		}
	}
}

// TestAPanicIsOurFault breaks a room: the caller gets a problem, the log one line.
func TestAPanicIsOurFault(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.as(t, "anna")
	h.Articles = nil
	c.refused("GET", "/articles?q=x", nil, 500, "internal")
	if n := h.logs.count("panic in a request"); n != 1 {
		t.Errorf("logged %d times", n)
	}
	c.get("/me")
}

func TestWhatTheDatabaseSaysStaysInside(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.as(t, "anna")
	_, err := h.pool.Exec(t.Context(), "drop table task cascade")
	check(t, err)
	got := c.refused("GET", "/tasks", nil, 500, "internal")
	if text := fmt.Sprint(got); strings.Contains(text, "task") || strings.Contains(text, "SQL") {
		t.Errorf("got %v", got)
	}
	if h.logs.count(got["request_id"].(string)) != 1 {
		t.Error("not logged once under its request id")
	}
}

// fetches finds what a browser would get from elsewhere.
var fetches = regexp.MustCompile(`(?i)(src|srcset|data|action|url\(|@import)\s*=?\s*["']?https?:|<link[^>]*https?:`)

func TestTheDocsNeedNoScript(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.guest(t)
	w := c.raw("GET", "/api/docs", nil)
	page := string(w.Body)
	if w.StatusCode != http.StatusOK || strings.Contains(page, "<script") || fetches.MatchString(page) || strings.Contains(page, "style=") {
		t.Error("the page has scripts, inline styles or strangers' addresses")
	}
	for _, want := range []string{"/api/v1/offers/{interaction}/{no}/accept", "Administration", "PhoneAddress", "for supervisors."} {
		if !strings.Contains(strings.ToLower(page), strings.ToLower(want)) {
			t.Errorf("the page does not show %q", want)
		}
	}
	if csp := w.Header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'; style-src 'self'") {
		t.Errorf("got %q", csp)
	}
	if w := c.with("If-None-Match", w.Header.Get("ETag")).raw("GET", "/api/docs", nil); w.StatusCode != http.StatusNotModified {
		t.Errorf("got %d", w.StatusCode)
	}
	w = c.raw("GET", "/api/openapi.json", nil)
	contract, err := h.OpenAPI()
	check(t, err)
	if !bytes.Equal(w.Body, contract) || w.Header.Get("Content-Type") != "application/openapi+json" {
		t.Error("the contract is not served as it is")
	}
}

// BenchmarkMe is a request with an API key, through HTTP on one connection per caller.
func BenchmarkMe(b *testing.B) {
	h := newHouse(b)
	key := h.newKey(b, h.anna)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r, _ := http.NewRequestWithContext(b.Context(), http.MethodGet, h.web.URL+"/api/v1/me", nil)
			r.Header.Set("Authorization", "Bearer "+key)
			w, err := client.Do(r)
			if err != nil || w.StatusCode != http.StatusOK {
				b.Errorf("got %v %v", w, err)
				return
			}
			_, _ = io.Copy(io.Discard, w.Body)
			_ = w.Body.Close()
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}

func TestSource(t *testing.T) {
	t.Parallel()
	s := &api.Server{Options: api.Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}}
	for _, test := range []struct {
		from    string
		headers []string
		want    string
	}{
		{"192.0.2.1:1", nil, "192.0.2.1"},
		{"192.0.2.1:1", []string{"198.51.100.7"}, "192.0.2.1"}, // a stranger's word
		{"10.0.0.1:1", []string{"198.51.100.7"}, "198.51.100.7"},
		{"10.0.0.1:1", []string{"198.51.100.7, 203.0.113.9, 10.0.0.2"}, "203.0.113.9"},
		{"10.0.0.1:1", []string{"198.51.100.7, 203.0.113.9", "10.0.0.2"}, "203.0.113.9"}, // each proxy a line of its own
		{"10.0.0.1:1", []string{"198.51.100.7", "203.0.113.9"}, "203.0.113.9"},
		{"10.0.0.1:1", []string{"", "203.0.113.9", ""}, "203.0.113.9"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr, r.Header["X-Forwarded-For"] = test.from, test.headers
		if got := s.Source(r); got != test.want {
			t.Errorf("from %s with %q: got %s want %s", test.from, test.headers, got, test.want)
		}
	}
}

// TestRightsOnAnOpenSocket changes what people may do while their consoles are open.
func TestRightsOnAnOpenSocket(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.as(t, "admin")
	anna, _ := h.as(t, "anna").open("")
	bo, _ := h.as(t, "bo").open("")
	for _, l := range items(admin.get("/admin/logins")) {
		if l["name"] == "bo" {
			admin.patch("/admin/logins/"+l["id"].(string), m{"role": "agent"})
		}
	}
	if code := bo.closed(); code != websocket.StatusServiceRestart {
		t.Errorf("demoted: closed with %d", code)
	}
	bo.open("")
	bo.refused("GET", "/statistics", nil, 403, "role_required")
	admin.patch("/admin/agents/"+h.anna.String(), m{"active": false})
	if code := anna.closed(); code != 4001 {
		t.Errorf("left: closed with %d", code)
	}
	anna.refused("GET", "/cases", nil, 401, "sign_in")
	h.guest(t).refused("POST", "/session", m{"login": "anna", "password": password}, 401, "agent_left")
}

// absent is a library that fails.
type absent struct {
	api.Articles
	err error
}

func (a absent) Find(context.Context, string, string, int) ([]api.ArticleHit, error) {
	return nil, a.err
}
