package chat_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/vaxelhq/vaxel/channels/chat"
	"github.com/vaxelhq/vaxel/gateway"
)

const conversation = gateway.ConversationID(1)

func TestFormBecomesAnArrival(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.start().dial(t)
	if ack := c.begin("Jag har fått fel faktura"); ack.CID != "form-1" || ack.Pos != 1 || !ack.Done {
		t.Errorf("ack is %+v", ack)
	}
	got := h.received[0]
	if got.Queue != 8 || got.Subject != "Faktura" || got.Language != "sv" || got.Channel != gateway.Chat || got.Skills[0].Skill != 3 {
		t.Errorf("arrival is %+v", got)
	}
	if got.From.Kind != gateway.AddressVisitor || got.From.Name != "Anna" || got.Others[0].Value != "anna@kund.example" {
		t.Errorf("arrival is from %+v, also %+v", got.From, got.Others)
	}
	if strings.Contains(got.Key+got.From.Value, c.token) {
		t.Error("the token itself left the chat")
	}
	if q := c.until("queue"); q.Phase != "queued" {
		t.Errorf("queue is %+v", q)
	}
	if q := c.until("queue"); q.Position != 3 || q.Wait != 120 {
		t.Errorf("place is %+v, want 3 and 120 s", q)
	}
}

// TestALineSaysItsLanguage: what a visitor writes is in their widget's language, from the first line on;
// what an agent writes in the one that they have said, and in none where they have not.
func TestALineSaysItsLanguage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.start().dial(t)
	c.begin("Hej")
	h.join(conversation)
	c.line("joined")
	c.send(m{"t": "msg", "cid": "2", "text": "Är du där?"})
	c.until("ack")
	h.replyIn("en-GB", conversation, "Do you read English?")
	h.reply("Ja")
	c.line("Ja")
	var told []string
	for _, l := range c.lines {
		if l.From == "agent" {
			told = append(told, l.Lang+" "+l.Text)
		}
	}
	if !slices.Equal(told, []string{"en-GB Do you read English?", " Ja"}) {
		t.Errorf("the visitor is told %q", told)
	}
	entries, err := h.Entries(t.Context(), conversation, 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Author.Kind == gateway.ByCustomer && e.Language != "sv" {
			t.Errorf("%q is in %q, want sv", e.Text, e.Language)
		}
	}
}

func TestLinesGoBothWaysInOneOrder(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.start().dial(t)
	c.begin("Hej")
	h.join(conversation)
	c.line("joined")
	if c.phase != "open" || c.lines[1].Name != "Alva Karlsson" {
		t.Errorf("phase %s, lines %+v", c.phase, c.lines)
	}
	h.reply("Hej Anna!")
	c.line("Hej Anna!")
	h.note(conversation)
	h.card(conversation)
	c.line("Ångerrätt och återköp")
	if last := c.lines[len(c.lines)-1]; last.Card == nil || last.Card.URL != "/help/sv/12" {
		t.Errorf("card is %+v", last)
	}
	c.send(m{"t": "msg", "cid": "m-1", "text": "  Tack!  "})
	if ack := c.until("ack"); ack.CID != "m-1" || ack.Pos != 6 {
		t.Errorf("ack is %+v", ack)
	}
	for _, l := range c.lines {
		if strings.Contains(l.Text, "arg") {
			t.Error("a note reached the customer")
		}
	}
	if want := []string{"Hej", "Hej Anna!", "Tack!"}; !slices.Equal(h.texts(conversation), want) {
		t.Errorf("stored %q, want %q", h.texts(conversation), want)
	}
}

func TestSameLineTwiceIsOne(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.start().dial(t)
	first := c.begin("Hej")
	h.join(conversation)
	for range 2 {
		c.send(m{"t": "form", "cid": "form-1", "text": "Hej"})
		if again := c.until("ack"); again.Pos != first.Pos {
			t.Errorf("form again: %+v, want position %d", again, first.Pos)
		}
		c.send(m{"t": "msg", "cid": "m-1", "text": "Hallå"})
		c.until("ack")
	}
	if want := []string{"Hej", "Hallå"}; !slices.Equal(h.texts(conversation), want) {
		t.Errorf("stored %q, want %q", h.texts(conversation), want)
	}
}

