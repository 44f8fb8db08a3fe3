package bench

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"

	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
)

// Calls count when all of them were up to the end, and everything that was said was heard.
func TestCallRun(t *testing.T) {
	for name, c := range map[string]struct {
		count phonetest.Count
		want  bool
	}{
		"whole":      {phonetest.Count{Calls: 2, Sent: 9, Received: 9}, true},
		"one less":   {phonetest.Count{Calls: 1, Sent: 9, Received: 9}, false},
		"lost":       {phonetest.Count{Calls: 2, Sent: 9, Received: 8, Lost: 1}, false},
		"to nobody":  {phonetest.Count{Calls: 2, Sent: 9, Received: 8}, false},
		"a stranger": {phonetest.Count{Calls: 2, Sent: 9, Received: 9, Mixed: 1}, true}, // an error of the figure, see below
	} {
		if got := (callRun{count: c.count}).whole(2); got != c.want {
			t.Errorf("%s: got %v want %v", name, got, c.want)
		}
	}
}

// A frame that a stranger hears is an error of the figure, whichever run it was in.
func TestStrangersAreErrors(t *testing.T) {
	fleet, err := phonetest.NewFleet(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = fleet.Close() }()
	var figures bytes.Buffer
	x := &exchange{b: &Bench{Options: Options{Figures: &figures, Notes: io.Discard}}, house: &house{}, fleet: fleet}
	customer, agent := fleet.Pair()
	_, other := fleet.Pair()
	agent.SendTo(customer.Addr())
	other.SendTo(customer.Addr())
	phonetest.Wait(t, "one hears two", func() bool { return x.count().Mixed > 0 })
	x.report([]callRun{{}}, []float64{1}) // the last run had none
	var got Figure
	if err := json.NewDecoder(&figures).Decode(&got); err != nil || got.Name != "calls.bridged_no_loss" || got.Errors == 0 {
		t.Errorf("got %+v, %v", got, err)
	}
}
