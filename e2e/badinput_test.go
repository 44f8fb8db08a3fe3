package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/vaxelhq/vaxel/channels/email/mailtest"
	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/gateway"
)

// TestBadInputMail: whatever stands in the mailbox comes in as a case, once, as well as it
// can be read, and the good mail behind it too.
func TestBadInputMail(t *testing.T) {
	t.Parallel()
	dovecot := mailtest.StartDovecot(t)
	v := newVaxel(t, mailbox(dovecot.IMAP, dovecot.IMAP))
	head := func(id string) string {
		return "From: karin@kund.example\r\nTo: " + support + "\r\nSubject: Hej\r\nMessage-ID: <" + id + "@kund.example>\r\n"
	}
	bad := []string{
		"no mail at all",
		"\r\nno head\r\n",
		head("junk") + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nnever closed",
		head("base64") + "Content-Transfer-Encoding: base64\r\n\r\n!!!! not base64 ????\r\n",
		head("charset") + "Content-Type: text/plain; charset=klingon\r\n\r\n\xe5\xe4\xf6\r\n",
		head("long") + "X-Long: " + strings.Repeat("x", 900_000) + "\r\n\r\nHej\r\n",
		head("deep") + nested(150),
		head("bytes") + "X-\xff\xfe: \x80\r\n\r\n\xff\xfe\x80 Hej\r\n",
		"From: karin@kund.example\r\nDate: the day after\r\nSubject: =?utf-8?q?=FF=FE?=\r\n\r\nno Message-ID\r\n",
		"From: <<>>,;;\r\nSubject: nobody\r\nMessage-ID: not an id\r\n\r\nHej\r\n",
	}
	for _, raw := range bad {
		dovecot.Deliver(t, support, []byte(raw))
	}
	dovecot.Deliver(t, support, mailtest.Mail("good", "bo@kund.example", "Bra", "Hej!"), mailtest.Mail("good", "bo@kund.example", "Bra", "Hej!"))
	v.start()
	v.wait("all mails", func() bool { return v.number(`select count(*) from arrival`) >= len(bad)+1 })
	v.wait("the good mail", func() bool { return v.number(`select count(*) from entry where text like 'Hej!%'`) > 0 })
	for _, w := range []struct {
		what string
		sql  string
		want int
	}{
		{"mails kept as they came", `select count(*) from entry where kind = 'mail' and body->>'raw' <> ''`, len(bad) + 1},
		{"copies of the good one", `select count(*) from entry where text like 'Hej!%'`, 1},
		{"cases", `select count(*) from support_case`, len(bad) + 1},
		{"that say what is wrong with them", `select count(*) from entry where body->>'defects' <> ''`, 6},
		{"in quarantine", `select count(*) from quarantine`, 0},
	} {
		if got := v.number(w.sql); got != w.want {
			t.Errorf("got %d %s, want %d", got, w.what, w.want)
		}
	}
	v.wantQuietLog()
}

// nested is so many multiparts in each other.
func nested(depth int) string {
	var b strings.Builder
	for n := range depth {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", n, n)
	}
	return b.String() + "\r\nHej\r\n"
}