func TestResumeGivesExactlyTheRest(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.start()
	c := n.dial(t)
	c.begin("Hej")
	h.join(conversation)
	h.reply("ett")
	c.line("ett")
	_ = c.ws.CloseNow()
	for i := range 250 { // more than a page of a snap
		h.reply(fmt.Sprint("svar ", i))
	}
	c.resume(n)
	if got := len(c.lines); got != 253 {
		t.Errorf("have %d lines, want 253", got)
	}
	h.reply("live")
	c.line("live")

	other := n.dial(t) // the same visitor in a browser that has forgotten everything but the token
	other.token = c.token
	other.hello()
	other.whole()
	if got := len(other.lines); got != 254 || other.phase != "open" {
		t.Errorf("a new page has %d lines in phase %s, want 254 and open", got, other.phase)
	}
}

func TestAServerThatStopsLosesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.start()
	c := n.dial(t)
	c.begin("Hej")
	h.join(conversation)
	c.line("joined")
	n.stop()
	if code := c.closed(); code != 4010 {
		t.Errorf("closed with %d, want 4010", code)
	}
	h.reply("medan du var borta")
	n = h.start()
	if w := c.resume(n); w.Phase != "open" {
		t.Errorf("welcome is %+v, want open", w)
	}
	c.line("medan du var borta")
}

func TestFormStoredButNotAnswered(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.start()
	c := n.dial(t)
	c.hello()
	h.mu.Lock()
	h.trouble = errors.New("connection lost after the commit")
	h.mu.Unlock()
	form := m{"t": "form", "cid": "form-1", "name": "Anna", "text": "Hej"}
	c.send(form)
	if e := c.until("error"); e.Code != "try_again" || e.CID != "form-1" {
		t.Errorf("error is %+v", e)
	}
	h.mu.Lock()
	h.trouble = nil
	h.mu.Unlock()
	c.resume(n) // it is known by now: the row was committed
	c.send(form)
	c.until("ack")
	if got := h.texts(conversation); !slices.Equal(got, []string{"Hej"}) {
		t.Errorf("stored %q, want one line", got)
	}
}

func TestLostAnnouncementsAreMadeGood(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.start().dial(t)
	c.begin("Hej")
	h.join(conversation)
	c.line("joined")
	h.mu.Lock()
	h.deaf = true
	h.mu.Unlock()
	h.reply("ohörd")
	h.mu.Lock()
	h.deaf = false
	h.mu.Unlock()
	h.reply("hörd")
	c.line("ohörd")
	c.line("hörd")
}

func TestAnUnservedLineWaitsAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.start().dial(t)
	c.begin("Hej")
	h.join(conversation)
	h.end(conversation)
	c.line("ended")
	if c.phase != "ended" {
		t.Errorf("phase is %s, want ended", c.phase)
	}
	c.send(m{"t": "msg", "cid": "m-1", "text": "En sak till"})
	c.until("ack")
	c.until("queue")
	if got := h.received[1]; got.Conversation != conversation || c.phase != "queued" {
		t.Errorf("received %+v in phase %s", got, c.phase)
	}
}

func TestALineAfterTheCaseWasClosedForGood(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.start()
	c := n.dial(t)
	c.begin("Hej")
	h.join(conversation)
	h.end(conversation)
	c.line("ended")
	h.mu.Lock()
	h.moved = true
	h.mu.Unlock()
	line := m{"t": "msg", "cid": "m-1", "text": "En månad senare"}
	c.send(line)
	if code := c.closed(); code != websocket.StatusServiceRestart {
		t.Errorf("closed with %d, want 1012", code)
	}
	if w := c.resume(n); w.Phase != "queued" || w.Prev != 0 || len(c.lines) != 1 {
		t.Errorf("welcome is %+v, lines %+v; want the new conversation", w, c.lines)
	}
	c.send(line)
	if ack := c.until("ack"); ack.Pos != 1 {
		t.Errorf("ack is %+v, want position 1", ack)
	}
	if got := h.texts(2); !slices.Equal(got, []string{"En månad senare"}) {
		t.Errorf("stored %q", got)
	}
}

