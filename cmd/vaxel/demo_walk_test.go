package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/channels/voice/wav"
	"github.com/vaxelhq/vaxel/gateway"
)

// TestDemoWalk is what a newcomer does on the first day: with the telephones' settings as
// the demo has written them, for a machine without sound, a customer calls and an agent
// answers, each hears the other; nobody answers the next call and its message is played;
// a chat and a mail are answered; the day's figures count all four.
func TestDemoWalk(t *testing.T) {
	if _, err := exec.LookPath("baresip"); err != nil {
		t.Fatal("baresip is missing: apt-get install baresip-core")
	}
	dir := t.TempDir()
	l, err := net.Listen("tcp", local(0))
	check(t, err)
	listen := l.Addr().String()
	check(t, l.Close())
	r := startDemo(t, dir, listen)
	defer r.stop()
	w := &walk{running: r}
	w.ask(http.MethodPost, "/session", map[string]any{"login": "alva", "password": r.memory().Logins["alva"]}, nil)
	w.connect()

	w.status("available")
	alva := w.phone("agent")
	caller := w.phone("caller", "/dial "+sampleNumbers[0].number)
	call := w.holds(gateway.Voice)
	r.until("both hear something", func() bool { return alva.heard() > 5*time.Second && caller.heard() > 5*time.Second })
	caller.stop() // hangs up
	alva.stop()
	caller.wantBeeps(660)
	alva.wantBeeps(440)
	w.finish(call)

	w.status("on_break", "lunch")
	caller = w.phone("caller", "/dial "+sampleNumbers[0].number)
	r.until("the message is being recorded", func() bool {
		recorded, err := filepath.Glob(filepath.Join(dir, "data", "recordings", "*.wav"))
		return err == nil && len(recorded) == 1 && size(recorded[0]) > 4*16000
	})
	caller.stop()
	w.status("available")
	message := w.accept(gateway.Voicemail)
	if !beeps(w.recording(message), 440) {
		t.Error("the message does not hold what the customer said")
	}
	w.finish(message)

	guest := w.visit("Går det att hyra tält?")
	chat := w.accept(gateway.Chat)
	w.ask(http.MethodPost, "/interactions/"+chat+"/messages", map[string]any{"client_id": "a", "text": "Ja, i butiken."}, nil)
	guest.until("", "Ja, i butiken.") // in a frame of its own, or with what was read before it
	w.finish(chat)

	form := url.Values{"as": {"anna"}, "subject": {"Hyra"}, "text": {"Vad kostar det?"}}
	if code, _ := r.post("/demo/mail?lang=sv", formType, form.Encode()); code != http.StatusOK {
		t.Errorf("send the form: status %d", code)
	}
	mail := w.accept(gateway.Email)
	w.ask(http.MethodPost, "/interactions/"+mail+"/reply", map[string]any{"text": "200 kronor om dagen."}, nil)
	r.until("the answer is in the customer's list", func() bool {
		_, list := r.get("/demo/mails?as=anna&lang=sv")
		return strings.Contains(list, "200 kronor om dagen.")
	})
	w.finish(mail)
	r.until("the figures count four", func() bool {
		var figures struct {
			Handled int `json:"handled_today"`
		}
		return w.ask(http.MethodGet, "/me/statistics", nil, &figures) && figures.Handled == 4
	})
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// walk is alva at work.
type walk struct {
	*running

	mu     sync.Mutex // guards offers
	offers []gateway.Offer
}

// ask makes a request of the API and says whether it was obeyed.
func (w *walk) ask(method, path string, in, out any) bool {
	w.t.Helper()
	var body bytes.Buffer
	if in != nil {
		check(w.t, json.NewEncoder(&body).Encode(in))
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.base+"/api/v1"+path, &body)
	check(w.t, err)
	req.Header.Set("Content-Type", "application/json")
	code, text := w.do(req)
	if code >= http.StatusBadRequest {
		w.t.Logf("%s %s: %d %s", method, path, code, text)
		return false
	}
	if out != nil {
		check(w.t, json.Unmarshal([]byte(text), out))
	}
	return code != 0
}

func (w *walk) status(s string, code ...string) {
	w.t.Helper()
	wish := map[string]string{"status": s}
	if len(code) > 0 {
		wish["code"] = code[0]
	}
	w.until("the status "+s, func() bool { return w.ask(http.MethodPut, "/me/status", wish, nil) })
}

// connect opens the console's socket, as long as the test lasts, and notes what is offered.
func (w *walk) connect() {
	w.t.Helper()
	var ticket struct{ Ticket string }
	w.ask(http.MethodPost, "/socket-ticket", nil, &ticket)
	s := w.dial("/api/v1/socket", "vaxel.v1")
	check(w.t, wsjson.Write(s.ctx, s.conn, map[string]string{"t": "hello", "ticket": ticket.Ticket}))
	s.until("snapshot", "")
	go func() {
		for {
			var frame struct {
				T    string
				Data gateway.Offer
			}
			if _, body, err := s.conn.Read(s.ctx); err != nil {
				return
			} else if json.Unmarshal(body, &frame) == nil && frame.T == "offer.created" {
				w.mu.Lock()
				w.offers = append(w.offers, frame.Data)
				w.mu.Unlock()
			}
		}
	}()
}

// socket is a WebSocket to the demo.
type socket struct {
	t    *testing.T
	ctx  context.Context //nolint:containedctx // a test's
	conn *websocket.Conn
}

func (w *walk) dial(path string, protocols ...string) *socket {
	w.t.Helper()
	ctx := w.t.Context()
	conn, _, err := websocket.Dial(ctx, strings.Replace(w.base, "http", "ws", 1)+path, //nolint:bodyclose // Dial's is nil on success
		&websocket.DialOptions{Subprotocols: protocols, HTTPHeader: http.Header{"Origin": {w.base}}})
	check(w.t, err)
	conn.SetReadLimit(8 << 20)
	w.t.Cleanup(func() { _ = conn.CloseNow() })
	return &socket{w.t, ctx, conn}
}

// until reads frames until one of the kind, or of any if it is empty, holds the text.
func (s *socket) until(kind, text string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, time.Minute)
	defer cancel()
	for {
		_, body, err := s.conn.Read(ctx)
		if err != nil {
			s.t.Fatalf("wait for %s %q: %v", kind, text, err)
		}
		if strings.Contains(string(body), `"t":"`+kind) && strings.Contains(string(body), text) {
			return
		}
	}
}

