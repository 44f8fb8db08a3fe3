package chat_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// poll is one request in place of a socket; its frames are applied as a socket's are.
func (c *client) poll(n *node, wait int, frames ...m) []frame {
	c.t.Helper()
	hello := m{"t": "hello", "key": "nordvind", "token": c.token, "pos": c.pos, "lang": "sv"}
	if c.conv != "" {
		hello["conversation"] = c.conv
	}
	maps.Copy(hello, c.as)
	data, err := json.Marshal(m{"frames": append([]m{hello}, frames...), "wait": wait})
	if err != nil {
		c.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, n.http.URL+"/w/poll", bytes.NewReader(data))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Origin", "https://shop.example")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var out struct {
		Frames []frame
	}
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil || resp.StatusCode != http.StatusOK || resp.Header.Get("Access-Control-Allow-Origin") != "https://shop.example" {
		c.t.Fatalf("answered %s, %v, %v", resp.Status, err, resp.Header)
	}
	for _, f := range out.Frames {
		if f.T == "welcome" {
			c.token = f.Token
		}
		c.apply(f)
	}
	return out.Frames
}

// Without a socket a chat is the same chat: a line is acknowledged once it is stored and once
// however often it is sent, what is said comes whole and in order, at whichever node, as soon
// as it is said; and a socket carries on where the requests ended.
func TestPoll(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n, other := h.start(), h.start()
	h.watched(2)
	c := &client{t: t}
	c.poll(n, 0)
	form := m{"t": "form", "cid": "form-1", "name": "Anna", "text": "Hej"}
	c.poll(n, 30, form)
	if frames := c.poll(other, 0, form); c.phase != "queued" || len(frames) == 0 {
		t.Errorf("in phase %s after %+v", c.phase, frames)
	}
	h.join(conversation)
	h.note(conversation)
	c.poll(n, 30)
	c.line("joined")
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		c.poll(n, 30)
	}()
	wait(t, "somebody waits for news", func() bool { return n.Visitors() == 1 })
	h.reply("Hej Anna!")
	<-answered
	c.line("Hej Anna!")
	for range 2 {
		c.poll(other, 30, m{"t": "msg", "cid": "m-1", "text": "Tack"})
	}
	if got := h.texts(conversation); len(got) != 3 {
		t.Errorf("stored %q", got)
	}
	if n.Visitors() != 0 || other.Visitors() != 0 {
		t.Error("a request that is answered is still there")
	}
	c.connect(n, "https://shop.example")
	c.hello()
	h.reply("Varsågod!")
	c.line("Varsågod!")
	texts := 0
	for _, l := range c.lines {
		if l.Kind == string(gateway.EntryMessage) {
			texts++
		}
	}
	if texts != 4 {
		t.Errorf("shown %+v", c.lines)
	}
}

// Who is not believed is told so, and waits for news as everybody does.
func TestPollOfTheUnbelieved(t *testing.T) {
	t.Parallel()
	_, n := vouching(t, bothKeys)
	for code, as := range map[string]m{
		"identity_expired": {"jwt": token("HS256", claimsOf("4711", -time.Hour))},
		"identity_refused": {"user": "4711", "hash": "00"},
	} {
		c, began := &client{t: t, as: as}, time.Now()
		frames := c.poll(n, 1)
		if !slices.ContainsFunc(frames, func(f frame) bool { return f.Code == code }) {
			t.Errorf("told %+v, want %s", frames, code)
		}
		if d := time.Since(began); d < time.Second {
			t.Errorf("%s is answered after %v, though there is no news", code, d)
		}
	}
}

// A page that may not embed the widget is told so as it would be over a socket, and what is
// no hello is refused.
func TestPollRefused(t *testing.T) {
	t.Parallel()
	n := newHouse(t).start()
	post := func(origin, body string) (status int, closed int) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, n.http.URL+"/w/poll", bytes.NewBufferString(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Origin", origin)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		var out struct{ Close int }
		_ = json.NewDecoder(resp.Body).Decode(&out) // a refusal has none
		return resp.StatusCode, out.Close
	}
	for _, c := range []struct {
		origin, body   string
		status, closed int
	}{
		{"https://evil.example", `{"frames":[{"t":"hello","key":"nordvind"}]}`, 200, 4003},
		{"https://shop.example", `{"frames":[{"t":"msg"}]}`, 200, 1008},
		{"https://shop.example", `{"frames":[]}`, 400, 0},
		{"https://shop.example", `x`, 400, 0},
	} {
		if status, closed := post(c.origin, c.body); status != c.status || closed != c.closed {
			t.Errorf("%s from %s: %d, closed %d; want %d, %d", c.body, c.origin, status, closed, c.status, c.closed)
		}
	}
}
