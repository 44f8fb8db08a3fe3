package bench

import (
	"io"
	"net"
	"strings"
	"testing"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
)

// Whoever speaks gets back what the two others said last.
func TestMixer(t *testing.T) {
	var m mixer
	said := [3][]byte{}
	for i, v := range []int16{100, 2000, -700} {
		said[i] = make([]byte, g711.FrameSize)
		for at := range said[i] {
			said[i][at] = g711.Mu.Encode(v)
		}
		m.mix(said[i])
	}
	want := g711.Mu.Encode(g711.Mu.Decode(g711.Mu.Encode(100)) + g711.Mu.Decode(g711.Mu.Encode(2000)))
	if got := said[2][7]; got != want {
		t.Errorf("the third hears %#x, want %#x", got, want)
	}
}

// A conference stands when everybody hears two others, without a break.
func TestConferenceRun(t *testing.T) {
	for _, c := range []struct {
		count phonetest.Count
		want  bool
	}{
		{phonetest.Count{Threes: 2}, true},
		{phonetest.Count{Threes: 1}, false},
		{phonetest.Count{Threes: 2, Lost: 1}, false},
		{phonetest.Count{Threes: 2, Holes: 1}, false},
		{phonetest.Count{Threes: 2, Mixed: 1}, false},
	} {
		if got := (conferenceRun{count: c.count}).clean(2); got != c.want {
			t.Errorf("%+v: got %v want %v", c.count, got, c.want)
		}
	}
}

// Without rtpengine there is no figure of it, and it is said what to install.
func TestNoPeerIsSaid(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	var figures strings.Builder
	b := &Bench{Options: Options{Figures: &figures, Notes: io.Discard}}
	peer, who, err := b.peerRelay(t.Context(), 1)
	if peer != nil || err != nil || !strings.Contains(who, "rtpengine-daemon") || figures.Len() > 0 {
		t.Errorf("got %v, %q, %v, %s", peer, who, err, &figures)
	}
}

// SIP listens on UDP and TCP: while telephones have many ports for UDP, none of them is
// called free.
func TestFreePort(t *testing.T) {
	var config net.ListenConfig
	for range 600 {
		u, err := config.ListenPacket(t.Context(), "udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = u.Close() }()
	}
	for range 300 {
		at, err := freePort(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		u, err := config.ListenPacket(t.Context(), "udp", at)
		if err != nil {
			t.Fatal(err)
		}
		_ = u.Close()
	}
}