func TestVisitorEnds(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.start().dial(t)
	c.begin("Hej")
	h.join(conversation)
	c.line("joined")
	c.send(m{"t": "end"})
	c.line("ended")
	if got := h.commands; len(got) != 1 || got[0] != (gateway.Leave{Interaction: 100}) {
		t.Errorf("commands are %+v", got)
	}
}

// What a visitor writes is seen before it is sent only where their widget tells them so, and is
// kept nowhere.
func TestPreview(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.site.Form.Preview = true
	if _, err := chat.NewStore(h.pool).SaveWidget(t.Context(), h.site); err != nil {
		t.Fatal(err)
	}
	c := h.start().dial(t)
	c.begin("Hej")
	heard := make(chan gateway.Event, 16)
	defer h.Watch([]string{gateway.TopicConversation(conversation)}, func(e gateway.Event) {
		if e.Type == "typing" {
			heard <- e
		}
	})()
	c.send(m{"t": "typing", "on": true, "text": " Var är \x00min order? "})
	if e := <-heard; !strings.Contains(string(e.Data), `"text":"Var är min order?"`) {
		t.Errorf("agents hear %s", e.Data)
	}
	c.send(m{"t": "typing", "on": false, "text": "Var är"})
	if e := <-heard; strings.Contains(string(e.Data), "Var") {
		t.Errorf("agents hear %s of one who has stopped", e.Data)
	}
	if got := h.texts(1); !slices.Equal(got, []string{"Hej"}) {
		t.Errorf("stored %q", got)
	}
}

func TestWhatIsNotKept(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.start()
	c := n.dial(t)
	c.begin("Hej")
	h.join(conversation)
	c.line("joined")
	heard := make(chan gateway.Event, 16)
	defer h.Watch([]string{gateway.TopicConversation(conversation)}, func(e gateway.Event) {
		if e.Type == "typing" {
			heard <- e
		}
	})()
	c.send(m{"t": "typing", "on": true, "text": "hemligt"})
	if e := <-heard; !strings.Contains(string(e.Data), `"customer"`) || strings.Contains(string(e.Data), "hemligt") {
		t.Errorf("agents hear %s", e.Data)
	}
	h.types(conversation, "Alva")
	if f := c.until("typing"); f.Name != "Alva" {
		t.Errorf("visitor hears %+v", f)
	}
	h.Announce(gateway.NewEvent(gateway.TopicConversation(conversation), "message.receipt", 1, m{"reader": m{"kind": "agent"}, "pos": 1}))
	if f := c.until("seen"); f.Pos != 1 {
		t.Errorf("visitor hears %+v", f)
	}
	c.send(m{"t": "seen", "pos": 2})
	c.send(m{"t": "page", "url": "https://shop.example/kassa", "title": "Kassa"})
	for range 2 {
		c.send(m{"t": "vote", "id": "12", "useful": true})
	}
	c.send(m{"t": "msg", "cid": "m-1", "text": "efter"}) // frames are taken in order, so its ack says that the others were
	c.until("ack")
	var address string
	if err := h.pool.QueryRow(t.Context(), `select page_url from visitor`).Scan(&address); err != nil || address != "https://shop.example/kassa" {
		t.Errorf("page is %q (%v)", address, err)
	}
	if h.seen[gateway.ByCustomer] != 2 || len(h.votes) != 1 {
		t.Errorf("seen %v, votes %v", h.seen, h.votes)
	}
}

func TestOneSocketPerVisitor(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.start()
	c := n.dial(t)
	c.begin("Hej")
	second := n.dial(t)
	second.token = c.token
	second.hello()
	if code := c.closed(); code != 4009 {
		t.Errorf("first socket closed with %d, want 4009", code)
	}
	second.send(m{"t": "msg", "cid": "m-1", "text": "från den andra"})
	second.until("ack")
}

