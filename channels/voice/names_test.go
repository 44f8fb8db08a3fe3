package voice_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/gateway"
)

// slowly looks addresses up one by one, each when the test wants: asked waits for one, and what
// is sent to known is where it is.
func (h *house) slowly() (asked func() string, known chan<- netip.AddrPort) {
	ask, know := make(chan string), make(chan netip.AddrPort)
	h.FindBy(func(_ context.Context, address string) (string, netip.AddrPort, error) {
		select {
		case ask <- address:
		case <-h.t.Context().Done():
			return "", netip.AddrPort{}, context.Canceled
		}
		select {
		case at := <-know:
			return "anna", at, nil
		case <-h.t.Context().Done():
			return "", netip.AddrPort{}, context.Canceled
		}
	})
	return func() string {
		h.t.Helper()
		select {
		case address := <-ask:
			return address
		case <-time.After(time.Minute):
			h.t.Fatal("nothing was looked up within a minute")
			return ""
		}
	}, know
}

// While it is looked up where an agent's phone is, the call goes on: an offer that is over is
// not rung any more, the next one is, at the address that was found.
func TestOfferWhilePhonesAreLookedUp(t *testing.T) {
	t.Parallel()
	h := open(t, 60)
	agent := h.deskphone(anna, 1000)
	h.set(func() {
		h.phones[anna], h.phones[bo] = []string{"sip:anna@desk.example"}, []string{"sip:bo@desk.example"}
	})
	asked, known := h.slowly()
	customer, c, id := h.calls(440)
	first := h.offer(id, 1, anna)
	asked()
	h.closeOffer(first, gateway.Withdrawn)
	h.offer(id, 2, bo)
	if address := asked(); address != "sip:bo@desk.example" { // the call has not waited for the first
		t.Errorf("looked up %s", address)
	}
	known <- agent.Addr()
	known <- agent.Addr()
	a := agent.Next()
	a.Answer()
	phonetest.Talk(t, "they talk", customer, agent)
	if n := agent.Calls(); n != 1 {
		t.Errorf("%d calls rang, want only that of the offer that stands", n)
	}
	c.Bye()
	h.ends()
}

// A caller who hangs up while it is looked up whom to ring, or whom to send them to, has ended
// the call: nobody waits for what is found.
func TestCallerLeavesWhilePhonesAreLookedUp(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(h *house, id gateway.InteractionID){
		"ring": func(h *house, id gateway.InteractionID) {
			h.set(func() { h.phones[anna] = []string{"sip:anna@desk.example"} })
			h.offer(id, 1, anna)
		},
		"outside": func(h *house, id gateway.InteractionID) {
			h.step(id, gateway.Step{Do: gateway.ToExternal, To: "sip:anna@desk.example"}, gateway.EndTransferredExternal)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, 60)
			elsewhere := phonetest.NewPhone(t, "elsewhere", g711.A, 1300)
			asked, known := h.slowly()
			_, c, id := h.calls(440)
			phonetest.Wait(t, "the caller is answered", c.Up)
			begin(h, id)
			asked()
			c.Bye()
			h.ends()
			known <- elsewhere.Addr()
			h.stop()
			if elsewhere.Calls() != 0 {
				t.Error("somebody was rung for nobody")
			}
		})
	}
}

// Who is sent to a telephone by name is brought there once it is found.
func TestSentToAName(t *testing.T) {
	t.Parallel()
	h := open(t, 60)
	elsewhere := phonetest.NewPhone(t, "elsewhere", g711.A, 1300)
	asked, known := h.slowly()
	customer, c, id := h.calls(440)
	phonetest.Wait(t, "the caller is answered", c.Up)
	h.step(id, gateway.Step{Do: gateway.ToExternal, To: "sip:anna@desk.example"}, gateway.EndTransferredExternal)
	asked()
	h.step(id, gateway.Step{Do: gateway.ToExternal, To: "sip:anna@desk.example"}, "") // told again
	known <- elsewhere.Addr()
	o := elsewhere.Next()
	o.Answer()
	phonetest.Talk(t, "they talk", customer, elsewhere)
	if n := elsewhere.Calls(); n != 1 {
		t.Errorf("it was called %d times", n)
	}
	c.Bye()
	h.ends()
}
