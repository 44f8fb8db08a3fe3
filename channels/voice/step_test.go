package voice_test

import (
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice"
	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/channels/voice/wav"
	"github.com/vaxelhq/vaxel/gateway"
)

// The sentences of tonal's operator are tones, so that an ear can tell them apart.
const (
	toneMusic, toneCallback, tonePromised, toneSorry, toneOutside = 300, 500, 700, 900, 1100
	tonePlace, toneWait, toneMinutes, toneVoicemail               = 1200, 1400, 1600, 1800
)

// tonal has an operator's sound files.
func tonal(t *testing.T) func(*voice.Config) {
	t.Helper()
	dir := t.TempDir()
	for name, hz := range map[string]int{
		"music": toneMusic, "callback-sv": toneCallback, "promised-sv": tonePromised, "sorry-sv": toneSorry, "outside-sv": toneOutside,
		"place-sv": tonePlace, "wait-sv": toneWait, "minutes-sv": toneMinutes, "voicemail-sv": toneVoicemail,
	} {
		s := wav.Sound{Rate: g711.Rate, Channels: 1, Samples: make([]int16, g711.Rate)}
		for i := range s.Samples {
			s.Samples[i] = int16(9000 * math.Sin(2*math.Pi*float64(hz*i)/g711.Rate))
		}
		if err := os.WriteFile(filepath.Join(dir, name+".wav"), s.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return func(c *voice.Config) { c.Prompts = dir }
}

func hears(t *testing.T, p *phonetest.Phone, what string, hz int) {
	t.Helper()
	phonetest.Wait(t, what, func() bool { return p.Sound.Ear.Hears(hz) })
}

// The queue offers a callback; whoever presses 1 keeps the place and is let go with a promise.
func TestCallMeBack(t *testing.T) {
	for _, how := range []string{"RFC 4733", "INFO"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			h := open(t, 60, tonal(t))
			customer, c, id := h.calls(0)
			hears(t, customer, "music", toneMusic)
			h.step(id, gateway.Step{Do: gateway.OfferCallback}, "")
			hears(t, customer, "the offer", toneCallback)
			hears(t, customer, "music again", toneMusic)
			if how == "INFO" {
				c.Info('1')
			} else {
				customer.Sound.Press('1')
			}
			waitFor(h, "the floor is told", func(cmd gateway.CallBack) bool { return cmd.Interaction == id && cmd.Callback != 0 })
			hears(t, customer, "the promise", tonePromised)
			phonetest.Wait(t, "they are hung up", c.Gone)
			if cause := h.ends(); cause != "callback" {
				t.Errorf("ended by %s", cause)
			}
		})
	}
}

// An agent answers as the caller presses 1: they talk, and nobody is called back.
func TestCallMeBackTooLate(t *testing.T) {
	t.Parallel()
	h := open(t, 60, tonal(t))
	h.set(func() {
		h.decide = func(cmd gateway.Command) error {
			if _, ok := cmd.(gateway.CallBack); ok {
				return gateway.Conflict("not_waiting", "the interaction is no longer waiting", nil)
			}
			return nil
		}
	})
	agent := h.deskphone(anna, 1000)
	customer, c, id := h.calls(440)
	h.step(id, gateway.Step{Do: gateway.OfferCallback}, "")
	hears(t, customer, "the offer", toneCallback)
	customer.Sound.Press('1')
	waitFor(h, "the floor is told", func(cmd gateway.CallBack) bool { return cmd.Interaction == id })
	h.offer(id, 1, anna)
	agent.Next().Answer()
	hears(t, customer, "the agent", 1000)
	c.Bye()
	if cause := h.ends(); cause != "customer_bye" {
		t.Errorf("ended by %s", cause)
	}
}

// Who withholds the number can't be called back, and is not asked.
func TestNobodyToCallBack(t *testing.T) {
	t.Parallel()
	h := open(t, 60, tonal(t))
	stranger := phonetest.NewPhone(t, "anonymous", g711.A, 0)
	c := stranger.Dial(service, h.Addr())
	id := h.interaction()
	phonetest.Wait(t, "it is answered", c.Up)
	h.step(id, gateway.Step{Do: gateway.OfferCallback}, "")
	stranger.Sound.Press('1')
	h.step(id, gateway.Step{Do: gateway.HangUp}, gateway.EndClosed)
	phonetest.Wait(t, "they are hung up", c.Gone)
	h.ends()
	if did(h, func(gateway.CallBack) bool { return true }) {
		t.Error("a callback to nobody")
	}
}