// visit begins a chat as the widget on the demo's page does.
func (w *walk) visit(text string) *socket {
	w.t.Helper()
	s := w.dial("/w/socket")
	check(w.t, wsjson.Write(s.ctx, s.conn, map[string]string{"t": "hello", "key": widgetKey}))
	s.until("welcome", "")
	check(w.t, wsjson.Write(s.ctx, s.conn, map[string]string{
		"t": "form", "cid": "1", "name": "Anna", "email": "anna@kund.example", "topic": "other", "text": text,
	}))
	s.until("ack", "")
	return s
}

// accept takes what is offered until alva holds one of the channel.
func (w *walk) accept(channel gateway.Channel) string {
	w.t.Helper()
	w.until("an offer", func() bool {
		w.mu.Lock()
		offered := w.offers
		w.offers = nil
		w.mu.Unlock()
		for _, o := range offered {
			w.ask(http.MethodPost, fmt.Sprintf("/offers/%s/%d/accept", o.Interaction, o.No), nil, nil)
		}
		return w.held(channel) != ""
	})
	return w.held(channel)
}

// holds waits until alva has one of the channel, which she accepts elsewhere.
func (w *walk) holds(channel gateway.Channel) string {
	w.t.Helper()
	w.until("she has it", func() bool { return w.held(channel) != "" })
	return w.held(channel)
}

func (w *walk) held(channel gateway.Channel) string {
	w.t.Helper()
	var mine struct{ Items []gateway.Interaction }
	w.ask(http.MethodGet, "/interactions?scope=mine", nil, &mine)
	for _, i := range mine.Items {
		if i.Channel == channel && i.State == gateway.StateActive {
			return i.ID.String()
		}
	}
	return ""
}

