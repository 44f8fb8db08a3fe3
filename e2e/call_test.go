package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/netip"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/channels/voice/wav"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/roster"
)

// Each side says a tone of its own, so that one-way sound and mix-ups are heard.
const (
	customerHz = 440
	agentHz    = 660
	beepHz     = 1000 // after it the caller speaks
)

// telephony is the part of a configuration with a trunk, and voicemail after maxWait seconds.
func telephony(sip string, maxWait int) string {
	return fmt.Sprintf(`
[voice]
listen = %q
rtp_ports = "30000-31999"
[[voice.trunk]]
name = "main"
queue = "Support"
language = "en"
max_wait = %d
`, sip, maxWait)
}

// setPhone gives the agent a telephone.
func (a *agent) setPhone(uri string) {
	a.v.t.Helper()
	people := roster.New(a.v.pool, quiet{})
	now, err := people.Agent(a.v.t.Context(), a.id)
	must(a.v.t, err)
	now.Phones = []roster.Phone{{Kind: roster.PhoneSIP, Address: uri}}
	_, err = people.UpdateAgent(a.v.t.Context(), now)
	must(a.v.t, err)
}

// TestStoryCall: a real softphone calls, an agent's real softphone answers, each hears
// the other; afterwards there is a case, a code and a line in the figures.
func TestStoryCall(t *testing.T) {
	t.Parallel()
	sip := freePort(t, "udp")
	v := newVaxel(t, telephony(sip, 60))
	phone := phonetest.NewBaresip(t, "agent", agentHz, "")
	v.agent.setPhone(phone.URI)
	v.start()
	v.agent.signIn()
	c := v.agent.openConsole()
	v.agent.available()

	caller := phonetest.NewBaresip(t, "caller", customerHz, "sip:support@"+sip)
	var id gateway.InteractionID
	v.wait("the accepted call", func() bool {
		var mine struct{ Items []gateway.Interaction }
		v.agent.call(http.MethodGet, "/interactions?scope=mine", nil, &mine)
		for _, i := range mine.Items {
			if i.State == gateway.StateActive && i.Channel == gateway.Voice {
				id = i.ID
			}
		}
		return id != 0
	})
	var lines struct{ Items []struct{ State string } }
	v.wait("a talking line", func() bool {
		v.agent.call(http.MethodGet, "/me/lines", nil, &lines)
		return len(lines.Items) == 1 && lines.Items[0].State == "talking"
	})
	v.wait("the sound, both ways", func() bool { return caller.Hears(agentHz) && phone.Hears(customerHz) })
	heard := caller.Heard() // hangs up
	if !phonetest.HoldsTone(heard, agentHz) {
		t.Error("the customer did not hear the agent")
	}
	c.finish(t, id)
	if !phonetest.HoldsTone(phone.Heard(), customerHz) {
		t.Error("the agent did not hear the customer")
	}
	v.wantOne(gateway.Voice, 1)
	v.agent.wantHandled(1)
}

// TestStoryVoicemail: nobody answers; the caller's message is an interaction on the same
// case, and the agent hears in it what the caller said, also in the console.
func TestStoryVoicemail(t *testing.T) {
	t.Parallel()
	sip := freePort(t, "udp")
	v := newVaxel(t, telephony(sip, 1))
	v.start()
	v.agent.signIn()
	c := v.agent.openConsole()
	leaveMessage(t, sip)
	v.agent.available()
	id := c.accept(t)
	sound := v.agent.recording(t, id)
	if !phonetest.HoldsTone(sound, customerHz) {
		t.Error("the recording does not hold what the caller said")
	}
	v.agent.listens(t, id, sound.Duration())
	c.finish(t, id)
	if n := v.number(`select count(*) from support_case`); n != 1 {
		t.Errorf("got %d cases, want the call and its message on one", n)
	}
	if n := v.number(`select count(*) from interaction where channel = 'voice' and ended = 'voicemail'`); n != 1 {
		t.Errorf("got %d calls that ended in voicemail, want 1", n)
	}
	v.agent.wantHandled(1)
}