// The server stops when the caller has pressed 1 and the floor has not answered: the next
// start asks for the same callback, and for no other.
func TestCallMeBackOutlivesUs(t *testing.T) {
	t.Parallel()
	h := open(t, 60, tonal(t))
	var asked gateway.CallBack
	h.set(func() {
		h.decide = func(cmd gateway.Command) error {
			if b, ok := cmd.(gateway.CallBack); ok {
				asked = b
				return &gateway.Error{Kind: gateway.KindTryAgain, Code: "no_leader"}
			}
			return nil
		}
	})
	customer, _, id := h.calls(0)
	h.step(id, gateway.Step{Do: gateway.OfferCallback}, "")
	hears(t, customer, "the offer", toneCallback)
	customer.Sound.Press('1')
	waitFor(h, "the floor is told", func(cmd gateway.CallBack) bool { return cmd.Interaction == id })
	h.stop()
	h.set(func() { h.decide = func(cmd gateway.Command) error { return nil }; h.commands = nil })
	h.run(h.cfg, 0)
	waitFor(h, "the floor is told again", func(cmd gateway.CallBack) bool { return cmd == asked })
	h.ends()
	if len(h.told()) != 1 || len(h.arrived()) != 1 {
		t.Errorf("told %+v, arrived %+v", h.told(), h.arrived())
	}
}

// Every while the caller is told where they stand and how long it may take.
func TestTellWait(t *testing.T) {
	t.Parallel()
	h := open(t, 60, tonal(t), func(c *voice.Config) { c.Patience.Announce = 50 * time.Millisecond })
	h.set(func() { h.position, h.wait = 3, 2*time.Minute })
	customer, c, _ := h.calls(0)
	for _, part := range []int{tonePlace, toneWait, toneMinutes} {
		hears(t, customer, "the sentence", part)
	}
	h.set(func() { h.position, h.wait = 0, 0 }) // nothing is known any more
	hears(t, customer, "music", toneMusic)
	c.Bye()
	h.ends()
}

// outsideHouse has somebody elsewhere, behind a dial plan.
func outsideHouse(t *testing.T) (h *house, elsewhere *phonetest.Phone) {
	t.Helper()
	elsewhere = phonetest.NewPhone(t, "elsewhere", g711.Mu, 1300)
	h = open(t, 60, tonal(t), func(c *voice.Config) {
		c.DialPlan = []voice.Route{{Prefix: "+4670", Through: elsewhere.Addr(), Strip: 3, Add: "0", From: "+46812345"}}
	})
	return h, elsewhere
}

// A step sends the caller to somebody else's telephone: they talk, keys pass, and the call
// goes on until one of them hangs up. Nothing of it is the floor's.
func TestSentOutside(t *testing.T) {
	for _, c := range []struct{ name, first, by, cause string }{
		{"the caller hangs up", "step", "customer", "customer_bye"},
		{"the other hangs up", "end", "outside", "outside_bye"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h, elsewhere := outsideHouse(t)
			customer, call, id := h.calls(440)
			hears(t, customer, "music", toneMusic)
			to := gateway.Step{Do: gateway.ToExternal, To: "+46701112233"}
			if c.first == "end" { // what is told comes in any order
				h.change(gateway.Interaction{ID: id, State: gateway.StateFinished, End: gateway.EndTransferredExternal, Queue: queue, Rev: 50})
				h.step(id, to, "")
			} else {
				h.step(id, to, gateway.EndTransferredExternal)
			}
			o := elsewhere.Next()
			if !has(o.To(), "0701112233") || !has(o.From(), "+46812345") {
				t.Errorf("called %s from %s", o.To(), o.From())
			}
			o.Ring()
			hears(t, customer, "that they are connected", toneOutside)
			o.Answer()
			phonetest.Talk(t, "they talk", customer, elsewhere)
			customer.Sound.Press('4')
			phonetest.Wait(t, "the key comes", func() bool { return elsewhere.Sound.Pressed() == "4" })
			call.Info('5')
			phonetest.Wait(t, "the key of an INFO comes", func() bool { return elsewhere.Sound.Pressed() == "45" })
			if c.by == "customer" {
				call.Bye()
			} else {
				o.Bye()
			}
			phonetest.Wait(t, "both are hung up", func() bool { return call.Gone() && o.Gone() })
			if cause := h.ends(); cause != c.cause {
				t.Errorf("ended by %s", cause)
			}
			if s := h.summary(); s.TalkMS <= 0 || len(h.told()) != 0 {
				t.Errorf("left behind %+v, told %+v", s, h.told())
			}
		})
	}
}