// TestBadInputChat: a visitor who sends junk is told what is wrong, and disturbs nobody.
func TestBadInputChat(t *testing.T) {
	t.Parallel()
	v := newVaxel(t, widget)
	v.start()
	v.agent.signIn()
	c := v.agent.openConsole()
	v.agent.available()
	good := v.visit()
	good.say("form", 0, map[string]any{"name": "Karin", "text": "Hej 0"})
	id := c.accept(t)

	hello := `{"t":"hello","key":"shop"}`
	for _, say := range []struct {
		what   string
		frames []string
		code   string               // of the error frame, or
		close  websocket.StatusCode // of the end
	}{
		{"no JSON", []string{"what?"}, "", 1007},
		{"no hello", []string{`{"t":"msg","cid":"1","text":"Hej"}`}, "", websocket.StatusPolicyViolation},
		{"an unknown widget", []string{`{"t":"hello","key":"nobody's"}`}, "origin_refused", 0},
		{"an oversized frame", []string{hello, `{"t":"msg","cid":"1","text":"` + strings.Repeat("x", 200<<10) + `"}`}, "", websocket.StatusMessageTooBig},
		{"an unknown frame", []string{hello, `{"t":"dance","cid":"1"}`}, "unknown_frame", 0},
		{"an empty line", []string{hello, `{"t":"msg","cid":"1","text":" \u0000 "}`}, "empty_line", 0},
		{"a line that is too long", []string{hello, `{"t":"msg","cid":"1","text":"` + strings.Repeat("å", 20_000) + `"}`}, "line_too_long", 0},
		{"a line without an id", []string{hello, `{"t":"msg","text":"Hej"}`}, "bad_cid", 0},
	} {
		heard, closed := v.junk(t, "/w/socket", nil, say.frames)
		if code := firstCode(heard); say.code != "" && code != say.code || say.close != 0 && closed != say.close {
			t.Errorf("%s: got error %q and close %d, want %q and %d", say.what, code, closed, say.code, say.close)
		}
	}
	v.wantPrivate(t, good)
	good.say("msg", 1, map[string]any{"text": "Hej 1"})
	v.wait("acknowledgement", good.allSaid)
	good.wantWhole()
	c.finish(t, id)
	v.wantOne(gateway.Chat, 2)
	v.wantQuietLog()
}

// wantPrivate has another visitor, who is known to the widget, name somebody's conversation
// and do there what a visitor can: they are told nothing of it and change nothing.
func (v *vaxel) wantPrivate(t *testing.T, owner *visitor) {
	t.Helper()
	owner.mu.Lock()
	theirs, pos := owner.conv, owner.pos
	owner.mu.Unlock()
	welcome, _ := v.junk(t, "/w/socket", nil, []string{`{"t":"hello","key":"shop"}`})
	if len(welcome) == 0 || welcome[0].T != "welcome" || welcome[0].Token == "" || theirs == "" || pos == 0 {
		t.Fatalf("the other visitor got %+v, the chat is %q at %d", welcome, theirs, pos)
	}
	seen := v.number(`select count(*) from entry`)
	for _, token := range []string{welcome[0].Token, ""} {
		hello := fmt.Sprintf(`{"t":"hello","key":"shop","token":%q,"conversation":%q,"pos":0}`, token, theirs)
		heard, closed := v.junk(t, "/w/socket", nil, []string{
			hello, `{"t":"typing","on":true}`, `{"t":"seen","pos":1}`, `{"t":"vote","cid":"1","pos":1,"up":true}`, `{"t":"end","cid":"2"}`,
		})
		if closed != 0 {
			t.Errorf("the other visitor's socket ended with %d", closed)
		}
		for _, f := range heard {
			if f.Conversation != "" || f.T != "welcome" && f.T != "error" {
				t.Errorf("the other visitor was told %+v", f)
			}
		}
	}
	if now := v.number(`select count(*) from entry`); now != seen {
		t.Errorf("the other visitor made %d entries", now-seen)
	}
	if n := v.number(`select count(*) from interaction where state = 'active'`); n != 1 {
		t.Errorf("%d chats go on, want the one", n)
	}
}

// junk sends frames and gives what was answered, and how the socket ended. One that stays
// open is asked for an unknown frame to know that all was read.
func (v *vaxel) junk(t *testing.T, path string, protocols []string, frames []string) (heard []chatFrame, closed websocket.StatusCode) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, strings.Replace(v.base, "http", "ws", 1)+path, //nolint:bodyclose // Dial's is nil on success
		&websocket.DialOptions{HTTPHeader: http.Header{"Origin": {v.base}}, Subprotocols: protocols})
	must(t, err)
	defer func() { _ = conn.CloseNow() }()
	for _, f := range append(frames, `{"t":"last words"}`) {
		_ = conn.Write(ctx, websocket.MessageText, []byte(f)) // it may be closed already: Read says how
	}
	for {
		_, body, err := conn.Read(ctx)
		if err != nil {
			return heard, websocket.CloseStatus(err)
		}
		var f chatFrame
		must(t, json.Unmarshal(body, &f))
		if f.T == "error" && strings.Contains(string(body), "last words") {
			return heard, 0
		}
		heard = append(heard, f)
	}
}

