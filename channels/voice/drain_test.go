package voice_test

import (
	"testing"

	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/gateway"
)

// promisedByFloor waits until the floor has been given the number of a callback.
func (h *house) promisedByFloor(id gateway.InteractionID) {
	h.t.Helper()
	waitFor(h, "a callback is promised", func(cmd gateway.Leave) bool {
		return cmd.Interaction == id && cmd.End == gateway.EndSystemFailure && cmd.Callback != 0
	})
}

// At the deadline whoever talks is told that they are called back, and it is so.
func TestDrainEndsCalls(t *testing.T) {
	t.Parallel()
	h, _ := outsideHouse(t)
	customer, _, c, a, id := h.talk()
	h.EndAll()
	hears(t, customer, "that they are called back", tonePromised)
	h.promisedByFloor(id)
	phonetest.Wait(t, "both are hung up", func() bool { return a.Gone() && c.Gone() })
	if cause := h.ends(); cause != "drain_killed" || h.Killed() != 1 {
		t.Errorf("ended by %s, %d killed", cause, h.Killed())
	}
}

// Who is with a telephone elsewhere goes on, remains and is not counted as ended.
func TestDrainLeavesOutside(t *testing.T) {
	t.Parallel()
	h, elsewhere := outsideHouse(t)
	customer, _, c, _, id := h.talk()
	if err := h.TransferOutside(t.Context(), anna, id, abroad); err != nil {
		t.Fatal(err)
	}
	elsewhere.Next().Answer()
	phonetest.Talk(t, "they talk", customer, elsewhere)
	h.EndAll()
	if calls, _ := h.Remaining(); calls != 1 {
		t.Errorf("%d calls remain, want 1", calls)
	}
	c.Bye()
	if cause := h.ends(); cause != "customer_bye" || h.Killed() != 0 {
		t.Errorf("ended by %s, %d killed", cause, h.Killed())
	}
}

// A callback that can't be written down is not promised; it comes all the same.
func TestDrainPromisesWhatIsTrue(t *testing.T) {
	t.Parallel()
	h, db := fragile(t, 60, tonal(t))
	customer, c, id := h.calls(0)
	phonetest.Wait(t, "it is answered", c.Up)
	db.cut()
	h.EndAll()
	heard := false
	phonetest.Wait(t, "they are hung up", func() bool {
		heard = heard || customer.Sound.Ear.Hears(tonePromised)
		return c.Gone()
	})
	if heard {
		t.Error("they are promised what is not certain")
	}
	db.mend()
	h.promisedByFloor(id)
	h.ends()
}