// finish ends an interaction with an outcome.
func (w *walk) finish(id string) {
	w.t.Helper()
	var i gateway.Interaction
	w.ask(http.MethodGet, "/interactions/"+id, nil, &i)
	var lists struct {
		Items []struct {
			Required bool
			Codes    []struct{ ID, Parent string }
		}
	}
	w.ask(http.MethodGet, "/transaction-codes?queue="+i.Queue.String(), nil, &lists)
	codes := []string{}
	for _, list := range lists.Items {
		for _, c := range list.Codes {
			if list.Required && !slices.ContainsFunc(list.Codes, func(o struct{ ID, Parent string }) bool { return o.Parent == c.ID }) {
				codes = append(codes, c.ID)
				break
			}
		}
	}
	w.until("it is finished", func() bool {
		if w.ask(http.MethodGet, "/interactions/"+id, nil, &i) && i.State == gateway.StateActive {
			w.ask(http.MethodPost, "/interactions/"+id+"/end", map[string]any{}, nil)
		}
		return i.State == gateway.StateFinished || w.ask(http.MethodPost, "/interactions/"+id+"/finish", map[string]any{"codes": codes}, nil)
	})
}

// recording is what a voicemail sounds like.
func (w *walk) recording(id string) (sound wav.Sound) {
	w.t.Helper()
	var i gateway.Interaction
	var entries struct{ Items []gateway.Entry }
	w.ask(http.MethodGet, "/interactions/"+id, nil, &i)
	w.ask(http.MethodGet, "/conversations/"+i.Conversation.String()+"/entries", nil, &entries)
	for _, e := range entries.Items {
		if e.Kind != gateway.EntryRecording {
			continue
		}
		var r gateway.Recording
		check(w.t, json.Unmarshal(e.Body, &r))
		code, body := w.get(fmt.Sprintf("/api/v1/entries/%d/%d/files/%s", e.Conversation, e.Pos, r.Blob))
		sound, err := wav.Read(strings.NewReader(body))
		if code != http.StatusOK || err != nil {
			w.t.Fatalf("fetch the message: status %d, %v", code, err)
		}
		return sound
	}
	w.t.Fatal("there is no recording")
	return sound
}

// softphone is baresip with the settings that the demo wrote for a machine without sound.
type softphone struct {
	t   *testing.T
	dir string
	cmd *exec.Cmd
}

func (w *walk) phone(which string, orders ...string) *softphone {
	w.t.Helper()
	p := &softphone{t: w.t, dir: filepath.Join(w.dir, "data", "phones", which+"-headless")}
	for _, old := range p.dumps() {
		check(w.t, os.Remove(old))
	}
	args := []string{"-f", p.dir}
	for _, o := range orders {
		args = append(args, "-e", o)
	}
	p.cmd = exec.Command("baresip", args...) // ended by stop
	var said bytes.Buffer
	p.cmd.Stdout, p.cmd.Stderr = &said, &said
	check(w.t, p.cmd.Start())
	w.t.Cleanup(func() {
		p.stop()
		if w.t.Failed() {
			w.t.Logf("%s's telephone said:\n%s", which, rates.ReplaceAll(said.Bytes(), nil))
		}
	})
	return p
}

// rates are what baresip writes five times a second while it is in a call.
var rates = regexp.MustCompile(`(?m)^.*audio=\d+/\d+ \(bit/s\)\s*`)

// stop ends it, and its calls.
func (p *softphone) stop() {
	if p.cmd.ProcessState == nil {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		_ = p.cmd.Wait() // however it ends
	}
}

func (p *softphone) dumps() []string {
	list, _ := filepath.Glob(filepath.Join(p.dir, "dump-*-dec.wav")) // the pattern is good
	return list
}

// heard is how long it has written down what it hears.
func (p *softphone) heard() (long time.Duration) {
	for _, f := range p.dumps() {
		long += time.Duration(size(f)) * time.Second / 16000
	}
	return long
}

func (p *softphone) wantBeeps(hz int) {
	p.t.Helper()
	for _, name := range p.dumps() {
		body, err := os.ReadFile(name)
		check(p.t, err)
		sound, err := wav.Read(bytes.NewReader(body))
		if err == nil && beeps(sound, hz) {
			return
		}
	}
	p.t.Errorf("nothing of %d Hz in %v", hz, p.dumps())
}

func size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// beeps says whether the sound holds three times 0.3 s of a tone: a telephone without
// microphone beeps each second.
func beeps(s wav.Sound, hz int) bool {
	times := 0
	for at := 0; at+2400 <= len(s.Samples); at += 2400 {
		if phonetest.Share(s.Samples[at:at+2400], hz) > 0.6 {
			times++
		}
	}
	return times >= 3
}
