package email_test

import (
	"fmt"
	"testing"

	"github.com/vaxelhq/vaxel/channels/email/mailtest"
	"github.com/vaxelhq/vaxel/gateway"
)

// TestWhoAsksForLess: of answers that providers really give, those that mean "you send too much"
// name who has said so, and the others don't.
func TestWhoAsksForLess(t *testing.T) {
	t.Parallel()
	h, sink := newHouse(t), mailtest.StartSink(t)
	e := h.open(t, "a", nil)
	box := support(nobody, sink.Address)
	save(t, e, box)
	two := reply()
	two.Cc = []gateway.Address{person("", "bo@annan.example")}
	for _, c := range []struct {
		step string
		fail mailtest.Failure
		want string // Slow
	}{
		{"auth", mailtest.Failure{Code: 421, Enhanced: [3]int{4, 7, 0}, Text: "Try again later, closing connection"}, "[support@cyklar.example]"},
		{"auth", mailtest.Failure{Code: 454, Enhanced: [3]int{4, 7, 0}, Text: "Too many login attempts, rate limited"}, "[support@cyklar.example]"},
		{"mail", mailtest.Failure{Code: 432, Enhanced: [3]int{4, 3, 2}, Text: "Concurrent connections limit exceeded"}, "[support@cyklar.example]"},
		{"mail", mailtest.Failure{Code: 451, Enhanced: [3]int{4, 3, 0}, Text: "Temporary lookup failure"}, "[]"},
		{"rcpt", mailtest.Failure{Code: 450, Enhanced: [3]int{4, 7, 1}, Text: "Greylisted, see our rate policy"}, "[]"},
		{"anna@kund.example", mailtest.Failure{Code: 451, Enhanced: [3]int{4, 7, 650}, Text: "The mail server is temporarily busy"}, "[kund.example]"},
		{"bo@annan.example", mailtest.Failure{Code: 452, Enhanced: [3]int{4, 2, 2}, Text: "Mailbox full"}, "[]"},
		{"bo@annan.example", mailtest.Failure{Code: 452, Enhanced: [3]int{4, 2, 2}, Text: "Mailbox size limit exceeded"}, "[]"},
		{"bo@annan.example", mailtest.Failure{Code: 450, Enhanced: [3]int{4, 2, 1}, Text: "The user you are trying to contact is receiving mail at a rate that prevents additional messages"}, "[]"},
		{"bo@annan.example", mailtest.Failure{Code: 452, Text: "Recipient has exceeded the storage limit"}, "[]"},
		{"bo@annan.example", mailtest.Failure{Code: 451, Enhanced: [3]int{4, 7, 1}, Text: "Hourly limit exceeded"}, "[annan.example]"},
		{"mail", mailtest.Failure{Code: 450, Enhanced: [3]int{4, 2, 1}, Text: "Peak SMTP relay limit exceeded for customer"}, "[support@cyklar.example]"},
		{"bo@annan.example", mailtest.Failure{Code: 550, Enhanced: [3]int{5, 7, 1}, Text: "rate limit exceeded"}, "[]"},
		{"data", mailtest.Failure{Code: 451, Enhanced: [3]int{4, 4, 5}, Text: "System congested"}, "[support@cyklar.example]"},
		{"body", mailtest.Failure{Code: 451, Text: "Message throttled, slow down"}, "[support@cyklar.example]"},
		{"body", mailtest.Failure{Code: 451, Text: "Try again"}, "[]"},
	} {
		t.Run(fmt.Sprint(c.step, " ", c.fail.Code, " ", c.fail.Text), func(t *testing.T) {
			sink.FailNext(c.step, c.fail)
			out, _ := compose(t, e, two)
			if out.Via != box.Address {
				t.Errorf("leaves via %q", out.Via)
			}
			d, err := e.Send(t.Context(), out)
			if got := fmt.Sprint(d.Slow); got != c.want {
				t.Errorf("got %s want %s: %+v %v", got, c.want, d, err)
			}
			if len(d.Slow) > 0 && (err != nil || d.State == gateway.OutboundFailed || d.State == gateway.OutboundUnknown) {
				t.Errorf("got %+v, %v: it is to be tried again", d, err)
			}
		})
	}
}