// listens plays the message in the console, in Chromium.
func (a *agent) listens(t *testing.T, id gateway.InteractionID, long time.Duration) {
	t.Helper()
	var complained bytes.Buffer
	browser := exec.CommandContext(t.Context(), "node", "listener.mjs", a.v.base, a.login, password, id.String())
	browser.Stderr = &complained
	out, err := browser.Output()
	if err != nil {
		t.Fatalf("the agent's browser: %v\n%s", err, &complained)
	}
	var heard struct {
		Seconds, At, Seekable float64
		Type                  string
	}
	must(t, json.Unmarshal(out, &heard))
	if math.Abs(heard.Seconds-long.Seconds()) > 0.1 || heard.At < heard.Seconds-0.1 || heard.Seekable < heard.Seconds-0.1 || heard.Type != "audio/wav" {
		t.Errorf("the console played %+v of %v", heard, long)
	}
}

// leaveMessage calls, hears the greeting and the beep, speaks, and hangs up.
func leaveMessage(t *testing.T, sip string) {
	t.Helper()
	phone := phonetest.NewPhone(t, "caller", g711.A, 0)
	call := phone.Dial("support", netip.MustParseAddrPort(sip))
	phonetest.Wait(t, "the beep", func() bool { return phone.Sound.Ear.Hears(beepHz) })
	speak(t, phone)
	call.Bye()
}

// speak says two seconds of the customer's tone.
func speak(t *testing.T, phone *phonetest.Phone) {
	t.Helper()
	phone.Sound.Say(customerHz)
	begun := phone.Sound.Sent()
	phonetest.Wait(t, "two seconds are said", func() bool { return phone.Sound.Sent() > begun+120 })
}

// recording fetches the voicemail of an interaction as an agent's browser does, again after
// every kill.
func (a *agent) recording(t *testing.T, id gateway.InteractionID) (sound wav.Sound) {
	t.Helper()
	a.v.wait("the recording", func() (ok bool) {
		sound, ok = a.fetchRecording(t, id)
		return ok
	})
	return sound
}

func (a *agent) fetchRecording(t *testing.T, id gateway.InteractionID) (sound wav.Sound, ok bool) {
	t.Helper()
	var i gateway.Interaction
	var entries struct{ Items []gateway.Entry }
	if a.call(http.MethodGet, "/interactions/"+id.String(), nil, &i) != http.StatusOK ||
		a.call(http.MethodGet, "/conversations/"+i.Conversation.String()+"/entries", nil, &entries) != http.StatusOK {
		return sound, false
	}
	at := slices.IndexFunc(entries.Items, func(e gateway.Entry) bool { return e.Kind == gateway.EntryRecording })
	if at < 0 {
		return sound, false
	}
	var r gateway.Recording
	must(t, json.Unmarshal(entries.Items[at].Body, &r))
	resp, err := a.client.Get(fmt.Sprintf("%s/api/v1/entries/%d/%d/files/%s", a.v.base, i.Conversation, entries.Items[at].Pos, r.Blob))
	if err != nil {
		return sound, false
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return sound, false
	}
	sound, err = wav.Read(bytes.NewReader(body))
	must(t, err)
	return sound, true
}

