package voice_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/vaxelhq/vaxel/channels/voice"
	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/gateway"
)

const (
	carrier = "192.0.2.20:5060"
	network = "198.51.100.0/24"
)

// trunkHouse is dialHouse with a carrier further away, from whose network calls come.
func trunkHouse(t *testing.T) (h *house, agent, trunk *phonetest.Phone) {
	t.Helper()
	h, agent, trunk = dialHouse(t, func(c *voice.Config) {
		c.DialPlan = append(c.DialPlan, voice.Route{Prefix: "+358", Through: netip.MustParseAddrPort(carrier)})
	})
	from := voice.Trunk{Name: "carrier", Number: "08123", Sources: []netip.Prefix{netip.MustParsePrefix(network)}, Queue: queue}
	if _, err := h.PutTrunk(t.Context(), from); err != nil {
		t.Fatal(err)
	}
	return h, agent, trunk
}

// Whoever writes a trunk as the host of a telephone's address, in whatever disguise, has
// written a number, and the dial plan says whether it is called.
func TestTrunkInDisguise(t *testing.T) {
	t.Parallel()
	h, _, trunk := trunkHouse(t)
	port, own := trunk.Addr().Port(), h.Addr()
	for name, c := range map[string]struct{ address, why string }{
		"bare":                 {fmt.Sprintf("sip:+1900555@%s", trunk.Addr()), "dial plan"},
		"parameters":           {fmt.Sprintf("sip:+1900555@%s;user=phone", trunk.Addr()), "dial plan"},
		"scheme":               {fmt.Sprintf("SIP:+1900555@%s", trunk.Addr()), "dial plan"},
		"password":             {fmt.Sprintf("sip:+1900555:secret@%s", trunk.Addr()), "dial plan"},
		"escapes":              {fmt.Sprintf("sip:%%2B1900555@%s", trunk.Addr()), "dial plan"},
		"a denied prefix":      {fmt.Sprintf("sip:+46709123456@%s", trunk.Addr()), "dial plan"},
		"no number":            {fmt.Sprintf("sip:anna@%s", trunk.Addr()), "dial plan"},
		"nobody":               {fmt.Sprintf("sip:%s", trunk.Addr()), "dial plan"},
		"DNS":                  {fmt.Sprintf("sip:+1900555@localhost:%d", port), "dial plan"},
		"case":                 {fmt.Sprintf("sip:+1900555@LocalHost:%d", port), "dial plan"},
		"trailing dot":         {fmt.Sprintf("sip:+1900555@localhost.:%d", port), ""}, // which some resolvers do not know
		"brackets":             {fmt.Sprintf("sip:+1900555@[::ffff:127.0.0.1]:%d", port), "dial plan"},
		"IPv6":                 {fmt.Sprintf("sip:+1900555@[::1]:%d", port), "dial plan"},
		"another loopback":     {fmt.Sprintf("sip:+1900555@127.9.9.9:%d", port), "dial plan"},
		"no address":           {fmt.Sprintf("sip:+1900555@0.0.0.0:%d", port), "dial plan"},
		"no port":              {"sip:+1900555@192.0.2.20", "dial plan"},
		"another port":         {"sip:+1900555@192.0.2.20:5090", "dial plan"},
		"brackets, no port":    {"sip:+1900555@[::ffff:192.0.2.20]", "dial plan"},
		"hexadecimal brackets": {"sip:+1900555@[::ffff:c000:214]", "dial plan"},
		"a source network":     {"sip:+1900555@198.51.100.77:5062", "dial plan"},
		"ours":                 {fmt.Sprintf("sip:%s@%s", service, own), "itself takes calls"},
		"ours by name":         {fmt.Sprintf("sip:%s@localhost:%d", service, own.Port()), "itself takes calls"},
		"ours, allowed":        {fmt.Sprintf("sip:+46701234567@127.1.1.1:%d", own.Port()), "itself takes calls"},
	} {
		h.set(func() { h.phones[anna] = []string{c.address} })
		var e *gateway.Error
		if err := h.MayDial(t.Context(), anna, "+46701234567"); !errors.As(err, &e) || e.Code != "phone_unreachable" || !strings.Contains(e.Detail, c.why) {
			t.Errorf("%s: %s: got %v, want to hear of %q", name, c.address, err, c.why)
		}
	}
	for _, address := range []string{"sip:anna@192.0.2.21", "sip:anna@198.51.101.1:5060", fmt.Sprintf("sip:anna@127.0.0.1:%d", port+1), "sip:+358501@192.0.2.20:5090"} {
		h.set(func() { h.phones[anna] = []string{address} })
		if err := h.MayDial(t.Context(), anna, "+46701234567"); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// An agent's phone at a trunk that the dial plan does not allow is passed over, and not asked
// whether it is there; one that it allows is called as the rule says.
func TestPhoneAtTrunk(t *testing.T) {
	t.Parallel()
	h, agent, trunk := trunkHouse(t)
	h.set(func() {
		h.phones[anna] = []string{fmt.Sprintf("sip:+1900555@%s;user=phone", trunk.Addr()), agent.URI()}
	})
	c := h.customer(1300).Dial(service, h.Addr())
	id := h.interaction()
	h.offer(id, 1, anna)
	a := agent.Next()
	if trunk.Calls() != 0 {
		t.Error("a call from outside went out again")
	}
	a.Reject(603)
	h.set(func() {
		h.phones[bo] = []string{fmt.Sprintf("sip:+46701112233@localhost:%d;user=phone", trunk.Addr().Port())}
	})
	h.offer(id, 2, bo)
	if o := trunk.Next(); !has(o.To(), "0701112233") || !has(o.From(), "+46812345") {
		t.Errorf("called %s from %s", o.To(), o.From())
	}
	c.Bye()
	h.ends()
}

// So is a step's: its caller leaves a message.
func TestStepAtTrunk(t *testing.T) {
	t.Parallel()
	h, elsewhere := outsideHouse(t)
	customer, call, id := h.calls(0)
	phonetest.Wait(t, "it is answered", call.Up)
	h.step(id, gateway.Step{Do: gateway.ToExternal, To: fmt.Sprintf("sip:+1900555@%s", elsewhere.Addr())}, gateway.EndTransferredExternal)
	hears(t, customer, "the greeting", toneVoicemail)
	if elsewhere.Calls() != 0 {
		t.Error("a call from outside went out again")
	}
	call.Bye()
	h.ends()
}
