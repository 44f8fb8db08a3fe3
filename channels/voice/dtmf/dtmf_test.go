package dtmf_test

import (
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/dtmf"
)

func TestEachKeyIsHeardOnce(t *testing.T) {
	var r dtmf.Receiver
	var got []byte
	for i, key := range []byte("0459*#D55") {
		ts := uint32(1<<32-3000) + uint32(i)*1000
		events := dtmf.Press(key, 100*time.Millisecond)
		if len(events) != 7 || !events[0].Marker || events[1].Marker || events[6].Payload[1]&0x80 == 0 {
			t.Fatalf("key %c: %v", key, events)
		}
		if i == 3 {
			events = events[6:] // all but the last packet were lost
		}
		for _, e := range append(events, events...) { // and everything came twice
			if k, ok := r.Take(ts, e.Payload[:]); ok {
				got = append(got, k)
			}
		}
	}
	if string(got) != "0459*#D55" {
		t.Errorf("heard %q", got)
	}
}

func TestInfo(t *testing.T) {
	for _, c := range []struct {
		kind, body string
		key        byte
		d          time.Duration
		ok         bool
	}{
		{"application/dtmf-relay", "Signal=5\r\nDuration=250\r\n", '5', 250 * time.Millisecond, true},
		{"Application/DTMF-Relay; charset=x", "signal = * \nduration=bad", '*', 160 * time.Millisecond, true},
		{"application/dtmf-relay", "Signal=11", '#', 160 * time.Millisecond, true},
		{"application/dtmf", "#", '#', 160 * time.Millisecond, true},
		{"application/dtmf", "55", 0, 160 * time.Millisecond, false},
		{"text/plain", "5", 0, 0, false},
		{"application/dtmf-relay", "", 0, 160 * time.Millisecond, false},
	} {
		key, d, ok := dtmf.ParseInfo(c.kind, []byte(c.body))
		if key != c.key || d != c.d || ok != c.ok {
			t.Errorf("%s %q: got %q %v %v", c.kind, c.body, key, d, ok)
		}
	}
	if key, d, ok := dtmf.ParseInfo("application/dtmf-relay", dtmf.Info('A', time.Second)); key != 'A' || d != time.Second || !ok {
		t.Errorf("our own body is read as %q %v %v", key, d, ok)
	}
}

func FuzzInfo(f *testing.F) {
	f.Add("application/dtmf-relay", []byte("Signal=5\r\nDuration=160"))
	f.Add("application/dtmf", []byte("*"))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		if key, d, ok := dtmf.ParseInfo(kind, body); ok && (!dtmf.Valid(key) || d <= 0 || d > 10*time.Second) {
			t.Errorf("%q %q: key %q, %v", kind, body, key, d)
		}
	})
}

func FuzzEvent(f *testing.F) {
	f.Add(uint32(5), []byte{5, 0x8A, 0, 160})
	f.Fuzz(func(t *testing.T, ts uint32, payload []byte) {
		var r dtmf.Receiver
		if key, ok := r.Take(ts, payload); ok && !dtmf.Valid(key) {
			t.Errorf("%v is key %q", payload, key)
		}
		if _, ok := r.Take(ts, payload); ok {
			t.Errorf("%v was reported twice", payload)
		}
	})
}