// firstCode is that of the first refusal.
func firstCode(heard []chatFrame) string {
	for _, f := range heard {
		if f.T == "error" {
			return f.Code
		}
	}
	return ""
}

// refused makes a request that must be refused with the status and the code, and a detail
// that says what to do.
func (a *agent) refused(status int, code, method, path, body string) {
	a.v.t.Helper()
	req, err := http.NewRequestWithContext(a.v.t.Context(), method, a.v.base+"/api/v1"+path, strings.NewReader(body))
	must(a.v.t, err)
	req.Header.Set("Content-Type", "application/json")
	resp, err := a.client.Do(req)
	must(a.v.t, err)
	defer func() { _ = resp.Body.Close() }()
	var p struct {
		Code, Detail string
		RequestID    string `json:"request_id"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&p); err != nil {
		a.v.t.Errorf("%s %s: status %d, no problem: %v", method, path, resp.StatusCode, err)
		return
	}
	if resp.StatusCode != status || p.Code != code || p.Detail == "" || p.RequestID == "" {
		a.v.t.Errorf("%s %s: got %d %+v, want %d %s", method, path, resp.StatusCode, p, status, code)
	}
}

// TestBadInputAPI: an agent who is wrong is told how, and what they hold is as it was.
func TestBadInputAPI(t *testing.T) {
	t.Parallel()
	v := newVaxel(t, widget)
	stranger, chief := v.hire(gateway.RoleAgent, "bo", "Bo Ek"), v.addAgent("eva", "Eva Ek")
	v.start()
	v.agent.signIn()
	stranger.signIn()
	chief.signIn()
	c := v.agent.openConsole()
	v.agent.available()
	guest := v.visit()
	guest.say("form", 0, map[string]any{"name": "Karin", "text": "Hej 0"})
	id := c.accept(t)
	at := "/interactions/" + id.String()
	a := v.agent

	a.refused(409, "offer_gone", "POST", "/offers/"+id.String()+"/1/decline", ``)
	a.refused(409, "offer_gone", "POST", "/offers/"+id.String()+"/99/accept", ``)
	a.refused(404, "no_interaction", "POST", "/offers/999999/1/accept", ``)
	for _, other := range []*agent{stranger, chief} {
		other.refused(403, "not_yours", "POST", at+"/messages", `{"text":"Hej"}`)
		other.refused(403, "not_yours", "POST", at+"/end", `{}`)
		other.refused(403, "not_yours", "POST", at+"/finish", `{"codes":["`+v.codes[0].String()+`"]}`)
	}
	stranger.refused(403, "role_required", "GET", at+"/why", ``)
	stranger.refused(403, "role_required", "POST", "/admin/agents", `{}`)
	stranger.refused(403, "role_required", "PATCH", "/admin/queues/"+v.queue.String(), `{}`)
	stranger.refused(403, "role_required", "PUT", "/agents/"+a.id.String()+"/status", `{"status":"on_break"}`)
	a.refused(404, "no_interaction", "GET", "/interactions/999999", ``)
	a.refused(400, "bad_id", "GET", "/interactions/1'--", ``)
	a.refused(404, "no_shortcut", "POST", at+"/articles", `{"shortcut":"/nix"}`)
	a.refused(422, "bad_request", "POST", at+"/messages", `{}`)
	a.refused(400, "bad_request", "POST", at+"/messages", `{"text":`)
	a.refused(413, "too_large", "POST", at+"/messages", `{"text":"`+strings.Repeat("x", 8<<20)+`"}`)
	a.refused(422, "bad_request", "PUT", "/me/status", `{"status":"asleep"}`)
	a.refused(404, "no_such_path", "GET", "/nothing", ``)
	a.refused(405, "no_such_method", "DELETE", "/interactions", ``)
	a.must(http.MethodPost, at+"/end", map[string]any{}, nil)
	a.refused(422, "code_required", "POST", at+"/finish", `{"codes":[]}`)
	a.refused(422, "unknown_code", "POST", at+"/finish", `{"codes":["999999"]}`)

	nobody := &agent{v: v, client: &http.Client{}}
	nobody.refused(401, "sign_in", "GET", "/me", ``)
	for frame, want := range map[string]websocket.StatusCode{"what?": 1007, `{"t":"hello","ticket":"guessed"}`: 4001, strings.Repeat("x", 1<<20): 1009} {
		if _, closed := v.junk(t, "/api/v1/socket", []string{"vaxel.v1"}, []string{frame}); closed != want {
			t.Errorf("%.40s: the console's socket ended with %d, want %d", frame, closed, want)
		}
	}

	c.finish(t, id)
	v.wantOne(gateway.Chat, 1)
	v.wantQuietLog()
}

// TestBadInputPassword: guessing slows down, for the one who is guessed about; the others
// sign in as ever.
func TestBadInputPassword(t *testing.T) {
	t.Parallel()
	v := newVaxel(t, "")
	other := v.addAgent("bo", "Bo Ek")
	v.start()
	jar, err := cookiejar.New(nil)
	must(t, err)
	client := &http.Client{Jar: jar}
	answers := map[string]int{}
	for n := range 30 {
		body := fmt.Sprintf(`{"login":"anna","password":"guess %d"}`, n)
		resp, err := client.Post(v.base+"/api/v1/session", "application/json", strings.NewReader(body))
		must(t, err)
		var p struct{ Code, Detail string }
		must(t, json.NewDecoder(resp.Body).Decode(&p))
		_ = resp.Body.Close()
		answers[fmt.Sprint(resp.StatusCode, " ", p.Code)]++
		if after, _ := strconv.Atoi(resp.Header.Get("Retry-After")); p.Detail == "" || resp.StatusCode == http.StatusTooManyRequests && after < 1 {
			t.Errorf("%d %+v, again after %d s", resp.StatusCode, p, after)
		}
	}
	if wrong, many := answers["401 wrong_login"], answers["429 too_many_attempts"]; wrong == 0 || many == 0 || wrong+many != 30 {
		t.Errorf("30 guesses were answered %v, want wrong_login and then too_many_attempts", answers)
	}
	other.signIn()
	v.wantQuietLog()
}

// TestBadInputSIP: a flood of what is no SIP, and of SIP that is wrong; a call comes
// through all the same.
func TestBadInputSIP(t *testing.T) {
	t.Parallel()
	sip := freePort(t, "udp")
	v := newVaxel(t, telephony(sip, 60))
	desk := phonetest.NewPhone(t, "agent", g711.A, agentHz)
	v.agent.setPhone(desk.URI())
	desk.OnCall(func(c *phonetest.Call) { c.Ring(); c.Answer() })
	v.start()
	v.agent.signIn()
	v.agent.openConsole()
	v.agent.available()

	conn, err := net.Dial("udp", sip)
	must(t, err)
	defer func() { _ = conn.Close() }()
	dice := rand.New(rand.NewPCG(1, 2))
	invite := func(id int, forwards, method string) string {
		return fmt.Sprintf("INVITE sip:support@%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%d\r\nFrom: <sip:x@x>;tag=1\r\nTo: <sip:support@x>\r\n"+
			"Call-ID: %[3]d\r\nCSeq: 1 %s\r\nContact: <sip:x@127.0.0.1:9>\r\nMax-Forwards: %s\r\n", sip, conn.LocalAddr(), id, method, forwards)
	}
	junk := []string{
		"\x00", "GET / HTTP/1.1\r\n\r\n", "INVITE", "SIP/2.0 200 OK\r\n\r\n", strings.Repeat("x", 60_000),
		invite(1, "70", "INVITE"), invite(2, "70", "INVITE") + "Content-Length: 99999\r\n\r\nshort",
		invite(3, "70", "INVITE") + "Content-Type: application/sdp\r\nContent-Length: 4\r\n\r\nv=0\n",
		invite(4, "many", "INVITE") + "\r\n", invite(5, "70", "DANCE") + "\r\n",
	}
	for range 300 {
		for _, j := range junk {
			_, _ = conn.Write([]byte(j))
		}
		b := make([]byte, 200)
		for i := range b {
			b[i] = byte(dice.Uint32())
		}
		_, _ = conn.Write(b)
	}

	caller := phonetest.NewPhone(t, "caller", g711.A, customerHz)
	call := caller.Dial("support", netip.MustParseAddrPort(sip))
	v.wait("they hear each other", func() bool { return caller.Sound.Ear.Hears(agentHz) && desk.Sound.Ear.Hears(customerHz) })
	call.Bye()
	v.agent.wrapUp()
	v.wait("the finish", func() bool { return v.number(`select count(*) from interaction where state = 'finished'`) == 1 })
	if n := v.number(`select count(*) from interaction`); n != 1 {
		t.Errorf("got %d calls, want the one", n)
	}
	unknown := phonetest.NewPhone(t, "unknown", g711.A, 0).Dial("nobody", netip.MustParseAddrPort(sip))
	phonetest.Wait(t, "the trunk that takes any number takes it", func() bool { return unknown.Status() == 200 })
	v.wantQuietLog()
}

var logLine = regexp.MustCompile(`(?m)^time=(\S{19})\S* level=(INFO|WARN|ERROR) msg=("[^"]*"|\S+)(?:.*? source=([^\s"]+))?`)

// wantQuietLog holds the log to ten lines a second of each kind and about each source, and
// to no error of ours.
func (v *vaxel) wantQuietLog() {
	v.t.Helper()
	for _, line := range v.wantFewLines() {
		if line[2] == "ERROR" {
			v.t.Errorf("an error of ours: %s", line[0])
		}
	}
}

// wantFewLines holds the log to ten lines a second of each kind and about each source, and
// gives them.
func (v *vaxel) wantFewLines() [][]string {
	v.t.Helper()
	lines := logLine.FindAllStringSubmatch(v.log.String(), -1)
	if len(lines) == 0 {
		v.t.Error("no line of the log was understood")
	}
	for _, key := range crowded(lines) {
		v.t.Errorf("more than ten lines in a second: %s", key)
	}
	return lines
}

// crowded gives the seconds with more than ten lines of one message or about one source,
// which is an address, whatever its port.
func crowded(lines [][]string) (keys []string) {
	seen := map[string]int{}
	count := func(key string) {
		if seen[key]++; seen[key] == 11 {
			keys = append(keys, key)
		}
	}
	for _, m := range lines {
		count(m[1] + " " + m[3])
		source := m[4]
		if at, err := netip.ParseAddrPort(source); err == nil {
			source = at.Addr().String()
		}
		if source != "" {
			count(m[1] + " source=" + source)
		}
	}
	return keys
}

// A source that varies its messages and its ports is one source; others are not it.
func TestCrowded(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	line := func(second, message int, source string) {
		fmt.Fprintf(&log, "time=2026-03-02T10:00:%02d.120Z level=WARN msg=\"refused %d\" status=400%s\n", second, message, source)
	}
	for n := range 11 {
		line(1, n, fmt.Sprintf(" source=192.0.2.1:%d what=x", 5060+n))
		line(2, n, fmt.Sprintf(" source=192.0.2.%d", n))
		line(3, n, "")
		line(4+n%2, n, " source=192.0.2.1")
		line(6, 0, fmt.Sprintf(" source=192.0.2.%d", n))
	}
	want := []string{"2026-03-02T10:00:01 source=192.0.2.1", `2026-03-02T10:00:06 "refused 0"`}
	if got := crowded(logLine.FindAllStringSubmatch(log.String(), -1)); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
