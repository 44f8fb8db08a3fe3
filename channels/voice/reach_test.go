package voice_test

import (
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice"
	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/gateway"
)

// A phone that is switched off says nothing: the offer fails, the agent gets no calls until
// the phone answers again, and a restart forgets nothing of it.
func TestPhoneSwitchedOff(t *testing.T) {
	t.Parallel()
	h := open(t, 60, func(c *voice.Config) { c.Patience.Try, c.Patience.Reach = 100*time.Millisecond, 50*time.Millisecond })
	agent := h.deskphone(anna, 1000)
	agent.SwitchOff(true)
	_, c, id := h.calls(440)
	h.offer(id, 1, anna)
	waitFor(h, "the offer fails", func(cmd gateway.FailOffer) bool {
		return cmd.No == 1 && cmd.Agent == anna && cmd.Cause == "unreachable"
	})
	waitFor(h, "the floor is told", func(cmd gateway.PhoneReach) bool { return cmd.Agent == anna && !cmd.Reachable })
	c.Bye()
	h.ends()
	h.stop()
	h.run(h.cfg, 0)
	if did(h, func(cmd gateway.PhoneReach) bool { return cmd.Reachable }) {
		t.Error("the phone is found before it is there")
	}
	agent.SwitchOff(false)
	waitFor(h, "the phone is there again", func(cmd gateway.PhoneReach) bool { return cmd.Agent == anna && cmd.Reachable })
	phonetest.Wait(t, "nobody is missed", func() bool {
		var n int
		err := h.pool.QueryRow(t.Context(), "select count(*) from unreachable").Scan(&n)
		return err == nil && n == 0
	})
}

// The second phone rings when the first is switched off, and nobody is missed.
func TestNextPhoneRings(t *testing.T) {
	t.Parallel()
	h := open(t, 60, func(c *voice.Config) { c.Patience.Try = 5 * time.Second })
	first, second := h.deskphone(bo, 1300), h.deskphone(anna, 1000)
	first.SwitchOff(true)
	second.OnCall((*phonetest.Call).Ring)
	h.set(func() { h.phones[anna] = []string{first.URI(), second.URI()} })
	customer, c, id := h.calls(440)
	h.offer(id, 1, anna)
	a := second.Next()
	a.Answer()
	phonetest.Talk(t, "they talk", customer, second)
	c.Bye()
	h.ends()
	if did(h, func(gateway.PhoneReach) bool { return true }) {
		t.Errorf("told %+v", h.told())
	}
}