// TestKillCall: the process is killed at each point of a call's way to an agent. The call
// dies with it, its telephones are told, and it becomes one callback, which the agent
// takes and finishes, also if it was killed before the call was in the queue.
func TestKillCall(t *testing.T) {
	t.Parallel()
	points := slices.Concat(receivePoints, floorPoints(gateway.StateOffered, gateway.StateActive),
		[]string{"call.written", "call.received", "call.ringing", "call.answered", "call.accepted", "call.bridged"})
	early := []string{"call.written", "intake.begun", "intake.appended", "intake.committing"}
	walk(t, points, func(t *testing.T, point string) { //nolint:thelper // the test itself
		p := newPhones(t, point)
		call := p.caller.Dial("support", p.sip)
		p.wait("the crash", p.back)
		phonetest.Wait(t, "the customer's telephone is told", call.Gone)
		calls := 1
		if slices.Contains(early, point) && p.number(`select count(*) from interaction where channel = 'voice'`) == 0 {
			calls = 0
		}
		p.wait("the callback", func() bool { return p.number(`select count(*) from interaction where channel = 'callback'`) == 1 })
		if slices.Contains([]string{"call.accepted", "call.bridged"}, point) {
			phonetest.Wait(t, "the agent's telephone is told", p.desk.Next().Gone)
		}
		p.agent.wrapUp()
		p.console.finish(t, p.console.accept(t))
		p.wait("the call's end", func() bool { return p.number(`select count(*) from call where state = 'ended'`) > 0 })
		for _, w := range []struct {
			what string
			sql  string
			want int
		}{
			{"calls with one end", `select count(*) from interaction where channel = 'voice' and ended = 'system_failure'`, calls},
			{"callbacks finished", `select count(*) from interaction where channel = 'callback' and ended = 'handled' and cardinality(codes) = 1`, 1},
			{"cases", `select count(*) from support_case`, 1},
			{"interactions", `select count(*) from interaction`, calls + 1},
			{"calls in the journal", `select count(*) from call where state = 'ended'`, 1},
		} {
			if got := p.number(w.sql); got != w.want {
				t.Errorf("got %d %s, want %d", got, w.what, w.want)
			}
		}
		checkFloor(t, p.pool)
	})
}

// TestKillCallEnding: the process is killed at each point after the customer has hung up.
// The call was handled, once, and nobody is called back.
func TestKillCallEnding(t *testing.T) {
	t.Parallel()
	points := append(floorPoints(gateway.StateWrapUp, gateway.StateFinished), "call.leaving", "call.left", "call.ended")
	walk(t, points, func(t *testing.T, point string) { //nolint:thelper // the test itself
		p := newPhones(t, point)
		call := p.caller.Dial("support", p.sip)
		phonetest.Wait(t, "they hear each other", func() bool { return p.caller.Sound.Ear.Hears(agentHz) && p.desk.Sound.Ear.Hears(customerHz) })
		call.Bye()
		p.agent.wrapUp()
		p.wait("the finish", func() bool { return p.number(`select count(*) from interaction where state = 'finished'`) == 1 })
		p.wait("the crash", p.back)
		p.wait("the call's end", func() bool { return p.number(`select count(*) from call where state = 'ended'`) == 1 })
		p.wantCrashed()
		p.wantOne(gateway.Voice, 1)
		phonetest.Wait(t, "the agent's telephone is told", p.desk.Next().Gone)
	})
}

// phones is a Växel with a customer's and an agent's telephone, the agent ready.
type phones struct {
	*vaxel
	console      *console
	caller, desk *phonetest.Phone
	sip          netip.AddrPort
}

func newPhones(t *testing.T, point string) *phones {
	t.Helper()
	sip := freePort(t, "udp")
	p := &phones{
		vaxel: newVaxel(t, telephony(sip, 60)), sip: netip.MustParseAddrPort(sip),
		desk: phonetest.NewPhone(t, "agent", g711.A, agentHz), caller: phonetest.NewPhone(t, "caller", g711.A, customerHz),
	}
	p.agent.setPhone(p.desk.URI())
	p.desk.OnCall(func(c *phonetest.Call) { c.Ring(); c.Answer() })
	p.startCrashing(point)
	p.agent.signIn()
	p.console = p.agent.openConsole()
	p.agent.available()
	return p
}

// back says whether the process has killed itself and is there again.
func (v *vaxel) back() bool { return v.crashed.n.Load() > 0 && v.ready() }

