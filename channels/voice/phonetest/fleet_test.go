package phonetest_test

import (
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
)

// between hands on what two telephones say to each other, until one direction is cut.
type between struct {
	*farEnd
	cut atomic.Bool // what the second says is heard no more
}

func newBetween(t *testing.T, first, second phonetest.Media) *between {
	t.Helper()
	b := &between{farEnd: newFarEnd(t)}
	_ = b.conn.SetReadDeadline(time.Time{})
	first.SendTo(b.addr())
	second.SendTo(b.addr())
	go func() {
		packet := make([]byte, 1500)
		for {
			n, from, err := b.conn.ReadFromUDPAddrPort(packet)
			if err != nil {
				return
			}
			to := first.Addr()
			if from == to {
				to = second.Addr()
			} else if b.cut.Load() {
				continue
			}
			_, _ = b.conn.WriteToUDPAddrPort(packet[:n], to)
		}
	}()
	return b
}

// A call is up, and nothing is lost, as long as both are heard to the end. A stream that stops
// on its way has lost what was said since, and one whose speaker falls silent is no call.
func TestFleetCountsToTheEnd(t *testing.T) {
	for name, c := range map[string]struct {
		stop func(b *between, agent phonetest.Media)
		lost bool
	}{
		"cut":    {func(b *between, _ phonetest.Media) { b.cut.Store(true) }, true},
		"silent": {func(_ *between, agent phonetest.Media) { agent.SendTo(netip.AddrPort{}) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := phonetest.NewFleet(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = f.Close() }()
			customer, agent := f.Pair()
			b := newBetween(t, customer, agent)
			phonetest.Wait(t, "they hear each other", func() bool { return f.Count().Calls == 1 })
			f.Reset()
			phonetest.Wait(t, "two seconds of a call", func() bool { n := f.Count(); return n.Calls == 1 && n.Received > 200 })
			if n := f.Count(); n.Lost != 0 || n.Received != n.Sent || n.Mixed != 0 {
				t.Errorf("of a call without loss: %+v", n)
			}
			c.stop(b, agent)
			phonetest.Wait(t, "the call is none any more", func() bool { return f.Count().Calls == 0 })
			if n := f.Count(); (n.Lost > 0) != c.lost || n.Received == 0 || (n.Received+n.Lost != n.Sent) {
				t.Errorf("in the end: %+v", n)
			}
		})
	}
}