// Who can't be brought to the telephone outside leaves a message.
func TestSentOutsideInVain(t *testing.T) {
	for name, c := range map[string]struct {
		to     string
		answer func(o *phonetest.Call)
	}{
		"refused":              {"+46701112233", func(o *phonetest.Call) { o.Reject(486) }},
		"not in the dial plan": {"+1900555", nil},
		"nowhere":              {"", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, elsewhere := outsideHouse(t)
			customer, call, id := h.calls(0)
			phonetest.Wait(t, "it is answered", call.Up)
			h.step(id, gateway.Step{Do: gateway.ToExternal, To: c.to}, gateway.EndTransferredExternal)
			if c.answer != nil {
				c.answer(elsewhere.Next())
			}
			hears(t, customer, "the greeting", toneVoicemail)
			hears(t, customer, "the beep", 1000)
			h.speaks(customer)
			call.Bye()
			h.ends()
			if a, _ := h.voicemail(); a.Key == "" {
				t.Error("nothing was kept")
			}
		})
	}
}

// The server stops while they talk: the call has ended, and the floor has nothing to do.
func TestStopOutside(t *testing.T) {
	t.Parallel()
	h, elsewhere := outsideHouse(t)
	customer, call, id := h.calls(440)
	phonetest.Wait(t, "it is answered", call.Up)
	h.step(id, gateway.Step{Do: gateway.ToExternal, To: "+46701112233"}, gateway.EndTransferredExternal)
	o := elsewhere.Next()
	o.Answer()
	hears(t, customer, "the other", 1300)
	h.stop()
	phonetest.Wait(t, "both are hung up", func() bool { return call.Gone() && o.Gone() })
	h.run(h.cfg, 0)
	if cause := h.ends(); cause != "system_failure" {
		t.Errorf("ended by %s", cause)
	}
	if len(h.told()) != 0 || len(h.arrived()) != 1 {
		t.Errorf("told %+v, arrived %+v", h.told(), h.arrived())
	}
}

// Who is sent away hears why; hanging up meanwhile is no trouble.
func TestGoodbye(t *testing.T) {
	t.Parallel()
	h := open(t, 60, tonal(t))
	customer, c, id := h.calls(0)
	phonetest.Wait(t, "it is answered", c.Up)
	h.step(id, gateway.Step{Do: gateway.HangUp}, gateway.EndClosed)
	hears(t, customer, "the goodbye", toneSorry)
	c.Bye()
	if cause := h.ends(); cause != "closed" {
		t.Errorf("ended by %s", cause)
	}
}

// Who hangs up during the greeting has left no message, but the queue.
func TestHangsUpAtTheGreeting(t *testing.T) {
	t.Parallel()
	h := open(t, 1, tonal(t))
	customer, c, id := h.calls(0)
	hears(t, customer, "the greeting", toneVoicemail)
	c.Bye()
	waitFor(h, "the floor is told", func(cmd gateway.Leave) bool { return cmd.Interaction == id && cmd.End == gateway.EndAbandoned })
	h.ends()
	if a, _ := h.voicemail(); a.Key != "" {
		t.Errorf("nothing became %+v", a)
	}
}

// A sound file that nobody would hear is refused at the start, with what to do.
func TestBadPrompts(t *testing.T) {
	stereo := wav.Sound{Rate: 44100, Channels: 2, Samples: make([]int16, 200)}.Bytes()
	for name, content := range map[string][]byte{"hello-sv.wav": stereo, "welcome.wav": stereo, "welcome-sv.mp3": stereo, "welcome-sv.wav": stereo, "11-sv.wav": stereo, "place-sv.wav": []byte("no")} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := voice.Spoken(dir); err == nil || !has(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := voice.Spoken(filepath.Join(t.TempDir(), "nowhere")); err == nil {
		t.Error("a directory that is not there is taken")
	}
}
