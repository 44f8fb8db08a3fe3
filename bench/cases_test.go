package bench

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"
)

// A closed loop counts what was answered, and a refusal ends the client it met.
func TestClosedLoop(t *testing.T) {
	h := &house{
		b:   &Bench{Options: Options{Length: time.Second, Notes: io.Discard}},
		cmd: &exec.Cmd{Process: &os.Process{Pid: os.Getpid()}},
	}
	var asked [caseClients]atomic.Int64
	var faults atomic.Int64
	got, err := h.closed(t.Context(), &faults, func(n int) error {
		time.Sleep(time.Millisecond)
		if asked[n].Add(1); n == 0 {
			return errors.New("refused")
		}
		return nil
	})
	if err != nil || got.perSecond <= 0 || faults.Load() != runs+1 || asked[0].Load() != runs+1 {
		t.Errorf("got %+v, %v, %d refused of %d", got, err, faults.Load(), asked[0].Load())
	}
	if _, err := h.closed(t.Context(), &faults, func(int) error { return errors.New("refused") }); err == nil {
		t.Error("a rate of nothing")
	}
}
