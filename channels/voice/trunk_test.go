package voice_test

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/vaxelhq/vaxel/channels/voice"
	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/gateway"
)

func TestRefusesOtherNumbers(t *testing.T) {
	t.Parallel()
	h := open(t, 60)
	c := h.customer(440).Dial("999", h.Addr())
	phonetest.Wait(t, "404", func() bool { return c.Status() == 404 })
	if len(h.arrived()) != 0 {
		t.Error("it was received")
	}
}

// A trunk that names its provider's addresses takes calls from nobody else.
func TestTrunkSources(t *testing.T) {
	t.Parallel()
	h := open(t, 0)
	put := func(source string) {
		t.Helper()
		_, err := h.PutTrunk(t.Context(), voice.Trunk{Name: "provider", Number: service, Sources: []netip.Prefix{netip.MustParsePrefix(source)}, Queue: queue})
		if err != nil {
			t.Fatal(err)
		}
	}
	put("192.0.2.0/24")
	phone := h.customer(440)
	c := phone.Dial(service, h.Addr())
	phonetest.Wait(t, "403", func() bool { return c.Status() == 403 })
	put("127.0.0.0/8")
	c = phone.Dial(service, h.Addr())
	phonetest.Wait(t, "it is answered", c.Up)
	c.Bye()
	h.ends()
}

// What a number's callers need goes with their call.
func TestTrunkSkills(t *testing.T) {
	t.Parallel()
	h := open(t, 60)
	needs := []gateway.SkillLevel{{Skill: 4, Level: 3}}
	if _, err := h.PutTrunk(t.Context(), voice.Trunk{Name: "main", Number: service, Queue: queue, Skills: needs}); err != nil {
		t.Fatal(err)
	}
	if got := h.Trunks()[0].Skills; !slices.Equal(got, needs) {
		t.Errorf("stored %v want %v", got, needs)
	}
	c := h.customer(440).Dial(service, h.Addr())
	phonetest.Wait(t, "it waits", func() bool { return len(h.arrived()) == 1 })
	if got := h.arrived()[0].Skills; !slices.Equal(got, needs) {
		t.Errorf("the call needs %v want %v", got, needs)
	}
	c.Bye()
	h.ends()
}
