package voice_test

import (
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice"
	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/gateway"
)

// The commit of an arrival is not heard of: it is asked for again, and the call goes on as
// the one that it is.
func TestArrivalUnheard(t *testing.T) {
	t.Parallel()
	h := open(t, 60, func(c *voice.Config) { c.Patience.Arrive = time.Minute })
	h.set(func() { h.trouble = afterFirst })
	customer, agent := h.customer(440), h.deskphone(anna, 1000)
	c := customer.Dial(service, h.Addr())
	phonetest.Wait(t, "it is answered", c.Up)
	h.offer(h.interaction(), 1, anna)
	agent.Next().Answer()
	phonetest.Talk(t, "they talk", customer, agent)
	c.Bye()
	h.ends()
	if len(h.arrived()) != 1 {
		t.Errorf("arrived %d times", len(h.arrived()))
	}
}

// Nobody says whether the call is in the queue: the caller is sent elsewhere, and nothing
// of the call stays there. If it was in, it has failed and is called back.
func TestArrivalUnknown(t *testing.T) {
	for _, c := range []struct {
		name  string
		is    trouble
		cause string
	}{
		{"committed", afterCommit, "system_failure"},
		{"not committed", beforeCommit, "not_received"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := open(t, 60)
			h.set(func() { h.trouble = c.is })
			call := h.customer(440).Dial(service, h.Addr())
			phonetest.Wait(t, "503", func() bool { return call.Status() == 503 })
			if cause := h.ends(); cause != c.cause {
				t.Errorf("ended by %s", cause)
			}
			told := did(h, func(cmd gateway.Leave) bool {
				return cmd.Interaction != 0 && cmd.End == gateway.EndSystemFailure && cmd.Callback != 0
			})
			if told != (c.is == afterCommit) || len(h.told()) > 1 {
				t.Errorf("told the floor %+v", h.told())
			}
		})
	}
}
