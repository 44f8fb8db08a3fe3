package voice_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/vaxelhq/vaxel/channels/voice"
	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/gateway"
)

// waits is a context that tells when somebody has begun to wait.
type waits struct {
	context.Context //nolint:containedctx // it is one
	begun           func()
}

func (w waits) Done() <-chan struct{} {
	w.begun()
	return w.Context.Done()
}

// The agent clicks End while the call, whose customer has hung up, waits for the floor: the
// click is answered when the call is over.
func TestRequestToAnEndingCall(t *testing.T) {
	t.Parallel()
	h := open(t, 60)
	_, _, c, _, id := h.talk()
	h.set(func() {
		h.decide = func(gateway.Command) error { return &gateway.Error{Kind: gateway.KindTryAgain, Code: "try_again"} }
	})
	c.Bye()
	waitFor(h, "the floor is asked", func(cmd gateway.Leave) bool { return cmd.Interaction == id })
	begun, answer := make(chan struct{}), make(chan error, 1)
	go func() { answer <- h.HangUp(waits{t.Context(), sync.OnceFunc(func() { close(begun) })}, anna, id) }()
	<-begun
	h.set(func() { h.decide = nil })
	h.ends()
	phonetest.Wait(t, "the click is answered", func() bool { return len(answer) == 1 })
	conflict(t, <-answer, "no_call")
}

// A call that is over is not held by its timers, some of which are for hours.
func TestEndedCallHasNoTimers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		if voice.Woken() {
			t.Error("a timer goes off after the end")
		}
	})
}
