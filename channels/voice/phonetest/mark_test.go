package phonetest

import (
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
)

// A mark comes through a conference's mix of two, who speak at once.
func TestMarksAreHeardInAMix(t *testing.T) {
	said := [places]mark{
		{seat: 7, n: 1, at: 3 * time.Microsecond},
		{seat: 1<<21 - 1, n: 1<<28 - 1, at: 9 * time.Hour},
		{seat: 127, n: 128, at: time.Second},
	}
	var frames [places][g711.FrameSize]byte
	for place, m := range said {
		for i := range frames[place] {
			frames[place][i] = g711.Mu.Silence()
		}
		m.put(frames[place][:], place)
	}
	for listener := range places {
		var mix [g711.FrameSize]byte
		for i := range mix {
			sum := 0
			for other := range places {
				if other != listener {
					sum += int(g711.Mu.Decode(frames[other][i]))
				}
			}
			mix[i] = g711.Mu.Encode(int16(sum))
		}
		for place, want := range said {
			if got, ok := markIn(mix[:], place); ok != (place != listener) || ok && got != want {
				t.Errorf("listener %d hears in place %d: %+v, %v; said was %+v", listener, place, got, ok, want)
			}
		}
	}
}

// Music is nobody's mark, nor is a mark that was spoken over.
func TestOtherSoundsAreNoMarks(t *testing.T) {
	var frame [g711.FrameSize]byte
	mark{seat: 1, n: 2, at: time.Minute}.put(frame[:], ofAgent)
	frame[markSize+10] ^= 1
	for place := range places {
		if m, ok := markIn(frame[:], place); ok {
			t.Errorf("place %d: got %+v", place, m)
		}
	}
}