// The rule holds over nodes, too: the older socket is closed, and its end is not the
// visitor's.
func TestOneSocketPerVisitorOverNodes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	one, two := h.start(), h.start()
	h.watched(2)
	c := one.dial(t)
	c.begin("Hej")
	second := two.dial(t)
	second.token = c.token
	second.hello()
	if code := c.closed(); code != 4009 {
		t.Errorf("first socket closed with %d, want 4009", code)
	}
	second.send(m{"t": "msg", "cid": "m-1", "text": "från den andra"})
	second.until("ack")
	var gone bool
	if err := h.pool.QueryRow(t.Context(), `select gone_at is not null from visitor`).Scan(&gone); err != nil || gone {
		t.Errorf("the visitor is gone: %v (%v), and is connected", gone, err)
	}
	third := one.dial(t)
	third.token = c.token
	third.hello()
	if code := second.closed(); code != 4009 {
		t.Errorf("second socket closed with %d, want 4009", code)
	}
	third.send(m{"t": "msg", "cid": "m-2", "text": "från den tredje"})
	third.until("ack")
}

func TestDoors(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.start()
	big := strings.Repeat("x", 65<<10)
	tests := []struct {
		name   string
		origin string
		hello  bool
		kind   websocket.MessageType
		data   string
		code   websocket.StatusCode
	}{
		{"foreign origin", "https://evil.example", false, websocket.MessageText, `{"t":"hello","key":"nordvind"}`, 4003},
		{"origin that looks alike", "https://shop.example.evil.example", false, websocket.MessageText, `{"t":"hello","key":"nordvind"}`, 4003},
		{"unknown key", "https://shop.example", false, websocket.MessageText, `{"t":"hello","key":"nobody"}`, 4003},
		{"no hello", "https://shop.example", false, websocket.MessageText, `{"t":"msg","text":"x"}`, websocket.StatusPolicyViolation},
		{"bad JSON", "https://shop.example", true, websocket.MessageText, `{"t":`, websocket.StatusInvalidFramePayloadData},
		{"binary", "https://shop.example", true, websocket.MessageBinary, "\x00\x01", websocket.StatusUnsupportedData},
		{"binary hello", "https://shop.example", false, websocket.MessageBinary, `{"t":"hello","key":"nordvind"}`, websocket.StatusUnsupportedData},
		{"bad JSON first", "https://shop.example", false, websocket.MessageText, "\xff", websocket.StatusInvalidFramePayloadData},
		{"frame of 1 MiB", "https://shop.example", true, websocket.MessageText, `{"t":"msg","text":"` + strings.Repeat("x", 1<<20) + `"}`, websocket.StatusMessageTooBig},
		{"frame of 65 KiB", "https://shop.example", true, websocket.MessageText, `{"t":"msg","text":"` + big + `"}`, websocket.StatusMessageTooBig},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := &client{t: t}
			c.connect(n, test.origin)
			if test.hello {
				c.hello()
			}
			if err := c.ws.Write(t.Context(), test.kind, []byte(test.data)); err != nil {
				t.Fatal(err)
			}
			if code := c.closed(); code != test.code {
				t.Errorf("closed with %d, want %d", code, test.code)
			}
		})
	}
}

func TestErasedTokenIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.start()
	c := n.dial(t)
	c.begin("Hej")
	if _, err := h.pool.Exec(t.Context(), `update visitor set erased_at = now()`); err != nil {
		t.Fatal(err)
	}
	_ = c.ws.CloseNow()
	c.connect(n, "https://shop.example")
	c.send(m{"t": "hello", "key": "nordvind", "token": c.token})
	if code := c.closed(); code != 4001 {
		t.Errorf("closed with %d, want 4001", code)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.start()
	c := n.dial(t)
	c.hello()
	tests := []struct {
		frame m
		code  string
	}{
		{m{"t": "form", "cid": "a", "text": " "}, "empty_line"},
		{m{"t": "form", "cid": "b", "text": strings.Repeat("å", 5001)}, "line_too_long"},
		{m{"t": "form", "text": "Hej"}, "bad_cid"},
		{m{"t": "form", "cid": "c", "text": "Hej", "email": "nej"}, "bad_email"},
		{m{"t": "dance"}, "unknown_frame"},
	}
	for _, test := range tests {
		c.send(test.frame)
		if e := c.until("error"); e.Code != test.code {
			t.Errorf("%v: got %s, want %s", test.frame["cid"], e.Code, test.code)
		}
	}
	c.send(m{"t": "form", "cid": "d", "text": strings.Repeat("å", 5000) + "\x00"})
	c.until("ack")
}

