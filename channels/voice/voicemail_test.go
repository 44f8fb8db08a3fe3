package voice_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice"
	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/channels/voice/wav"
	"github.com/vaxelhq/vaxel/gateway"
)

// Nobody answers: the caller speaks after the tone, and what they said is a voicemail.
func TestVoicemail(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := open(t, 1, func(c *voice.Config) { c.Dir = dir })
	customer, c, id := h.calls(0)
	waitFor(h, "the call leaves the queue", func(cmd gateway.Leave) bool { return cmd.Interaction == id && cmd.End == gateway.EndVoicemail })
	phonetest.Wait(t, "the beep", func() bool { return customer.Sound.Ear.Hears(1000) })
	phonetest.Wait(t, "the beep is over", func() bool { return !customer.Sound.Ear.Hears(1000) })
	h.speaks(customer)
	customer.Sound.Press('#')
	phonetest.Wait(t, "the call ends", c.Gone)
	if cause := h.ends(); cause != "voicemail_key" {
		t.Errorf("ended by %s", cause)
	}
	h.waitedUntilVoicemail()
	a, raw := h.voicemail()
	sound, err := wav.Read(bytes.NewReader(raw))
	if err != nil || sound.Duration() < 1500*time.Millisecond {
		t.Fatalf("stored %v, %v", sound.Duration(), err)
	}
	mid := len(sound.Samples) / 2
	if share := phonetest.Share(sound.Samples[mid:mid+1600], 660); share < 0.9 {
		t.Errorf("the message holds the tone by %.2f", share)
	}
	if a.Conversation == 0 || a.From.Value != "+46701234567" || !a.Alone || a.Entry.Kind != gateway.EntryRecording {
		t.Errorf("arrived as %+v", a)
	}
	emptyDir(t, dir)
}

// The queue says how long callers wait, the one they are sent on to as well; the trunk's
// word is for queues that don't.
func TestQueueLimitsWaiting(t *testing.T) {
	t.Parallel()
	h := open(t, 60)
	const other = gateway.QueueID(8)
	h.set(func() { h.limits[other] = 1 })
	_, c, id := h.calls(0)
	phonetest.Wait(t, "it is answered", c.Up)
	h.change(gateway.Interaction{ID: id, State: gateway.StateWaiting, Queue: other, Rev: 2})
	waitFor(h, "the call leaves the queue", func(cmd gateway.Leave) bool { return cmd.Interaction == id && cmd.End == gateway.EndVoicemail })
	c.Bye()
	h.ends()
}

// A step of the queue sends the caller to voicemail while an agent's phone rings: it stops,
// and the message is taken.
func TestSentToVoicemail(t *testing.T) {
	t.Parallel()
	h := open(t, 60)
	agent := h.deskphone(anna, 1300)
	customer, c, id := h.calls(0)
	phonetest.Wait(t, "it is answered", c.Up)
	h.offer(id, 1, anna)
	a := agent.Next()
	a.Ring()
	h.change(gateway.Interaction{ID: id, State: gateway.StateFinished, End: gateway.EndVoicemail, Queue: queue, Rev: 5})
	phonetest.Wait(t, "the phone stops", a.Gone)
	phonetest.Wait(t, "the beep", func() bool { return customer.Sound.Ear.Hears(1000) })
	h.speaks(customer)
	c.Bye()
	h.ends()
	if a, _ := h.voicemail(); a.Key == "" {
		t.Error("nothing was kept")
	}
}

// A queue that sends callers away says so and hangs up.
func TestSentAway(t *testing.T) {
	t.Parallel()
	h := open(t, 60)
	_, c, id := h.calls(0)
	phonetest.Wait(t, "it is answered", c.Up)
	h.change(gateway.Interaction{ID: id, State: gateway.StateFinished, End: gateway.EndClosed, Queue: queue, Rev: 5})
	phonetest.Wait(t, "they are hung up", c.Gone)
	if cause := h.ends(); cause != "closed" {
		t.Errorf("ended by %s", cause)
	}
}

// Who has heard the greeting before needs not hear it again.
func TestVoicemailWithoutGreeting(t *testing.T) {
	t.Parallel()
	h := open(t, 1)
	customer, c, id := h.calls(0)
	waitFor(h, "the call leaves the queue", func(cmd gateway.Leave) bool { return cmd.Interaction == id && cmd.End == gateway.EndVoicemail })
	customer.Sound.Press('#')
	phonetest.Wait(t, "the beep", func() bool { return customer.Sound.Ear.Hears(1000) })
	customer.Sound.Say(660)
	phonetest.Wait(t, "the beep is over", func() bool { return !customer.Sound.Ear.Hears(1000) })
	h.speaks(customer)
	customer.Sound.Press('#')
	phonetest.Wait(t, "the call ends", c.Gone)
	h.ends()
	if a, _ := h.voicemail(); a.Key == "" {
		t.Error("nothing was kept")
	}
}

// Who says nothing has left no message; nor does silence keep the line open.
func TestVoicemailOfNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := open(t, 1, func(c *voice.Config) { c.Dir, c.Patience.Start = dir, 900*time.Millisecond })
	c := h.customer(0).Dial(service, h.Addr())
	phonetest.Wait(t, "the call ends", c.Gone)
	if cause := h.ends(); cause != "voicemail_silence" {
		t.Errorf("ended by %s", cause)
	}
	if a, _ := h.voicemail(); a.Key != "" {
		t.Errorf("silence became %+v", a)
	}
	emptyDir(t, dir)
}
