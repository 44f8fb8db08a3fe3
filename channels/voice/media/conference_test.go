package media_test

import (
	"testing"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/media"
	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
)

// Three in a conference hear the others and not themselves, in whatever they code; who
// leaves is not heard any more, and two of them go on as a bridge, on the same streams.
func TestConference(t *testing.T) {
	p := plane(t)
	a, b, c := phonetest.NewSound(t, g711.A, 440), phonetest.NewSound(t, g711.Mu, 0), phonetest.NewSound(t, g711.A, 0)
	sa, sb, sc := leg(t, p, a), leg(t, p, b), leg(t, p, c)
	media.Bridge(sa, sb)
	phonetest.Wait(t, "b hears a", func() bool { return b.Ear.Hears(440) })
	media.Join(sa, sb, sc)
	phonetest.Wait(t, "the others hear a", func() bool { return b.Ear.Hears(440) && c.Ear.Hears(440) })
	if a.Ear.Hears(440) {
		t.Error("a hears an echo")
	}
	a.Say(0)
	b.Say(1000)
	phonetest.Wait(t, "the others hear b", func() bool { return a.Ear.Hears(1000) && c.Ear.Hears(1000) })
	c.Say(1300)
	phonetest.Wait(t, "a hears both", func() bool { return a.Ear.Part(1000) > 0.3 && a.Ear.Part(1300) > 0.3 })
	if b.Ear.Hears(1000) || b.Ear.Part(1000) > 0.1 {
		t.Error("b hears an echo")
	}
	sc.Part()
	phonetest.Wait(t, "a hears b alone", func() bool { return a.Ear.Hears(1000) })
	n := c.Received.Load()
	media.Bridge(sa, sb)
	a.Say(440)
	phonetest.Wait(t, "a and b go on", func() bool { return a.Ear.Hears(1000) && b.Ear.Hears(440) })
	if c.Received.Load() > n+5 {
		t.Error("c is still sent sound")
	}
	if j := a.Jumps.Load() + b.Jumps.Load() + c.Jumps.Load(); j != 0 {
		t.Errorf("%d jumps of source or time", j)
	}
}
