package g711_test

import (
	"math"
	"testing"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
)

// Every byte names its own quantising step: decoding and encoding gives it back.
func TestEveryByteComesBack(t *testing.T) {
	for _, law := range []g711.Law{g711.A, g711.Mu} {
		for i := range 256 {
			b := byte(i)
			if law == g711.Mu && b == 0x7F {
				continue // negative zero encodes as positive zero
			}
			if got := law.Encode(law.Decode(b)); got != b {
				t.Errorf("law %d: byte %#02x came back as %#02x (value %d)", law, b, got, law.Decode(b))
			}
		}
	}
}

// Values out of ITU-T G.191's reference implementation.
func TestKnownValues(t *testing.T) {
	for _, c := range []struct {
		law  g711.Law
		b    byte
		want int16
	}{
		{g711.A, 0xD5, 8},
		{g711.A, 0x55, -8},
		{g711.A, 0xAA, 32256},
		{g711.A, 0x2A, -32256},
		{g711.A, 0x80, 5504},
		{g711.Mu, 0xFF, 0},
		{g711.Mu, 0x00, -32124},
		{g711.Mu, 0x80, 32124},
		{g711.Mu, 0xF0, 120},
	} {
		if got := c.law.Decode(c.b); got != c.want {
			t.Errorf("law %d byte %#02x: got %d want %d", c.law, c.b, got, c.want)
		}
	}
}

// The error of a round trip stays under the step of its segment: 1/32 of the value. There
// are no more values than these.
func TestErrorIsSmall(t *testing.T) {
	for _, law := range []g711.Law{g711.A, g711.Mu} {
		for s := math.MinInt16; s <= math.MaxInt16; s++ {
			got := int(law.Decode(law.Encode(int16(s))))
			if limit := max(abs(s)/24, 20); abs(got-s) > limit {
				t.Fatalf("law %d: %d came back as %d", law, s, got)
			}
		}
	}
}

func TestRecodeThereAndBack(t *testing.T) {
	b := make([]byte, 256)
	for i := range b {
		b[i] = byte(i)
	}
	g711.A.Recode(b)
	g711.Mu.Recode(b)
	for i, v := range b {
		want, got := int(g711.A.Decode(byte(i))), int(g711.A.Decode(v))
		if abs(got-want) > max(abs(want)/12, 32) {
			t.Errorf("byte %#02x: value %d became %d", i, want, got)
		}
	}
}

func TestNothingIsAllocated(t *testing.T) {
	frame, pcm := make([]byte, g711.FrameSize), make([]int16, g711.FrameSize)
	if n := testing.AllocsPerRun(100, func() {
		g711.A.DecodeTo(pcm, frame)
		g711.Mu.EncodeTo(frame, pcm)
		g711.Mu.Recode(frame)
	}); n != 0 {
		t.Errorf("got %v allocations a frame, want 0", n)
	}
}

func abs(v int) int {
	if v < 0 {
		return -v
	}
	return v
}