// wrapUp finishes what the agent has left to write down, until nothing is.
func (a *agent) wrapUp() {
	a.v.t.Helper()
	a.v.wait("the wrap-up", func() bool {
		var mine struct{ Items []gateway.Interaction }
		if a.call(http.MethodGet, "/interactions?scope=mine", nil, &mine) != http.StatusOK {
			return false
		}
		for _, i := range mine.Items {
			if i.State == gateway.StateWrapUp {
				a.call(http.MethodPost, "/interactions/"+i.ID.String()+"/finish", map[string]any{"codes": a.v.codes}, nil)
			}
		}
		return !slices.ContainsFunc(mine.Items, func(i gateway.Interaction) bool {
			return i.State == gateway.StateWrapUp || i.State == gateway.StateActive
		})
	})
}

// TestKillVoicemail: the process is killed at each point of a message's way. What was
// recorded is kept and handled as one interaction; whoever was cut off before they spoke
// is called back.
func TestKillVoicemail(t *testing.T) {
	t.Parallel()
	points := []string{"blob.written", "blob.stored", "call.voicemail", "call.recording", "call.recorded", "call.stored", "call.leaving", "call.left", "call.ended"}
	for _, p := range append(slices.Clone(receivePoints), floorPoints(gateway.StateFinished)...) {
		points = append(points, p+":2") // the first was the call's
	}
	points = append(points, verbs...)
	walk(t, points, func(t *testing.T, point string) { //nolint:thelper // the test itself
		sip := freePort(t, "udp")
		v := newVaxel(t, telephony(sip, 1))
		v.agent.setPhone("sip:anna@127.0.0.1:9") // who can be asked to call back
		v.startCrashing(point)
		v.agent.signIn()
		c := v.agent.openConsole()
		phone := phonetest.NewPhone(t, "caller", g711.A, 0)
		call := phone.Dial("support", netip.MustParseAddrPort(sip))
		v.wait("voicemail, or the crash", func() bool {
			return v.crashed.n.Load() > 0 || v.number(`select count(*) from call where state = 'voicemail'`) == 1
		})
		phone.Sound.Press('#') // no need of the greeting
		phonetest.Wait(t, "the beep, or the crash", func() bool { return v.crashed.n.Load() > 0 || phone.Sound.Ear.Hears(beepHz) })
		spoken := v.crashed.n.Load() == 0
		if spoken {
			speak(t, phone)
			call.Bye()
		}
		v.agent.available()
		id := c.accept(t)
		recordings, callbacks := 0, 1
		if spoken {
			recordings, callbacks = 1, 0
			if sound := v.agent.recording(t, id); !phonetest.HoldsTone(sound, customerHz) {
				t.Errorf("the recording, %v, does not hold what the caller said", sound.Duration())
			}
		}
		c.finish(t, id)
		v.wait("the crash", v.back)
		v.wait("the call's end", func() bool { return v.number(`select count(*) from call where state = 'ended'`) == 1 })
		for _, w := range []struct {
			what string
			sql  string
			want int
		}{
			{"recordings", `select count(*) from entry where kind = 'recording'`, recordings},
			{"callbacks", `select count(*) from interaction where channel = 'callback' and ended = 'handled'`, callbacks},
			{"voicemails", `select count(*) from interaction where channel = 'voicemail' and ended = 'handled'`, recordings},
			{"interactions", `select count(*) from interaction where state = 'finished'`, 2},
			{"interactions left open", `select count(*) from interaction where state <> 'finished'`, 0},
			{"finished with one code, beside the call", `select count(*) from interaction where channel <> 'voice' and cardinality(codes) = 1`, 1},
			{"accepted offers", `select count(*) from offer where outcome = 'accepted'`, 1},
			{"open offers", `select count(*) from offer where closed_at is null`, 0},
			{"left in the inbox", `select count(*) from floor_inbox`, 0},
			{"cases", `select count(*) from support_case`, 1},
			{"calls", `select count(*) from call`, 1},
		} {
			if got := v.number(w.sql); got != w.want {
				t.Errorf("got %d %s, want %d", got, w.what, w.want)
			}
		}
		checkFloor(t, v.pool)
	})
}