func TestFloodSlowsOnlyItself(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.start()
	flood := n.dial(t)
	flood.begin("Hej")
	calm := n.dial(t)
	calm.begin("Hej")
	start := time.Now()
	for i := range 25 {
		flood.send(m{"t": "msg", "cid": fmt.Sprint("f-", i), "text": "nu"})
	}
	calm.send(m{"t": "msg", "cid": "c-1", "text": "lugn"})
	calm.until("ack")
	calmed := time.Since(start)
	for range 25 {
		if f := flood.until("ack"); f.Code != "" {
			t.Errorf("refused: %+v", f)
		}
	}
	if took := time.Since(start); took < time.Second {
		t.Errorf("26 lines were taken in %v; want a second or more", took)
	}
	if calmed > 500*time.Millisecond {
		t.Errorf("the calm visitor waited %v", calmed)
	}
}

func TestSlowReaderIsCutOffAndMadeWhole(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.start()
	c := n.dial(t)
	c.begin("Hej")
	h.join(conversation)
	c.line("joined")
	text := strings.Repeat("ordrik ", 700)
	for range 4000 { // some 20 MB: more than the kernel's buffers and ours
		h.reply(text)
	}
	c.resume(n)
	for int(c.pos) < 4002 {
		if _, err := c.read(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPagesOfAWebsite(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.start()
	get := func(path, origin string) (int, string, http.Header) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, n.http.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if origin != "" {
			req.Header.Set("Origin", origin)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(body), res.Header
	}
	code, body, header := get("/w/config?key=nordvind", "https://shop.example")
	if code != 200 || !strings.Contains(body, `"Faktura"`) || strings.Contains(body, `"queue"`) || header.Get("Access-Control-Allow-Origin") != "https://shop.example" {
		t.Errorf("config: %d %s %v", code, body, header)
	}
	if code, _, _ := get("/w/config?key=nordvind", "https://evil.example"); code != http.StatusForbidden {
		t.Errorf("foreign config: %d", code)
	}
	if code, _, _ := get("/w/config?key=nobody", ""); code != http.StatusNotFound {
		t.Errorf("unknown config: %d", code)
	}
	if code, body, _ := get("/w/articles?key=nordvind&q="+url.QueryEscape("återköp"), "https://shop.example"); code != 200 || !strings.Contains(body, "/help/sv/12") {
		t.Errorf("articles: %d %s", code, body)
	}
	if code, body, _ := get("/w/articles?key=nordvind&q=", ""); code != 200 || !strings.Contains(body, "[]") {
		t.Errorf("no question: %d %s", code, body)
	}
}

func TestClosedQueue(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.opening = chat.Opening{Until: time.Now().Add(time.Hour)}
	c := h.start().dial(t)
	if w := c.hello(); w.Phase != "offline" || w.Site.Open {
		t.Errorf("welcome is %+v", w)
	}
}

func TestWidgetsAreSavedByKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := chat.NewStore(h.pool)
	changed := h.site
	changed.Name, changed.Origins = "Nordvind AB", nil
	if _, err := s.SaveWidget(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	list, err := s.Widgets(t.Context())
	if err != nil || len(list) != 1 || list[0].Name != "Nordvind AB" || len(list[0].Form.Topics) != 4 || list[0].Form.Topics[0].Queue != 8 {
		t.Errorf("widgets are %+v (%v)", list, err)
	}
}

func TestHalfOpenSocketsAreNoticed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.start()
	dead, alive := n.dial(t), n.dial(t)
	dead.hello()
	alive.hello()
	pinged := 0
	for range 40 {
		n.Turn()
		alive.send(m{"t": "dance"}) // its answer says that the server has read what came before
		for {
			f, err := alive.read()
			if err != nil {
				t.Fatalf("the live socket was cut off: %v", err)
			}
			if f.T == "ping" {
				pinged++
				alive.send(m{"t": "pong", "pos": alive.pos})
			}
			if f.T == "error" {
				break
			}
		}
	}
	if pinged == 0 {
		t.Error("no ping in 40 seconds")
	}
	if code := dead.closed(); code != -1 {
		t.Errorf("the dead socket was closed with %d, want a cut without words", code)
	}
}

func TestVisitorsWhoLeaveTheQueueAreLetGo(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.start()
	waits, served, back := n.dial(t), n.dial(t), n.dial(t)
	waits.begin("väntar")
	served.begin("betjänas")
	back.begin("kommer tillbaka")
	h.join(2)
	served.line("joined")
	for _, c := range []*client{waits, served, back} {
		_ = c.ws.Close(websocket.StatusGoingAway, "")
	}
	gone := func() (count int) {
		if err := h.pool.QueryRow(t.Context(), `select count(*) from visitor where gone_at is not null`).Scan(&count); err != nil {
			t.Fatal(err)
		}
		return count
	}
	wait(t, "the server has read the closes", func() bool { return gone() == 3 })
	back.resume(n)
	at := time.Now().Truncate(30 * time.Second)
	n.SweepGone(t.Context(), at)
	if len(h.commands) != 0 {
		t.Errorf("let go at once: %+v", h.commands)
	}
	n.SweepGone(t.Context(), at.Add(6*time.Minute))
	if got := h.commands; len(got) != 1 || got[0] != (gateway.Leave{Interaction: 100}) {
		t.Errorf("commands are %+v, want the waiting one's leave", got)
	}
	h.mu.Lock()
	p := h.open[2]
	p.State = gateway.StateWaiting // transferred, while its visitor was away
	h.open[2] = p
	h.mu.Unlock()
	n.SweepGone(t.Context(), at.Add(7*time.Minute))
	if got := h.commands; len(got) != 2 || got[1] != (gateway.Leave{Interaction: 101}) {
		t.Errorf("commands are %+v, want the transferred one's leave too", got)
	}
	waits.resume(n)
	waits.line("ended")
}

func TestVisitorsOfADeadServerAreMissed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.start()
	waits, served, stays := n.dial(t), n.dial(t), n.dial(t)
	waits.begin("väntar")
	served.begin("betjänas")
	stays.begin("kommer tillbaka")
	h.join(2)
	n.stop()
	if _, err := h.pool.Exec(t.Context(), `update visitor set gone_at = null`); err != nil { // it died: nobody noted anything
		t.Fatal(err)
	}
	n = h.start()
	stays.resume(n)
	at := time.Now().Truncate(30 * time.Second).Add(30 * time.Second)
	n.SweepGone(t.Context(), at)
	n.SweepGone(t.Context(), at.Add(6*time.Minute))
	if got := h.commands; len(got) != 1 || got[0] != (gateway.Leave{Interaction: 100}) {
		t.Errorf("after six minutes commands are %+v, want the waiting one's leave", got)
	}
	n.SweepGone(t.Context(), at.Add(11*time.Minute))
	if got := h.commands; len(got) != 2 || got[1] != (gateway.Leave{Interaction: 101}) {
		t.Errorf("after eleven minutes commands are %+v, want the served one's leave too", got)
	}
	served.resume(n)
	served.line("ended")
}

// TestIdleSocket measures what a visitor who only waits costs us: our side of the
// connection, its goroutine and its session. It runs alone: what others take would be counted.
func TestIdleSocket(t *testing.T) {
	h := newHouse(t)
	n := h.start()
	first := n.dial(t)
	first.hello()
	const count = 1000
	request := "GET /w/socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nOrigin: https://shop.example\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	hello := `{"t":"hello","key":"nordvind"}`
	masked := append([]byte{0x81, 0x80 | byte(len(hello)), 0, 0, 0, 0}, hello...) // RFC 6455 §5.2, a mask of zeros
	address := strings.TrimPrefix(n.http.URL, "http://")
	small := make([]byte, 4096)
	conns := make([]net.Conn, count)
	before := inUse()
	for i := range conns {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conns[i] = conn
		if _, err := conn.Write(append([]byte(request), masked...)); err != nil {
			t.Fatal(err)
		}
		for got := ""; !strings.Contains(got, `"welcome"`); {
			k, err := conn.Read(small)
			if err != nil {
				t.Fatal(err)
			}
			got += string(small[:k])
		}
	}
	each := (inUse() - before) / count
	t.Logf("%d bytes a socket, the test's own end included", each)
	if each > 9<<10 && !racing {
		t.Errorf("an idle socket costs %d bytes, want at most 9 KiB", each)
	}
	runtime.KeepAlive(conns)
}

func inUse() int {
	var s runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&s)
	return int(s.HeapAlloc + s.StackInuse)
}
