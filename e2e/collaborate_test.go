package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"

	"github.com/vaxelhq/vaxel/channels/chat"
)

// shop is a website with a large page, a form and much that is nobody's business. Its pages
// allow the widget's scripts and sockets, and nothing else.
func shop(t *testing.T, v *vaxel) *httptest.Server {
	t.Helper()
	var rows strings.Builder
	for n := range 3000 {
		fmt.Fprintf(&rows, "<tr><td>Bicycle %d</td></tr>", n+1)
	}
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", fmt.Sprintf("default-src 'none'; script-src %[1]s; connect-src %[1]s ws%[2]s; img-src %[1]s; require-trusted-types-for 'script'", v.base, strings.TrimPrefix(v.base, "http")))
		fmt.Fprintf(w, `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><meta name="csrf-token" content="Hemligt-meta"><title>Cyklar</title></head><body><main><h1>Cyklar %s</h1>
<p class="vx-mask" title="Hemligt-titel">Hemligt-text</p><p data-vx-mask><b>Hemligt-barn</b></p><div class="vx-block">Hemligt-block</div><p id="balance">Hemligt-regel</p>
<details><summary>Delivery</summary><p>Within three days.</p></details>
<a href="/next?session=Hemligt-fraga#Hemligt-ankare">Next page</a> <a href="http://other.example/">Other site</a>
<form action="/sent"><label>Street <input name="street" value="Hemligt-forval"></label>
<label>City <input name="city" data-vx-show></label>
<label>Password <input type="password" name="password" autocomplete="off"></label>
<label>Card <input name="card" autocomplete="cc-number"></label>
<label>Note <textarea name="note">Hemligt-not</textarea></label>
<input type="hidden" name="csrf" value="Hemligt-dold"><label><input type="checkbox" name="agree"> I agree</label>
<button class="vx-noctl" type="button">Do not touch</button><button>Buy</button></form>
<div contenteditable="true" role="textbox" aria-label="Free text">Hemligt-fritt</div>
<table>%s</table></main><script async src="%s/w/v1.js" data-key="shop"></script></body></html>`, strings.Trim(r.URL.Path, "/"), rows.String(), v.base)
	}))
	t.Cleanup(page.Close)
	_, err := chat.NewStore(v.pool).SaveWidget(t.Context(), chat.Widget{Key: "shop", Name: "Cyklar", Queue: v.queue, Origins: []string{page.URL}})
	must(t, err)
	return page
}

// TestCollaborate: a customer and an agent, each in Chromium, look at the customer's page
// together; collaborate.mjs says what must happen.
func TestCollaborate(t *testing.T) {
	t.Parallel()
	v := newVaxel(t, "")
	page := shop(t, v)
	v.start()
	v.agent.signIn()
	_, err := v.pool.Exec(t.Context(), `update collaborate_setting set mask = '{#balance}'`)
	must(t, err)
	out, err := exec.CommandContext(t.Context(), "node", "collaborate.mjs", v.base, page.URL, v.agent.login, password).CombinedOutput()
	if err != nil {
		t.Fatalf("the browsers: %v\n%s\n%s", err, out, v.log.tail())
	}
	t.Logf("%s", out)
	var said []string
	must(t, v.pool.QueryRow(t.Context(), `
		select array_agg(body->>'what' order by pos)
		from entry
		where kind = 'event' and body->>'what' like 'collaborate%'`).Scan(&said))
	want := "asked ended asked shared control_asked control_declined control_asked control_given control_ended ended asked shared ended"
	if got := strings.ReplaceAll(strings.Join(said, " "), "collaborate_", ""); got != want {
		t.Errorf("the conversation tells %q, want %q", got, want)
	}
	if n := v.number(`select count(*) from collaboration where state = 'ended'`); n != 3 {
		t.Errorf("got %d ended sessions, want 3", n)
	}
	if n := v.number(`select count(*) from collaboration where pages::text like '%Hemligt%' or cardinality(pages) > 3`); n != 0 {
		t.Errorf("%d sessions keep more of an address than its path", n)
	}
}
